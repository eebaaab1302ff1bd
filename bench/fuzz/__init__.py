"""Fuzzing of the whole API by its own description (schemathesis): `make fuzz`."""
