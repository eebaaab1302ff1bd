"""A difference: the card centre says another thing about a card than we do. Named, and work for a person.

open ──settle──▶ settled        (an answer that agrees again settles it by itself)
"""

from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data
from backend.store import documents, paging, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.onecard import card_commands

COLLECTION = "card_differences"
NAME_ZH = {
    "status": "状态不一致",
    "number": "卡号不一致",
    "electronic": "电子社保卡签发状态不一致",
    "refused": "发卡机构拒绝办理",
    "unknown": "发卡机构查无此卡",
}
OUTCOME_ZH = {"told_again": "已重新通知发卡机构", "noted": "已核实,以本系统为准", "agreed": "已一致"}


class CardDifference(Document):
    """A card has one open difference of a name at most; `ours` and `theirs` are states, `reason` the centre's code."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["card", "name"], "unique": True, "partialFilterExpression": {"open": True}},
            {"fields": ["state", "-_id"]},
            {"fields": ["person"]},
        ],
    }
    card = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    name = StringField(choices=tuple(NAME_ZH), required=True)
    command = StringField()
    ours = StringField()
    theirs = StringField()
    reason = StringField()
    state = StringField(choices=("open", "settled"), required=True)
    open = BooleanField()
    seen_at = DateTimeField(required=True)
    settled_at = DateTimeField()
    outcome = StringField()
    by = StringField()


personal_data.declare(personal_data.Holding(COLLECTION, zh="社会保障卡差异核对", persons=("person",)))


def note(
    found: dict[str, Any], name: str, *, command: str = "", ours: str = "", theirs: str = "", reason: str = ""
) -> None:
    """Note what the centre says otherwise; the same again is one difference with what was seen last."""
    key = {"card": found["_id"], "name": name, "open": True}
    seen = {"command": command, "ours": ours, "theirs": theirs, "reason": reason, "seen_at": clock.now()}
    first = {"person": found["person"], "state": "open"}
    CardDifference._get_collection().update_one(key, {"$set": seen, "$setOnInsert": first}, upsert=True)


def agree(card_id: ObjectId, *names: str) -> None:
    """Settle what the centre agrees with again."""
    for name in names:
        key = {"card": card_id, "name": name, "open": True}
        CardDifference._get_collection().update_one(key, {"$set": _settled("agreed", "system:card_centre")})


def _settled(outcome: str, by: str) -> dict[str, Any]:
    return {"state": "settled", "open": False, "outcome": outcome, "by": by, "settled_at": clock.now()}


def settle(actor: Staff, difference_id: ObjectId, outcome: str) -> dict[str, Any]:
    """Decide about a difference: tell the centre once more, or leave it at ours; again, it changes nothing.

    Raises:
        NotFound: no such difference.
    """
    actor.require("card.freeze")
    found = documents.one(CardDifference, {"_id": difference_id})
    line = entry.line(
        actor.key, "card.settle", f"card:{found['card']}", unit=actor.unit, difference=found["name"], outcome=outcome
    )
    settled = _settled(outcome, actor.key)

    def run(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, line, session)
        done = CardDifference._get_collection().find_one_and_update(
            {"_id": difference_id, "state": "open"},
            {"$set": settled},
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        if done is None:
            return found
        if outcome == "told_again":
            card_commands.tell_again(found["card"], found["name"], found.get("theirs", ""), session)
        entry.write(line, session)
        return done

    return transactions.run(run)


def listed(state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of differences in a state, newest first."""
    return paging.page(CardDifference._get_collection(), {"state": state}, sort=("_id", -1), cursor=cursor, limit=limit)
