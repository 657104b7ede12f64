"""One reader per resource type: which resources matter, and the statements they make."""
