"""A hospital sends transaction Bundles while the API is killed: each is there whole or not at all, and none twice."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import clock
from backend.identity_documents import parse
from bench import clerks
from deploy.stack import Stack
from models.audit.entry import AuditEntry
from models.eldercare import subject
from models.eldercare.observation import HealthObservation
from models.eldercare.record import HealthRecord
from models.eldercare.subject import HealthSubject
from models.identity import person
from tests.fhir import kit
from tests.processes.killed import kill, service
from tests.support.patience import until
from tests.support.phone import resident_id
from tests.support.remote import PatientClient

pytestmark = [pytest.mark.processes, pytest.mark.soak]
SENDERS, KILLS, READINGS = 4, 5, 6
FEWEST, MOST = 4, 60


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with service(tmp_path_factory.mktemp("fhir")) as stack:
        yield stack


@dataclass
class Sender:
    """A program that sends one Bundle after the other, each until it is answered; `acknowledged` are their numbers."""

    client: PatientClient
    token: str
    elder: str
    acknowledged: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def send(self) -> None:
        number = str(ObjectId())
        self.sent.append(number)
        entries = [self._entry(kit.heart_rate(self.elder, 60 + one), f"{number}.{one}") for one in range(READINGS)]
        entries.append(self._entry(kit.condition(self.elder), f"{number}.c"))
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.open("/fhir/", method="POST", json=kit.bundle(*entries), headers=headers)
        assert answer.status_code == 200, answer.data
        assert len(answer.json["entry"]) == READINGS + 1
        self.acknowledged.append(number)

    def _entry(self, resource: dict, value: str) -> dict:
        pair = kit.named(value)
        return kit.post({**resource, "identifier": pair}, condition_=f"identifier={pair[0]['system']}|{value}")


@pytest.fixture
def senders(stack):
    (doctor,) = clerks.seat(1, "village_doctor", kit.CLINIC)
    made = []
    for _ in range(SENDERS):
        found = subject.enrol(
            person.find_or_declare(parse("resident_id", resident_id("19480512")), "钟福生"), by="test"
        )
        cares = {"unit": kit.CLINIC, "as": "village_clinic", "since": clock.now()}
        HealthSubject._get_collection().update_one({"_id": found["_id"]}, {"$push": {"units": cares}})
        made.append(Sender(PatientClient(stack.base), doctor.token, str(found["_id"])))
    return made


def storm(stack: Stack, senders: list[Sender]) -> None:
    dice, over = random.Random(11), threading.Event()

    def work(one: Sender) -> None:
        while len(one.acknowledged) < FEWEST or not (over.is_set() or len(one.acknowledged) == MOST):
            one.send()

    def done() -> int:
        return sum(len(one.acknowledged) for one in senders)

    with ThreadPoolExecutor(SENDERS) as together:
        running = [together.submit(work, one) for one in senders]
        try:
            for number in range(KILLS):
                enough = done() + dice.randint(2, 6)
                until(
                    lambda enough=enough: done() >= enough or all(one.done() for one in running),
                    seconds=90,
                    what="Bundles before a kill",
                )
                kill(stack, "api" if number % 2 else "api worker", dice)
        finally:
            over.set()
        for one in running:
            one.result(120)


def test_a_bundle_is_stored_whole_or_not_at_all_and_never_twice(stack, senders):
    storm(stack, senders)
    assert sum(one.client.broken for one in senders) > 0, "the kills hit nobody"
    audited = {one["object"] for one in AuditEntry._get_collection().find({"action": "fhir.create"})}
    for one in senders:
        whose = {"subject": ObjectId(one.elder)}
        stored = [*HealthObservation._get_collection().find(whose), *HealthRecord._get_collection().find(whose)]
        by_bundle: dict[str, list[str]] = {}
        for each in stored:
            by_bundle.setdefault(each["key"].rpartition("|")[2].partition(".")[0], []).append(each["key"])
        assert set(one.acknowledged) <= set(by_bundle) <= set(one.sent)
        assert {len(keys) for keys in by_bundle.values()} == {READINGS + 1}
        assert all(len(set(keys)) == len(keys) for keys in by_bundle.values())
        names = {f"health_observations:{each['_id']}" for each in stored if "code" in each}
        assert names <= audited
