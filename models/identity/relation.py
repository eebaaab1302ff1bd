"""A relation: one person may act for another, as guardian of a child or as helper (代办), verified and for a term.

    proposed ──confirm──▶ active ──withdraw, term, birthday, other account──▶ ended
        │                   ▲                                                   ▲
        │      establish ───┘ (a register, or a clerk at a counter)             │
        └──────────── withdraw, not confirmed in time ──────────────────────────┘

Whether a relation holds is decided by its state and `until` at the moment of use; what ends terms later only tidies.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict, NotAllowed, NotFound
from backend.store import documents
from models.identity import levels, person, relation_terms
from models.identity.actors import Acting, Resident

COLLECTION = "relations"
STATES = ("proposed", "active", "ended")
HISTORY = 100
ATTEMPTS = 3
BATCH = 500
outbox.carried_by(COLLECTION)


class Relation(Document):
    """`agent` acts for `for_person`. While `live`, the pair has no second one of this kind; `due` is when it lapses.

    `accounts` are the phones that proposed and confirmed: the relation ends when one of them loses its person.
    `agent_name` is what a proposal calls the agent, until they have confirmed: who asks learns no other name by it.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {
                "fields": ["for_person", "agent", "kind"],
                "unique": True,
                "partialFilterExpression": {"live": True},
            },
            {"fields": ["for_person", "-_id"]},
            {"fields": ["agent", "-_id"]},
            {"fields": ["accounts"], "sparse": True},
            {"fields": ["due"], "partialFilterExpression": {"live": True}},
            outbox.INDEX,
        ],
    }
    kind = StringField(choices=tuple(relation_terms.KIND_ZH), required=True)
    for_person = ObjectIdField(required=True)
    agent = ObjectIdField(required=True)
    agent_name = BinaryField()
    scope = ListField(StringField())
    state = StringField(choices=STATES, required=True)
    live = BooleanField()
    accounts = ListField(ObjectIdField())
    since = DateTimeField()
    until = DateTimeField(required=True)
    due = DateTimeField(required=True)
    verification = DictField()
    ended_at = DateTimeField()
    end_reason = StringField()
    history = ListField(DictField())
    outbox = ListField(DictField())


personal_data.declare(
    personal_data.Holding(
        COLLECTION,
        zh="监护与代办关系",
        persons=("for_person", "agent"),
        accounts=("accounts",),
        sealed=(personal_data.Sealed("agent_name"),),
        at_deletion="restrict",
        because="证明代办、监护期间所办事项的授权(民法典第一百六十五条)",
    )
)


class RelationExists(Conflict):
    """409: the two have such a relation already, or a proposal waits."""

    code = "relation_exists"
    zh = "与此人的代办关系已存在或正在等待对方确认;如需延期,请办理续期。"
    en = "You have this relation already, or it waits to be confirmed. To prolong it, renew it."


class ActingRefused(NotAllowed):
    """403: no relation in force lets this account act for another."""

    code = "acting_refused"
    zh = "代办或监护关系不存在、已结束或您的身份等级不足,请刷新后重试或到窗口核验。"
    en = "No relation in force lets you act for this person. Refresh, or verify yourself at a counter."


class OwnActOnly(NotAllowed):
    """403: this is not done for another."""

    code = "own_act_only"
    zh = "此项只能由本人为自己办理,不能代办。"
    en = "This is done for oneself only."


def event(what: str, by: str) -> dict[str, Any]:
    """Return one line of a relation's history."""
    return {"at": clock.now(), "what": what, "by": by}


def told(what: str, relation_id: ObjectId) -> dict[str, Any]:
    """Return the outbox entry that tells both sides."""
    event = str(ObjectId())
    return outbox.entry("notify", "identity.relation_changed", relation=str(relation_id), what=what, event=event)


