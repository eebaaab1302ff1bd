"""The watch: every twenty seconds what gates and sensors told becomes counts, levels and what follows.

Each part may run twice and beside itself; what one run leaves undone the next one does.
"""

import structlog

from backend import clock, metrics
from backend.errors import NotFound
from models.booking import slot
from models.crowd import fold, history, judge, override, record, reset, sales, state, thresholds, warn
from models.crowd.level import LEVELS
from models.crowd.spot import WHOLE, Spot
from models.crowd.state import CrowdState
from models.crowd.thresholds import Thresholds

log = structlog.get_logger()


def look() -> int:
    """Fold what gates counted and bring every spot up to date; return how many spots changed their level."""
    fold.fold()
    history.write_flows()
    try:
        figures = thresholds.on(clock.today())
    except NotFound as error:
        metrics.ALARMS.labels("crowd_parameters_missing").inc()
        log.warning("crowd_parameters_missing", codes=sorted(error.fields))
        return 0
    changed = sum(_look(spot, figures) for spot in state.spots())
    _gauge()
    return changed


def _look(spot: Spot, figures: Thresholds) -> bool:
    """Bring one spot up to date; what fails there does not keep the others from it."""
    try:
        reset.reset(spot, figures)
        override.expire(spot)
        changed = judge.judge(spot, figures)
        if spot.zone == WHOLE:
            sales.follow(spot.place, figures)
    except NotFound:  # the place is gone
        log.warning("crowd_place_missing", place=spot.place)
        return False
    return changed


def follow(record_id: str) -> None:
    """Do what follows a record: sales and notice as the state is now, and word to those who hold tickets of today."""
    told = record.read(record_id)
    if told is None:
        return
    sales.follow(told["place"], thresholds.on(clock.today()))
    record.done(record_id, slots_paused=slot.standing_still(told["place"], told["day"]))
    if warn.worse(told) and told["day"] == clock.today().isoformat():
        warn.begin(told)


def _gauge() -> None:
    found = list(CrowdState._get_collection().find({"zone": WHOLE}, {"level": 1, "number": 1, "alarm": 1}))
    for level in LEVELS:
        metrics.CROWD_PLACES.labels(level).set(sum(one["level"] == level and "number" in one for one in found))
    metrics.CROWD_PLACES.labels("unknown").set(sum("number" not in one for one in found))
    metrics.CROWD_APART.set(sum(bool(one.get("alarm")) for one in found))
