"""A service item (事项): the steps, clocks, form, materials and result of a matter, as data that the office edits.

    draft ──propose──▶ proposed ──a second person agrees──▶ published ──next version, retire──▶ retired
      ▲                    └── refused, withdrawn, expired ──┐
      └──────────────────────────────────────────────────────┘

Each version is one document, `<code>:<version>`. One that was published never changes and is never deleted: the cases
opened under it stay bound to it. At most one version of an item is published, and one is being written.
"""

from collections.abc import Mapping
from typing import Any

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import NotFound
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.affairs import kind, service_item_content
from models.affairs.kind import Kind
from models.affairs.service_item_errors import ItemDraftOpen, ItemStateWrong
from models.audit import entry
from models.identity import moving, staff, unit
from models.identity.actors import Staff

COLLECTION = "service_items"
CODE = r"^[a-z][a-z0-9_]{1,39}\Z"
STATES = {"draft": "草稿", "proposed": "待审批", "published": "已发布", "retired": "已停用"}
BOUND = ("published", "retired")
"""The states of versions that cases are or were opened under."""


class ServiceItem(Document):
    """`limit`, `steps`, `stops`, `levels` and `appeal` are those of `kind.Kind` as plain values.

    `area` names the field of the form that holds the applicant's division code, "" where the item has no area; `once`
    that an applicant has one open case of it at a time; `demo` marks a sample that no office answers for. `writing`
    stands while a version is not published.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code", "-version"], "unique": True},
            {"fields": ["unit", "_id"]},
            {"fields": ["state", "applicants", "code", "_id"]},
            {
                "fields": ["code"],
                "unique": True,
                "partialFilterExpression": {"state": "published"},
                "name": "one_published",
            },
            {"fields": ["code"], "unique": True, "partialFilterExpression": {"writing": True}, "name": "one_written"},
        ],
    }
    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    zh = StringField(required=True)
    intro_zh = StringField()
    applicants = ListField(StringField())
    unit = StringField(required=True)
    area = StringField()
    once = BooleanField()
    prefix = StringField(required=True)
    law = StringField()
    limit = DictField()
    steps = ListField(DictField())
    stops = ListField(DictField())
    remind = IntField()
    levels = ListField(DictField())
    appeal = DictField(null=True)
    form = DictField()
    materials = ListField(DictField())
    result = DictField(null=True)
    delivery = ListField(StringField())
    slot = DictField(null=True)
    rating = BooleanField()
    demo = BooleanField()
    source = StringField()
    writing = BooleanField()
    approval = ObjectIdField()
    edited_by = ObjectIdField()
    edited_at = DateTimeField()
    published_at = DateTimeField()
    moves = IntField()


personal_data.declare(
    Holding(
        COLLECTION,
        "政务服务事项",
        staff=("edited_by",),
        at_deletion="keep",
        because="事项是公开的办事指南(政府信息公开条例),只含编制人员编号",
    )
)


def id_of(code: str, version: int) -> str:
    """Return the id of a version."""
    return f"{code}:{version}"


def of_case(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the version of the item that a case is bound to, None for a case of the kinds that are no items."""
    if kind.is_literal(found["kind"]):
        return None
    return bound(found["kind"], found["kind_version"])


def bound(code: str, version: int) -> dict[str, Any]:
    """Return a version that is or was published; it never changes, so a process reads it once.

    Raises:
        NotFound: no such version was published.
    """
    item_id = id_of(code, version)
    if item_id not in _bound:
        _bound[item_id] = documents.one(ServiceItem, {"_id": item_id, "state": {"$in": list(BOUND)}})
    return _bound[item_id]


_bound: dict[str, dict[str, Any]] = {}


def newest(code: str) -> dict[str, Any]:
    """Return the version that a case opened now gets.

    Raises:
        NotFound: the item is not open to anybody now.
    """
    found = documents.one(ServiceItem, {"code": code, "state": "published"}, {"version": 1})
    return bound(code, found["version"])


