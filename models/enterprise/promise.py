"""What a firm promises when it confirms (承诺兑现), for example to keep so many insured workers until a day.

    running ─its last day is over─▶ kept | broken | unclear (data are lacking; asked again, then for a person)

The promise is a rule set of its own (`promise_<policy>`), agreed on by two persons. What counts is the version in force
on the day of the confirmation: its trees stand here. The check keeps the facts that it read, sealed; both together make
the decision again (`record_of`, `evaluate.replay`), whatever became of policy and rule since.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, IntField, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging
from models.enterprise import payout_terms
from models.identity.actors import Helped, Member
from models.rules import evaluate, in_words, rule_set
from models.rules.decision import Decision

COLLECTION = "enterprise_promises"
outbox.carried_by(COLLECTION)
STATES = {"running": "承诺期内", "kept": "已履行", "broken": "未履行", "unclear": "缺少数据,待核实"}
_MIDNIGHT = 24 * 60


class Promise(Document):
    """The id is that of the offer. `until` is the last day of the promise; `rule` the version with all that it reads.

    `decision` is the sealed record of the last check, `checks` how many there were, `lacks` what it missed.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["policy", "state", "_id"]},
            {"fields": ["firm", "-_id"]},
            {"fields": ["promised_person"], "sparse": True},
            outbox.INDEX,
        ],
    }
    policy = StringField(required=True)
    firm = StringField(required=True)
    until = StringField(required=True)
    text = StringField(required=True)
    rule = DictField(required=True)
    rule_set = StringField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    decision = BinaryField()
    why_zh = StringField()
    lacks = ListField(StringField())
    checks = IntField(required=True)
    checked_at = DateTimeField()
    promised_by = StringField(required=True)
    promised_person = ObjectIdField()
    promised_at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企政策兑现承诺",
        persons=("promised_person",),
        sealed=(Sealed("decision"),),
        traces=("promised_by", "promised_at"),
        at_deletion="keep",
        because="会计法、会计档案管理办法: 财政资金拨付依据须留存; 承诺是单位的, 作出人只记随机编号",
    )
)


def in_force(code: str) -> dict[str, Any] | None:
    """Return the version of what firms promise that counts today, None where there is none."""
    rule = payout_terms.promise_code(code)
    return rule_set.in_force([rule], clock.today()).get(rule)


def text_of(version: Mapping[str, Any]) -> str:
    """Return a promise as a Chinese sentence."""
    return in_words.sentence(version["condition"], in_words.words(dict(version))).strip()


def record(offer: Mapping[str, Any], terms: Mapping[str, Any], member: Member | Helped) -> dict[str, Any] | None:
    """Return the promise that goes with confirming an offer today, not stored yet; None where nothing is promised.

    Raises:
        NotInForce: the policy asks for a promise, and no version of it counts today.
    """
    today = clock.today()
    until = payout_terms.promise_due(terms, today)
    if until is None:
        return None
    version = rule_set.require_in_force(payout_terms.promise_code(terms["_id"]), today)
    due = clock.at(until, _MIDNIGHT)
    return {
        "_id": offer["_id"],
        "policy": terms["_id"],
        "firm": offer["firm"],
        "until": until.isoformat(),
        "text": text_of(version),
        "rule": evaluate.frozen(evaluate.bind(version, until, taken_on=today)),
        "rule_set": f"{version['code']}:{version['version']}",
        "state": "running",
        "checks": 0,
        "promised_by": member.key,
        "promised_person": member.person_id,
        "promised_at": clock.now(),
        "outbox": [outbox.entry("affairs", "enterprise.check_promise", due=due, promise=str(offer["_id"]))],
    }


def store(made: Mapping[str, Any], session: ClientSession) -> None:
    """Store a promise in the transaction of the confirmation."""
    Promise._get_collection().insert_one(dict(made), session=session)


def checked(found: Mapping[str, Any], state: str, made: Decision, session: ClientSession) -> bool:
    """Write the result of a check down, with the record that makes it again; return whether it was open still."""
    text = orjson.dumps(made.record()).decode()
    told = {
        "state": state,
        "decision": runtime.current().sealer.seal("enterprise_promises.decision", found["_id"], text),
        "why_zh": made.why_zh,
        "lacks": list(made.missing),
        "checked_at": clock.now(),
    }
    guard = {"_id": found["_id"], "state": {"$in": ["running", "unclear"]}, "checks": found["checks"]}
    change = {"$set": told, "$inc": {"checks": 1}}
    return bool(Promise._get_collection().update_one(guard, change, session=session).matched_count)


def record_of(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the whole record of the last check, from which `evaluate.replay` makes it again; None before it."""
    if not found.get("decision"):
        return None
    told: dict[str, Any] = orjson.loads(
        runtime.current().sealer.open("enterprise_promises.decision", found["_id"], found["decision"])
    )
    return told


def read(promise_id: ObjectId) -> dict[str, Any]:
    """Return a promise.

    Raises:
        NotFound: no such promise.
    """
    return documents.one(Promise, {"_id": promise_id}, {"outbox": 0})


def of_firm(code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the promises of a firm, newest first."""
    shown = {"outbox": 0, "decision": 0, "rule": 0}
    promises = Promise._get_collection()
    return paging.page(promises, {"firm": code}, sort=("_id", -1), cursor=cursor, limit=limit, projection=shown)


def of_policy(code: str, state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the promises of a policy in one state."""
    shown = {"outbox": 0, "decision": 0, "rule": 0}
    query = {"policy": code, "state": state}
    promises = Promise._get_collection()
    return paging.page(promises, query, sort=("_id", 1), cursor=cursor, limit=limit, projection=shown)


def several(ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return promises by the ids of their offers."""
    shown = {"outbox": 0, "decision": 0, "rule": 0}
    found = Promise._get_collection().find({"_id": {"$in": ids}}, shown) if ids else ()
    return {one["_id"]: one for one in found}
