"""Selenium-rich produce: producers, plots, products, lots, and what becomes of them."""
