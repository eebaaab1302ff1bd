"""Orders and tickets."""
