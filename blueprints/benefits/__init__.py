"""Staff collect, check, publish, approve and pay benefits."""
