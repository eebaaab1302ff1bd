"""Kiosks and bands hand in what they measured while API and worker are killed: nothing lost, nothing twice."""

import json
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import wsgi  # noqa: F401 - registers every document
from backend import clock
from deploy.stack import Stack
from models.eldercare import kiosk_session, subject, wearing
from models.eldercare.bucket import HealthBucket
from models.eldercare.kiosk_session import HealthSession
from models.eldercare.observation import HealthObservation
from tests.processes.killed import kill, service
from tests.support.kiosk import Kiosk, Wearable, offline, reading, series
from tests.support.patience import until
from tests.support.remote import PatientClient

pytestmark = [pytest.mark.processes, pytest.mark.soak]
KIOSKS, BANDS = 4, 3
KILLS = ("api worker", "worker", "api", "api worker", "api")
MOST_TURNS = 60
CLOSING = {"outbox.queue": "care", "outbox.due": {"$exists": True}, "outbox.task": "eldercare.close_session"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with service(tmp_path_factory.mktemp("health")) as stack:
        yield stack


def somebody() -> ObjectId:
    """Return a subject whose person nobody asks for here."""
    made = subject.HealthSubject(
        person=b"x", person_key=[os.urandom(8)], latest=clock.now(), created_at=clock.now(), created_by="t", seq=1
    )
    made.save()
    return ObjectId(made.id)


class Patient(PatientClient):
    """A device's connection: the same bytes under a new proof until there is an answer."""

    def open(self, path: str, *, data: bytes = b"", **options: Any):
        return super().open(path, json=json.loads(data), **options)


@dataclass
class Booth:
    """A kiosk with somebody in front of it all the time, each reading under a key of its own."""

    device: Kiosk
    subject: ObjectId
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)

    def turn(self, number: int) -> None:
        """Measure online and offline by turns; what has no answer is sent again as it is."""
        session = self.session(number)
        pressures = [reading("blood_pressure", 140 + one, 80) for one in range(2)]
        temperature = reading("temperature", 36 + number % 10 / 10)
        if number % 2:
            told = self.device.upload(offline(temperature, *pressures, session=session))[0]
            assert told["result"] in {"received", "duplicate"}, told
            receipts = told["readings"]
        else:
            receipts = self.device.measure(temperature, *pressures, session=session)
        self.acknowledged |= {one["key"]: [one["result"], one.get("observation_id", "")] for one in receipts}

    def session(self, number: int) -> str:
        """Begin a session as a login does, without a card."""
        key, now = f"{self.device.id}-{number}", clock.now()
        made = kiosk_session.made(
            kiosk_session.name(self.device.id, key),
            device=self.device.id,
            unit="health_commission",
            opened_at=now,
            until=now + timedelta(minutes=5),
        )
        self.sessions.append(kiosk_session.store(made | {"subject": self.subject})["_id"])
        return self.sessions[-1]


@dataclass
class Wrist:
    """A band that hands in a few minutes at a time, each of them twice."""

    device: Wearable
    subject: ObjectId
    stored: int = 0

    def turn(self, number: int) -> None:
        start = (clock.now() - timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
        part = series(start + timedelta(minutes=10 * number), [60 + (number + one) % 40 for one in range(15)])
        for _ in range(2):
            (told,) = self.device.send(part)
            assert told["result"] == "received", told
        self.stored = number * 10 + 15


def wear(one: Wrist) -> Wrist:
    wearing.HealthWearing._get_collection().insert_one(
        {
            "device": one.device.id,
            "subject": one.subject,
            "since": clock.now() - timedelta(days=2),
            "live": True,
            "by": "staff:test",
        }
    )
    return one


def storm(stack: Stack, people: list[Any]) -> None:
    """Let all measure until every kill was survived; before each, some turns go through."""
    dice, over, done = random.Random(11), threading.Event(), [0] * len(people)

    def measure(place: int) -> None:
        for number in range(MOST_TURNS):
            if over.is_set() and number > 3:
                return
            people[place].turn(number)
            done[place] += 1

    with ThreadPoolExecutor(len(people)) as together:
        running = [together.submit(measure, place) for place in range(len(people))]
        try:
            for what in KILLS:
                enough = sum(done) + dice.randint(4, 12)
                until(
                    lambda enough=enough: sum(done) >= enough or all(one.done() for one in running),
                    seconds=200,
                    what=f"turns before: {what}",
                )
                kill(stack, what, dice)
        finally:
            over.set()
        for one in running:
            one.result(300)


def test_no_measurement_acknowledged_is_lost_or_doubled(stack):
    clients = [Patient(stack.base, seconds=150) for _ in range(KIOSKS + BANDS)]
    booths = [Booth(Kiosk(client), somebody()) for client in clients[:KIOSKS]]
    wrists = [wear(Wrist(Wearable(client), somebody())) for client in clients[KIOSKS:]]
    storm(stack, [*booths, *wrists])
    assert sum(one.broken for one in clients) > 0, "the kills hit nobody"

    waiting = {"outbox": {"$elemMatch": {"queue": "care", "due": {"$exists": True}}}}
    HealthSession._get_collection().update_many(waiting, {"$set": {"outbox.$[].due": clock.now()}})
    until(lambda: not HealthSession._get_collection().count_documents(CLOSING), seconds=60, what="the outbox")
    for one in booths:
        whole(one)
    for one in wrists:
        every_second_once(one)


def whole(one: Booth) -> None:
    """Check that each acknowledged reading is there once, and each session's pair and temperature."""
    assert {told[0] for told in one.acknowledged.values()} <= {"received", "duplicate"}
    sessions = list(HealthSession._get_collection().find({"subject": one.subject}))
    keys = [reading["key"] for found in sessions for reading in found["readings"]]
    assert sorted(keys) == sorted(one.acknowledged)
    kept = list(HealthObservation._get_collection().find({"subject": one.subject}))
    assert len(kept) * 3 == len(keys) * 2, "of three readings come a temperature and a pressure"
    assert len({found["key"] for found in kept}) == len(kept)
    ids = {str(found["_id"]) for found in kept}
    assert {told[1] for told in one.acknowledged.values()} - {""} <= ids


def every_second_once(one: Wrist) -> None:
    buckets = list(HealthBucket._get_collection().find({"subject": one.subject}))
    assert sum(found["count"] for found in buckets) == one.stored
    assert sum(len(set(found["seconds"])) for found in buckets) == one.stored
