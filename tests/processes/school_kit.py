"""A round whose window is over and whose applications are decided, and a draw of it step by step over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backend import clock
from models.school.round import SchoolRound
from tests.school.after_kit import BUREAU, OFFICE, Published
from tests.support import affairs
from tests.support.clerk import Clerk

PUBLIC = "/public/v1/school"
SEED = "4326153324615243162534261524361524361524"
FAIR = "deferred_acceptance"


@dataclass
class Decided(Published):
    """A round that can be frozen."""

    def __post_init__(self) -> None:
        super().__post_init__()
        change = {"$set": {"state": "open"}, "$unset": {"draw": "", "published_at": ""}}
        SchoolRound._get_collection().update_one({"_id": self.round}, change)


@dataclass
class Bureau:
    """Two managers of the bureau, who do together what one alone may not."""

    first: Clerk
    second: Clerk
    base: str = f"{OFFICE}/rounds/2027-primary_kit"

    def freeze(self, mechanism: str = FAIR, **source: Any):
        moment = (clock.now() + timedelta(hours=2)).isoformat()
        told = {"kind": "dice", "description": "县公证处公开掷骰子", "moment": moment, **source}
        return self.first.post(f"{self.base}/draw/freeze", {"mechanism": mechanism, **told})

    def enter(self, seed: str = SEED):
        return self.first.post(f"{self.base}/draw/seed", {"seed": seed})

    def publish(self):
        return self.first.post(f"{self.base}/draw/publish", {"reason": "派位结果已核对", "list_days": 7})

    def agree(self, answer, *, by: Clerk | None = None):
        assert answer.status_code == 202, answer.json
        return (by or self.second).post(f"/office/v1/approvals/{answer.json['approval_id']}/approve")


def bureau(client: Any) -> Bureau:
    return Bureau(*(affairs.seat(client, "school_manager", unit=BUREAU) for _ in range(2)))
