"""What a payer wrote to a transfer: free text, sealed, apart from the ledger, so that it can end with its person."""

from bson import ObjectId
from mongoengine import BinaryField, Document, ObjectIdField, StringField

from backend import personal_data, runtime
from backend.personal_data import Holding, Sealed

COLLECTION = "transfer_notes"
_PLACE = "transfer_notes.text"


class TransferNote(Document):
    """The id is the transfer's."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": ["person"]}
    id = StringField(primary_key=True)
    person = ObjectIdField(required=True)
    text = BinaryField(required=True)


personal_data.declare(Holding(COLLECTION, "钱包付款附言", persons=("person",), sealed=(Sealed("text"),)))


def write(transfer_id: str, person_id: ObjectId, text: str) -> None:
    """Keep the note of a transfer, once. It is written first: a transfer that is there has its note."""
    sealed = runtime.current().sealer.seal(_PLACE, transfer_id, text)
    record = {"person": person_id, "text": sealed}
    TransferNote._get_collection().update_one({"_id": transfer_id}, {"$setOnInsert": record}, upsert=True)


def forget(transfer_id: str) -> None:
    """Remove the note of a transfer that was refused."""
    TransferNote._get_collection().delete_one({"_id": transfer_id})


def of(transfer_ids: list[str]) -> dict[str, str]:
    """Return the notes of transfers."""
    found = TransferNote._get_collection().find({"_id": {"$in": transfer_ids}})
    sealer = runtime.current().sealer
    return {one["_id"]: sealer.open(_PLACE, one["_id"], one["text"]) for one in found}
