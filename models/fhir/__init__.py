"""FHIR R4 as it stands on the wire: forms, searches, Bundles, outcomes, capabilities; no word of who cares for whom."""
