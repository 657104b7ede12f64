"""Measurements of the service against the least that any Flask service must do. See README.md."""
