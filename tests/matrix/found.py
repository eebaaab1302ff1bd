"""What finding has: children found for two families, one who is told so and one on the village's list, an export."""

from bson import ObjectId

from backend import identity_documents
from models.identity import approval, person, relation
from models.identity.person import Person
from models.school import candidate
from models.school.candidate import SchoolCandidate
from tests.matrix.actors import AREA, UNIT
from tests.matrix.produce import Produce
from tests.matrix.schools import ANNOUNCED, ROUND
from tests.support import affairs
from tests.support.phone import resident_id

HOMES = {"own": f"{AREA}001", "other": "360731100001"}


class Found(Produce):
    """A cast whose children were found."""

    def make_found(self) -> None:
        for which, village in HOMES.items():
            child = person.find_or_declare(identity_documents.parse("resident_id", resident_id("20210305")), "文小宝")
            Person._get_collection().update_one({"_id": child}, {"$set": {"level": "matched"}})
            guardian = ObjectId(self.person_ids[which])
            home = {"address": "于都县某路1号", "village": village, "household": f"{village}000001"}
            told = {"home": home, "source": "register", "run": "matrix"}
            made = candidate.found(ANNOUNCED, child, [guardian], **told)
            self.keep("found", which, made["_id"])
            lost = candidate.found(ROUND, child, [guardian], **told)
            SchoolCandidate._get_collection().update_one({"_id": lost["_id"]}, {"$set": {"reach": "no_account"}})
            self.keep("candidate", which, lost["_id"])
            terms = {"method": "counter", "evidence": ["birth_certificate"], "by": "system:test"}
            relation.establish("guardian", child, guardian, **terms)
            self.keep("found child", which, child)

        told = {"born_from": "2020-09-01", "born_to": "2021-08-31"}
        answer = self.staff["school_manager"].post(f"/office/v1/school/rounds/{ROUND}/find", told)
        self.keep("finding job", "own", self.made(answer, 202))

    def propose_reach_export(self) -> None:
        clerk, most = self.staff["school_manager"], approval.EXPORT_ROWS
        approval.EXPORT_ROWS = 0
        body = {"reason": "交各村逐户告知"}
        answer = clerk.post(f"/office/v1/school/rounds/{ROUND}/unreached/exports", body)
        approval.EXPORT_ROWS = most
        made = self.keep("reach_export", "own", answer.json["approval_id"])
        officer = affairs.seat(self.client, "privacy_officer", unit=UNIT)
        approval.approve(officer.actor(), ObjectId(made))
