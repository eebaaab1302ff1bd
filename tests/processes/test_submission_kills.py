"""Families submit at their phones while API and worker are killed: nothing lost, nothing twice, each review once."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import clock
from deploy.stack import Stack
from models.affairs.case import Case
from models.messaging.notice import Notice
from models.school import application
from models.school.application import SchoolApplication
from models.school.property_lock import PropertyLock
from models.school.review import SchoolReview
from tests.processes.killed import kill, service
from tests.school import apply_kit
from tests.school.apply_kit import OWN, ROUND, Parent, sent
from tests.support.patience import until
from tests.support.remote import PatientClient, remote_registers, remote_sandbox

pytestmark = [pytest.mark.processes, pytest.mark.soak]
FAMILIES = 8
KILLS = ("api worker", "worker", "api", "worker", "api worker")
FEWEST, MOST = 2, 9
"""How often a family submits: `HISTORY` keeps the lines of so many."""

WAITING = {"outbox.queue": "affairs", "outbox.due": {"$exists": True}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with service(tmp_path_factory.mktemp("submission")) as stack:
        apply_kit.open_round(double_review_percent=0)
        yield stack


@dataclass
class Family:
    """A family that saves, submits and takes back again and again; those of odd numbers have something to check."""

    parent: Parent
    number: int
    found: dict[str, Any]
    form: dict[str, Any]
    receipts: list[str] = field(default_factory=list)

    def submit(self) -> None:
        """Save another form and submit it, as a phone does that repeats what had no answer."""
        if self.receipts:
            self.found = sent(self.parent.do("correct", self.found))
        turn = len(self.receipts)
        told = [{"point": "household", "text": f"第{turn}次说明", "files": []}] if self.number % 2 else []
        self.form |= {"choices": list(OWN[:: 1 if turn % 2 else -1]), "phone": f"1380013{turn:04d}", "told": told}
        saved = sent(self.parent.save(self.found, self.form))
        self.found = sent(self.parent.do("submit", saved))
        assert self.found["submission"] == turn + 1
        self.receipts.append(self.found["receipt"])

    @property
    def stored(self) -> dict[str, Any]:
        return application.read(ObjectId(self.found["id"]))

    def begun(self) -> bool:
        """Tell whether the review of the last submission stands: decided, or a case for each point."""
        points = self.stored["points"]
        return all(one.get("case") for one in points) if points else self.stored["state"] == "qualified"


@pytest.fixture
def families(stack):
    box = remote_registers(stack.env["REGISTERS_BASE"], stack.folder / "registers")
    sandbox = remote_sandbox(stack.env["WECHAT_API_BASE"], stack.folder / "wechat")

    def come(number: int) -> Family:
        one = apply_kit.parent(PatientClient(stack.base), sandbox, apply_kit.made(box, number=number + 1))
        found = one.begun()
        form = {"basis": one.basis(found, "property"), "accepts_coordination": True}
        return Family(one, number, found, form)

    with ThreadPoolExecutor(4) as together:
        return list(together.map(come, range(FAMILIES)))


def storm(stack: Stack, families: list[Family]) -> None:
    """Let all families submit until every kill was survived; before each, some submissions go through."""
    dice, over = random.Random(7), threading.Event()

    def apply(one: Family) -> None:
        while len(one.receipts) < FEWEST or not (over.is_set() or len(one.receipts) == MOST):
            one.submit()

    def done() -> int:
        return sum(len(one.receipts) for one in families)

    def end() -> bool:
        return all(one.done() for one in running)

    with ThreadPoolExecutor(FAMILIES) as together:
        running = [together.submit(apply, one) for one in families]
        try:
            for what in KILLS:
                enough = done() + dice.randint(3, 8)
                until(lambda enough=enough: done() >= enough or end(), seconds=90, what=f"submissions before: {what}")
                kill(stack, what, dice, worker="worker-slow")
        finally:
            over.set()
        for one in running:
            one.result(90)


def test_no_submission_is_lost_or_doubled_when_api_and_worker_are_killed(stack, families):
    storm(stack, families)
    assert sum(one.parent.phone.client.broken for one in families) > 0, "the kills hit nobody"
    leases_run_out()
    until(lambda: not SchoolApplication._get_collection().count_documents(WAITING), seconds=60, what="the outbox")
    assert all(one.begun() for one in families)

    ids = {ObjectId(one.found["id"]) for one in families}
    stored = list(SchoolApplication._get_collection().find({"round": ROUND}))
    assert {one["_id"] for one in stored} == ids
    assert len({one["child"] for one in stored}) == len({one["receipt"] for one in stored}) == FAMILIES
    for one in families:
        whole(one)
    locks_fit(ids)


def leases_run_out() -> None:
    """Let what the killed workers held come again at once, and not after a minute."""
    change = {"$set": {"outbox.$[].due": clock.now()}}
    SchoolApplication._get_collection().update_many(WAITING, change)


def whole(one: Family) -> None:
    """Check that each acknowledged submission of a family is there once, and the review of the last one once."""
    found, times = one.stored, len(one.receipts)
    assert set(one.receipts) == {found["receipt"]}
    assert found["submission"] == times
    shown = one.parent.read(one.found)["form"]
    assert {name: shown[name] for name in one.form} == one.form
    lines = Counter(line["what"] for line in found["history"])
    assert (lines["submit"], lines["saved"], lines["correct"]) == (times, times, times - 1)
    told = Notice._get_collection().find({"account": found["account"], "kind": "school_submitted"})
    assert len(list(told)) == times
    assert one.parent.begun()["id"] == one.found["id"]
    reviewed(one, found)


def reviewed(one: Family, found: dict[str, Any]) -> None:
    held = SchoolReview._get_collection().find_one({"_id": found["_id"]})
    cases = list(Case._get_collection().find({"about.application": found["_id"]}))
    assert {each["_id"] for each in cases} == {check["case"] for check in held["checks"]}
    running = [each["_id"] for each in cases if each["state"] == "open"]
    if not one.number % 2:
        last = [line["what"] for line in found["history"] if line["what"] in {"submit", "qualify"}][-2:]
        assert (last, found["state"], running) == (["submit", "qualify"], "qualified", [])
        return
    (point,) = found["points"]
    (check,) = [each for each in held["checks"] if each["state"] == "open"]
    assert running == [point["case"]] == [check["case"]]
    assert check["run"] == found["submission"] * 100
    assert len({(each["code"], each["run"]) for each in held["checks"]}) == len(held["checks"])


def locks_fit(ids: set[ObjectId]) -> None:
    """Check that each application holds one property, and nobody else any."""
    locks = list(PropertyLock._get_collection().find({"live": True}))
    held = [use["application"] for lock in locks for use in lock["uses"] if "freed" not in use]
    assert (len(held), set(held)) == (len(ids), ids)
    assert len(locks) == len(ids)
    ended = PropertyLock._get_collection().find({"live": {"$exists": False}})
    assert all("freed" in use for lock in ended for use in lock["uses"])
