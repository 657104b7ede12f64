"""The demonstration's authorization server: SMART App Launch 2 for one registered app, without passwords."""