def pushed(line: dict[str, Any], follow: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the `$push` of a change: its line, and what follows it."""
    lines: dict[str, Any] = {"history": {"$each": [line], "$slice": -HISTORY}}
    return lines | ({"outbox": follow} if follow else {})


def establish(
    kind: str,
    for_person: ObjectId,
    agent: ObjectId,
    *,
    method: str,
    evidence: Sequence[str],
    by: str,
    scope: Sequence[str] = (),
    last_day: date | None = None,
    session: ClientSession | None = None,
) -> dict[str, Any]:
    """Make a relation active, or set the terms of one that is: by a register, or by a clerk who saw the evidence.

    The same again changes nothing. A guardian's scope and end are not asked for.

    Raises:
        NotFound: one of the persons is not known.
        TermsWrong, NotSureEnough: the terms do not fit, or who the two are.
        RelationExists: it changed under our hands; the call may be repeated.
    """
    known = person.several([for_person, agent])
    if len(known) < len({for_person, agent}):
        raise NotFound
    relation_terms.require_parties(kind, known[for_person], known[agent])
    terms = {
        "scope": relation_terms.scope_of(kind, scope),
        "until": relation_terms.end_of(kind, known[for_person], last_day),
        "verification": {"method": method, "evidence": list(evidence), "by": by, "at": clock.now()},
    }
    pair = {"for_person": for_person, "agent": agent, "kind": kind, "live": True}
    for _ in range(ATTEMPTS):
        found = Relation._get_collection().find_one(pair, session=session)
        if found and found["state"] == "active" and all(found[name] == terms[name] for name in ("scope", "until")):
            return found
        if done := _renewed(found, terms, session) if found else _begun(pair, terms, session):
            return done
    raise RelationExists


def _renewed(found: dict[str, Any], terms: dict[str, Any], session: ClientSession | None) -> dict[str, Any] | None:
    now, by = terms["verification"]["at"], terms["verification"]["by"]
    goes_on = found["state"] == "active" and found["until"] > now
    change = {
        "$set": {"state": "active", "due": terms["until"], **terms} | ({} if goes_on else {"since": now}),
        "$unset": {"agent_name": ""},
        "$push": pushed(event("established", by), told("relation_active", found["_id"])),
    }
    guard = {"_id": found["_id"], "state": found["state"], "live": True}
    return Relation._get_collection().find_one_and_update(
        guard, change, return_document=ReturnDocument.AFTER, session=session
    )


def _begun(pair: dict[str, Any], terms: dict[str, Any], session: ClientSession | None) -> dict[str, Any] | None:
    now, by, record_id = terms["verification"]["at"], terms["verification"]["by"], ObjectId()
    record = {
        "_id": record_id,
        **pair,
        **terms,
        "state": "active",
        "since": now,
        "due": terms["until"],
        "history": [event("established", by)],
        "outbox": [told("relation_active", record_id)],
    }
    try:
        Relation._get_collection().insert_one(record, session=session)
    except DuplicateKeyError:
        if session:
            raise
        return None
    return record


def called(found: dict[str, Any]) -> str:
    """Return what a proposal calls its agent, an empty string when they have confirmed."""
    if "agent_name" not in found:
        return ""
    return runtime.current().sealer.open(f"{COLLECTION}.agent_name", found["_id"], found["agent_name"])


def end(relation_id: ObjectId, reason: str, *, by: str, session: ClientSession | None = None) -> bool:
    """End a live relation; return whether this call did it."""
    guard = {"_id": relation_id, "live": True}
    ended = bool(
        Relation._get_collection().update_one(guard, _ended(relation_id, reason, by), session=session).modified_count
    )
    if ended:
        outbox.wake("notify")
    return ended


def _ended(relation_id: ObjectId, reason: str, by: str) -> dict[str, Any]:
    return {
        "$set": {"state": "ended", "live": False, "ended_at": clock.now(), "end_reason": reason},
        "$push": pushed(event(reason, by), told("relation_ended", relation_id)),
    }


def end_of_accounts(accounts: Sequence[ObjectId], *, by: str, session: ClientSession) -> None:
    """End what phones proposed or confirmed that turned out not to be the person's."""
    query = {"accounts": {"$in": list(accounts)}, "live": True}
    for found in list(Relation._get_collection().find(query, {"_id": 1}, session=session)):
        end(found["_id"], "account_lost_person", by=by, session=session)


def end_due() -> int:
    """End what has lapsed; return how many. It held no longer than to its time in any case."""
    query = {"live": True, "due": {"$lte": clock.now()}}
    found = Relation._get_collection().find(query, {"kind": 1, "state": 1}).limit(BATCH)
    return sum(_lapse(one) for one in list(found))


def end_due_between(for_person: ObjectId, agent: ObjectId) -> None:
    """End what has lapsed between two persons, so that they can begin anew."""
    pair = {"for_person": for_person, "agent": agent, "live": True}
    for found in list(Relation._get_collection().find(pair)):
        if found["due"] <= clock.now():
            _lapse(found)


def _lapse(found: dict[str, Any]) -> bool:
    reason = (
        "not_confirmed" if found["state"] == "proposed" else "grown_up" if found["kind"] == "guardian" else "term_over"
    )
    guard = {"_id": found["_id"], "live": True, "due": {"$lte": clock.now()}}
    change = _ended(found["_id"], reason, "system:relations")
    return bool(Relation._get_collection().update_one(guard, change).modified_count)


def in_force() -> dict[str, Any]:
    """Return the query of what holds at this moment."""
    return {"state": "active", "until": {"$gt": clock.now()}}


def acting(resident: Resident, relation_id: ObjectId) -> Acting:
    """Return for whom a relation lets the resident act.

    Raises:
        ActingRefused: no such relation of theirs is in force, or their own binding is only declared.
    """
    found = None
    if resident.person_id and levels.reaches(resident.document["level"], "matched"):
        query = {"_id": relation_id, "agent": resident.person_id, **in_force()}
        found = Relation._get_collection().find_one(query)
    if found is None:
        raise ActingRefused
    return Acting(found["_id"], found["for_person"], found["kind"], frozenset(found["scope"]) | {relation_terms.ANY})


def between(for_person: ObjectId, agent: ObjectId, scope: str) -> dict[str, Any] | None:
    """Return a relation in force that lets one person do this for another, None when there is none."""
    query = {"for_person": for_person, "agent": agent, "live": True, "scope": scope, **in_force()}
    return Relation._get_collection().find_one(query)


def holding(relation_ids: Iterable[ObjectId], agent: ObjectId | None) -> set[ObjectId]:
    """Return which of these relations are in force for this agent."""
    query = {"_id": {"$in": list(relation_ids)}, "agent": agent, **in_force()}
    return {found["_id"] for found in Relation._get_collection().find(query, {"_id": 1})}


def note(relation_id: ObjectId, what: str, by: str, session: ClientSession | None = None) -> None:
    """Add to the relation's history what was done by it."""
    change = {"$push": pushed(event(what, by))}
    Relation._get_collection().update_one({"_id": relation_id}, change, session=session)


def read(relation_id: ObjectId) -> dict[str, Any]:
    """Return a relation.

    Raises:
        NotFound: no such relation.
    """
    return documents.one(Relation, {"_id": relation_id})
