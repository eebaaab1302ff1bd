"""Parameters of rules: thresholds and standards with their history, each value with its first day and its source.

    a value is proposed ──a second person agrees──▶ the last value, from its day on
                          └── refused, withdrawn, expired ──▶ dropped

Values are only added, each with a later first day than the one before, so what was decided earlier keeps its reason.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import DictField, Document, ListField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import outbox
from backend.errors import BadInput, Conflict, NotFound
from backend.store import documents, paging, read_once, transactions
from models.audit import entry
from models.identity import approval, staff
from models.identity.actors import Staff
from models.rules import facts

KINDS = {"number": "数值", "text": "文字", "flag": "是否", "date": "日期", "texts": "文字清单"}


class RuleParameter(Document):
    """`values` run from the oldest; `proposed` waits for a second person. Values stand as in rules' JSON."""

    meta = {"collection": "rule_parameters", "auto_create_index": False, "indexes": []}
    id = StringField(primary_key=True)
    zh = StringField(required=True)
    kind = StringField(choices=tuple(KINDS), required=True)
    values = ListField(DictField())
    proposed = DictField()


class ParameterTaken(Conflict):
    """409: a parameter with this code exists."""

    code = "parameter_taken"
    zh = "参数代码 {parameter} 已被使用,请换一个,或为它增加新值。"
    en = "The code {parameter} is taken. Choose another one, or add a value to it."


class ValueWrong(BadInput):
    """400: the value is not of the parameter's kind."""

    code = "parameter_value_wrong"
    zh = "参数值类型不符,请按参数的类型填写,例如 65、{{'decimal': '0.45'}}、{{'date': '2026-01-01'}}。"
    en = "The value is not of the parameter's kind, for example 65 or {{'decimal': '0.45'}}."

    def __init__(self) -> None:
        super().__init__(fields={"value": ["参数值类型不符,请按参数的类型填写。"]})


class ValueOpen(Conflict):
    """409: a value waits, or the day is not later than the last one's."""

    code = "parameter_value_refused"
    zh = "该参数有待审批的新值,或新值的起始日不晚于上一个值,请核对后再提交。"
    en = "A value waits for approval, or the first day is not later than that of the last value."


def value(code: str, day: date) -> Any:
    """Return the value of a parameter on a day.

    Raises:
        NotFound: there is no such parameter, or it has no value yet on that day.
    """
    found = in_force([code], day).get(code)
    if found is None:
        raise NotFound
    return facts.decode(found["value"])


def in_force(codes: Iterable[str], day: date) -> dict[str, dict[str, Any]]:
    """Return value, first day, source and name of each parameter that has a value on a day."""
    return dict(_in_force(tuple(sorted(codes)), day))


@read_once.within_span
def _in_force(codes: tuple[str, ...], day: date) -> dict[str, dict[str, Any]]:
    found = RuleParameter._get_collection().find({"_id": {"$in": list(codes)}}) if codes else []
    told = {}
    for one in found:
        current = [value for value in one.get("values", ()) if value["valid_from"] <= day.isoformat()]
        if current:
            told[one["_id"]] = {**current[-1], "code": one["_id"], "zh": one["zh"]}
    return told


def kinds(codes: Iterable[str]) -> dict[str, str]:
    """Return the kinds of those parameters that there are."""
    found = RuleParameter._get_collection().find({"_id": {"$in": sorted(codes)}}, {"kind": 1})
    return {one["_id"]: one["kind"] for one in found}


def names(codes: Iterable[str]) -> dict[str, str]:
    """Return how parameters are called."""
    found = RuleParameter._get_collection().find({"_id": {"$in": sorted(codes)}}, {"zh": 1})
    return {one["_id"]: one["zh"] for one in found}


