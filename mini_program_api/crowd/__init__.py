"""How full places are."""
