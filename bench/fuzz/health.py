"""What the routes of health need: elders of a village clinic, what was measured of them and found, an alert, a band.

The residents of the cast are the elders themselves. What staff would write down, what a rule finds and the alert that
follows are put into the store by the functions of the product.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from bench.fuzz import measuring
from bench.fuzz.cast import NEIGHBOUR, RESIDENT, Cast
from bench.fuzz.measuring import AREA, BY, CLINIC
from models.eldercare import judge, observation, personal_range, programme, raise_found, record, subject
from models.eldercare.finding import HealthFinding
from models.eldercare.observation import Measured
from models.eldercare.personal_range import HealthRange
from models.eldercare.source import Source
from models.eldercare.subject import HealthSubject

VALUES: dict[str, dict[str, tuple[float, str]]] = {
    "blood_pressure": {"systolic": (192, "mm[Hg]"), "diastolic": (114, "mm[Hg]")},
    "heart_rate": {"heart_rate": (152, "/min")},
}
SAID = {"condition": "高血压", "medication": "氨氯地平", "note": "独居"}


def make(casts: Iterable[Cast]) -> None:
    """Make the elders of each cast, and tell it what is their own."""
    for players in casts:
        players.health = defaultdict(list)
        for who in (RESIDENT, NEIGHBOUR):
            _elder(ObjectId(players[who].person), players.health)
        players.health["bands"] = [_band() for _ in range(3)]


def _elder(person: ObjectId, kept: dict[str, list[str]]) -> None:
    found, now = subject.enrol(person, by=BY, area=AREA)["_id"], clock.now()
    place = {"unit": CLINIC, "as": "village_clinic", "since": now}
    HealthSubject._get_collection().update_one({"_id": found}, {"$set": {"units": [place]}})
    kept["elders"].append(str(found))
    source = Source("village_clinic", unit=CLINIC, by=BY)
    for code, values in VALUES.items():
        made = observation.keep(found, Measured(code, values, now), source)["_id"]
        kept["observations"].append(str(made))
        judge.judge(made)
    for kind, title in SAID.items():
        said = record.made(found, kind, {"title_zh": title}, source, at=now)
        kept["records"].append(str(record.keep(said)["_id"]))
    kept["ranges"].append(str(_range(found)))
    programme.suspected(found, "hypertension", because="finding", about=found, by=BY)
    for one in HealthFinding._get_collection().find({"subject": found}):
        kept["findings"].append(str(one["_id"]))
        if alert := raise_found.raise_found(one["_id"]):
            kept["alerts"].append(str(alert["_id"]))


def _range(elder: ObjectId) -> ObjectId:
    made, until = ObjectId(), (clock.today() + timedelta(days=60)).isoformat()
    reason = runtime.current().sealer.seal(personal_range.REASON, made, "专科建议")
    told: dict[str, Any] = {"_id": made, "subject": elder, "quantity": "weight", "high": 80.0, "until": until}
    told |= {"reason": reason, "live": True, "set_by": BY, "unit": CLINIC, "set_at": clock.now()}
    HealthRange._get_collection().insert_one(told)
    return made


def _band() -> str:
    """Register a band that nobody wears, and return its id."""
    name = f"band-{secrets.token_hex(4)}"
    measuring.add(name, "wearable")
    return name
