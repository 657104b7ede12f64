"""The commands, one module each. `service/cli.py` names them; a module is loaded when its command is run."""
