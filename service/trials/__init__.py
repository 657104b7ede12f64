"""Trials for the outside: the catalogue as FHIR ResearchStudy, the matching over HTTP, and as text."""
