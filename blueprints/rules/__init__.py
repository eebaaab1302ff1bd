"""Staff edit conditions, try them and read decisions."""
