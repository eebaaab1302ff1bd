"""A body of water of a pool: its newest reading, whether sales stand still because of it, and who decided otherwise.

    good ──a reading out of limits──▶ alarm ──another one in a row──▶ paused ──a good reading, or a person──▶ good
    a person may also stop sales; then only a person starts them again

Which slots sell is derived from this state at any moment (`follow`), so that a worker that was slow or killed is put
right by the next look.
"""

from typing import Any

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

from backend import clock, metrics, outbox, personal_data
from backend.personal_data import Holding
from backend.store import documents, transactions
from models.audit import entry
from models.booking import slot
from models.booking.slot_errors import CHECK
from models.identity.actors import Staff
from models.sport import venue, water_limits
from models.sport.water_limits import Figures

COLLECTION = "water_states"
MOST = 500
REASONS = {"retested": "复测合格", "treated": "已处理", "maintenance": "换水检修", "inspection": "监督检查"}
_TRIES = 5
outbox.carried_by(COLLECTION)


class WaterState(Document):
    """The id reads place and water: `sport_pool.main`. `paused` follows the readings, `stopped` is a person's word."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["place", "water"]}, {"fields": ["halted", "_id"]}, outbox.INDEX],
    }
    id = StringField(primary_key=True)
    place = StringField(required=True)
    water = StringField(required=True)
    latest = DictField()
    bad_in_row = IntField(required=True)
    paused = BooleanField(required=True)
    stopped = BooleanField(required=True)
    halted = BooleanField(required=True)
    alarm = DictField()
    decided_at = DateTimeField()
    decided_by = ObjectIdField()
    decided = StringField(choices=tuple(REASONS))
    version = IntField(required=True)
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "池水水质状态",
        staff=("decided_by",),
        at_deletion="keep",
        because="公共场所卫生管理条例: 卫生检测和处置记录; 只记工作人员编号",
    )
)


def water_id(place: str, water: str) -> str:
    """Return the id of the state of a body of water."""
    return f"{place}.{water}"


def read(state_id: str) -> dict[str, Any]:
    """Return the state of a body of water.

    Raises:
        NotFound: it was never measured.
    """
    return documents.one(WaterState, {"_id": state_id}, {"outbox": 0})


def of_place(place: str) -> list[dict[str, Any]]:
    """Return the state of every body of water of a venue."""
    found = WaterState._get_collection().find({"place": place, "water": {"$gte": ""}}, {"outbox": 0})
    return list(found.sort("water", 1).limit(MOST))


def ensure(place: str, water: str) -> None:
    """Make the state of a body of water where there is none."""
    fresh = {"place": place, "water": water, "bad_in_row": 0, "paused": False, "stopped": False, "halted": False}
    made = {"$setOnInsert": {**fresh, "version": 0}}
    WaterState._get_collection().update_one({"_id": water_id(place, water)}, made, upsert=True)


def take(state_id: str, reading: dict[str, Any], figures: Figures, session: ClientSession) -> bool:
    """Let a reading count, inside the transaction that stores it; return whether it is the newest."""
    states = WaterState._get_collection()
    found = states.find_one({"_id": state_id}, session=session) or {}
    latest = found.get("latest")
    if latest and reading["at"] <= clock.civil(latest["at"]):
        return False
    kept = {name: reading[name] for name in ("_id", "at", "values", "wrong")}
    row = found.get("bad_in_row", 0) + 1 if reading["wrong"] else 0
    paused = bool(reading["wrong"]) and (bool(found.get("paused")) or row >= figures.to_pause)
    told = {"latest": kept, "bad_in_row": row, "paused": paused, "halted": paused or bool(found.get("stopped"))}
    change: dict[str, Any] = {"$set": {**told, "outbox": [_follows(state_id)]}, "$inc": {"version": 1}}
    if not reading["wrong"]:
        change["$unset"] = {"alarm": ""}
    elif not found.get("alarm"):
        change["$set"]["alarm"] = {"at": reading["at"], "wrong": reading["wrong"]}
    states.update_one({"_id": state_id}, change, session=session)
    return True


def _follows(state_id: str) -> dict[str, Any]:
    return outbox.entry("gates", "sport.follow_water", water=state_id)


def decide(actor: Staff, found: dict[str, Any], *, sell: bool, reason: str, unit: str) -> dict[str, Any]:
    """Let a person start or stop sales; return the state. Started sales stop again by bad readings in a row."""
    line = entry.line(actor.key, "sport.water_decision", f"water:{found['_id']}", unit=unit, sell=sell, reason=reason)
    now = clock.now()
    told = {"paused": False, "stopped": not sell, "halted": not sell, "bad_in_row": 0}
    follow = [_follows(found["_id"])]

    def change(session: ClientSession) -> None:
        by = {"decided": reason, "decided_by": actor.staff_id, "decided_at": now}
        update = {"$set": {**told, **by, "outbox": follow}, "$inc": {"version": 1}}
        WaterState._get_collection().update_one({"_id": found["_id"]}, update, session=session)
        entry.write(line, session)

    transactions.run(change)
    outbox.wake("gates")
    return read(found["_id"])


def follow(state_id: str) -> int:
    """Bring the sales of what lies in a body of water to what its state says; return how many slots this changed.

    A state that changed meanwhile is followed once more.
    """
    changed = 0
    for _ in range(_TRIES):
        found = read(state_id)
        changed += _apply(found)
        if read(state_id)["version"] == found["version"]:
            break
    return changed


def _apply(found: dict[str, Any]) -> int:
    today, days = clock.today(), water_limits.on(clock.today()).pause_days
    coming = [today.fromordinal(today.toordinal() + number).isoformat() for number in range(days)]
    codes = [one["code"] for one in venue.resources(found["place"]) if venue.terms_of(one).water == found["water"]]
    if found["halted"]:
        return sum(slot.pause(found["place"], day, CHECK, resource=code) for code in codes for day in coming)
    return sum(slot.resume(found["place"], day, resource=code) for code in codes for day in coming)


def follow_all() -> int:
    """Stop the sales of days that came into reach while a body of water is halted; return how many slots."""
    found = WaterState._get_collection().find({"halted": True}, {"_id": 1}).limit(MOST)
    return sum(follow(one["_id"]) for one in found)


def alarm(wrong: list[str]) -> None:
    """Count an alarm for whoever watches the service."""
    if wrong:
        metrics.ALARMS.labels("pool_water").inc()
