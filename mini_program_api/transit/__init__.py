"""A resident's rides."""
