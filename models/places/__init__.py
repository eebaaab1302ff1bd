"""Places: where they are, when they are open, their slots, prices and visits."""
