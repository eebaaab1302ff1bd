"""A reported death (死亡信息): the card is frozen at once, and a person confirms before it is cancelled.

    reported ──confirm──▶ confirmed ──reject──▶ rejected
        └─────────────reject──────────────────────▲

A wrong entry is revocable at any time: from `reported` the card comes back as it was, from `confirmed` the person may
have a card again. A rejected one does not freeze the card a second time; a later death is another report.
"""

from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import BooleanField, DateTimeField, Document, ObjectIdField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import NotFound
from backend.store import paging, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Resident, Staff
from models.onecard import card, stop_card
from models.onecard.card_moves import MOVES

COLLECTION = "card_deaths"
STATE_ZH = {"reported": "待核实", "confirmed": "已确认", "rejected": "信息有误,已撤销"}
SOURCE_ZH = {"card_centre": "发卡机构死亡名单", "registers": "死亡登记"}
BY = "system:deaths"
Report = dict[str, Any]


class CardDeath(Document):
    """`live` until it is decided; `frozen` unless the list has another name; `objected_at` when the holder said no."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person", "died_on", "source"], "unique": True},
            {"fields": ["card"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["state", "-_id"]},
        ],
    }
    card = ObjectIdField(required=True)
    person = ObjectIdField(required=True)
    source = StringField(choices=tuple(SOURCE_ZH), required=True)
    died_on = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    live = BooleanField()
    frozen = BooleanField()
    name_differs = BooleanField()
    reported_at = DateTimeField(required=True)
    objected_at = DateTimeField()
    decided_at = DateTimeField()
    by = StringField()


personal_data.declare(
    personal_data.Holding(
        COLLECTION,
        zh="死亡信息核实记录",
        persons=("person",),
        traces=("died_on",),
        at_deletion="restrict",
        because="停发待遇和注销卡片的依据须留存备查(社会保险法第七十四条)",
    )
)


def confirmed(person_id: ObjectId) -> bool:
    """Tell whether a person's death was confirmed."""
    query = {"person": person_id, "state": "confirmed"}
    return CardDeath._get_collection().find_one(query, {"_id": 1}) is not None


def report(held: dict[str, Any], source: str, died_on: date, *, name_differs: bool = False) -> bool:
    """Freeze a card whose holder is said to have died and put it on the work list; return whether this call did it.

    Where the list names somebody else under the number, the card is left alone until a person has looked.
    """
    if _refuted(held["person"], died_on):
        return False
    record: Report = {
        "_id": ObjectId(),
        "card": held["_id"],
        "person": held["person"],
        "source": source,
        "died_on": died_on.isoformat(),
        "state": "reported",
        "live": True,
        "name_differs": name_differs,
        "reported_at": clock.now(),
    }
    change = _freezing(held["_id"], source)

    def run(session: ClientSession) -> None:
        freezes = _more_than_applied_for(held["_id"], session) and not name_differs
        CardDeath._get_collection().insert_one({**record, "frozen": freezes}, session=session)
        if freezes:
            moved = card.move(held["_id"], change, session)
            stop_card.follow(moved.card, "report_death", by=BY, session=session)

    try:
        transactions.run(run)
    except DuplicateKeyError:
        return False  # it was reported before
    except card.NotNow:
        return False  # the card has ended meanwhile
    outbox.wake("notify")
    return True


def _more_than_applied_for(card_id: ObjectId, session: ClientSession) -> bool:
    """Tell whether there is a card to freeze; it is written, so that issuing it at the same time collides with this."""
    found = card.Card._get_collection().find_one_and_update({"_id": card_id}, {"$inc": {"seq": 1}}, session=session)
    return found is not None and found["state"] != "applied"


def _freezing(card_id: ObjectId, source: str) -> card.Change:
    return card.prepared(card_id, "report_death", by=BY, reason=source, stop={"how": "death", "by": BY})


