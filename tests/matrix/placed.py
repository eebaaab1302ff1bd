"""What families and schools have after the result of a round: applications, offers, transfers, an export."""

from bson import ObjectId

from backend import clock
from models.identity import approval
from models.school.rule_preview import RulePreview
from models.school.school import School
from models.school.transfer import SchoolTransfer
from tests.matrix.actors import AREA, UNIT
from tests.matrix.produce import Produce
from tests.matrix.schools import ROUND
from tests.school.after_kit import A, B, C, Published, of, work
from tests.school.draw_kit import Drawing
from tests.support import affairs

OFFICE = "/office/v1/school"
SCHOOLS = {"own": (A, UNIT), "other": (B, "health_commission")}
"""A school of the staff's own unit, and one of another."""


class Placed(Produce):
    """A cast of which some have a child that was placed."""

    def make_placed(self) -> None:
        round_made = Published({A: 20, B: 20, C: 20}, round="2027-primary_placed")
        self.keep("school round", "own", round_made.round)
        for which, (school, unit) in SCHOOLS.items():
            School._get_collection().update_one({"_id": school}, {"$set": {"unit": unit, "town": AREA}})
            self.keep("school", which, school)
            phone = self.phones[which]
            made = [round_made.apply(C, school, phone=phone) for _ in range(3)]
            for lot, one in enumerate(made, 1):
                round_made.result(one, school, lot + 10 * list(SCHOOLS).index(which))
            self.keep("school application", which, made[0])
        self._drawn()
        work(round_made.draw)
        for which in SCHOOLS:
            self._answered(which)

    def _drawn(self) -> None:
        """A round whose draw is published, with a child of each family, and one that may be tried."""
        waiting = Drawing(None, {A: 5}, round="2027-open")
        waiting.apply(A)
        self.keep("open round", "own", waiting.round)
        made = Drawing(None, {A: 5, B: 5}, round="2027-drawn")
        for which in SCHOOLS:
            self.keep("drawn application", which, made.apply(A, B, phone=self.phones[which]))
        made.drawn_by_rules(self.staff["school_manager"].actor())
        self.keep("drawn round", "own", made.round)
        self.keep("pseudonym", "own", made.of(ObjectId(self.ids["drawn application"]["own"]))["pseudonym"])

    def _answered(self, which: str) -> None:
        """Let the first of a family's offers be accepted, and a transfer be asked for it."""
        found = of(ObjectId(self.ids["school application"][which]))
        offer_id, phone = self.keep("school offer", which, found["_id"]), self.phones[which]
        assert phone.post(f"/mini/v1/school/offers/{offer_id}/accept").status_code == 200
        body = {"school": C, "text": "全家已搬家"}
        self.made(phone.post(f"/mini/v1/school/offers/{offer_id}/transfers", body))
        known = SchoolTransfer._get_collection().find_one({"from_school": found["school"]})
        self.keep("school transfer", which, known["_id"])

    def make_rule_preview(self) -> None:
        """A rule of the next round, tried on the drawn one: it says of a child that was placed that it would change."""
        body = {"rule_set": "school_primary_tier:1", "source": self.ids["drawn round"]["own"]}
        answer = self.staff["school_manager"].post(f"{OFFICE}/rounds/{ROUND}/rule-previews", body)
        made = self.keep("rule preview", "own", self.made(answer, 202))
        application = ObjectId(self.ids["school application"]["own"])
        moved = {"application": application, "decided_at": clock.now(), "before": "1", "after": "2"}
        done = {"$set": {"state": "done", "changed": [moved]}}
        RulePreview._get_collection().update_one({"_id": ObjectId(made)}, done)

    def propose_school_export(self) -> None:
        clerk = self.staff["school_clerk"]
        body = {"school": A, "reason": "报到"}
        answer = clerk.post(f"{OFFICE}/rounds/{self.ids['school round']['own']}/offers/exports", body)
        made = self.keep("school_export", "own", answer.json["approval_id"])
        officer = affairs.seat(self.client, "privacy_officer", unit=UNIT)
        approval.approve(officer.actor(), ObjectId(made))
