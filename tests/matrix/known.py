"""What is known of two elders, one of the unit and one of another: a finding, a range, an illness under management."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from models.eldercare import judge, observation, personal_range, programme
from models.eldercare.finding import HealthFinding
from models.eldercare.observation import Measured
from models.eldercare.personal_range import HealthRange
from models.eldercare.programme import HealthProgramme
from models.eldercare.source import Source
from tests.matrix.actors import UNIT
from tests.matrix.one_card import OTHER_UNIT
from tests.matrix.produce import Produce

CARE = {"own": UNIT, "other": OTHER_UNIT}


class Known(Produce):
    """A cast of which two are measured and judged."""

    def make_known(self) -> None:
        for which, unit in CARE.items():
            elder = ObjectId(self.ids["health elder"][which])
            pulse = Measured("heart_rate", {"heart_rate": (152, "/min")}, clock.now())
            judge.judge(observation.keep(elder, pulse, Source("village_clinic", unit=unit))["_id"])
            found = HealthFinding._get_collection().find_one({"subject": elder, "rule": "health_a_heart_rate"})
            self.keep("health finding", which, found["_id"])
            self.keep("health range", which, self._range_of(elder, unit))
            self._managed(elder)

    def _range_of(self, elder: ObjectId, unit: str) -> ObjectId:
        range_id, until = ObjectId(), (clock.today() + timedelta(days=90)).isoformat()
        reason = runtime.current().sealer.seal(personal_range.REASON, range_id, "专科建议")
        made: dict[str, Any] = {"_id": range_id, "subject": elder, "quantity": "systolic", "high": 150.0, "live": True}
        made |= {"until": until, "reason": reason, "set_by": "staff:test", "unit": unit, "set_at": clock.now()}
        HealthRange._get_collection().insert_one(made)
        return range_id

    def _managed(self, elder: ObjectId) -> None:
        programme.suspected(elder, "hypertension", because="finding", about=elder, by="system:test")
        change = {"$set": {"state": "managed"}}
        HealthProgramme._get_collection().update_one({"subject": elder, "disease": "hypertension"}, change)
