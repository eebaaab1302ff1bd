"""The least that could do the same job with the same durable effect and the same fields."""
