"""Content for everybody."""
