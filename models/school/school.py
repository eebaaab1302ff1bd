"""A school (学校): which stages it teaches, who runs it, where it stands and whose staff work for it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mongoengine import BooleanField, Document, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import geo
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import read_once, transactions
from models.audit import entry
from models.identity import moving, staff, unit
from models.identity.actors import Staff
from models.places.area import Area

COLLECTION = "schools"
CODE = r"^[a-z][a-z0-9_]{1,63}\Z"
STAGES = ("primary", "junior")
OWNERSHIP_ZH = {"public": "公办", "private": "民办"}
STATE_ZH = {"active": "招生", "closed": "停止招生"}
FIELDS = ("name", "stages", "ownership", "town", "address", "point", "unit", "state", "source")
MOST = 2_000


class School(Document):
    """`point` is longitude and latitude in WGS-84, absent where nobody measured it; `town` is a division code.

    A `made_up` school belongs to the demonstration and stands in no register.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["stages", "_id"]}, {"fields": ["unit", "_id"]}],
    }
    id = StringField(primary_key=True)
    name = StringField(required=True)
    stages = ListField(StringField(), required=True)
    ownership = StringField(choices=tuple(OWNERSHIP_ZH), required=True)
    town = StringField()
    address = StringField()
    point = ListField()
    unit = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    made_up = BooleanField()
    source = StringField()
    kept = BooleanField()


class SchoolCodeTaken(Conflict):
    """409: a school has this code."""

    code = "school_code_taken"
    zh = "学校代码 {school} 已被使用,请换一个。"
    en = "The code {school} is taken. Choose another one."


class SchoolWrong(Unprocessable):
    """422: what is said about a school cannot be so."""

    code = "school_wrong"
    zh = "学校信息有误,请按提示修改。"
    en = "What is said about the school does not fit. Correct what is named."


class SchoolUnknown(Unprocessable):
    """422: no active school has this code."""

    code = "school_unknown"
    zh = "没有代码为 {school} 的在办学校,请在学校名录中选择。"
    en = "No active school has the code {school}. Choose one from the list."

    def __init__(self, school: str, field: str = "school") -> None:
        super().__init__(school=school, fields={field: [self.zh.format(school=school)]})


def create(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Enter a school and return it.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        SchoolWrong: its town, place or stages cannot be so.
        UnitUnknown: no active unit has this code.
        SchoolCodeTaken: the code is used.
    """
    actor.require("school.plan")
    _require_possible(told)
    found = {"_id": code, **{name: told.get(name) for name in FIELDS}}
    found |= {"state": told.get("state") or "active", "made_up": False, "kept": True}
    audit = entry.line(actor.key, "school.create", f"school:{code}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, audit, session)
        unit.hold({"unit": told["unit"]}, session)
        School._get_collection().insert_one(found, session=session)
        entry.write(audit, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        raise SchoolCodeTaken(school=code) from None
    return found


def change(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is said about a school and return it; who closes it leaves rounds that name it as they are.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such school.
        SchoolWrong: its town, place or stages cannot be so.
        UnitUnknown: no active unit has this code.
    """
    actor.require("school.plan")
    wanted = {name: value for name, value in told.items() if name in FIELDS}
    _require_possible({**read(code), **wanted})
    audit = entry.line(actor.key, "school.change", f"school:{code}", unit=actor.unit, fields=sorted(wanted))

    def hold(session: ClientSession) -> None:
        if "unit" in wanted:
            unit.hold({"unit": wanted["unit"]}, session)

    found = moving.move(School, {"_id": code}, {"$set": wanted | {"kept": True}}, audit, actor, also=hold)
    if found is None:
        raise NotFound
    return found


def _require_possible(told: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if not told.get("stages") or set(told["stages"]) - set(STAGES):
        wrong["stages"] = ["学段须为 primary(小学)、junior(初中)中的一项或两项。"]
    if told.get("town") and not Area._get_collection().find_one({"_id": told["town"], "level": "town"}, {"_id": 1}):
        wrong["town"] = ["没有这个乡镇代码,请在区划目录中选择。"]
    if told.get("point") and geo.outside_china(*told["point"]):
        wrong["point"] = ["位置应为经度、纬度,且在国内,例如 [115.41, 25.95]。"]
    if wrong:
        raise SchoolWrong(fields=wrong)


def read(code: str) -> dict[str, Any]:
    """Return a school.

    Raises:
        NotFound: no such school.
    """
    found = School._get_collection().find_one({"_id": code})
    if found is None:
        raise NotFound
    return found


def several(codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return those schools of the codes that there are, by code."""
    return dict(_several(tuple(sorted(set(codes)))))


@read_once.within_span
def _several(codes: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found = School._get_collection().find({"_id": {"$in": list(codes)}})
    return {one["_id"]: one for one in found}


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return how schools are called; a code that is no school stands for itself."""
    wanted = list(codes)
    found = several(wanted)
    return {code: found[code]["name"] if code in found else code for code in wanted}


def listed(stage: str = "") -> list[dict[str, Any]]:
    """Return all schools, of one stage where it is named, by code. They are some hundreds."""
    query: dict[str, Any] = {"stages": stage} if stage else {"_id": {"$gte": ""}}
    return list(School._get_collection().find(query).sort("_id", 1).limit(MOST))


def of_unit(unit_code: str) -> list[dict[str, Any]]:
    """Return the schools for which the staff of a unit work."""
    return list(School._get_collection().find({"unit": unit_code}).sort("_id", 1).limit(MOST))
