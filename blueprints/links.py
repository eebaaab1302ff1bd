"""Which answer names the object of which next call, where clients and test tools cannot tell it from the names."""

from backend.http.links import Links

_OFFICE = "/office/v1"
_UNIT, _MEMBER, _PERSON = (
    f"{_OFFICE}/units/{{code}}",
    f"{_OFFICE}/staff/{{member_id}}",
    f"{_OFFICE}/persons/{{person_id}}",
)
_FILE, _CASE = "files/{file_id}", "/mini/v1/cases/{case_id}"


def _sheet(name: str, *more: str) -> Links:
    base = f"{_OFFICE}/sheets/{name}/imports"
    one = f"{base}/{{import_id}}"
    return Links(
        "import_id",
        sources=((f"POST {base}", "id"), (f"GET {one}", "id"), (f"POST {one}/commit", "id")),
        targets=(f"GET {one}", f"POST {one}/commit", *(f"GET {one}/{part}" for part in more)),
    )


def _files(surface: str) -> Links:
    one = f"/{surface}/v1/{_FILE}"
    reads = (f"GET {one}", f"POST {one}/complete", f"GET {one}/content", f"DELETE {one}")
    sources = ((f"POST /{surface}/v1/files", "id"), (f"GET {one}", "id"), (f"POST {one}/complete", "id"))
    return Links("file_id", sources, (*reads, f"PUT {one}/parts/{{number}}"))


LINKS: tuple[Links, ...] = (
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
    *(_sheet(name) for name in ("units", "places", "hours", "prices", "slot-plans")),
    _sheet("staff", "result.xlsx"),
    *(_files(surface) for surface in ("mini", "office")),
)
