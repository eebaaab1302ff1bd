"""Bus validators."""
