"""The foundation: what every domain needs and no domain owns. Knows no county."""
