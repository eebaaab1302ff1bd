"""A resident's benefits, line by line."""
