"""What leaves the service: the rules of every call to a server of others, FHIR, keys or authorization."""
