"""Keys of personal data: key service, data keys, blind-index keys, and their rotation while the service runs."""
