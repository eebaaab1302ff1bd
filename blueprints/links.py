"""Which answer names the object of which next call, where clients and test tools cannot tell it from the names."""

from backend.http.links import Links
from blueprints import enterprise_links, health_links, school_links, tourism_links

_OFFICE = "/office/v1"
_UNIT, _MEMBER, _PERSON = (
    f"{_OFFICE}/units/{{code}}",
    f"{_OFFICE}/staff/{{member_id}}",
    f"{_OFFICE}/persons/{{person_id}}",
)
_STAFF_IMPORT = f"{_OFFICE}/sheets/staff/imports/{{import_id}}"
_FILE, _CASE = "files/{file_id}", "/mini/v1/cases/{case_id}"


def _sheet(name: str) -> Links:
    base = f"{_OFFICE}/sheets/{name}/imports"
    one = f"{base}/{{import_id}}"
    return Links(
        "import_id",
        sources=((f"POST {base}", "id"), (f"GET {one}", "id"), (f"POST {one}/commit", "id")),
        targets=(f"GET {one}", f"POST {one}/commit"),
    )


def _files(surface: str) -> tuple[Links, ...]:
    one = f"/{surface}/v1/{_FILE}"
    part, whole = f"PUT {one}/parts/{{number}}", f"POST {one}/complete"
    return (
        Links(
            "file_id",
            ((f"POST /{surface}/v1/files", "id"), (f"GET {one}", "id")),
            (part, f"GET {one}", f"DELETE {one}"),
        ),
        Links("file_id", ((part, "$request.path.file_id"),), (whole,)),
        Links("file_id", ((whole, "id"),), (f"GET {one}", f"GET {one}/content", f"DELETE {one}")),
    )


_ORDER, _RELATION = "/mini/v1/orders/{order_id}", "/mini/v1/relations/{relation_id}"
_DESK = f"{_OFFICE}/cases/{{case_id}}"
_PLACES, _SLOT = f"{_OFFICE}/places", f"{_OFFICE}/slots/{{slot_id}}"

