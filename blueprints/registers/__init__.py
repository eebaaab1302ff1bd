"""Facts for staff."""
