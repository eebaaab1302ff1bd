"""Gates that counted, sensors that saw, figures to judge by: what the tests of crowds share."""

import json
import secrets
from datetime import timedelta

from backend import clock
from models.booking.gate_scan import GateScan
from models.crowd import movement, state, thresholds, watch
from models.crowd.record import CrowdRecord
from models.crowd.spot import Spot
from tests.support.gate import Gate

READINGS = "/gate/v1/crowd-readings"
PLACE = Spot("museum")
"""Its demonstration limits are 800 at once and 3,000 a day."""


def pass_by(people: int, direction: str = "in", *, spot: Spot = PLACE, at=None, offline=False) -> list[str]:
    """Store what a gate stores of people who went through, not counted yet."""
    at = at or clock.now()
    scans = [
        {
            "_id": f"gate-1:{secrets.token_hex(8)}",
            "device": "gate-1",
            "place": spot.place,
            "zone": spot.zone,
            "direction": direction,
            "result": "admitted" if direction == "in" else "exited",
            "at": at,
            "uncounted": True,
            **({"offline": True} if offline else {}),
        }
        for _ in range(people)
    ]
    GateScan._get_collection().insert_many(scans)
    return [one["_id"] for one in scans]


def figures() -> thresholds.Thresholds:
    return thresholds.on(clock.today())


def inside(spot: Spot = PLACE, kind: str = "gate") -> int:
    return state.read(spot)["counts"][kind]["inside"]


def level(spot: Spot = PLACE) -> str:
    return state.read(spot)["level"]


def today(spot: Spot = PLACE) -> dict:
    return movement.day(spot, clock.today().isoformat())


def records(what: str = "", spot: Spot = PLACE) -> list[dict]:
    query = {"place": spot.place, **({"what": what} if what else {})}
    return list(CrowdRecord._get_collection().find(query).sort("at", 1))


def fill(people: int, *, spot: Spot = PLACE) -> None:
    """Let people in, or out where the number is below zero, and look."""
    pass_by(abs(people), "in" if people > 0 else "out", spot=spot)
    watch.look()


class Sensor(Gate):
    """A camera, a counting line or a car park; `fast` is by how many seconds its clock is ahead."""

    def __init__(self, client, place: str = "museum", *, fast: float = 0.0):
        super().__init__(client, place, name="一号摄像机")
        self.fast, self.seq = fast, 0

    def twin(self, client) -> "Sensor":
        other = object.__new__(Sensor)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def at(self, **shift):
        return clock.civil(clock.now() + timedelta(seconds=self.fast, **shift)).isoformat(timespec="milliseconds")

    def reading(self, kind="inside", *, at=None, seq=None, channel="c1", **more) -> dict:
        self.seq += 1
        told = {"channel": channel, "kind": kind, "boot": "b1", "seq": self.seq if seq is None else seq}
        return {**told, "at": at or self.at(), **more}

    def send_readings(self, *readings, device_time=None):
        body = json.dumps({"device_time": device_time or self.at(), "readings": list(readings)}).encode()
        return self.send(body, self.signed(body, path=READINGS), path=READINGS)

    def results(self, *readings, **options) -> list[str]:
        answer = self.send_readings(*readings, **options)
        assert answer.status_code == 200, answer.json
        return [one["result"] for one in answer.json["items"]]
