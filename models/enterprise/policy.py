"""A policy item (惠企政策事项): its source clause, effective period, money, ceiling, budget and state.

    draft ──its conditions are agreed on by a second person──▶ approved ──open──▶ open ──close──▶ closed

The conditions are a rule set of `models/rules` under the code `enterprise_<code>`, with versions of their own: an open
policy gets a new version without a stop, agreed on the same way (`policy_rule`). Frame and money change only in a
draft; a change of the money is a new version of the conditions. `left_fen` is what of the budget nobody has taken:
every confirmation takes its amount by one conditional update (`take`).
"""

from collections.abc import Mapping
from typing import Any

from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    LongField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data
from backend.errors import NotFound
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.enterprise import conditions
from models.enterprise.policy_errors import BudgetSpent, PolicyCodeTaken, PolicyStateWrong, PolicyWrong
from models.identity import moving, staff, unit
from models.identity.actors import Staff

COLLECTION = "enterprise_policies"
CODE = r"^[a-z][a-z0-9_]{1,39}\Z"
STATES = {"draft": "草稿", "approved": "已批准", "open": "受理中", "closed": "已停止"}
PUBLIC = ("open", "closed")
CLOSED_ZH = {"superseded": "已被新政策取代", "repealed": "已废止", "budget": "预算用完", "expired": "期限届满"}
FRAME = ("title", "category", "source", "valid_from", "valid_to", "money", "ceiling_fen", "note")
MOST_FEN = 10**13


