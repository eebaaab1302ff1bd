"""Slots, orders and gates."""
