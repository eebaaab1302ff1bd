"""Cases for staff."""
