"""CDS Hooks: discovery and the services in between."""
