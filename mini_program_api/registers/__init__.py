"""Facts about oneself."""
