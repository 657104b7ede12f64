"""The named facts of the treatment rules, a subject a file. Look here before adding one."""
