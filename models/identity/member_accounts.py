"""Who of an organisation hears of something: its owners, its people, those whom a scope is about."""

from bson import ObjectId

from backend import clock
from models.identity import account
from models.identity.membership import NAMES_AGENTS, STANDING_ZH, Membership

MOST_TOLD = 100


def of_other_owners(membership_id: ObjectId) -> list[ObjectId]:
    """Return the accounts of the owners who are to be told of another one; none when that one is owner no more."""
    found = Membership._get_collection().find_one({"_id": membership_id, "state": "active", "role": "owner"})
    if found is None:
        return []
    others = {"organisation": found["organisation"], "state": "active", "role": "owner", "_id": {"$ne": membership_id}}
    persons = [one["person"] for one in Membership._get_collection().find(others, {"person": 1})]
    return [account_id for one in persons for account_id in account.of_person(one)]


def of_questioned(membership_id: ObjectId) -> list[ObjectId]:
    """Return the accounts of an owner who is questioned; none when that is over."""
    query = {"_id": membership_id, "state": "active", "questioned_at": {"$ne": None}}
    found = Membership._get_collection().find_one(query, {"person": 1})
    return account.of_person(found["person"]) if found else []


def of_people(organisation_id: ObjectId) -> list[ObjectId]:
    """Return the accounts of an organisation's people: of the first hundred members who stand in it."""
    query = {"organisation": organisation_id, "state": "active", "role": {"$in": list(STANDING_ZH)}}
    found = Membership._get_collection().find(query, {"person": 1}).sort("_id", 1).limit(MOST_TOLD)
    return [account_id for one in found for account_id in account.of_person(one["person"])]


def of_scope(organisation_id: ObjectId, scope: str) -> list[ObjectId]:
    """Return the accounts of those who hear of what `scope` is about: owners, managers, agents who hold it."""
    hears = [{"role": {"$in": list(NAMES_AGENTS)}}, {"role": "agent", "scope": scope, "until": {"$gt": clock.now()}}]
    query = {"organisation": organisation_id, "state": "active", "questioned_at": None, "$or": hears}
    found = Membership._get_collection().find(query, {"person": 1}).sort("_id", 1).limit(MOST_TOLD)
    return [account_id for one in found for account_id in account.of_person(one["person"])]
