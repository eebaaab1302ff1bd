"""The one-card: card, family card, codes on phone and paper, what its holder is entitled to."""
