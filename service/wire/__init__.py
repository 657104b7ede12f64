"""CDS Hooks as it goes over the wire: what clients send, and what is sent back."""
