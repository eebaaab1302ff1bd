"""Forgetting what was fetched, for who takes back the consent to ask; the registers themselves keep it."""

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.registers.fact import Fact
from models.registers.inquiry import Inquiry


def forget(person_id: ObjectId) -> int:
    """Delete a person's facts and inquiries; return how many facts.

    What is disputed stays until its case is decided. An answer that is on its way finds no inquiry and is not stored.
    """

    def change(session: ClientSession) -> int:
        settled = {"person": person_id, "state": {"$ne": "disputed"}}
        deleted = Fact._get_collection().delete_many(settled, session=session).deleted_count
        Inquiry._get_collection().delete_many({"person": person_id}, session=session)
        return deleted

    return transactions.run(change)
