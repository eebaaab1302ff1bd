"""The demonstration: stories played over HTTP only, so that they are the smoke test of any deployment."""
