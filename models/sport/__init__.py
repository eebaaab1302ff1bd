"""Sport: courts, lanes, free public hours, water readings, closures by weather."""