class _Kinds:
    """The kinds of published items, for whoever reads a kind by its code."""

    def read(self, code: str, version: int) -> Kind:
        item_id = id_of(code, version)
        if item_id not in _kinds:
            _kinds[item_id] = service_item_content.kind_of(bound(code, version))
        return _kinds[item_id]

    def newest(self, code: str) -> Kind:
        return self.read(code, newest(code)["version"])


_kinds: dict[str, Kind] = {}
kind.kept_as_data(_Kinds())


def draft(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Begin the next version of an item of the actor's unit as a draft and return it.

    Raises:
        NotAllowed: no role of the actor edits items.
        NotFound: the item is another unit's.
        ItemWrong: what it says cannot stand; `fields` names each place.
        ItemDraftOpen: a version of it is being written.
    """
    actor.require("item.edit")
    content = service_item_content.checked(code, told)
    last = ServiceItem._get_collection().find_one({"code": code}, {"version": 1, "unit": 1}, sort=[("version", -1)])
    own = last["unit"] if last else next(one.unit for one in actor.giving("item.edit"))
    _require_unit(actor, "item.edit", own)
    version = last["version"] + 1 if last else 1
    made = {
        "_id": id_of(code, version),
        "code": code,
        "version": version,
        "state": "draft",
        "writing": True,
        **content,
        "unit": own,
        "edited_by": actor.staff_id,
        "edited_at": clock.now(),
        "moves": 0,
    }
    line = entry.line(actor.key, "service_item.draft", f"service_item:{made['_id']}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        unit.hold({"unit": own}, session)
        ServiceItem._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        raise ItemDraftOpen(item=code) from None
    return made


def edit(actor: Staff, item_id: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Replace what a draft says and return it.

    Raises:
        NotFound: no such version of the actor's unit.
        ItemWrong: what it says cannot stand; `fields` names each place.
        ItemStateWrong: it is no draft any more.
    """
    found = within(actor, "item.edit", item_id)
    content = service_item_content.checked(found["code"], told)
    change = content | {"edited_by": actor.staff_id, "edited_at": clock.now()}
    line = entry.line(actor.key, "service_item.edit", f"service_item:{item_id}", unit=actor.unit)
    guard = {"_id": item_id, "state": "draft"}
    moved = moving.move(ServiceItem, guard, {"$set": change, "$inc": {"moves": 1}}, line, actor)
    if moved is None:
        raise refused(item_id)
    return moved


def retire(actor: Staff, item_id: str) -> dict[str, Any]:
    """Let nobody open further cases of a published version, and return it; running cases go on.

    Raises:
        NotFound: no such version of the actor's unit.
        ItemStateWrong: it is not published.
    """
    within(actor, "item.edit", item_id)
    line = entry.line(actor.key, "service_item.retire", f"service_item:{item_id}", unit=actor.unit)
    guard = {"_id": item_id, "state": "published"}
    moved = moving.move(ServiceItem, guard, {"$set": {"state": "retired"}, "$inc": {"moves": 1}}, line, actor)
    if moved is None:
        raise refused(item_id)
    return moved


def refused(item_id: str) -> ItemStateWrong:
    """Return why a version does not move."""
    state = read(item_id)["state"]
    return ItemStateWrong(state=state, state_zh=STATES[state])


def read(item_id: str) -> dict[str, Any]:
    """Return a version as it is now.

    Raises:
        NotFound: no such version.
    """
    return documents.one(ServiceItem, {"_id": item_id})


def within(actor: Staff, operation: str, item_id: str) -> dict[str, Any]:
    """Return a version that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such version, or another unit's.
    """
    actor.require(operation)
    found = read(item_id)
    _require_unit(actor, operation, found["unit"])
    return found


def _require_unit(actor: Staff, operation: str, code: str) -> None:
    units = actor.units_for(operation)
    if units is not None and code not in units:
        raise NotFound


def listed(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the versions of the units that the actor reaches, by code and version."""
    units = actor.units_for("item.read")
    query = {"_id": {"$gte": ""}} if units is None else {"unit": {"$in": sorted(units)}}
    return paging.page(ServiceItem._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)


def open_to(applicant: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the published items for residents or firms, by code."""
    query = {"state": "published", "applicants": applicant}
    return paging.page(ServiceItem._get_collection(), query, sort=("code", 1), cursor=cursor, limit=limit)
