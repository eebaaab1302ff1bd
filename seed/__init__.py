"""Data of the county: `python -m seed county | demo | bootstrap`."""