_MINI: tuple[Links, ...] = (
    Links(
        "order_id",
        sources=(
            *(("POST /mini/v1/orders", "id"), ("GET /mini/v1/orders", "items/0/id"), (f"GET {_ORDER}", "id")),
            (f"POST {_ORDER}/cancel", "id"),
        ),
        targets=(f"GET {_ORDER}", *(f"POST {_ORDER}/{verb}" for verb in ("payment", "payment-check", "cancel"))),
    ),
    Links("order_id", sources=(("POST /mini/v1/orders", "id"),), targets=(f"GET {_OFFICE}/orders/{{order_id}}",)),
    Links(
        "ticket_id",
        sources=((f"GET {_ORDER}", "tickets/0/id"),),
        targets=("GET /mini/v1/tickets/{ticket_id}/code.{kind}",),
    ),
    Links(
        "companion_id",
        sources=(("POST /mini/v1/companions", "id"), ("GET /mini/v1/companions", "items/1/id")),
        targets=tuple(
            f"{verb} /mini/v1/companions/{{companion_id}}{part}"
            for verb, part in (("DELETE", ""), ("POST", "/guardianship"))
        ),
    ),
    Links("", sources=(("GET /mini/v1/companions", ""),), targets=("POST /mini/v1/orders",)),
    Links(
        "relation_id",
        sources=(("GET /mini/v1/relations", "items/0/id"),),
        targets=(f"POST {_RELATION}/confirm", f"PUT {_RELATION}/last-day", f"DELETE {_RELATION}"),
    ),
    Links("relation_id", sources=(("POST /mini/v1/relations", "id"),), targets=(f"DELETE {_RELATION}",)),
    Links(
        "place_id",
        sources=(("GET /mini/v1/places", "items/0/id"),),
        targets=("GET /mini/v1/places/{place_id}", "GET /mini/v1/places/{place_id}/slots"),
    ),
    Links(
        "slot_id",
        sources=(("GET /mini/v1/places/{place_id}/slots", "items/0/id"),),
        targets=("GET /mini/v1/slots/{slot_id}",),
    ),
    Links("", sources=(("GET /mini/v1/slots/{slot_id}", ""),), targets=("POST /mini/v1/orders",)),
    Links(
        "notice_id",
        sources=(("GET /mini/v1/notices", "items/0/id"),),
        targets=("POST /mini/v1/notices/{notice_id}/read",),
    ),
    Links(
        "fact_id", sources=(("GET /mini/v1/facts", "items/0/id"),), targets=("POST /mini/v1/facts/{fact_id}/dispute",)
    ),
)
_DESKS: tuple[Links, ...] = (
    Links(
        "case_id",
        sources=(
            *((f"GET {_OFFICE}/cases/inbox", "items/0/id"), (f"POST {_OFFICE}/cases", "id")),
            *((f"POST {_DESK}/claim", "id"), (f"GET {_DESK}", "id"), (f"POST {_DESK}/pause", "id")),
            *((f"POST {_DESK}/decide", "id"), (f"POST {_DESK}/resume", "id")),
        ),
        targets=(
            f"GET {_DESK}",
            *(f"POST {_DESK}/{verb}" for verb in ("claim", "release", "ask", "pause", "resume", "decide", "correct")),
            *(f"POST {_DESK}/{verb}" for verb in ("transfer", "assign")),
        ),
    ),
    Links(
        "device_id",
        sources=((f"POST {_OFFICE}/devices", "id"), (f"GET {_OFFICE}/devices", "items/0/id")),
        targets=(f"POST {_OFFICE}/devices/{{device_id}}/revoke",),
    ),
    Links(
        "place_id",
        sources=((f"GET {_PLACES}", "items/0/id"), (f"GET {_PLACES}/{{place_id}}", "id")),
        targets=(
            *(f"GET {_PLACES}/{{place_id}}", f"GET {_PLACES}/{{place_id}}/slots", f"POST {_PLACES}/{{place_id}}/slots"),
            *(f"POST {_PLACES}/{{place_id}}/notices", f"GET {_OFFICE}/devices"),
        ),
    ),
    Links(
        "slot_id",
        sources=((f"GET {_PLACES}/{{place_id}}/slots", "items/0/id"),),
        targets=(f"POST {_SLOT}/close", f"POST {_SLOT}/reopen"),
    ),
    Links("job_id", sources=((f"POST {_SLOT}/close", "id"),), targets=(f"GET {_OFFICE}/jobs/{{job_id}}",)),
    Links("slot_id", sources=((f"POST {_SLOT}/close", "slot_id"),), targets=(f"POST {_SLOT}/reopen",)),
    Links(
        "glass_id",
        sources=((f"POST {_OFFICE}/break-glass", "id"), (f"GET {_OFFICE}/break-glass", "items/0/id")),
        targets=(f"POST {_OFFICE}/break-glass/{{glass_id}}/review",),
    ),
)
SHEETS = (
    *("units", "staff", "places", "hours", "prices", "slot-plans", "daily-caps", "refund-rules"),
    *("resources", "resource-plans", "resource-prices", "benefit-lines"),
    *("address-points", "school-roster", "school-applications"),
)
LINKS: tuple[Links, ...] = (
    *_MINI,
    *_DESKS,
    Links(
        "code",
        sources=(
            (f"POST {_OFFICE}/units", "code"),
            (f"GET {_OFFICE}/units", "items/0/code"),
            (f"PUT {_UNIT}", "code"),
            (f"POST {_UNIT}/close", "code"),
        ),
        targets=(f"GET {_UNIT}", f"PUT {_UNIT}", f"POST {_UNIT}/close", f"POST {_UNIT}/reopen"),
    ),
    Links(
        "member_id",
        sources=((f"POST {_OFFICE}/staff", "id"), (f"GET {_MEMBER}", "id"), (f"PUT {_MEMBER}/assignments", "id")),
        targets=(
            *(f"GET {_MEMBER}", f"PUT {_MEMBER}/assignments", f"POST {_MEMBER}/invitation", f"POST {_MEMBER}/disable"),
            *(f"POST {_MEMBER}/totp-reset", f"GET {_MEMBER}/sessions", f"DELETE {_MEMBER}/sessions"),
        ),
    ),
    Links(
        "session_id",
        sources=((f"GET {_OFFICE}/sessions", "items/0/id"),),
        targets=(f"DELETE {_OFFICE}/sessions/{{session_id}}",),
    ),
    Links(
        "person_id",
        sources=((f"POST {_OFFICE}/persons", "id"), (f"POST {_OFFICE}/persons/find", "id")),
        targets=(f"POST {_PERSON}/counter-sessions", f"POST {_PERSON}/binding", f"GET {_PERSON}/facts"),
    ),
    Links(
        "session_id",
        sources=((f"POST {_PERSON}/counter-sessions", "id"),),
        targets=(f"DELETE {_OFFICE}/counter-sessions/{{session_id}}",),
    ),
    Links(
        "Counter-Session",
        sources=((f"POST {_PERSON}/counter-sessions", "id"),),
        targets=(
            *(f"GET {_OFFICE}/counter-session", f"GET {_OFFICE}/counter-session/own-data"),
            *(f"POST {_OFFICE}/cases", f"POST {_OFFICE}/relations", f"DELETE {_PERSON}/binding"),
        ),
    ),
    Links(
        "entry_id",
        sources=((f"GET {_OFFICE}/audit/entries", "items/0/id"),),
        targets=(f"GET {_OFFICE}/audit/entries/{{entry_id}}/proof",),
    ),
    Links(
        "line_id",
        sources=((f"GET {_OFFICE}/audit/access-lines", "items/0/id"),),
        targets=(f"GET {_OFFICE}/audit/access-lines/{{line_id}}/proof",),
    ),
    Links(
        "line_id",
        sources=(("GET /mini/v1/access-lines", "items/0/lines/0/id"),),
        targets=("POST /mini/v1/access-lines/{line_id}/question",),
    ),
    Links(
        "case_id",
        sources=(("POST /mini/v1/privacy-requests", "id"), ("GET /mini/v1/cases", "items/0/id")),
        targets=(
            *(f"GET {_CASE}", f"POST {_CASE}/answer", f"POST {_CASE}/appeal", f"POST {_CASE}/withdraw"),
            *(f"GET {_OFFICE}/cases/{{case_id}}", f"POST {_OFFICE}/cases/{{case_id}}/claim"),
        ),
    ),
    Links(
        "approval_id",
        sources=(
            *((f"POST {_OFFICE}/minor-approvals", "id"), (f"POST {_OFFICE}/refunds/proposals", "id")),
            *((f"POST {_OFFICE}/orders/exports", "approval_id"), (f"POST {_OFFICE}/staff", "approval_id")),
        ),
        targets=(
            f"GET {_OFFICE}/approvals/{{approval_id}}",
            *(f"POST {_OFFICE}/approvals/{{approval_id}}/{verb}" for verb in ("approve", "refuse", "withdraw")),
        ),
    ),
    Links(
        "approval_id",
        sources=((f"POST {_OFFICE}/orders/exports", "approval_id"),),
        targets=(f"GET {_OFFICE}/orders/exports/{{approval_id}}/content.xlsx",),
    ),
    Links(
        "job_id",
        sources=((f"POST {_OFFICE}/keys/rotation", "id"),),
        targets=(f"GET {_OFFICE}/jobs/{{job_id}}",),
    ),
    *(_sheet(name) for name in SHEETS),
    Links(
        "import_id",
        sources=((f"GET {_STAFF_IMPORT}", "id"),),
        targets=(f"GET {_STAFF_IMPORT}/result.xlsx",),
    ),
    *_files("mini"),
    *_files("office"),
    *tourism_links.LINKS,
    *school_links.LINKS,
    *health_links.LINKS,
    *enterprise_links.LINKS,
)
