"""Selenium-rich produce."""
