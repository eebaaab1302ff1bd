"""Helpers by phone: proposed by who is helped, confirmed by who helps, ended by either at any time."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, runtime
from backend.errors import NotFound
from backend.identity_documents import IdentityDocument, age_on
from models.identity import companion, levels, person, relation, relation_terms
from models.identity.account import Account
from models.identity.actors import Resident
from models.identity.relation_terms import TermsWrong

CONFIRM_WITHIN = timedelta(days=14)


def propose(
    resident: Resident, document: IdentityDocument, name: str, *, scope: Sequence[str], last_day: date | None
) -> dict[str, Any]:
    """Ask another person to help the resident; they confirm on their own phone. Nobody learns whether they are known.

    Whose number it is under another name is not asked, and cannot confirm: the number was mistyped, or tried out.

    Raises:
        LevelNeeded: the resident's binding is only declared.
        TermsWrong: the terms or the age do not fit.
        RelationExists: the two have one already.
    """
    levels.require(resident.document["level"], "matched")
    me, agent = person.read(_bound(resident)), person.read(person.find_or_declare(document, name))
    if agent.id == me.id:
        raise TermsWrong("document_number", "不能为自己代办,请填写另一位办理人。")
    if document.birth_date and age_on(document.birth_date, clock.today()) < relation_terms.ADULT:
        raise TermsWrong("document_number", f"代办人须年满 {relation_terms.ADULT} 周岁。")
    until = relation_terms.end_of("helper", me, last_day)
    relation_id = ObjectId()
    record: dict[str, Any] = {
        "_id": relation_id,
        "agent_name": runtime.current().sealer.seal("relations.agent_name", relation_id, name),
        "kind": "helper",
        "for_person": me.id,
        "agent": agent.id,
        "live": True,
        "scope": relation_terms.scope_of("helper", scope),
        "state": "proposed",
        "accounts": [resident.account_id],
        "until": until,
        "due": min(until, clock.now() + CONFIRM_WITHIN),
        "history": [relation.event("proposed", resident.key)],
    }
    meant = agent.level == "declared" or person.same_name(agent.name, name)
    record["outbox"] = [relation.told("relation_proposed", relation_id)] if meant else []
    relation.end_due_between(me.id, agent.id)
    try:
        relation.Relation._get_collection().insert_one(record)
    except DuplicateKeyError:
        raise relation.RelationExists from None
    outbox.wake("notify")
    return record


def _bound(resident: Resident) -> ObjectId:
    if resident.person_id is None:
        raise levels.LevelNeeded("matched")
    return resident.person_id


def confirm(resident: Resident, relation_id: ObjectId) -> dict[str, Any]:
    """Accept to help; repeating it changes nothing.

    Raises:
        NotFound: no proposal to this person, or not in time.
        LevelNeeded: the resident's binding is only declared.
        TermsWrong, NotSureEnough: who the two are does not fit.
    """
    levels.require(resident.document["level"], "matched")
    found = _mine(resident, relation_id)
    if found["agent"] != resident.person_id or found["state"] == "ended":
        raise NotFound
    if found["state"] == "active":
        return found
    if not _meant(resident, found):
        raise NotFound
    known = person.several([found["for_person"], found["agent"]])
    relation_terms.require_parties(found["kind"], known[found["for_person"]], known[found["agent"]])
    if not _still_proposed(found):
        raise NotFound
    now = clock.now()
    guard = {"_id": relation_id, "agent": resident.person_id, "state": "proposed", "due": {"$gt": now}}
    verification = {"method": "phones", "by": resident.key, "at": now}
    set_to = {"state": "active", "since": now, "due": found["until"], "verification": verification}
    push = relation.pushed(relation.event("confirmed", resident.key), relation.told("relation_active", relation_id))
    change = {
        "$set": set_to,
        "$unset": {"agent_name": ""},
        "$addToSet": {"accounts": resident.account_id},
        "$push": push,
    }
    done = relation.Relation._get_collection().find_one_and_update(guard, change, return_document=ReturnDocument.AFTER)
    if done is None:
        raise NotFound
    outbox.wake("notify")
    return done


def _meant(resident: Resident, found: dict[str, Any]) -> bool:
    """Tell whether a proposal calls the resident by the name under which a register or a clerk knows them."""
    wanted = relation.called(found)
    return not wanted or any(one.is_self and person.same_name(one.name, wanted) for one in companion.listed(resident))


def _still_proposed(found: dict[str, Any]) -> bool:
    """Tell whether the phone that proposed still is the person's."""
    query = {
        "_id": {"$in": found["accounts"]},
        "person": found["for_person"],
        "level": {"$in": list(levels.ONE_ACCOUNT)},
    }
    return Account._get_collection().find_one(query, {"_id": 1}) is not None


def renew(resident: Resident, relation_id: ObjectId, last_day: date) -> dict[str, Any]:
    """Prolong a helper's term, by the person who is helped.

    Raises:
        NotFound: not a helper of this person, or not in force.
        LevelNeeded: the resident's binding is only declared.
        TermsWrong: the day does not fit.
    """
    levels.require(resident.document["level"], "matched")
    until = relation_terms.end_of("helper", person.read(_bound(resident)), last_day)
    guard = {"_id": relation_id, "for_person": resident.person_id, "kind": "helper", **relation.in_force()}
    change = {
        "$set": {"until": until, "due": until},
        "$push": relation.pushed(
            relation.event("renewed", resident.key), relation.told("relation_active", relation_id)
        ),
    }
    done = relation.Relation._get_collection().find_one_and_update(guard, change, return_document=ReturnDocument.AFTER)
    if done is None:
        raise NotFound
    outbox.wake("notify")
    return done


def withdraw(resident: Resident, relation_id: ObjectId) -> None:
    """End a relation from either side, at once; repeating it changes nothing.

    Raises:
        NotFound: it is not the resident's.
        LevelNeeded: the resident's binding is only declared.
    """
    levels.require(resident.document["level"], "matched")
    found = _mine(resident, relation_id)
    side = "withdrawn" if found["for_person"] == resident.person_id else "given_up"
    relation.end(relation_id, side, by=resident.key)


def _mine(resident: Resident, relation_id: ObjectId) -> dict[str, Any]:
    mine = [{"for_person": resident.person_id}, {"agent": resident.person_id}]
    found = relation.Relation._get_collection().find_one({"_id": relation_id, "$or": mine})
    if found is None or resident.person_id is None:
        raise NotFound
    return found
