"""Who looked at one's data."""
