"""The cells that differ from the general rule, each with its reason: one literal table."""

DIFFERS: dict[tuple[str, ...], tuple[str, str]] = {}
