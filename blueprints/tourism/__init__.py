"""Guiding."""
