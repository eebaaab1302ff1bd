"""Payments, refunds, notices and the daily bill."""
