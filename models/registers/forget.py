"""Forgetting what was fetched, for who takes back the consent to ask; the registers themselves keep it."""

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.identity import account
from models.identity.account import Account
from models.registers.fact import Fact
from models.registers.inquiry import Inquiry

_IN_DISPUTE = {"$elemMatch": {"outcome": {"$exists": False}}}


def forget(person_id: ObjectId) -> bool:
    """Delete a person's facts and inquiries; return whether all facts are gone.

    What is disputed stays until its case is decided, also where the register changed it meanwhile. An answer that is on
    its way finds no inquiry and is not stored.
    """

    def change(session: ClientSession) -> bool:
        facts, mine = Fact._get_collection(), {"person": person_id}
        facts.delete_many({**mine, "disputes": {"$not": _IN_DISPUTE}}, session=session)
        Inquiry._get_collection().delete_many(mine, session=session)
        return facts.find_one(mine, {"_id": 1}, session=session) is None

    return transactions.run(change)


def consented_again(person_id: ObjectId) -> bool:
    """Tell whether an account that surely is the person's consents to asking the registers."""
    query = {"_id": {"$in": account.of_person(person_id)}, "consents.facts": {"$exists": True}}
    return Account._get_collection().find_one(query, {"_id": 1}) is not None
