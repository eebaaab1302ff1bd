"""Rides by transit code."""
