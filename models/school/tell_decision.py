"""Telling a family how its application goes on: what is asked, that it was decided; no reason goes by a channel."""

from bson import ObjectId

from models.messaging import notice
from models.school import application


def tell(application_id: ObjectId, kind: str, seq: int) -> None:
    """Tell the account that applied, once for each turn of the application; who has none is told at the counter."""
    found = application.read(application_id)
    if found.get("account"):
        notice.tell(found["account"], kind, key=f"{application_id}:{seq}", values={"number": found["receipt"]})
