"""The county itself: documents, and the rules that guard them."""
