"""Who may call: the JWT of a CDS client (CDS Hooks 2.0.1, Trusting CDS Clients), against the tenants file."""
