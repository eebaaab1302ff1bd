"""Links of the health view: an elder and what is known of them, alerts as far as their outcome, resources of FHIR."""

from backend.http.links import Links

_OFFICE, _MINI = "/office/v1/health", "/mini/v1/health"
_ELDER, _ALERT = f"{_OFFICE}/elders/{{elder_id}}", f"{_OFFICE}/alerts/{{alert_id}}"
_READ = ("alerts", "assessments", "checks", "findings", "programmes", "ranges", "screen", "summary", "timeline")
_WRITTEN = ("assessments", "observations", "programmes", "ranges", "records")
_FACT = "/fhir/{resource_type}/{resource_id}"


def _below(name: str, part: str, pointer: str, *steps: str) -> tuple[Links, Links]:
    """Return the links from a list or a POST about an elder to what may become of one of its items, of that elder."""
    at, one = f"{_ELDER}/{part}", f"{_ELDER}/{part}/{{{name}}}"
    source, targets = f"POST {at}" if pointer == "id" else f"GET {at}", tuple(step.format(one) for step in steps)
    elder = Links("elder_id", sources=((source, "$request.path.elder_id"),), targets=targets)
    return elder, Links(name, sources=((source, pointer),), targets=targets)


def _fact(name: str, part: str) -> tuple[Links, Links]:
    """Return the links of a value or a record that was written down."""
    return _below(name, part, "id", "PUT {}", "GET {}/versions", "POST {}/settle", "POST {}/withdraw")


LINKS: tuple[Links, ...] = (
    Links(
        "elder_id",
        sources=(
            *((f"POST {_OFFICE}/elders", "id"), (f"GET {_OFFICE}/elders", "items/0/id")),
            *((f"POST {_OFFICE}/elders/find", "id"), (f"GET {_ELDER}", "id")),
        ),
        targets=(
            *(f"GET {_ELDER}", f"POST {_ELDER}/units"),
            *(f"GET {_ELDER}/{part}" for part in _READ),
            *(f"POST {_ELDER}/{part}" for part in _WRITTEN),
        ),
    ),
    *_fact("observation_id", "observations"),
    *_fact("record_id", "records"),
    *_below("range_id", "ranges", "id", "POST {}/end"),
    *_below("range_id", "ranges", "items/0/id", "POST {}/end"),
    *_below("finding_id", "findings", "items/0/id", "GET {}"),
    Links(
        "alert_id",
        sources=((f"GET {_OFFICE}/alerts", "items/0/id"), (f"POST {_ALERT}/acknowledge", "id")),
        targets=(
            *(f"GET {_ALERT}", f"POST {_ALERT}/acknowledge"),
            *(f"POST {_ALERT}/{step}" for step in ("acts", "notes", "outcome", "after")),
        ),
    ),
    Links(
        "alert_id",
        sources=((f"GET {_MINI}/alerts", "items/0/id"),),
        targets=(f"GET {_MINI}/alerts/{{alert_id}}", f"POST {_MINI}/alerts/{{alert_id}}/answer"),
    ),
    Links(
        "veil_id",
        sources=((f"POST {_MINI}/hidden", "items/0/id"), (f"GET {_MINI}/hidden", "items/0/id")),
        targets=(f"DELETE {_MINI}/hidden/{{veil_id}}",),
    ),
    Links(
        "health_device_id",
        sources=((f"POST {_OFFICE}/devices", "id"), (f"GET {_OFFICE}/devices", "items/0/id")),
        targets=(
            f"GET {_OFFICE}/devices/{{health_device_id}}",
            *(f"POST {_OFFICE}/devices/{{health_device_id}}/{step}" for step in ("calibrations", "retire")),
        ),
    ),
    Links(
        "approval_id",
        sources=((f"POST {_OFFICE}/exports/due-checks", "approval_id"),),
        targets=(f"GET {_OFFICE}/exports/{{approval_id}}/content.xlsx",),
    ),
    Links(
        "resource_id",
        sources=(("POST /fhir/{resource_type}", "id"), (f"PUT {_FACT}", "id"), (f"GET {_FACT}", "id")),
        targets=(f"GET {_FACT}", f"PUT {_FACT}", f"GET {_FACT}/_history/{{version_id}}"),
    ),
)
