"""What measuring has: elders of two units, kiosks and bands, what they wear, readings that wait for a person."""

import secrets
from datetime import timedelta

from bson import ObjectId

from backend import clock
from models.eldercare import health_device, kiosk_session
from models.eldercare.health_device import HealthDevice
from models.eldercare.kiosk_session import HealthSession
from models.eldercare.wearing import HealthWearing
from models.identity import device
from tests.matrix.actors import AREA, UNIT, Caller
from tests.matrix.one_card import OTHER_UNIT
from tests.matrix.produce import Produce
from tests.support.kiosk import Kiosk, known

UNITS = {"own": UNIT, "other": OTHER_UNIT}


class Measured(Produce):
    """A cast of which some are measured."""

    def make_measured(self) -> None:
        self.kiosk = Kiosk(self.client, unit=UNIT)
        self.keep("health session", "own", self._session(self.kiosk.id))
        self.keep("health session", "other", self._session("kiosk-other"))
        for which, unit in UNITS.items():
            self._device(f"kiosk-{which}", "kiosk", unit)
            self._device(f"band-{which}", "wearable", unit)
            self.keep("health device", which, f"kiosk-{which}")
            self.keep("health band", which, f"band-{which}")
            whose = ObjectId(self.ids["health elder"][which])
            worn = {"device": f"band-{which}", "subject": whose, "since": clock.now(), "live": True, "by": "staff:test"}
            HealthWearing._get_collection().insert_one(worn)
            self.keep("held readings", which, self._held(which, unit))

    @staticmethod
    def _device(code: str, kind: str, unit: str) -> None:
        known(code, kind, unit=unit)
        key, scanner_class = secrets.token_bytes(32), health_device.SCANNER_CLASS[kind]
        device.register(
            "staff:test", code, name=code, place=unit, public_key=key, scanner_class=scanner_class, unit=unit
        )
        HealthDevice._get_collection().update_one({"_id": code}, {"$set": {"area": AREA}})

    def kiosk_caller(self) -> Caller:
        return Caller("kiosk", "device", self.client, gate=self.kiosk)

    def _session(self, device_id: str) -> str:
        """Let the elder of the unit have logged in at a kiosk."""
        opened, name = clock.now(), kiosk_session.name(device_id, "open")
        made = kiosk_session.made(
            name, device=device_id, unit=UNIT, opened_at=opened, until=opened + timedelta(minutes=5)
        )
        whose = {"subject": ObjectId(self.ids["health elder"]["own"]), "outbox": []}
        HealthSession._get_collection().insert_one(made | whose)
        return name

    @staticmethod
    def _held(which: str, unit: str) -> str:
        now = clock.now()
        name = kiosk_session.name(f"kiosk-{which}", "held")
        made = kiosk_session.made(name, device=f"kiosk-{which}", unit=unit, opened_at=now, until=now)
        told = {"state": "held", "held": True, "reason": "not_ours", "outbox": []}
        HealthSession._get_collection().insert_one(made | told)
        return name
