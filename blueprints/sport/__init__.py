"""Sport grounds."""
