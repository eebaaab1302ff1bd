"""A health kiosk of the demonstration: registered with its calibration, it signs what it sends, names each reading."""

import secrets
from base64 import b64encode
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend import clock
from seed.demo.stage import Gate, Stage

BASE = "/gate/v1/health"
REST_SECONDS = 75
"""How long before the other one the first of two measurements was taken."""


class Kiosk:
    """One kiosk; `session` is that of the elder who sits before it."""

    def __init__(self, stage: Stage, unit: str) -> None:
        private, name = Ed25519PrivateKey.generate(), f"kiosk-{secrets.token_hex(4)}"
        public = b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        today = clock.today()
        calibrated = {"on": today - timedelta(days=90), "until": today + timedelta(days=275)}
        body = {"id": name, "kind": "kiosk", "name": "潭头自助体检机", "maker": "演示医疗器械", "model": "HK-900"}
        body |= {"unit": unit, "public_key": public}
        calibration = {what: day.isoformat() for what, day in calibrated.items()}
        stage.clerk("health_manager").post("/office/v1/health/devices", body | {"calibration": calibration}, expect=201)
        self.gate, self.session = Gate(stage.base, name, private), ""

    def log_in(self, code: str) -> dict[str, Any]:
        """Show a code, and return what the kiosk says."""
        told = dict(self.gate.send(f"{BASE}/sessions", {"code": code}))
        self.session = told.get("session_id", "")
        return told

    def measure(self, *readings: dict[str, Any]) -> list[dict[str, Any]]:
        """Hand in readings and return a receipt for each."""
        body = {"device_time": clock.civil(clock.now()).isoformat(), "readings": list(readings)}
        return list(self.gate.send(f"{BASE}/sessions/{self.session}/readings", body)["items"])

    def leave(self) -> dict[str, Any]:
        """End the session."""
        return dict(self.gate.send(f"{BASE}/sessions/{self.session}/end", {}))


def pressure(systolic: int, diastolic: int, *, seconds_ago: int = 0, unit: str = "mm[Hg]") -> dict[str, Any]:
    """Return a blood pressure as the kiosk measured it some seconds ago."""
    at = clock.civil(clock.now() - timedelta(seconds=seconds_ago)).isoformat()
    told = {"systolic": systolic, "diastolic": diastolic}
    values = {name: {"value": value, "unit": unit} for name, value in told.items()}
    return {"key": f"bp-{secrets.token_hex(8)}", "code": "blood_pressure", "at": at, "values": values}
