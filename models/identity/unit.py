"""A unit of the county: bureau, party body, town, company, institution. Units form a tree.

Each unit carries its ancestors, so that what lies below one is a single query. A move rewrites the ancestors of all
below it and touches the new parent: two moves that would close a circle together collide there.
"""

from collections.abc import Iterable
from typing import Any

from mongoengine import DateTimeField, Document, IntField, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.errors import Conflict, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.identity.actors import Staff

KINDS = {
    "county": "县",
    "bureau": "县直(驻县)部门",
    "party": "党委部门",
    "town": "乡镇",
    "village": "村(社区)",
    "company": "企业",
    "institution": "事业单位、机构",
    "platform": "园区、平台",
}
STATE_ZH = {"active": "正常", "closed": "已撤销"}
CODE = r"^[a-z][a-z0-9_]{1,63}\Z"
DEEPEST = 8


class Unit(Document):
    """`ancestors` run from the root to the parent; `touched` only makes changes at the same time collide."""

    meta = {
        "collection": "units",
        "auto_create_index": False,
        "indexes": [{"fields": ["ancestors", "_id"]}, {"fields": ["parent", "_id"]}],
    }
    id = StringField(primary_key=True)
    name = StringField(required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    parent = StringField()
    ancestors = ListField(StringField())
    area = StringField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    valid_from = StringField(required=True)
    closed_at = DateTimeField()
    touched = IntField()
    source = ListField()
    confidence = StringField()


class UnitUnknown(Unprocessable):
    """422: no active unit has this code."""

    code = "unit_unknown"
    zh = "单位代码 {unit} 不存在或单位已撤销,请在单位目录中选择。"
    en = "No active unit has the code {unit}. Choose one from the list of units."

    def __init__(self, field: str, unit: str) -> None:
        super().__init__(unit=unit, fields={field: [self.zh.format(unit=unit)]})


class UnitCodeTaken(Conflict):
    """409: a unit with this code exists."""

    code = "unit_code_taken"
    zh = "单位代码 {unit} 已被使用,请换一个。"
    en = "The code {unit} is taken. Choose another one."


class UnitCircle(Unprocessable):
    """422: the unit would lie below itself, or too deep."""

    code = "unit_circle"
    zh = "不能移到自己的下级单位之下,层级也不能超过 8 层,请另选上级单位。"
    en = "A unit cannot lie below itself, nor deeper than eight levels. Choose another parent."

    def __init__(self) -> None:
        super().__init__(fields={"parent": [self.zh]})


class UnitInUse(Conflict):
    """409: the unit has members or units below it."""

    code = "unit_in_use"
    zh = "该单位还有下级单位或在用账号,请先调整后再撤销。"
    en = "The unit has units below it or members. Move them first."


def read(code: str) -> dict[str, Any]:
    """Return a unit.

    Raises:
        NotFound: no such unit.
    """
    return documents.one(Unit, {"_id": code})


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return what these units are called; an unknown one is left out."""
    wanted = sorted(set(codes))
    found = Unit._get_collection().find({"_id": {"$in": wanted}}, {"name": 1}) if wanted else ()
    return {one["_id"]: one["name"] for one in found}


def town_of(area: str) -> str | None:
    """Return the code of the town unit of a division code, None where it names no town or the unit is closed."""
    found = Unit._get_collection().find_one({"_id": f"town_{area[:9]}", "state": "active"}, {"_id": 1})
    return found["_id"] if found else None


def subtrees(codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return for each unit the codes of itself and all below it."""
    wanted = {code: {code} for code in codes if code}
    if wanted:
        below = Unit._get_collection().find({"ancestors": {"$in": sorted(wanted)}}, {"ancestors": 1})
        for one in below:
            for code in wanted.keys() & set(one["ancestors"]):
                wanted[code].add(one["_id"])
    return {code: frozenset(found) for code, found in wanted.items()}


def hold(units: dict[str, str], session: ClientSession) -> None:
    """Check inside a transaction that the units are active and stay so until it ends; `units` maps fields to codes.

    Raises:
        UnitUnknown: one is missing or closed.
    """
    for field, code in units.items():
        guard = {"_id": code, "state": "active"}
        if not Unit._get_collection().update_one(guard, {"$inc": {"touched": 1}}, session=session).matched_count:
            raise UnitUnknown(field, code)


def put(  # noqa: PLR0917 - one argument a column of the sheet
    actor: Staff, code: str, name: str, kind: str, parent: str, area: str
) -> dict[str, Any]:
    """Make a unit, or rename and move the one with this code; the same again changes nothing. Return it.

    Raises:
        UnitUnknown: there is no such parent.
        UnitCircle: it would lie below itself, or too deep.
    """
    try:
        return create(actor, code, name=name, kind=kind, parent=parent, area=area)
    except UnitCodeTaken:
        return change(actor, code, name=name, kind=kind, parent=parent, area=area)


def create(actor: Staff, code: str, *, name: str, kind: str, parent: str, area: str) -> dict[str, Any]:
    """Make a unit below a parent, or at the top without one.

    Raises:
        UnitCodeTaken: a unit with this code exists.
        UnitUnknown, UnitCircle: the parent does not do.
    """
    actor.require("unit.change")
    record: dict[str, Any] = {
        "_id": code,
        "name": name,
        "kind": kind,
        "parent": parent or None,
        "area": area,
        "state": "active",
    }
    record |= {"valid_from": clock.today().isoformat(), "touched": 0}
    line = entry.line(actor.key, "unit.create", f"unit:{code}", unit=code, kind=kind, parent=parent, area=area)

    def write(session: ClientSession) -> dict[str, Any]:
        made = record | {"ancestors": _under(code, parent, session)}
        Unit._get_collection().insert_one(made, session=session)
        entry.write(line, session)
        return made

    try:
        return transactions.run(write)
    except DuplicateKeyError:
        raise UnitCodeTaken(unit=code, fields={"code": [code]}) from None


def change(actor: Staff, code: str, *, name: str, kind: str, parent: str, area: str) -> dict[str, Any]:
    """Rename a unit, or move it with all below it; the same again changes nothing.

    Raises:
        NotFound: no such unit.
        UnitUnknown, UnitCircle: the parent does not do.
    """
    actor.require("unit.change")
    line = entry.line(actor.key, "unit.change", f"unit:{code}", unit=code, kind=kind, parent=parent, area=area)
    wanted = {"name": name, "kind": kind, "parent": parent or None, "area": area}

    def write(session: ClientSession) -> dict[str, Any]:
        found = documents.one(Unit, {"_id": code}, session=session)
        if all(found.get(field) == value for field, value in wanted.items()):
            return found
        told: dict[str, Any] = dict(wanted)
        if found.get("parent") != wanted["parent"]:
            told["ancestors"] = _under(code, parent, session)
            _carry_along(code, told["ancestors"], session)
        Unit._get_collection().update_one({"_id": code}, {"$set": told, "$inc": {"touched": 1}}, session=session)
        entry.write(line, session)
        return found | told

    return transactions.run(write)


def _under(code: str, parent: str, session: ClientSession) -> list[str]:
    """Return the ancestors of a unit below `parent`, which is held until the transaction ends."""
    if not parent:
        return []
    hold({"parent": parent}, session)
    above = Unit._get_collection().find_one({"_id": parent}, {"ancestors": 1}, session=session) or {}
    ancestors = [*above.get("ancestors", []), parent]
    if code in ancestors or len(ancestors) >= DEEPEST:
        raise UnitCircle
    return ancestors


def _carry_along(code: str, ancestors: list[str], session: ClientSession) -> None:
    """Rewrite the ancestors of all units below a moved one."""
    units = Unit._get_collection()
    for one in list(units.find({"ancestors": code}, {"ancestors": 1}, session=session)):
        rest = one["ancestors"][one["ancestors"].index(code) :]
        if len(ancestors) + len(rest) >= DEEPEST:
            raise UnitCircle
        units.update_one({"_id": one["_id"]}, {"$set": {"ancestors": [*ancestors, *rest]}}, session=session)


def seed(record: dict[str, Any]) -> None:
    """Put a unit of the reference data once; one that is there belongs to the staff.

    Raises:
        ValueError: the parent is missing or stands later in the data.
    """
    above: dict[str, Any] = {}
    if parent := record.get("parent"):
        above = Unit._get_collection().find_one({"_id": parent}, {"ancestors": 1}) or {}
        if not above:
            raise ValueError(parent)
    told = {name: value for name, value in record.items() if name not in {"code", "name_zh"}}
    ancestors = [*above.get("ancestors", []), parent] if parent else []
    made = {**told, "name": record["name_zh"], "ancestors": ancestors, "state": "active", "touched": 0}
    Unit._get_collection().update_one({"_id": record["code"]}, {"$setOnInsert": made}, upsert=True)
