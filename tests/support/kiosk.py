"""A health kiosk and a wearable: sign their requests, name their readings, keep what was not acknowledged yet."""

import secrets
from datetime import datetime, timedelta

from backend import clock
from models.eldercare import health_device
from models.eldercare.health_device import HealthDevice
from tests.support.scanner import Scanner

BASE = "/gate/v1/health"
UNIT = "health_commission"
CLAIM = "7K3M9Q2X"


def iso(moment: datetime) -> str:
    return clock.civil(moment).isoformat(timespec="milliseconds")


def reading(code: str, *numbers: float, key: str = "", at: datetime | None = None, unit: str = "", **context) -> dict:
    """Return a reading as a kiosk sends it; a blood pressure takes two numbers."""
    names = ("systolic", "diastolic") if code == "blood_pressure" else (code,)
    units = [unit or _unit(name) for name in names]
    told = {
        "key": key or f"r-{secrets.token_hex(8)}",
        "code": code,
        "at": iso(at or clock.now()),
        "values": {name: {"value": value, "unit": of} for name, value, of in zip(names, numbers, units, strict=True)},
    }
    return told | ({"context": context} if context else {})


def _unit(quantity: str) -> str:
    return {"systolic": "mm[Hg]", "diastolic": "mm[Hg]", "heart_rate": "/min", "temperature": "Cel", "weight": "kg"}[
        quantity
    ]


def known(device_id: str, kind: str, *, on: str = "2026-06-01", until: str = "2027-05-31", unit: str = UNIT) -> None:
    """Store what the office knows of a device; without `on` it was never calibrated."""
    told = {"on": on, "until": until, "by": "staff:test", "at": clock.now()}
    record = {
        "_id": device_id,
        "kind": kind,
        "name": "自助体检机" if kind == "kiosk" else "健康手环",
        "maker": "测试医疗器械",
        "model": "HK-900",
        "unit": unit,
        "area": "",
        "calibrations": [told] if on else [],
        "valid_until": until if on else health_device.NEVER,
        "claim": health_device.claim_digest(device_id, CLAIM),
        "state": "active",
        "registered_at": clock.now(),
        "registered_by": "staff:test",
    }
    HealthDevice._get_collection().insert_one(record)


class Kiosk(Scanner):
    """A kiosk at which one person after the other logs in; `session` is that of the last one."""

    def __init__(self, client, *, unit: str = UNIT, **calibration):
        super().__init__(client, unit, scanner_class="medical", unit=unit, name="自助体检机")
        known(self.id, "kiosk", unit=unit, **calibration)
        self.session = ""

    def twin(self, client) -> "Kiosk":
        """Return the same kiosk on another connection, for threads."""
        other = object.__new__(Kiosk)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def post(self, path: str, body: dict | None = None, **options):
        return self.call("POST", f"{BASE}{path}", {} if body is None else body, **options)

    def log_in(self, code: str, **options) -> dict:
        answer = self.post("/sessions", {"code": code}, **options)
        assert answer.status_code == 200, answer.json
        self.session = answer.json.get("session_id", "")
        return answer.json

    def try_measure(self, *readings: dict, clock_off: float = 0.0, session: str = ""):
        body = {"device_time": iso(clock.now() + timedelta(seconds=clock_off)), "readings": list(readings)}
        return self.post(f"/sessions/{session or self.session}/readings", body)

    def measure(self, *readings: dict, **options) -> list[dict]:
        answer = self.try_measure(*readings, **options)
        assert answer.status_code == 200, answer.json
        return answer.json["items"]

    def end(self, session: str = "") -> dict:
        answer = self.post(f"/sessions/{session or self.session}/end")
        assert answer.status_code == 200, answer.json
        return answer.json

    def upload(self, *entries: dict, clock_off: float = 0.0) -> list[dict]:
        body = {"device_time": iso(clock.now() + timedelta(seconds=clock_off)), "entries": list(entries)}
        answer = self.post("/uploads", body)
        assert answer.status_code == 200, answer.json
        return answer.json["items"]


def offline(*readings: dict, at: datetime | None = None, key: str = "", **whose: str) -> dict:
    """Return an entry of what a kiosk measured without network; `code` or `session` says of whom."""
    told = {"key": key or f"e-{secrets.token_hex(8)}", "at": iso(at or clock.now()), "readings": list(readings)}
    return told | whose


class Wearable(Scanner):
    """A band with a key of its own."""

    def __init__(self, client, *, unit: str = UNIT, **calibration):
        super().__init__(client, unit, scanner_class="wearable", unit=unit, name="健康手环")
        known(self.id, "wearable", unit=unit, **calibration)

    def twin(self, client) -> "Wearable":
        """Return the same band on another connection, for threads."""
        other = object.__new__(Wearable)
        other.__dict__ |= {**self.__dict__, "client": client}
        return other

    def try_send(self, *series: dict, clock_off: float = 0.0):
        body = {"device_time": iso(clock.now() + timedelta(seconds=clock_off)), "series": list(series)}
        return self.call("POST", f"{BASE}/samples", body)

    def send(self, *series: dict, **options) -> list[dict]:
        answer = self.try_send(*series, **options)
        assert answer.status_code == 200, answer.json
        return answer.json["items"]


def series(start: datetime, values: list[float], *, every: int = 60, quantity: str = "heart_rate") -> dict:
    """Return samples at even distances."""
    units = {"heart_rate": "/min", "oxygen_saturation": "%", "temperature": "Cel", "respiratory_rate": "/min"}
    told = {"quantity": quantity, "unit": units[quantity], "start": iso(start)}
    return told | {"seconds": [number * every for number in range(len(values))], "values": values}
