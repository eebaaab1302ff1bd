"""Places, areas, opening days and visits."""