class Policy(Document):
    """The id is the code. `money` is the form of `conditions`; `ceiling_fen` bounds what one firm gets, 0 does not.

    `payout` are the terms of paying (`payout_terms`). `unverified` marks a seeded policy of which nobody could say
    whether it is still in force.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["unit", "_id"]}, {"fields": ["state", "_id"]}],
    }
    id = StringField(primary_key=True)
    title = StringField(required=True)
    category = StringField(required=True)
    unit = StringField(required=True)
    source = DictField(required=True)
    valid_from = StringField(required=True)
    valid_to = StringField()
    money = DictField(required=True)
    ceiling_fen = LongField(required=True)
    budget_fen = LongField(required=True)
    left_fen = LongField(required=True)
    note = StringField()
    state = StringField(choices=tuple(STATES), required=True)
    closed_for = StringField(choices=tuple(CLOSED_ZH))
    payout = DictField()
    unverified = BooleanField()
    moves = IntField()
    edited_by = ObjectIdField()
    created_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策事项",
        staff=("edited_by",),
        at_deletion="keep",
        because="政策事项是公开的办事依据(政府信息公开条例),只含编制人员编号",
    )
)


def rule_code(code: str) -> str:
    """Return the code of the rule set that holds the conditions."""
    return f"enterprise_{code}"


def pays(found: Mapping[str, Any]) -> bool:
    """Tell whether a policy pays money."""
    return bool(found["money"]["kind"] != "other")


def record(code: str, told: Mapping[str, Any], *, unit_code: str) -> dict[str, Any]:
    """Return a new policy, not stored yet.

    Raises:
        PolicyWrong: its days contradict each other.
        ConditionsWrong: its money does not say enough.
    """
    _require_whole(told)
    frame = {name: told.get(name) for name in FRAME}
    frame |= {"ceiling_fen": told.get("ceiling_fen") or 0}
    return {"_id": code, **frame, "unit": unit_code, "budget_fen": 0, "left_fen": 0, "state": "draft", "moves": 0}


def _require_whole(told: Mapping[str, Any]) -> None:
    conditions.outputs(told["money"])
    if told.get("valid_to") and told["valid_to"] < told["valid_from"]:
        raise PolicyWrong("valid_to")


def draft(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Make a policy of the actor's unit as a draft and return it; it has no budget yet.

    Raises:
        NotAllowed: no role of the actor edits policies.
        PolicyWrong: its days contradict each other.
        PolicyCodeTaken: the code is used.
    """
    actor.require("policy.edit")
    own = next(one.unit for one in actor.giving("policy.edit"))
    made = record(code, told, unit_code=own) | {"edited_by": actor.staff_id, "created_at": clock.now()}
    line = entry.line(actor.key, "enterprise_policy.draft", f"policy:{code}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        unit.hold({"unit": own}, session)
        Policy._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    try:
        transactions.run(write)
    except DuplicateKeyError:
        raise PolicyCodeTaken(policy=code) from None
    return made


def edit(actor: Staff, code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the frame of a draft and return it.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyWrong: its days contradict each other.
        PolicyStateWrong: it is no draft any more.
    """
    within(actor, "policy.edit", code)
    _require_whole(told)
    frame = {name: told.get(name) for name in FRAME} | {"ceiling_fen": told.get("ceiling_fen") or 0}
    return _move(actor, code, "edit", "draft", {"$set": frame | {"edited_by": actor.staff_id}})


def open_(actor: Staff, code: str) -> dict[str, Any]:
    """Open an approved policy and return it; one that pays needs a budget.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyWrong: it pays and has no budget.
        PolicyStateWrong: it is not approved.
    """
    found = within(actor, "policy.edit", code)
    if pays(found) and not found["budget_fen"]:
        raise PolicyWrong("budget_fen")
    return _move(actor, code, "open", "approved", {"$set": {"state": "open"}})


def close(actor: Staff, code: str, reason: str) -> dict[str, Any]:
    """Close an open policy and return it: nobody confirms any more; what was confirmed stays.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyStateWrong: it is not open.
    """
    within(actor, "policy.edit", code)
    return _move(actor, code, "close", "open", {"$set": {"state": "closed", "closed_for": reason}}, reason=reason)


def set_budget(actor: Staff, code: str, fen: int) -> dict[str, Any]:
    """Set the budget of a policy, never below what was taken of it; return the policy.

    Raises:
        NotFound: no such policy of the actor's unit.
        PolicyWrong: it pays nothing, or more was taken already.
        PolicyStateWrong: it is closed, or its budget was changed meanwhile.
    """
    found = within(actor, "policy.approve", code)
    more = fen - found["budget_fen"]
    if not pays(found) or found["left_fen"] + more < 0:
        raise PolicyWrong("budget_fen")
    guard = {"state": {"$ne": "closed"}, "budget_fen": found["budget_fen"], "left_fen": {"$gte": -more}}
    change = {"$inc": {"budget_fen": more, "left_fen": more}}
    return _move(actor, code, "budget", guard, change, before=found["budget_fen"], after=fen)


def _move(actor: Staff, code: str, verb: str, state: Any, update: dict[str, Any], **details: Any) -> dict[str, Any]:
    guard = {"_id": code, **(state if isinstance(state, dict) else {"state": state})}
    line = entry.line(actor.key, f"enterprise_policy.{verb}", f"policy:{code}", unit=actor.unit, **details)
    update["$inc"] = {**update.get("$inc", {}), "moves": 1}
    found = moving.move(Policy, guard, update, line, actor)
    if found is None:
        raise refused(code)
    return found


def refused(code: str) -> PolicyStateWrong:
    """Return why a policy does not move."""
    state = read(code)["state"]
    return PolicyStateWrong(state=state, state_zh=STATES[state])


def enough(fen: int) -> dict[str, Any]:
    """Return the condition under which an amount is left of a budget."""
    return {"left_fen": {"$gte": fen}}


def take(code: str, fen: int, session: ClientSession) -> None:
    """Take an amount of the budget of an open policy: this one conditional update decides.

    Raises:
        BudgetSpent: less is left.
        PolicyStateWrong: the policy is not open.
    """
    guard = {"_id": code, "state": "open", **enough(fen)}
    if Policy._get_collection().update_one(guard, {"$inc": {"left_fen": -fen}}, session=session).matched_count:
        return
    found = documents.one(Policy, {"_id": code}, {"state": 1}, session=session)
    if found["state"] != "open":
        raise PolicyStateWrong(state=found["state"], state_zh=STATES[found["state"]])
    raise BudgetSpent


def give_back(code: str, fen: int, session: ClientSession) -> None:
    """Give an amount back to a budget; call it in the transaction of the guarded move that frees it."""
    Policy._get_collection().update_one({"_id": code}, {"$inc": {"left_fen": fen}}, session=session)


def read(code: str) -> dict[str, Any]:
    """Return a policy.

    Raises:
        NotFound: no such policy.
    """
    return documents.one(Policy, {"_id": code})


def read_public(code: str) -> dict[str, Any]:
    """Return a policy that firms see: one that is open or was.

    Raises:
        NotFound: there is none.
    """
    return documents.one(Policy, {"_id": code, "state": {"$in": list(PUBLIC)}})


def several(codes: list[str]) -> dict[str, dict[str, Any]]:
    """Return policies by their codes."""
    found = Policy._get_collection().find({"_id": {"$in": codes}}) if codes else ()
    return {one["_id"]: one for one in found}


def within(actor: Staff, operation: str, code: str) -> dict[str, Any]:
    """Return a policy that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such policy, or another unit's.
    """
    actor.require(operation)
    found, units = read(code), actor.units_for(operation)
    if units is not None and found["unit"] not in units:
        raise NotFound
    return found


def listed(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the policies of the units that the actor reaches, by code."""
    units = actor.units_for("policy.read")
    query = {"_id": {"$gte": ""}} if units is None else {"unit": {"$in": sorted(units)}}
    return paging.page(Policy._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)


def public(*, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the policies that are open or were, by code."""
    query = {"state": {"$in": list(PUBLIC)}}
    return paging.page(Policy._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)


def seed(code: str, told: Mapping[str, Any], *, unit_code: str) -> bool:
    """Put a policy of the reference data as approved, without a budget; return whether it was put.

    Raises:
        PolicyWrong: its days contradict each other.
    """
    made = record(code, told, unit_code=unit_code) | {"state": "approved", "unverified": bool(told.get("unverified"))}
    made |= {"state": "closed", "closed_for": told["closed_for"]} if told.get("closed_for") else {}
    try:
        Policy._get_collection().insert_one(made)
    except DuplicateKeyError:
        return False
    return True
