"""What outlives a call: feedback, audit, the replay cache. The only part that knows SQL."""
