"""What the health view has: an elder of the unit and one of another, each with a value, a record, something hidden."""

from bson import ObjectId

from backend import clock, runtime
from models.eldercare import hide, observation, record, subject, wish
from models.eldercare.hide import Veil
from models.eldercare.observation import Measured
from models.eldercare.source import Source
from models.eldercare.subject import HealthSubject
from models.eldercare.wish import HealthWish
from models.identity import account
from tests.matrix.actors import UNIT
from tests.matrix.one_card import OTHER_UNIT
from tests.matrix.produce import Produce

CARE = {"own": UNIT, "other": OTHER_UNIT}


class Elders(Produce):
    """A cast of which two are cared for."""

    def make_elders(self) -> None:
        for which, unit in CARE.items():
            found = subject.enrol(ObjectId(self.person_ids[which]), by="system:test")
            place = {"unit": unit, "as": "village_clinic", "since": clock.now()}
            HealthSubject._get_collection().update_one({"_id": found["_id"]}, {"$set": {"units": [place]}})
            self.keep("health elder", which, found["_id"])
            self.keep("caring unit", which, unit)
            self._facts_of(which, found["_id"], Source("village_clinic", unit=unit))
            resident = account.authenticate(self.phones[which].token)
            veiled = hide.hide(resident, Veil(word="note", family=True))
            self.keep("veil", which, veiled["hidden"][0]["id"])
            self.keep("health wish", which, self._wish_of(found["_id"], unit))

    @staticmethod
    def _wish_of(subject_id: ObjectId, unit: str) -> ObjectId:
        """Store what the elder told the staff of a unit to hide."""
        wish_id, veil = ObjectId(), hide.put(subject_id, Veil(word="social_work", family=True), written_by=unit)
        witness = runtime.current().sealer.seal(wish.PLACE, wish_id, "钟明")
        told = {"_id": wish_id, "subject": subject_id, "veil": veil["id"], "word": veil["word"], "family": True}
        told |= {"units": [], "paper": "YD-2026-0117", "witness": witness, "unit": unit, "by": "staff:test"}
        HealthWish._get_collection().insert_one(told | {"at": veil["at"]})
        return wish_id

    def _facts_of(self, which: str, subject_id: ObjectId, source: Source) -> None:
        pressure = {"systolic": (128, "mm[Hg]"), "diastolic": (82, "mm[Hg]")}
        value = observation.keep(subject_id, Measured("blood_pressure", pressure, clock.now()), source)
        self.keep("health observation", which, value["_id"])
        said = record.made(subject_id, "condition", {"title_zh": "高血压"}, source, at=clock.now())
        self.keep("health record", which, record.keep(said)["_id"])
