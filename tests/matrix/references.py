"""Objects that queries and bodies name: one literal table, like that of the paths.

For each operation and field: what to put there for a value, and which objects of the world it may name. `like_missing`
are the kinds that must be answered exactly as a missing one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.matrix.objects import NOBODY, Objects, of
from tests.matrix.spec import JSON, Operation
from tests.matrix.world import World
from tests.support.affairs import move

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


def _staff_files(world: World) -> Objects:
    return {"own": world.ids["office file"]["case_handler"], "other": world.ids["office file"]["stranger"]}


def _visitor(value: str) -> dict[str, Any]:
    return {"visitors": [{"companion_id": value, "ticket_type": "adult"}]}


def _claimed(world: World, *, asked: bool = False) -> None:
    clerk, case_id = world.staff["case_handler"], world.ids["case"]["own"]
    move(clerk, case_id, "claim")
    if asked:
        move(clerk, case_id, "ask", {"text": "请补充照片"})


_PLACES, _NOWHERE = _of("place"), "nowhere"
REFERENCES = [
    Reference("GET /office/v1/devices", "place_id", "scenic_manager", _PLACES, _NOWHERE, like_missing=("other",)),
    Reference("GET /office/v1/devices", "place_id", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("GET /office/v1/orders", "place", "scenic_manager", _PLACES, _NOWHERE, like_missing=("other",)),
    Reference("GET /office/v1/orders", "place", "gate_clerk/town", _PLACES, _NOWHERE),
    Reference("GET /office/v1/orders", "place", "tourism_office/town", _PLACES, _NOWHERE, like_missing=("town",)),
    Reference("GET /office/v1/orders", "slot", "scenic_manager/town", _of("slot"), "nowhere-20261123-0900"),
    Reference("GET /office/v1/orders/export.xlsx", "place", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/orders/exports", "place", "scenic_manager/town", _PLACES, _NOWHERE),
    Reference("POST /office/v1/devices", "place_id", "system_admin/town", _PLACES, _NOWHERE, like_missing=("town",)),
    Reference("POST /mini/v1/orders", "companion_id", "own", _of("companion"), "0" * 12, _visitor),
    Reference("POST /mini/v1/companions/from-relation", "relation_id", "own", _of("relation", "own", "other")),
    Reference(
        "POST /mini/v1/cases/{case_id}/answer", "attachments", "own", _of("file"),
        change=lambda value: {"attachments": [value]}, before=lambda world: _claimed(world, asked=True),
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
]  # fmt: skip
OPEN_TO_ALL = {
    ("POST /mini/v1/orders", "slot_id"): "slots are public",
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
