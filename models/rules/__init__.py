"""Conditions as dated data: a language of conditions, three-valued, with a trace that a person can read."""
