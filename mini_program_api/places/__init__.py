"""Places for the mini-program."""
