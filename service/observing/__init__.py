"""The service seen from outside: log lines, metrics, health. Nothing here holds a word of a chart."""
