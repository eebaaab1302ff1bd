"""An organisation: enterprise, co-operative or family farm, known by its unified social credit code.

    active ──suspend (county office)──▶ suspended ──resume──▶ active

Who acts for it says `membership`. Its own data are public facts of the business register; `touched` only makes
changes of its members at the same time collide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, credit_code
from backend.errors import Conflict, NotAllowed, NotFound, Unprocessable
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "organisations"
KIND_ZH = {"enterprise": "企业", "cooperative": "农民专业合作社", "family_farm": "家庭农场"}
STATE_ZH = {"active": "正常", "suspended": "已停用"}
REASON_ZH = {
    "licence_revoked": "营业执照被吊销或注销",
    "inspection": "监督检查发现问题",
    "dispute": "成员或归属存在争议",
    "own_request": "单位申请停用",
}
"""Why an office suspends one: codes, so that the audit holds no free text."""


class Organisation(Document):
    """`division` is where it sits, as exactly as is known; `gtin_prefix` the company prefix that GS1 gave it."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["credit_code"], "unique": True},
            {"fields": ["gtin_prefix"], "unique": True, "partialFilterExpression": {"gtin_prefix": {"$exists": True}}},
            {"fields": ["state", "_id"]},
        ],
    }
    credit_code = StringField(required=True)
    name = StringField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    division = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    reason = StringField()
    gln = StringField()
    gtin_prefix = StringField()
    source = StringField(required=True)
    touched = IntField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


class OrganisationKnown(Conflict):
    """409: an organisation with this code, or this company prefix, is registered."""

    code = "organisation_known"
    zh = "该统一社会信用代码或厂商识别代码已登记,请在单位列表中查找。"
    en = "This credit code or company prefix is registered. Look it up in the list of organisations."


class OrganisationSuspended(NotAllowed):
    """403: the office has suspended this organisation."""

    code = "organisation_suspended"
    zh = "该单位已被主管部门停用,暂不能办理业务;如有疑问请联系县农业农村局或政务服务窗口。"
    en = "This organisation is suspended. Ask the county office or a service counter."


class PrefixWrong(Unprocessable):
    """422: this is no GS1 company prefix."""

    code = "gtin_prefix_wrong"
    zh = "厂商识别代码应为 7 至 10 位数字,请按中国商品条码系统成员证书核对。"
    en = "A GS1 company prefix has seven to ten digits. Compare it with the certificate."

    def __init__(self) -> None:
        super().__init__(fields={"gtin_prefix": [self.zh]})


@dataclass(frozen=True)
class Told:
    """What is known of an organisation when it is registered; the code was checked by `credit_code.parse`."""

    credit_code: str
    name: str
    kind: str = ""
    division: str = ""
    gln: str = ""
    gtin_prefix: str = ""


def record(told: Told, *, source: str, by: str) -> dict[str, Any]:
    """Return the document of an organisation, not stored yet; kind and division follow from the code where not told.

    `source` is `register`, `office` or `demo`.
    """
    found: dict[str, Any] = {
        "_id": ObjectId(),
        "credit_code": told.credit_code,
        "name": told.name,
        "kind": told.kind or _kind(told),
        "division": told.division or credit_code.division(told.credit_code),
        "state": "active",
        "source": source,
        "created_at": clock.now(),
        "created_by": by,
    }
    return found | {name: getattr(told, name) for name in ("gln", "gtin_prefix") if getattr(told, name)}


def _kind(told: Told) -> str:
    if "家庭农场" in told.name:
        return "family_farm"
    return "cooperative" if credit_code.is_co_operative(told.credit_code) else "enterprise"


def insert(made: dict[str, Any], session: ClientSession | None = None) -> ObjectId:
    """Store an organisation.

    Raises:
        OrganisationKnown: the code or the prefix is registered.
    """
    try:
        Organisation._get_collection().insert_one(made, session=session)
    except DuplicateKeyError:
        raise OrganisationKnown from None
    return made["_id"]


