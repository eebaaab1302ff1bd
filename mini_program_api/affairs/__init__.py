"""Cases of residents."""
