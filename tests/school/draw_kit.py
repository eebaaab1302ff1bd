"""A round whose window is over: schools, plans, qualified applications, two members of the bureau, and their draw."""

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId

from backend import clock
from models.identity.approval import Approval
from models.school import draw_compute, enter_seed, freeze, publish
from models.school.application import SchoolApplication
from models.school.district import SchoolDistrict
from models.school.draw import SchoolDraw
from models.school.round import SchoolRound
from models.school.seed_source import Source
from tests.school.after_kit import BUREAU, child, put_application, put_round, put_school
from tests.support import affairs, queues
from tests.support.timeline import shift, shifted

ROUND = "2027-draw"
A, B, C, P = "school_a", "school_b", "school_c", "school_p"
PUBLIC, OFFICE = f"/public/v1/school/rounds/{ROUND}/draw", f"/office/v1/school/rounds/{ROUND}/draw"
PAGE = f"/school/{ROUND}"
DICE = "3615243615243615243615243615243615243615"
BEFORE = ("list.csv", "places.csv", "rules.txt")
ALL = (*BEFORE, "seed.txt", "result.csv", "cut_offs.csv")
ROOT = Path(__file__).parents[2]


class Drawing:
    """`manager` proposes, `second` approves; both belong to the bureau."""

    def __init__(self, client: Any, places: dict[str, int], *, overflow: tuple[str, ...] = (), **told: Any):
        self.client, self.round = client, told.pop("round", ROUND)
        self.public = PUBLIC.replace(ROUND, self.round)
        self.office = OFFICE.replace(ROUND, self.round)
        now = clock.now()
        times = {"opens_at": now - timedelta(days=20), "closes_at": now - timedelta(days=10), "review_until": now}
        districts = {"districts": {"generation": "g", "count": 1, "at": now}}
        put_round(self.round, **{"state": "open", **times, **districts, **told})
        district = {"_id": f"{self.round}:g:d1", "round": self.round, "generation": "g", "code": "d1", "name": "一片区"}
        SchoolDistrict._get_collection().insert_one(
            district | {"schools": list(places), "polygon": {}, "overflow": list(overflow)}
        )
        for code, seats in places.items():
            self.school(code, seats)
        if client:
            self.manager, self.second = (affairs.seat(client, "school_manager", unit=BUREAU) for _ in range(2))

    def school(self, code: str, seats: int, *, ownership: str = "public", **reserves: int) -> None:
        put_school(self.round, code, seats, unit=BUREAU, ownership=ownership, reserves=reserves)

    def apply(self, *choices: str, priority: int = 101, phone: Any = None, **told: Any) -> ObjectId:
        made = told.pop("_id", None) or ObjectId()
        about = {
            "_id": made,
            "child": told.pop("child", None) or ObjectId(),
            "receipt": f"RX-{str(made)[-10:].upper()}",
            "basis": {"kind": "household", "districts": ["d1"], "certain": True},
            "reserve": str(priority // 100),
        }
        return put_application(self.round, choices, priority, phone, **about | told)

    def several(self, number: int) -> list[ObjectId]:
        """Let many families apply, in two tiers, with other first wishes."""
        wishes = ((A, B), (B, A), (A, C), (A,))
        return [self.apply(*wishes[n % 4], priority=101 + 100 * (n % 3 == 0) + n % 2) for n in range(number)]

    def wish(self, **told: Any) -> dict[str, Any]:
        moment = (clock.now() + timedelta(hours=2)).isoformat()
        source = {"kind": "dice", "description": "公证员现场掷骰子四十次", "moment": moment}
        return {"mechanism": "deferred_acceptance", **source, **told}

    def freeze(self, **told: Any) -> dict[str, Any]:
        answer = self.manager.post(f"{self.office}/freeze", self.wish(**told))
        assert answer.status_code == 201, answer.json
        return answer.json

    def propose(self, what: str, status: int = 202, **body: Any) -> dict[str, Any]:
        answer = self.manager.post(f"{self.office}/{what}", body)
        assert answer.status_code == status, answer.json
        return answer.json

    def approve(self, proposed: dict[str, Any], *, drain: bool = True) -> None:
        answer = self.second.post(f"/office/v1/approvals/{proposed['approval_id']}/approve")
        assert answer.status_code == 200, answer.json
        if drain:
            queues.drain("trust", "reports")

    def after_the_moment(self) -> None:
        later(hours=3)

    def seeded(self, seed: str = DICE, **more: str) -> None:
        self.after_the_moment()
        self.approve(self.propose("seed", seed=seed, **more))

    def published(self) -> None:
        self.approve(self.propose("publish", reason="按时公布", list_days=7))

    def drawn(self, **told: Any) -> "Drawing":
        """Freeze, enter the seed, compute and publish."""
        self.freeze(**told)
        self.seeded()
        self.published()
        return self

    def drawn_by_rules(self, actor: Any) -> None:
        """Publish a draw by the rules alone, its moment in the past: for worlds whose clock stands still."""
        source = Source("dice", "公证员现场掷骰子四十次", clock.now() + timedelta(hours=2))
        found = freeze.freeze(actor, self.round, freeze.Wish("deferred_acceptance", source))
        SchoolDraw._get_collection().update_one({"_id": found["_id"]}, {"$set": {"seed_source.moment": clock.now()}})
        for propose, carry_out, told in (
            (enter_seed.propose, enter_seed.carry_out, (DICE,)),
            (publish.propose, publish.carry_out, ("按时公布", 7)),
        ):
            approval_id = propose(actor, self.round, *told)["proposal"]["approval"]
            change = {"$set": {"state": "approved", "decided_by": ObjectId(), "outbox": []}}
            Approval._get_collection().update_one({"_id": approval_id}, change)
            carry_out(found["_id"], approval_id)
            draw_compute.compute(found["_id"])

    def file(self, name: str) -> Any:
        return self.client.get(f"{self.public}/files/{name}")

    def files(self, folder: Path) -> Path:
        """Load all published files over HTTP into a folder."""
        for name in (*ALL, "digests.txt"):
            answer = self.file(name)
            assert answer.status_code == 200, name
            (folder / name).write_bytes(answer.data)
        return folder

    def of(self, application: ObjectId) -> dict[str, Any]:
        found = SchoolApplication._get_collection().find_one({"_id": application})
        assert found is not None
        return found

    def lot(self, application: ObjectId) -> Any:
        return self.client.get(f"{self.public}/lot?pseudonym={self.of(application)['pseudonym']}").json

    def state(self) -> str:
        return str(SchoolRound._get_collection().find_one({"_id": self.round})["state"])


def later(**told: int) -> None:
    """Move the clock on; sessions stay."""
    shift(shifted() + timedelta(**told).total_seconds())
    affairs.stay_awake()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def verified(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program of anybody on a folder of published files."""
    program = ROOT / "tests" / "allocation" / "verify_draw.py"
    command = [sys.executable, "-I", str(program), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def named(name: str) -> ObjectId:
    return child(name)
