"""The rule book: pages generated from the rules and their worked cases; committed, so that a change shows."""
