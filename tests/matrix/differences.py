"""The cells that differ from the general rule, each with its reason: one literal table."""

_NOT_THERE = "missing", "a laboratory finds the samples that were handed to it"
_NO_AREA = "missing", "a liaison without an area, at a unit without one, reaches no family"
_GLASS = "missing", "the member has not broken the glass for this elder"
DIFFERS: dict[tuple[str, ...], tuple[str, str]] = {
    ("GET /office/v1/health/emergencies/{elder_id}/summary", "other"): _GLASS,
    ("GET /office/v1/health/emergencies/{elder_id}/timeline", "other"): _GLASS,
    ("GET /office/v1/samples/{seal}", "town", "lab_clerk"): _NOT_THERE,
    ("POST /office/v1/school/rounds/{round_id}/unreached/{candidate_id}/visited", "own", "school_liaison"): _NO_AREA,
    ("POST /office/v1/samples/{seal}/hand", "town", "lab_clerk"): _NOT_THERE,
    ("POST /office/v1/samples/{seal}/receive", "town", "lab_clerk"): _NOT_THERE,
    ("POST /office/v1/samples/{seal}/results", "town", "lab_clerk"): _NOT_THERE,
    ("GET /office/v1/sheets/school-applications/imports/{import_id}/result.xlsx", "own"): (
        "another 404",
        "there is a result only after the commit",
    ),
    ("DELETE /mini/v1/files/{file_id}", "deleted"): ("found", "deleting again changes nothing"),
    ("DELETE /mini/v1/family-cards/{family_card_id}", "deleted"): ("found", "ending again changes nothing"),
    ("DELETE /mini/v1/relations/{relation_id}", "deleted"): ("found", "withdrawing again changes nothing"),
    ("DELETE /office/v1/persons/{person_id}/binding", "minor"): ("missing", "the child does not stand at the counter"),
    ("POST /mini/v1/waiting/{entry_id}/accept", "deleted"): ("found", "one's own that is over: 409 with the reason"),
    ("POST /mini/v1/waiting/{entry_id}/give-up", "deleted"): ("found", "giving up again changes nothing"),
    ("GET /office/v1/bus-lines/{line_id}/rides", "other", "auditor"): ("found", "auditors read every line's"),
    ("GET /office/v1/persons/{person_id}/facts", "minor", "counter_clerk"): (
        "missing",
        "the child does not stand there",
    ),
    ("GET /office/v1/persons/{person_id}/facts", "deleted", "case_handler"): (
        "found",
        "no case was named and nobody stands there: 409 for whoever it is",
    ),
}
"""Operation and kind of object (and seat, where it matters): `found` or `missing`, and why."""
RULE_REFUSES = {
    ("POST /mini/v1/companions/from-relation", "acting_refused"): "what the body names is no relation of theirs",
}
"""Refusals that a rule uses too, after access was granted."""
