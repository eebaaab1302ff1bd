"""A family card (亲情卡): one person's codes, carried on a relative's phone, for some kinds and for a term.

    offered ──accept──▶ active ──withdraw, term, relation, loss, death──▶ ended
        └──────────── withdraw, not accepted in time ─────────────────────▲

`holder` is whose codes they are, `carrier` on whose phone they are. A phone carries eight at most: one guarded update
of the carrier's own document decides. Ending one revokes its credential in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import (
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import NotFound
from backend.store import documents, transactions
from models.onecard import credential
from models.onecard.family_terms import (
    HOW_ZH,
    KIND_ZH,
    MOST,
    STATE_ZH,
    FamilyCardExists,
    FamilyTermsWrong,
    TooManyFamilyCards,
)

COLLECTION = "family_cards"
ACCEPT_WITHIN = timedelta(days=7)
BATCH = 500
Grant = dict[str, Any]
outbox.carried_by(COLLECTION)


class FamilyCard(Document):
    """`relation` is the relation that it rests on, where it does; `due` is when it lapses."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["holder", "carrier"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["holder", "-_id"]},
            {"fields": ["carrier", "-_id"]},
            {"fields": ["relation"], "sparse": True},
            {"fields": ["due"], "partialFilterExpression": {"live": True}},
            outbox.INDEX,
        ],
    }
    holder = ObjectIdField(required=True)
    carrier = ObjectIdField(required=True)
    how = StringField(choices=tuple(HOW_ZH), required=True)
    relation = ObjectIdField()
    kinds = ListField(StringField(choices=tuple(KIND_ZH)), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    live = BooleanField()
    until = DateTimeField(required=True)
    due = DateTimeField(required=True)
    since = DateTimeField(required=True)
    by = StringField(required=True)
    accepted_by = StringField()
    draws = IntField()
    ended_at = DateTimeField()
    end_reason = StringField()
    ended_by = StringField()
    outbox = ListField(DictField())


class FamilyCarrier(Document):
    """What one person's phone carries: the ids of live family cards, eight at most."""

    meta = {"collection": "family_carriers", "auto_create_index": False, "indexes": []}
    id = ObjectIdField(primary_key=True)
    carried = ListField(ObjectIdField())


personal_data.declare(personal_data.Holding(COLLECTION, zh="亲情卡", persons=("holder", "carrier")))
personal_data.declare(personal_data.Holding("family_carriers", zh="手机携带的亲情卡", persons=("_id",)))


def made(
    holder: ObjectId,
    carrier: ObjectId,
    kinds: Sequence[str],
    until: datetime,
    *,
    how: str,
    by: str,
    relation: ObjectId | None = None,
    offered: bool = False,
) -> Grant:
    """Return a family card that is not stored yet; an `offered` one waits for the carrier.

    Raises:
        FamilyTermsWrong: the two are one.
    """
    if holder == carrier:
        raise FamilyTermsWrong("carrier", "不能为自己办理亲情卡,请在“一卡通”中直接领取。")
    now, grant_id = clock.now(), ObjectId()
    state = "offered" if offered else "active"
    return {
        "_id": grant_id,
        "holder": holder,
        "carrier": carrier,
        "how": how,
        "kinds": [kind for kind in KIND_ZH if kind in kinds],
        "state": state,
        "live": True,
        "until": until,
        "due": min(until, now + ACCEPT_WITHIN) if offered else until,
        "since": now,
        "by": by,
        "outbox": [told(grant_id, f"family_{state}")],
        **({"relation": relation} if relation else {}),
    }


def told(grant_id: ObjectId, what: str) -> dict[str, Any]:
    """Return the outbox entry that tells who is concerned."""
    return outbox.entry("notify", "cards.tell_family", grant=str(grant_id), what=what, event=str(ObjectId()))


def insert(grant: Grant, session: ClientSession) -> None:
    """Store a family card within a transaction; an active one takes a place on the carrier's phone.

    Raises:
        TooManyFamilyCards: it carries eight.
        DuplicateKeyError: these two have one; see `store`.
    """
    if grant["state"] == "active":
        take_place(grant, session)
    FamilyCard._get_collection().insert_one(grant, session=session)


def take_place(grant: Grant, session: ClientSession) -> None:
    """Take one of the eight places on the carrier's phone.

    Raises:
        TooManyFamilyCards: none is left.
    """
    carriers, mine = FamilyCarrier._get_collection(), {"_id": grant["carrier"]}
    carriers.update_one(mine, {"$setOnInsert": {"carried": []}}, upsert=True, session=session)
    guard = {**mine, f"carried.{MOST - 1}": {"$exists": False}}
    change = {"$addToSet": {"carried": grant["_id"]}}
    if not carriers.update_one(guard, change, session=session).matched_count:
        raise TooManyFamilyCards(most=MOST)


def store(grant: Grant) -> Grant:
    """Store a family card.

    Raises:
        TooManyFamilyCards: the carrier's phone carries eight.
        FamilyCardExists: these two have one.
    """
    try:
        transactions.run(lambda session: insert(grant, session))
    except DuplicateKeyError:
        raise FamilyCardExists from None
    outbox.wake("notify")
    return grant


def read(grant_id: ObjectId) -> Grant:
    """Return a family card.

    Raises:
        NotFound: there is none.
    """
    return documents.one(FamilyCard, {"_id": grant_id})


def of_side(grant_id: ObjectId, person_id: ObjectId | None) -> Grant:
    """Return a family card of which a person is one side.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    found = read(grant_id)
    if person_id is None or person_id not in (found["holder"], found["carrier"]):
        raise NotFound
    return found


def accept(grant_id: ObjectId, carrier: ObjectId, *, by: str) -> Grant:
    """Take an offered family card onto the carrier's phone; accepting again changes nothing.

    Raises:
        NotFound: nothing was offered to them, or not in time.
        TooManyFamilyCards: the phone carries eight.
    """
    found = of_side(grant_id, carrier)
    if found["carrier"] != carrier or found["state"] == "ended":
        raise NotFound
    if found["state"] == "active":
        return found
    now = clock.now()
    guard = {"_id": grant_id, "state": "offered", "due": {"$gt": now}}
    sets = {"state": "active", "due": found["until"], "accepted_by": by, "since": now}
    change = {"$set": sets, "$push": {"outbox": told(grant_id, "family_active")}}

    def run(session: ClientSession) -> None:
        if FamilyCard._get_collection().update_one(guard, change, session=session).modified_count:
            take_place(found, session)
        elif read(grant_id)["state"] != "active":
            raise NotFound

    transactions.run(run)
    outbox.wake("notify")
    return read(grant_id)


def hold(grant: Grant, session: ClientSession) -> None:
    """Check inside a transaction that a family card is in force; it is written, so that ending it collides with this.

    Raises:
        NotFound: it is not.
    """
    guard = {"_id": grant["_id"], "state": "active", "until": {"$gt": clock.now()}}
    if not FamilyCard._get_collection().update_one(guard, {"$inc": {"draws": 1}}, session=session).matched_count:
        raise NotFound


def end(grant: Grant, reason: str, *, by: str, session: ClientSession) -> bool:
    """End a family card and its credential within a transaction; return whether this call did it."""
    guard = {"_id": grant["_id"], "live": True}
    change = {
        "$set": {"state": "ended", "live": False, "ended_at": clock.now(), "end_reason": reason, "ended_by": by},
        "$push": {"outbox": told(grant["_id"], "family_ended")},
    }
    if not FamilyCard._get_collection().update_one(guard, change, session=session).modified_count:
        return False
    carriers, mine = FamilyCarrier._get_collection(), {"_id": grant["carrier"]}
    carriers.update_one(mine, {"$pull": {"carried": grant["_id"]}}, session=session)
    credential.revoke_grant(grant["_id"], f"family_{reason}", session)
    return True


def end_codes_of_carrier(carrier: ObjectId, reason: str, session: ClientSession) -> None:
    """End the codes, and not the permissions, of all that a person's phone carries."""
    found = FamilyCarrier._get_collection().find_one({"_id": carrier}, session=session) or {"carried": []}
    for grant_id in found["carried"]:
        credential.revoke_grant(grant_id, reason, session)


def end_of_holder(holder: ObjectId, reason: str, *, by: str, session: ClientSession) -> None:
    """End all that relatives carry of a person."""
    query = {"holder": holder, "live": True}
    for found in list(FamilyCard._get_collection().find(query, session=session)):
        end(found, reason, by=by, session=session)


def finish(grant: Grant, reason: str, *, by: str) -> bool:
    """End one family card; return whether this call did it."""
    ended = transactions.run(lambda session: end(grant, reason, by=by, session=session))
    if ended:
        outbox.wake("notify")
    return ended


def end_of_relation(relation_id: ObjectId) -> None:
    """End what rested on a relation that has ended; repeating it changes nothing."""
    query = {"relation": relation_id, "live": True}
    for found in list(FamilyCard._get_collection().find(query)):
        finish(found, "relation_ended", by="system:family")


def end_due() -> int:
    """End what has lapsed; return how many. It held no longer than to its time in any case."""
    query = {"live": True, "due": {"$lte": clock.now()}}
    found = list(FamilyCard._get_collection().find(query).limit(BATCH))
    return sum(finish(one, "term_over", by="system:family") for one in found)


def carried(carrier: ObjectId) -> list[Grant]:
    """Return what a person's phone carries or is offered, newest first."""
    return _sides({"carrier": carrier, "live": True})


def given(holder: ObjectId) -> list[Grant]:
    """Return who carries a person's codes or is asked to, newest first."""
    return _sides({"holder": holder, "live": True})


def _sides(query: dict[str, Any]) -> list[Grant]:
    return list(FamilyCard._get_collection().find(query, {"outbox": 0}).sort("_id", -1).limit(100))
