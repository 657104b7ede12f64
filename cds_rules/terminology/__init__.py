"""What the record's codes mean to us: look-up from (system, code) to our concepts."""

from cds_rules.terminology.code_set import Code, Terminology, TerminologyError, is_within, load

__all__ = ["Code", "Terminology", "TerminologyError", "is_within", "load"]
