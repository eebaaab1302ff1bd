"""The elder's health view on the phone: the elder's own, and the family's by a relation."""
