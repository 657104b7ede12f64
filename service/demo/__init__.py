"""What only the demo needs: an embedded, read-only FHIR server over synthetic patients."""
