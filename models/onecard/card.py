"""A card (社保卡): one person's, physical and electronic together. `card_moves` says how it may move.

The centre is told by commands that wait in the document in their order; see `tell_centre`. What the centre holds of the
card (number, bank, status) comes with its answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Blind, Holding, Sealed
from backend.store import documents
from models.onecard import card_moves
from models.onecard.card_moves import LIVE, MOVES, STATE_ZH, STOPS

COLLECTION = "cards"
HISTORY = 200
outbox.carried_by(COLLECTION)


class Card(Document):
    """`live` while the person has it; `was` is the state before it was stopped, `stop` by whom and why.

    `commands` wait for the centre, the first one first; `seq` counts the changes.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person"], "unique": True, "partialFilterExpression": {"live": True}},
            {"fields": ["person", "-_id"]},
            {
                "fields": ["number_index"],
                "unique": True,
                "partialFilterExpression": {"number_index": {"$exists": True}},
            },
            {"fields": ["checked_at"], "partialFilterExpression": {"live": True}},
            outbox.INDEX,
        ],
    }
    person = ObjectIdField(required=True)
    live = BooleanField()
    state = StringField(choices=tuple(STATE_ZH), required=True)
    was = StringField()
    stop = DictField()
    before_death = DictField()
    number = BinaryField()
    number_index = ListField(BinaryField())
    number_tail = StringField()
    bank = StringField()
    bank_tail = StringField()
    physical = StringField(choices=tuple(card_moves.PHYSICAL_ZH), required=True)
    ready_on = StringField()
    electronic = StringField(choices=tuple(card_moves.ELECTRONIC_ZH), required=True)
    replaces = ObjectIdField()
    commands = ListField(DictField())
    history = ListField(DictField())
    seq = IntField(required=True)
    checked_at = DateTimeField(required=True)
    created_at = DateTimeField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        zh="社会保障卡",
        persons=("person",),
        sealed=(Sealed("number"),),
        traces=("number_tail", "bank_tail"),
        blind=(Blind("number_index", "cards.number", source="number"),),
        at_deletion="restrict",
        because="社会保障卡的发放、挂失、注销记录须留存备查(社会保险法第七十四条)",
        busy=lambda: {"$or": [{"live": True}, {"commands.0": {"$exists": True}}]},
    )
)


class CardMissing(Conflict):
    """409: the person has no card."""

    code = "card_missing"
    zh = "还没有社会保障卡,请先在“一卡通”中申请,或持身份证到窗口办理。"
    en = "There is no card yet. Apply for one in the app, or at a counter."


class CardExists(Conflict):
    """409: the person has a card already."""

    code = "card_exists"
    zh = "已有一张社会保障卡({state_zh}),不能再申请;卡片遗失请挂失后补卡。"
    en = "There is a card already ({state}). If it was lost, report it and have it replaced."


class CardNotActive(Conflict):
    """409: the card cannot be used as it is."""

    code = "card_not_active"
    zh = "社会保障卡当前状态为“{state_zh}”,{how}。"
    en = "The card is {state} and cannot be used."

    def __init__(self, state: str) -> None:
        super().__init__(state=state, state_zh=STATE_ZH[state], how=_HOW[state])


class NotNow(Conflict):
    """409: a card in this state is not moved so."""

    code = "card_state_wrong"
    zh = "社会保障卡当前状态为“{state_zh}”,不能办理{move_zh}。"
    en = "The card is {state}: this cannot be done now."

    def __init__(self, state: str, move: str) -> None:
        super().__init__(state=state, state_zh=STATE_ZH[state], move_zh=MOVES[move].zh)


_HOW = {
    "applied": "请等待发卡",
    "issued": "请先激活",
    "active": "可以使用",
    "lost": "请持身份证到窗口解除挂失或补卡",
    "frozen": "自己冻结的可在“一卡通”中解冻,其他情况请持身份证到窗口办理",
    "replaced": "请使用新卡",
    "cancelled": "请重新申请",
}


def read(card_id: ObjectId, session: ClientSession | None = None) -> dict[str, Any]:
    """Return a card.

    Raises:
        NotFound: no such card.
    """
    return documents.one(Card, {"_id": card_id}, session=session)


def of_person(person_id: ObjectId | None) -> dict[str, Any] | None:
    """Return the card that a person has, None without one."""
    return Card._get_collection().find_one({"person": person_id, "live": True}) if person_id else None


def require(person_id: ObjectId | None) -> dict[str, Any]:
    """Return the card that a person has.

    Raises:
        CardMissing: there is none.
    """
    found = of_person(person_id)
    if found is None:
        raise CardMissing
    return found


def require_active(person_id: ObjectId) -> dict[str, Any]:
    """Return the card that a person has and may use.

    Raises:
        CardMissing: there is none.
        CardNotActive: it is not active.
    """
    found = require(person_id)
    if found["state"] != "active":
        raise CardNotActive(found["state"])
    return found


@dataclass(frozen=True)
class Change:
    """A move made ready outside of the transaction: its moment and the ids of what follows are fixed."""

    move: str
    by: str
    at: datetime
    reason: str
    sets: Mapping[str, Any]
    commands: tuple[Mapping[str, Any], ...]
    outbox: tuple[dict[str, Any], ...]
    rests_on: Mapping[str, Any] | None = None