def register(actor: Staff, told: Told) -> dict[str, Any]:
    """Register an organisation whose licence a member of the staff has seen.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        PrefixWrong: the company prefix is none.
        OrganisationKnown: it is registered.
    """
    actor.require("organisation.register")
    require_prefix(told.gtin_prefix)
    made = record(told, source="office", by=actor.key)
    line = entry.line(actor.key, "organisation.register", f"organisation:{made['_id']}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        insert(made, session)
        entry.write(line, session)

    transactions.run(change)
    return made


def require_prefix(prefix: str) -> None:
    """Check the form of a GS1 company prefix; none is well.

    Raises:
        PrefixWrong: it has another one.
    """
    if prefix and not (prefix.isascii() and prefix.isdecimal() and 7 <= len(prefix) <= 10):  # noqa: PLR2004 - GS1 China
        raise PrefixWrong


def change(actor: Staff, organisation_id: ObjectId, **told: str) -> dict[str, Any]:
    """Change name, kind, division, gln or gtin_prefix; the same again writes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation in the actor's area.
        PrefixWrong, OrganisationKnown: the prefix is none, or another's.
    """
    found = in_reach(actor, "organisation.register", organisation_id)
    require_prefix(told.get("gtin_prefix", ""))
    wanted = {name: value for name, value in told.items() if found.get(name, "") != value}
    if not wanted:
        return found
    about = f"organisation:{organisation_id}"
    line = entry.line(actor.key, "organisation.change", about, unit=actor.unit, fields=sorted(wanted))
    kept = {name: value for name, value in wanted.items() if value}
    gone = {name: "" for name, value in wanted.items() if not value}
    update = {name: part for name, part in (("$set", kept), ("$unset", gone)) if part}
    return _changed(actor, {"_id": organisation_id}, update, line) or found


def suspend(actor: Staff, organisation_id: ObjectId, reason: str) -> dict[str, Any]:
    """Suspend an organisation: its members can do nothing in its name, from now on; repeating it changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation in the actor's area.
    """
    update = {"$set": {"state": "suspended", "reason": reason}}
    return _move(actor, organisation_id, "suspend", "active", update, reason=reason)


def suspend_dissolved(credit_code_: str, by: str) -> bool:
    """Suspend an active organisation that the register says is dissolved, once; return whether this call did."""
    guard = {"credit_code": credit_code_, "state": "active"}
    update = {"$set": {"state": "suspended", "reason": "licence_revoked"}}

    def carry_out(session: ClientSession) -> bool:
        found = Organisation._get_collection().find_one_and_update(guard, update, session=session)
        if found:
            about = f"organisation:{found['_id']}"
            entry.write(entry.line(by, "organisation.suspend", about, reason="licence_revoked"), session)
        return found is not None

    return transactions.run(carry_out)


def resume(actor: Staff, organisation_id: ObjectId) -> dict[str, Any]:
    """End a suspension; repeating it changes nothing.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation in the actor's area.
    """
    update = {"$set": {"state": "active"}, "$unset": {"reason": ""}}
    return _move(actor, organisation_id, "resume", "suspended", update)


def _move(
    actor: Staff, organisation_id: ObjectId, verb: str, before: str, update: dict[str, Any], **details: str
) -> dict[str, Any]:
    in_reach(actor, "organisation.suspend", organisation_id)
    about = f"organisation:{organisation_id}"
    line = entry.line(actor.key, f"organisation.{verb}", about, unit=actor.unit, **details)
    return _changed(actor, {"_id": organisation_id, "state": before}, update, line) or read(organisation_id)


def _changed(
    actor: Staff, guard: dict[str, Any], update: dict[str, Any], line: dict[str, Any]
) -> dict[str, Any] | None:
    """Carry out a guarded change with its audit entry; None when the guard does not hold."""

    def carry_out(session: ClientSession) -> dict[str, Any] | None:
        staff.require_acting(actor, line, session)
        try:
            found = Organisation._get_collection().find_one_and_update(
                guard, update, session=session, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:
            raise OrganisationKnown from None
        if found:
            entry.write(line, session)
        return found

    return transactions.run(carry_out)


def read(organisation_id: ObjectId) -> dict[str, Any]:
    """Return an organisation.

    Raises:
        NotFound: no such organisation.
    """
    return documents.one(Organisation, {"_id": organisation_id})


def several(organisation_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return organisations by their ids."""
    if not organisation_ids:
        return {}
    found = Organisation._get_collection().find({"_id": {"$in": organisation_ids}})
    return {one["_id"]: one for one in found}


def by_code(code: str) -> dict[str, Any] | None:
    """Return the organisation with a credit code, None when none is registered."""
    return Organisation._get_collection().find_one({"credit_code": code})


def among(codes: Sequence[str]) -> set[str]:
    """Return which of some credit codes belong to organisations that are registered here."""
    query = {"credit_code": {"$in": list(codes)}}
    return {one["credit_code"] for one in Organisation._get_collection().find(query, {"credit_code": 1})}


def in_reach(actor: Staff, operation: str, organisation_id: ObjectId) -> dict[str, Any]:
    """Return an organisation that `operation` of the actor reaches by its area.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such organisation, or outside the area.
    """
    actor.require(operation)
    found = read(organisation_id)
    if not any(found["division"].startswith(one.area) for one in actor.giving(operation)):
        raise NotFound
    return found


def hold(organisation_id: ObjectId, session: ClientSession) -> dict[str, Any]:
    """Return an active organisation inside a transaction; two that change its members at the same time collide here.

    Raises:
        OrganisationSuspended: it is suspended.
        NotFound: there is none.
    """
    found = Organisation._get_collection().find_one_and_update(
        {"_id": organisation_id}, {"$inc": {"touched": 1}}, session=session, return_document=ReturnDocument.AFTER
    )
    if found is None:
        raise NotFound
    require_active(found)
    return found


def require_active(found: dict[str, Any]) -> None:
    """Check that an organisation may act.

    Raises:
        OrganisationSuspended: the office has suspended it.
    """
    if found["state"] != "active":
        raise OrganisationSuspended
