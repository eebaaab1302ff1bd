"""The elder's health view over HTTP, for staff and devices."""
