"""Objects that queries and bodies name: one literal table, like that of the paths.

For each operation and field: what to put there for a value, and which objects of the world it may name. `like_missing`
are the kinds that must be answered exactly as a missing one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.affairs.case import Case
from tests.matrix.cast import PLACES, VENUE, VENUE_SEAT
from tests.matrix.objects import NOBODY, Objects, of
from tests.matrix.spec import JSON, Operation
from tests.matrix.world import World
from tests.support.affairs import move
from tests.tourism.sport_kit import POOL, hour

FIELDS = ("_id", "_ids", "place", "slot", "subject", "attachments")
"""What a field that names an object ends with."""


@dataclass(frozen=True)
class Reference:
    """`seat` asks; the path names their own object. `before` brings the world so far that the field is looked at."""

    operation: str
    field: str
    seat: str
    objects: Callable[[World], Objects]
    missing: str = NOBODY
    change: Callable[[str], Any] | None = None
    like_missing: tuple[str, ...] = ("other", "town", "minor", "deleted")
    before: Callable[[World], Any] = lambda _world: None

    def told(self, value: str) -> Any:
        return self.change(value) if self.change else {self.field: value}


def _of(name: str, *kinds: str) -> Callable[[World], Objects]:
    nothing: Any = None
    return lambda world: of(name, *kinds)(world, nothing, "")


def _colleagues(world: World) -> Objects:
    return {"own": str(world.staff["case_handler"].member_id), "other": world.ids["member"]["other"]}


def _payers(world: World) -> Objects:
    return {"own": str(world.staff["finance_clerk"].member_id), "other": world.ids["member"]["other"]}


def _staff_files(world: World) -> Objects:
    return {"own": world.ids["office file"]["case_handler"], "other": world.ids["office file"]["stranger"]}


def _venues(_world: World) -> Objects:
    return {"own": VENUE, "other": PLACES["own"]}


def _swimmer(value: str) -> dict[str, Any]:
    return {"slots": [hour(14, "main", place=POOL)], "players": [{"companion_id": value}], "ticket_type": "adult"}


def _accepted(world: World) -> None:
    """Let the family accept its offer and ask for nothing else: only then it may ask for another school."""
    offer = world.ids["school offer"]["own"]
    Case._get_collection().update_one({"once": f"school_transfer:{offer}"}, {"$unset": {"once": ""}})
    assert world.phones["own"].post(f"/mini/v1/school/offers/{offer}/accept").status_code == 200


def _visitor(value: str) -> dict[str, Any]:
    return {"visitors": [{"companion_id": value, "ticket_type": "adult"}]}


def _claimed(world: World, *, asked: bool = False) -> None:
    clerk, case_id = world.staff["case_handler"], world.ids["case"]["own"]
    move(clerk, case_id, "claim")
    if asked:
        move(clerk, case_id, "ask", {"text": "请补充照片"})


_PLACES, _NOWHERE = _of("place"), "nowhere"
REFERENCES = [
    Reference(
        "POST /mini/v1/health/hidden",
        "item_id",
        "own",
        _of("health observation"),
        change=lambda value: {"word": "", "item_id": value, "family": True, "units": []},
    ),
    Reference(
        "POST /office/v1/health/elders/{elder_id}/wishes",
        "item_id",
        "village_doctor",
        _of("health observation"),
        change=lambda value: {"word": "", "item_id": value, "family": True, "units": []},
    ),
    Reference(
        "POST /office/v1/health/held-readings/{health_session_id}/identify",
        "elder_id",
        "village_doctor",
        _of("health elder"),
    ),
    Reference(
        "POST /mini/v1/school/applications",
        "relation_id",
        "own",
        _of("school relation"),
        change=lambda value: {"relation_id": value, "companion_id": ""},
    ),
    Reference(
        "POST /mini/v1/school/applications",
        "companion_id",
        "own",
        _of("companion", "own", "other", "deleted"),
        "0" * 12,
        change=lambda value: {"relation_id": "", "companion_id": value},
    ),
    *(
        Reference(f"GET /office/v1/crowd/reports{end}", "place", "scenic_manager/town", _PLACES, _NOWHERE)
        for end in ("", ".csv", ".xlsx")
    ),
    Reference("GET /office/v1/devices", "place_id", "scenic_manager", _PLACES, _NOWHERE, like_missing=("other",)),
    Reference("GET /office/v1/devices", "place_id", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("GET /office/v1/orders", "place", "scenic_manager", _PLACES, _NOWHERE, like_missing=("other",)),
    Reference("GET /office/v1/orders", "place", "gate_clerk/town", _PLACES, _NOWHERE),
    Reference("GET /office/v1/orders", "place", "tourism_office/town", _PLACES, _NOWHERE, like_missing=("town",)),
    Reference("GET /office/v1/orders", "slot", "scenic_manager/town", _of("slot"), "nowhere-20261123-0900"),
    Reference("GET /office/v1/orders/export.xlsx", "place", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/orders/exports", "place", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/devices", "place_id", "system_admin/town", _PLACES, _NOWHERE, like_missing=("town",)),
    Reference("POST /office/v1/sport/closures", "place_id", VENUE_SEAT, _venues, _NOWHERE, like_missing=("other",)),
    Reference("POST /office/v1/closings", "place_id", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/closings/preview", "place_id", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/window-orders", "slot_id", "scenic_manager/town", _of("slot"), "nowhere-20261123-0900"),
    Reference("POST /mini/v1/sport/bookings", "companion_id", "own", _of("companion"), "0" * 12, _swimmer),
    Reference("POST /mini/v1/orders", "companion_id", "own", _of("companion"), "0" * 12, _visitor),
    Reference("POST /mini/v1/waiting", "companion_id", "own", _of("companion"), "0" * 12, _visitor),
    Reference("POST /mini/v1/companions/from-relation", "relation_id", "own", _of("relation", "own", "other")),
    Reference(
        "POST /mini/v1/cases/{case_id}/answer", "attachments", "own", _of("file"),
        change=lambda value: {"attachments": [value]}, before=lambda world: _claimed(world, asked=True),
    ),
    Reference(
        "POST /mini/v1/school/applications/{application_id}/appeals", "attachments", "own", _of("file"),
        change=lambda value: {"attachments": [value], "what": "result", "school": "school_c"},
    ),
    Reference(
        "POST /mini/v1/school/offers/{offer_id}/transfers", "attachments", "own", _of("file"),
        change=lambda value: {"attachments": [value], "school": "school_c"}, before=_accepted,
    ),
    Reference(
        "POST /office/v1/cases/{case_id}/decide", "attachments", "case_handler", _staff_files,
        change=lambda value: {"attachments": [value], "outcome": "granted"}, before=_claimed,
    ),
    Reference(
        "POST /office/v1/cases", "fact_id", "counter_clerk", _of("fact"),
        change=lambda value: {"fact_id": value, "kind": "fact_dispute"},
    ),
    Reference(
        "POST /mini/v1/benefits/publicity/{batch_id}/objections", "line_id", "own",
        lambda world: {"own": world.ids["public_line"]["own"], "other": world.ids["benefit_line"]["other"]},
    ),
    Reference("POST /office/v1/cards", "person_id", "counter_clerk", _of("person")),
    Reference("POST /office/v1/wallets/top-ups", "person_id", "counter_clerk", _of("person")),
    Reference("POST /office/v1/cases/{case_id}/assign", "staff_id", "case_supervisor", _colleagues),
    Reference("POST /office/v1/refund-work/{refund_id}/assign", "staff_id", "finance_clerk", _payers),
    Reference("GET /office/v1/window-calls", "place_id", "scenic_manager/town", _PLACES, _NOWHERE),
]  # fmt: skip
OPEN_TO_ALL = {
    ("POST /mini/v1/health/wearables", "device_id"): "a device is nobody's until it is worn; its box holds the code",
    ("POST /office/v1/health/elders/{elder_id}/wearables", "device_id"): "any wearable in use may be given out",
    **{
        (f"{method} /fhir/{{resource_type}}{path}", field): "in reach only: tested in tests/fhir/test_access.py"
        for method, path in (("GET", ""), ("POST", "/_search"))
        for field in ("subject", "_id")
    },
    ("POST /office/v1/school/counter/applications", "person_id"): "any child whose guardian stands at the counter",
    **{
        (f"PUT {path}/applications/{{application_id}}/form", "fact_id"): (
            "what the registers show of one's own family: tested in tests/school/test_apply_refused.py"
        )
        for path in ("/mini/v1/school", "/office/v1/school/counter")
    },
    ("POST /mini/v1/itineraries", "place_id"): "places are public",
    ("POST /mini/v1/itineraries", "curated_id"): "curated itineraries are public",
    ("POST /mini/v1/itineraries/plan", "start_place_id"): "places are public",
    ("POST /office/v1/guide/itineraries", "place"): "places are public",
    ("POST /office/v1/guide/points", "place"): "own places only: tested in tests/tourism/test_content_reviews.py",
    ("POST /office/v1/guide/routes", "place"): "own places only: the same rule as points",
    ("POST /office/v1/guide/exhibits", "place"): "own places only: the same rule as points",
    ("POST /office/v1/guide/codes", "place"): "own places only: tested in tests/tourism/test_guide_routes.py",
    ("GET /office/v1/content/items", "place"): "a filter within one's scope",
    ("GET /mini/v1/guide/exhibits", "place"): "places are public",
    ("GET /mini/v1/guide/points", "place"): "places are public",
    ("GET /mini/v1/guide/routes", "place"): "places are public",
    (
        "GET /office/v1/guide/codes/pictures.zip",
        "place",
    ): "own places only: tested in tests/tourism/test_guide_routes.py",
    ("GET /office/v1/guide/codes/sheet.pdf", "place"): "own places only: tested in tests/tourism/test_guide_routes.py",
    ("POST /gate/v1/kiosk-orders", "slot_id"): "its own place only: tested in tests/tourism/test_windows.py",
    ("POST /mini/v1/message-grants", "template_id"): "templates are public; one grants for oneself",
    ("PUT /office/v1/message-templates/{name}", "template_id"): "a template of WeChat, no object of ours",
    ("PUT /office/v1/sms-templates/{name}", "template_id"): "a template of the SMS service, no object of ours",
    ("POST /mini/v1/orders", "slot_id"): "slots are public",
    ("GET /mini/v1/sport/quote", "slot_id"): "slots are public",
    ("GET /public/v1/sport/slots", "place"): "places are public",
    ("POST /mini/v1/waiting", "slot_id"): "slots are public",
    **{
        (f"POST /{root}/v1/service-items/{{item_code}}/{what}", "attachments"): (
            "one's own files only: tested in tests/affairs/test_items_http.py"
        )
        for root in ("mini", "enterprise")
        for what in ("cases", "appointments")
    },
    ("POST /enterprise/v1/cases/{case_id}/answer", "attachments"): "the same rule as where a case is opened",
    ("POST /office/v1/service-items", "slot"): "places are public; an item names where it is booked",
    ("PUT /office/v1/service-items/{item_id}", "slot"): "places are public; an item names where it is booked",
    **{
        (f"POST /{root}/v1/service-items/{{item_code}}/appointments", "slot_id"): "slots are public"
        for root in ("mini", "enterprise")
    },
    **{
        (f"POST {root}/publicities/{{publicity_id}}/objections", "line_id"): "the lines of a list are public"
        for root in ("/mini/v1/enterprise", "/enterprise/v1")
    },
    (
        "GET /office/v1/audit/access-lines",
        "subject",
    ): "who audits sees all lines; a person's id is all they hold of them",
    ("POST /office/v1/break-glass", "person_id"): "in an emergency any record is opened, audited and reviewed",
    ("POST /office/v1/break-glass", "order_id"): "in an emergency any record is opened, audited and reviewed",
    ("POST /office/v1/minor-approvals", "person_id"): "asking shows nothing; the privacy officer decides",
    (
        "POST /office/v1/refunds/proposals",
        "order_id",
    ): "the county's finance clerks reach every order; it shows no person",
    ("POST /office/v1/relations", "for_person_id"): "a clerk serves everybody; who stands there must be one of the two",
    ("POST /office/v1/relations", "agent_id"): "a clerk serves everybody; who stands there must be one of the two",
    (
        "POST /office/v1/sheets/staff/imports",
        "file_id",
    ): "one's own file only: tested in tests/trust/test_sheet_imports.py",
}
"""Fields that name an object which everybody reaches who is let in, each with its reason."""


def fields(operation: Operation) -> set[str]:
    """Return the fields of an operation's query and body that name objects."""
    names = set(operation.query)
    if operation.body is not None:
        names |= _names(operation.body)
    return {one for one in names if one.endswith(FIELDS[:2]) or one in FIELDS[2:]}


def _names(schema: dict) -> set[str]:
    if schema.get("type") == "array":
        return _names(schema["items"])
    if "allOf" in schema:
        return _names(schema["allOf"][0])
    parts = schema.get("properties", {})
    return set(parts).union(*(_names(one) for one in parts.values()))


def body_of(reference: Reference, operation: Operation) -> bool:
    return operation.method != "GET" and operation.media_type == JSON
