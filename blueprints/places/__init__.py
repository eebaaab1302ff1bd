"""Places for staff and the public."""
