"""What to do, for whom, and what to watch: the advice of the sources as rules over named facts."""
