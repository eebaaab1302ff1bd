"""How a request is met: access, arguments, errors, idempotency, limits."""
