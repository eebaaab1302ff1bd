"""How full a place is: readings, limits, levels, what follows from them."""
