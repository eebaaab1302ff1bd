"""Forgetting what was fetched, for who takes back the consent to ask; the registers themselves keep it."""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.identity import account
from models.identity.account import Account
from models.identity.person import Person
from models.registers.fact import Fact
from models.registers.inquiry import Inquiry
from models.registers.source import SOURCES

_IN_DISPUTE = {"$elemMatch": {"outcome": {"$exists": False}}}


def forget(person_id: ObjectId, purpose: str = "") -> bool:
    """Delete a person's facts and inquiries, of one consent where it is named; return whether those facts are gone.

    What is disputed stays until its case is decided, also where the register changed it meanwhile. An answer that is on
    its way finds no inquiry and is not stored.
    """

    def change(session: ClientSession) -> bool:
        facts = Fact._get_collection()
        mine: dict[str, Any] = {"person": person_id}
        if purpose:
            mine["source"] = {"$nin": [code for code in SOURCES if SOURCES[code].consent != purpose]}
        facts.delete_many({**mine, "disputes": {"$not": _IN_DISPUTE}}, session=session)
        Inquiry._get_collection().delete_many(mine, session=session)
        return facts.find_one(mine, {"_id": 1}, session=session) is None

    return transactions.run(change)


def consented_again(person_id: ObjectId, purpose: str) -> bool:
    """Tell whether a person consents to asking the registers for a purpose: their account surely does, or on paper."""
    consents = {f"consents.{purpose}": {"$exists": True}}
    if Person._get_collection().find_one({"_id": person_id, **consents}, {"_id": 1}):
        return True
    query = {"_id": {"$in": account.of_person(person_id)}, **consents}
    return Account._get_collection().find_one(query, {"_id": 1}) is not None