def prepared(
    card_id: ObjectId,
    move: str,
    *,
    by: str,
    reason: str = "",
    silent: bool = False,
    then: str = "",
    rests_on: Mapping[str, Any] | None = None,
    **sets: Any,
) -> Change:
    """Return a change of a card. Of a `silent` one the centre, which knows it, is not told; `then` is told besides.

    `rests_on` is the `stop` that was read when it was decided: under another one the card is not moved.
    """
    told = MOVES[move]
    wanted = [one for one in (told.command, then) if one and not silent]
    commands = tuple(pending(one) for one in wanted)
    follow = [outbox.entry("cards", "cards.tell_centre", card=str(card_id))] if commands else []
    if told.tells:
        event = str(ObjectId())
        follow.append(outbox.entry("notify", "cards.tell", card=str(card_id), what=told.tells, event=event))
    return Change(move, by, clock.now(), reason, sets, commands, tuple(follow), rests_on)


def pending(command: str, **told: str) -> dict[str, Any]:
    """Return a command that waits for the centre; its id is the one under which the centre carries it out once."""
    return {"id": str(ObjectId()), "command": command, **told}


def begin(person_id: ObjectId, command: dict[str, Any], *, by: str, **more: Any) -> dict[str, Any]:
    """Return the record of a card that is asked for, not stored yet."""
    card_id, at = ObjectId(), clock.now()
    return {
        "_id": card_id,
        "person": person_id,
        "live": True,
        "state": "applied",
        "physical": "making",
        "electronic": "unsigned",
        "commands": [command],
        "history": [{"at": at, "what": "applied", "by": by}],
        "seq": 1,
        "checked_at": at,
        "created_at": at,
        "outbox": [outbox.entry("cards", "cards.tell_centre", card=str(card_id))],
        **more,
    }


def insert(record: dict[str, Any], session: ClientSession | None = None) -> None:
    """Store a card that is asked for.

    Raises:
        CardExists: the person has one.
    """
    try:
        Card._get_collection().insert_one(record, session=session)
    except DuplicateKeyError:
        if session:
            raise  # the transaction ends with it: what it meant is asked for again outside
        held = require(record["person"])
        raise CardExists(state=held["state"], state_zh=STATE_ZH[held["state"]]) from None


@dataclass(frozen=True)
class Moved:
    """A card after a change; `done` unless it stood there already."""

    card: dict[str, Any] = field(repr=False)
    done: bool


def move(card_id: ObjectId, change: Change, session: ClientSession) -> Moved:
    """Move a card within a transaction; one that stands there already is left alone.

    Raises:
        NotFound: no such card.
        NotNow: it may not move so from where it is, or was stopped by somebody else meanwhile.
    """
    found = read(card_id, session)
    told = MOVES[change.move]
    dying = "before_death" in found
    if (found["state"] == told.after and found["state"] not in told.before) or (
        change.move == "report_death" and dying
    ):
        return Moved(found, done=False)
    fits = change.move in _WHILE_DYING if dying else change.move != "refute_death"
    stale = change.rests_on is not None and change.rests_on != found.get("stop", {})
    if found["state"] not in told.before or not fits or stale:
        raise NotNow(found["state"], change.move)
    guard = {"_id": card_id, "seq": found["seq"], "state": found["state"]}
    done = Card._get_collection().find_one_and_update(
        guard, _update(found, change), return_document=ReturnDocument.AFTER, session=session
    )
    if done is None:  # inside a snapshot nobody else can have moved it; without one, the caller begins again
        raise NotNow(found["state"], change.move)
    return Moved(done, done=True)


_WHILE_DYING = ("refute_death", "cancel")
"""While a death is being looked into, the card is cancelled or given back, and nothing else."""


def _update(found: dict[str, Any], change: Change) -> dict[str, Any]:
    line = {"at": change.at, "what": change.move, "by": change.by} | (
        {"reason": change.reason} if change.reason else {}
    )
    sets, unset = _state(found, change)
    push: dict[str, Any] = {"history": {"$each": [line], "$slice": -HISTORY}}
    if change.outbox:
        push["outbox"] = {"$each": list(change.outbox)}
    if change.commands:
        back = {"to": sets["state"]}
        push["commands"] = {
            "$each": [{**one, **(back if one["command"] == "unfreeze" else {})} for one in change.commands]
        }
    return {"$set": sets, "$inc": {"seq": 1}, "$push": push} | ({"$unset": unset} if unset else {})


def _state(found: dict[str, Any], change: Change) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a change sets and takes away: the state, where it goes back to, who stopped it."""
    before = found.get("before_death", {})
    after = MOVES[change.move].after or before.get("state") or found["was"]
    sets: dict[str, Any] = {"state": after, **change.sets}
    unset: dict[str, str] = {"before_death": ""} if before else {}
    if change.move == "report_death":
        sets["before_death"] = {"state": found["state"], "stop": found.get("stop", {})}
    elif before:
        sets["stop"] = before["stop"]
    if change.move == "lose" and found.get("stop", {}).get("how") in card_moves.OFFICIAL:
        sets.pop("stop", None)
    if after in LIVE and found["state"] in card_moves.USABLE and change.move in STOPS:
        sets["was"] = found["state"]
    if after in card_moves.USABLE:
        unset |= {"was": "", "stop": ""}
        sets.pop("stop", None)
    if after not in LIVE:
        sets |= {"live": False, "physical": "void", "electronic": "void"}
    return sets, unset


def hand_out(card_id: ObjectId, session: ClientSession) -> bool:
    """Note that the physical card is in its holder's hand; return whether this call did it."""
    guard = {"_id": card_id, "state": "active", "physical": "making"}
    change = {"$set": {"physical": "in_hand"}, "$inc": {"seq": 1}}
    return bool(Card._get_collection().update_one(guard, change, session=session).modified_count)


def number_of(found: dict[str, Any]) -> str:
    """Return the card's number, opened; empty while the centre has given none."""
    if "number" not in found:
        return ""
    return runtime.current().sealer.open("cards.number", found["_id"], found["number"])
