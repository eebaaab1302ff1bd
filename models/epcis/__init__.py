"""A repository of EPCIS 2.0 events: captured, never changed, found by the standard's parameters, traced."""
