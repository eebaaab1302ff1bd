"""A resident's wallet."""
