"""Files and sheets for staff."""
