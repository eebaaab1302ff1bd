"""Scanners that work without network: what they are told, and what they hand in later."""
