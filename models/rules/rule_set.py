"""A rule set: a condition and what it computes, as versioned dated data with its source.

    draft ──propose──▶ proposed ──a second person agrees──▶ active
      ▲                    └── refused, withdrawn, expired ──┐
      └──────────────────────────────────────────────────────┘

Each version is one document, `<code>:<version>`. An active one never changes and no version is ever deleted. On a day
that version counts whose period covers the day and began last; of two that began together, the later version. A rule
that ends without a successor gets a last version that nobody meets.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson
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
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import BadInput, Conflict, Unprocessable
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.rules import checking, grammar, parameters

STATE_ZH = {"draft": "草稿", "proposed": "待审批", "active": "已启用"}
CONTENT = ("zh", "condition", "outputs", "facts", "source", "valid_from", "valid_to", "demo")
"""What a version says; the hash is taken over it."""


class RuleSet(Document):
    """`hash` names the content; `open` stands while a version is not active; `touched` makes changes collide."""

    meta = {
        "collection": "rule_sets",
        "auto_create_index": False,
        "indexes": [
            {"fields": ["code", "-version"], "unique": True},
            {"fields": ["code", "state", "-valid_from", "-version"]},
            {"fields": ["state", "_id"]},
            {"fields": ["code"], "unique": True, "partialFilterExpression": {"open": True}, "name": "one_open"},
        ],
    }
    id = StringField(primary_key=True)
    code = StringField(required=True)
    version = IntField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    zh = StringField(required=True)
    condition = DictField(required=True)
    outputs = ListField(DictField())
    facts = ListField(DictField())
    source = DictField()
    valid_from = StringField(required=True)
    valid_to = StringField()
    demo = BooleanField()
    hash = StringField(required=True)
    open = BooleanField()
    approval = ObjectIdField()
    edited_by = ObjectIdField()
    edited_at = DateTimeField()
    active_at = DateTimeField()
    touched = IntField()


personal_data.declare(
    Holding(
        "rule_sets",
        "规则版本",
        staff=("edited_by",),
        at_deletion="keep",
        because="规则是公开的办事依据,只含编制人员编号; 判断所用的个人信息加密存于各办理事项",
    )
)


class RuleWrong(BadInput):
    """400: the rule cannot be read; `fields` names each place."""

    code = "rule_wrong"
    zh = "规则写法有误,请按各处提示修改后再保存。"
    en = "The rule is not well formed. Correct the places named and save it again."


class DraftOpen(Conflict):
    """409: another version of this rule is not active yet."""

    code = "rule_draft_open"
    zh = "该规则已有一个未启用的版本,请先完成或继续修改那个版本。"
    en = "A version of this rule is not active yet. Finish or edit that one."


class NotADraft(Conflict):
    """409: only drafts are edited and proposed."""

    code = "rule_not_draft"
    zh = "该版本{state_zh},不能修改;请另建新版本。"
    en = "This version is {state} and cannot be changed. Make a new version."


class NotInForce(Unprocessable):
    """422: no version of the rule counts on that day."""

    code = "rule_not_in_force"
    zh = "规则 {rule} 在 {day} 没有生效的版本,请联系规则管理人员。"
    en = "No version of the rule {rule} is in force on {day}."


class RuleCircle(Unprocessable):
    """422: the rule would refer to itself through others."""

    code = "rule_circle"
    zh = "规则不能直接或间接引用自己,请去掉这条引用。"
    en = "A rule cannot refer to itself, not even through others. Remove the reference."

    def __init__(self) -> None:
        super().__init__(fields={"condition": [self.zh]})


def content_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version says."""
    return {name: found.get(name) for name in CONTENT}


