"""Login, consent, binding and companions."""
