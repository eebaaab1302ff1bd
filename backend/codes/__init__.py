"""Codes on paper and screens: signed compact text and its pictures."""