def content_hash(code: str, content: Mapping[str, Any]) -> str:
    """Return the name of a content: equal for equal content, whichever the order of keys."""
    return hashlib.sha256(orjson.dumps([code, content_of(content)], option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(rule_set_id: str) -> dict[str, Any]:
    """Return a version.

    Raises:
        NotFound: no such version.
    """
    return documents.one(RuleSet, {"_id": rule_set_id})


def in_force(codes: Iterable[str], day: date) -> dict[str, dict[str, Any]]:
    """Return the version of each rule that counts on a day, for those that have one."""
    found = {}
    for code in codes:
        covers = {"$or": [{"valid_to": None}, {"valid_to": {"$gte": day.isoformat()}}]}
        query = {"code": code, "state": "active", "valid_from": {"$lte": day.isoformat()}, **covers}
        version = RuleSet._get_collection().find_one(query, sort=[("valid_from", -1), ("version", -1)])
        if version:
            found[code] = version
    return found


def require_in_force(code: str, day: date, version: int | None = None) -> dict[str, Any]:
    """Return the version of a rule that counts on a day, or the active version with this number.

    Raises:
        NotInForce: there is none.
    """
    if version is None:
        found = in_force([code], day).get(code)
    else:
        found = RuleSet._get_collection().find_one({"_id": f"{code}:{version}", "state": "active"})
    if found is None:
        raise NotInForce(rule=code, day=day.isoformat())
    return found


def active_codes(codes: Iterable[str]) -> frozenset[str]:
    """Return those of the codes that have an active version."""
    query = {"code": {"$in": sorted(codes)}, "state": "active"}
    return frozenset(one["code"] for one in RuleSet._get_collection().find(query, {"code": 1}))


def checked(code: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a version as it is stored, with its hash.

    Raises:
        RuleWrong: it is not well formed, or names what is not there.
        RuleCircle: it refers to itself.
    """
    told = [content.get("condition"), content.get("outputs")]
    named, kinds = grammar.mentions(told, "rule"), parameters.kinds(grammar.mentions(told, "param"))
    if code in named:
        raise RuleCircle
    if errors := checking.errors_in(content, kinds, active_codes(named)):
        raise RuleWrong(fields=errors)
    made = content_of(content)
    return made | {"hash": content_hash(code, made)}


def draft(actor: Staff, code: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Make the next version of a rule as a draft; return it.

    Raises:
        RuleWrong, RuleCircle: see `checked`.
        DraftOpen: another version is not active yet.
    """
    last = RuleSet._get_collection().find_one({"code": code}, {"version": 1}, sort=[("version", -1)])
    version = last["version"] + 1 if last else 1
    made = {
        "_id": f"{code}:{version}",
        "code": code,
        "version": version,
        "state": "draft",
        "open": True,
        **checked(code, content),
        "edited_by": actor.staff_id,
        "edited_at": clock.now(),
    }
    line = entry.line(actor.key, "rule.draft", f"rule_set:{made['_id']}", unit=actor.unit, hash=made["hash"])

    def change(session: Any) -> None:
        staff.require_acting(actor, line, session)
        RuleSet._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise DraftOpen from None
    return made


def edit(actor: Staff, rule_set_id: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the content of a draft; return it.

    Raises:
        NotFound: no such version.
        NotADraft: it is proposed or active.
        RuleWrong, RuleCircle: see `checked`.
    """
    found = read(rule_set_id)
    told = {**checked(found["code"], content), "edited_by": actor.staff_id, "edited_at": clock.now()}
    line = entry.line(actor.key, "rule.edit", f"rule_set:{rule_set_id}", unit=actor.unit, hash=told["hash"])

    def change(session: Any) -> bool:
        staff.require_acting(actor, line, session)
        guard = {"_id": rule_set_id, "state": "draft"}
        if not RuleSet._get_collection().update_one(guard, {"$set": told}, session=session).matched_count:
            return False
        entry.write(line, session)
        return True

    if not transactions.run(change):
        raise refused(rule_set_id)
    return read(rule_set_id)


def refused(rule_set_id: str) -> NotADraft:
    """Return why a version that is no draft does not change."""
    state = read(rule_set_id)["state"]
    return NotADraft(state=state, state_zh=STATE_ZH[state])


def seed(record: Mapping[str, Any]) -> None:
    """Put a first version of the county's reference rules as active; where the rule is there already, leave it alone.

    Raises:
        RuleWrong, RuleCircle: see `checked`.
    """
    code = record["code"]
    if RuleSet._get_collection().find_one({"code": code}, {"_id": 1}):
        return
    made = checked(code, record)
    document = {"_id": f"{code}:1", "code": code, "version": 1, "state": "active", **made, "active_at": clock.now()}
    RuleSet._get_collection().update_one({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True)
