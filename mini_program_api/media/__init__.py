"""Files of residents."""