def words(told: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return how parameters in force are called, each with its value, for sentences that persons read."""
    return {one["code"]: f"{one['zh']}{_in_words(one['value'])}" for one in told}


def _in_words(told: Any) -> str:
    value = next(iter(told.values())) if isinstance(told, dict) else told
    return "" if isinstance(value, bool | list) else f"({value})"


def read(code: str) -> dict[str, Any]:
    """Return a parameter.

    Raises:
        NotFound: no such parameter.
    """
    return documents.one(RuleParameter, {"_id": code})


def listed(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of parameters by code."""
    everything = {"_id": {"$gte": ""}}
    return paging.page(RuleParameter._get_collection(), everything, sort=("_id", 1), cursor=cursor, limit=limit)


def create(actor: Staff, code: str, zh: str, kind: str) -> dict[str, Any]:
    """Make a parameter, without a value yet.

    Raises:
        ParameterTaken: there is one with this code.
    """
    made = {"_id": code, "zh": zh, "kind": kind, "values": []}
    line = entry.line(actor.key, "rule.parameter", f"rule_parameter:{code}", unit=actor.unit, kind=kind)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        RuleParameter._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise ParameterTaken(parameter=code) from None
    return made


def propose(
    actor: Staff, code: str, told: Any, valid_from: date, *, source: dict[str, str], reason: str
) -> dict[str, Any]:
    """Propose a value from a day on; return the parameter. It counts when a second person agreed.

    Raises:
        NotFound: no such parameter.
        ValueWrong: the value is of another kind.
        ValueOpen: another one waits, or one begins on that day or later.
    """
    found = read(code)
    require_kind(found["kind"], told)
    made = ObjectId()
    proposed = {"value": told, "valid_from": valid_from.isoformat(), "source": source, "approval": made}
    waiting = approval.record(
        actor,
        "rule_activation",
        f"rule_parameter:{code}",
        reason=reason,
        approval_id=made,
        effect=outbox.entry("trust", "rules.add_value", approval=str(made)),
        otherwise=outbox.entry("trust", "rules.drop_value", approval=str(made)),
        details={"parameter": code, "valid_from": proposed["valid_from"]},
    )
    guard = {"_id": code, "proposed": None, "values.valid_from": {"$not": {"$gte": proposed["valid_from"]}}}

    def change(session: ClientSession) -> bool:
        staff.require_acting(actor, {"at": waiting["proposed_at"]}, session)
        told = {"$set": {"proposed": proposed}}
        if not RuleParameter._get_collection().update_one(guard, told, session=session).matched_count:
            return False
        approval.store(actor, waiting, session)
        return True

    if not transactions.run(change):
        raise ValueOpen
    return read(code)


def apply(approval_id: ObjectId) -> None:
    """Add a value that two persons agreed on, once."""
    found = approval.read(approval_id)
    code = found["details"]["parameter"]
    line = entry.line(
        f"staff:{found['decided_by']}", "rule.value", found["about"], unit=found["unit"], approval=str(approval_id)
    )

    def change(session: ClientSession) -> None:
        if not approval.finish(approval_id, "done", session):
            return
        guard = {"_id": code, "proposed.approval": approval_id}
        parameter = RuleParameter._get_collection().find_one(guard, session=session)
        assert parameter is not None, "a proposed value stays until its approval is decided"
        proposed = {name: parameter["proposed"][name] for name in ("value", "valid_from", "source")}
        change = {"$push": {"values": proposed}, "$unset": {"proposed": ""}}
        RuleParameter._get_collection().update_one(guard, change, session=session)
        entry.write(line, session)

    transactions.run(change)


def drop(approval_id: ObjectId) -> None:
    """Forget a proposed value that was not agreed on."""
    code = approval.read(approval_id)["details"]["parameter"]
    guard = {"_id": code, "proposed.approval": approval_id}
    RuleParameter._get_collection().update_one(guard, {"$unset": {"proposed": ""}})


def require_kind(kind: str, told: Any) -> None:
    """Check that a JSON value is of a kind.

    Raises:
        ValueWrong: it is of another one.
    """
    try:
        found = facts.decode(told)
    except ValueError:
        raise ValueWrong from None
    if kind == "texts":
        fits = isinstance(found, list) and bool(found) and all(isinstance(one, str) for one in found)
    else:
        fits = facts.READERS[kind](found) is not None
    if not fits or (kind == "date" and isinstance(found, str)):
        raise ValueWrong


def seed(record: dict[str, Any]) -> None:
    """Put a parameter of the county's reference data where there is none of this code."""
    for one in record["values"]:
        require_kind(record["kind"], one["value"])
    made = {"zh": record["zh"], "kind": record["kind"], "values": record["values"]}
    RuleParameter._get_collection().update_one({"_id": record["code"]}, {"$setOnInsert": made}, upsert=True)
