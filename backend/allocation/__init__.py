"""Scarce places given out by priorities, lots and wishes, in files from which anybody can repeat it."""
