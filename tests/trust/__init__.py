"""Trust and keeping: persons, registers, cases, staff, who looked, audit, keys, sheets."""
