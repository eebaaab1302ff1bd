"""What the alert loop has: elders of whom a unit cares, each with an alert, and a duty on the roster."""

from datetime import timedelta

from bson import ObjectId

from backend import clock
from models.eldercare import raise_found, subject
from models.eldercare.duty_roster import Duty, put
from models.identity.staff import StaffMember
from tests.eldercare import alert_kit
from tests.matrix.actors import UNIT
from tests.matrix.produce import Produce

CARED = ("own", "other")
"""An elder of the staff's own unit, and one of another."""


class Alerted(Produce):
    """A cast of which some have an alert."""

    def make_alerts(self) -> None:
        for which in CARED:
            elder = subject.read(ObjectId(self.ids["health elder"][which]))
            made = raise_found.raise_found(alert_kit.found(elder)["_id"])
            self.keep("health alert", which, made["_id"])
        doctor, now = self.staff["village_doctor"], clock.now()
        login = StaffMember._get_collection().find_one({"_id": doctor.member_id})["login"]
        put(self.staff["health_manager"].actor(), UNIT, [Duty(login, "first", now, now + timedelta(hours=8))])
        self.keep("health duty", "own", f"{UNIT}:{doctor.member_id}:{int(now.timestamp())}")
