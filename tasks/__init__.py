"""Work behind the request: functions under names, one module a domain, and the worker that runs them."""