def freeze_issued(card_id: ObjectId) -> None:
    """Freeze a card that was issued after its holder's death was reported; repeating it changes nothing."""
    found = under_way(card_id)
    if not found or found["frozen"] or found["name_differs"]:
        return
    if card.read(card_id)["state"] in MOVES["report_death"].before:
        stop_card.carry_out(card_id, _freezing(card_id, found["source"]))
        CardDeath._get_collection().update_one({"_id": found["_id"]}, {"$set": {"frozen": True}})


def _refuted(person_id: ObjectId, died_on: date) -> bool:
    """Tell whether somebody saw this person alive on or after the day."""
    query = {"person": person_id, "state": "rejected"}
    found = CardDeath._get_collection().find(query, {"decided_at": 1})
    return any(clock.civil(one["decided_at"]).date() >= died_on for one in found)


def object_to(resident: Resident) -> Report:
    """Say that one is alive; the managers see it first. Saying it again changes nothing.

    Raises:
        CardMissing, NotFound: there is no card, or no death is being looked into.
    """
    held = card.require(resident.person_id)
    key = {"card": held["_id"], "live": True}
    done = CardDeath._get_collection().find_one_and_update(
        key, {"$min": {"objected_at": clock.now()}}, return_document=ReturnDocument.AFTER
    )
    if done is None:
        raise NotFound
    return done


def confirm(actor: Staff, report_id: ObjectId) -> Report:
    """Confirm a death: the card is cancelled and what relatives carry of it ends. Again, it changes nothing.

    Raises:
        NotFound: no such report, or it was rejected.
    """
    return _decide(actor, report_id, "confirmed", ("reported",))


def reject(actor: Staff, report_id: ObjectId) -> Report:
    """Reject a report: the card comes back as it was; after a confirmation, the person may have one again.

    Raises:
        NotFound: no such report.
    """
    return _decide(actor, report_id, "rejected", ("reported", "confirmed"))


def _decide(actor: Staff, report_id: ObjectId, verdict: str, before: tuple[str, ...]) -> Report:
    actor.require("card.deaths")
    deaths = CardDeath._get_collection()
    found = deaths.find_one({"_id": report_id})
    if found is None or found["state"] not in (*before, verdict):
        raise NotFound
    line = entry.line(
        actor.key, f"card.death_{verdict}", f"card:{found['card']}", unit=actor.unit, source=found["source"]
    )
    move = "cancel" if verdict == "confirmed" else "refute_death"
    change = card.prepared(found["card"], move, by=actor.key, reason=f"death_{verdict}")
    sets = {"state": verdict, "live": False, "decided_at": line["at"], "by": actor.key}

    def run(session: ClientSession) -> Report:
        staff.require_acting(actor, line, session)
        guard = {"_id": report_id, "state": {"$in": list(before)}}
        done = deaths.find_one_and_update(guard, {"$set": sets}, return_document=ReturnDocument.BEFORE, session=session)
        if done is None:
            return found
        _follow(done, change, session)
        entry.write(line, session)
        return {**done, **sets}

    decided = transactions.run(run)
    for queue in ("cards", "notify"):
        outbox.wake(queue)
    return decided


def _follow(was: Report, change: card.Change, session: ClientSession) -> None:
    held = card.read(was["card"], session)
    if change.move == "refute_death" and "before_death" not in held:
        return  # the card was never frozen for it, or has ended
    if not held["live"]:
        return
    moved = card.move(held["_id"], change, session)
    stop_card.follow(moved.card, change.move, by=change.by, session=session)


def listed(state: str, *, cursor: str | None, limit: int) -> tuple[list[Report], str | None]:
    """Return a page of reports in a state, newest first."""
    return paging.page(CardDeath._get_collection(), {"state": state}, sort=("_id", -1), cursor=cursor, limit=limit)


def under_way(card_id: ObjectId) -> Report | None:
    """Return the report that is being looked into for a card."""
    return CardDeath._get_collection().find_one({"card": card_id, "live": True})
