"""Guiding: points, routes, exhibits, itineraries, the cultural map, search; guides for hire."""
