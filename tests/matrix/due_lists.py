"""What the health commission has: an elder whose check is due, who was found in need; the approved list of such."""

from bson import ObjectId

from models.eldercare import subject
from models.identity import approval
from tests.matrix.actors import AREA, UNIT
from tests.matrix.cast import Cast
from tests.support import affairs


class DueLists(Cast):
    """A cast with an elder who was not checked this year."""

    def propose_health_export(self) -> None:
        elder = subject.enrol(ObjectId(self.person_ids["elder"]), by="staff:test", area=AREA)["_id"]
        self._broken_for(str(elder))
        body = {"town": AREA, "reason": "通知未体检老人"}
        answer = self.staff["health_manager"].post("/office/v1/health/exports/due-checks", body)
        made = self.keep("health_export", "own", answer.json["approval_id"])
        officer = affairs.seat(self.client, "privacy_officer", unit=UNIT)
        approval.approve(officer.actor(), ObjectId(made))

    def _broken_for(self, elder: str) -> None:
        """Let two of the staff have broken the glass for an elder for whom no unit cares."""
        for role in ("village_doctor", "health_duty"):
            body = {"emergency": "life_safety", "reason": "老人昏倒"}
            answer = self.staff[role].post(f"/office/v1/health/emergencies/{elder}", body)
            assert answer.status_code == 201, answer.json
        self.keep("elder in need", "own", elder)
        self.keep("elder in need", "other", self.ids["health elder"]["other"])
