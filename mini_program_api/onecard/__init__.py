"""A resident's card, codes and entitlements."""
