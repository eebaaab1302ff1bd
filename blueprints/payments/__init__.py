"""Payment callbacks, bills and refunds."""
