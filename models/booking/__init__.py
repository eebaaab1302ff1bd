"""Scarce places: slots, orders, tickets, gates."""
