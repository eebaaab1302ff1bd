"""The inbox of a resident."""
