"""Published content."""
