"""What is known of one patient: the dated record (timeline) and the relapse picture drawn from it."""
