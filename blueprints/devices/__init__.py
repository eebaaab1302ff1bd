"""What scanners fetch and hand in, and what staff settle of it."""
