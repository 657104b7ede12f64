"""Trials that the sources name, and which of their criteria a patient meets."""
