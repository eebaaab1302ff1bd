"""Service items: forms and steps as data, over HTTP."""
