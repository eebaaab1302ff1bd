"""Stopping and starting today's sales of a place, and the public notice: both are brought to what the state says.

Nothing here remembers what was done: the wish follows from the state at any moment, and whoever was slow or killed is
corrected by the next look. `stop_day` is the last day on which sales were stopped, so that a place which never was full
is left alone.
"""

from datetime import datetime
from typing import Any

from backend import clock
from models.booking import slot
from models.crowd import level, state
from models.crowd.spot import WHOLE, Spot, day_of
from models.crowd.state import CrowdState
from models.crowd.thresholds import Thresholds
from models.places.place import Place

REASON = "景区客流已达上限,当日剩余时段暂停预约。"
NOTICE = "crowd"
"""Id of the one notice that this keeps among those of a place."""
TEXTS = {
    "amber": "当前景区内游客较多,请错峰入园,听从现场工作人员引导。",
    "red": "景区已达最大承载量,请暂缓前往,改日或改去其他景点。",
    "stopped": "景区暂停当日门票预约,请改日前往。",
}


def stopped(found: dict[str, Any], now: datetime, figures: Thresholds) -> bool:
    """Tell whether today's sales of a place should stand still: a person's word goes before the level."""
    if override := state.override_now(found, now):
        return bool(override["state"] == "stop")
    return level.reaches(found["level"], figures.stop_level)


def follow(place: str, figures: Thresholds) -> dict[str, int]:
    """Bring sales and notice of a place to what its state says; return how many slots were stopped and started."""
    now = clock.now()
    found = state.find(Spot(place, WHOLE))
    if found is None:
        return {"stopped": 0, "started": 0}
    wish = stopped(found, now, figures)
    _notice(found, _text(found, wish), now)
    return _sales(found, wish, day_of(now))


def _sales(found: dict[str, Any], wish: bool, today: str) -> dict[str, int]:
    place, marked = found["place"], found.get("stop_day")
    if wish:
        if marked != today:  # before the first slot stops, so that what a kill leaves stopped is started again
            CrowdState._get_collection().update_one({"_id": found["_id"]}, {"$set": {"stop_day": today}})
        return {"stopped": slot.pause(place, today, REASON), "started": 0}
    if marked is None:
        return {"stopped": 0, "started": 0}
    if marked != today:
        ended = {"_id": found["_id"], "stop_day": marked}
        CrowdState._get_collection().update_one(ended, {"$unset": {"stop_day": ""}})
    return {"stopped": 0, "started": slot.resume(place, marked)}


def _text(found: dict[str, Any], wish: bool) -> str:
    if found["level"] == "green":
        return TEXTS["stopped"] if wish else ""
    stop = TEXTS["stopped"] if wish else ""
    return TEXTS[found["level"]] + stop


def _notice(found: dict[str, Any], text: str, now: datetime) -> None:
    """Keep one notice at the place while it is crowded; the same text again changes nothing."""
    today = day_of(now)
    one = {"id": NOTICE, "text": text, "from_day": today, "to_day": today, "by": "system:crowd", "at": now}
    others = {"$filter": {"input": {"$ifNull": ["$notices", []]}, "cond": {"$ne": ["$$this.id", NOTICE]}}}
    places = Place._get_collection()
    if not text:
        query = {"_id": found["place"], "notices.id": NOTICE}
        places.update_one(query, {"$pull": {"notices": {"id": NOTICE}}})
        return
    same = {"id": NOTICE, "text": text, "to_day": today}
    query = {"_id": found["place"], "notices": {"$not": {"$elemMatch": same}}}
    places.update_one(query, [{"$set": {"notices": {"$concatArrays": [others, [one]]}}}])
