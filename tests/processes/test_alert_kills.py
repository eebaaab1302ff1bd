"""Findings become alerts and doctors work on them while API and worker are killed: none doubled, none lost."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import wsgi  # noqa: F401 - registers every document
from backend import clock, outbox
from models.eldercare import alert
from models.eldercare.alert import HealthAlert
from models.eldercare.alert_load import HealthAlertLoad
from models.eldercare.finding import HealthFinding
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import OFFICE, UNIT
from tests.processes.killed import kill, waking_service
from tests.support.patience import until
from tests.support.remote import PatientClient

pytestmark = [pytest.mark.processes, pytest.mark.soak]
ELDERS, RULES = 6, ("bp_high", "glucose_low", "pulse_low")
KILLS = ("worker", "api worker", "worker", "api", "worker")
FINDINGS = 120
RAISES = {"outbox": {"$elemMatch": {"queue": "care", "task": "eldercare.raise"}}}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with waking_service(tmp_path_factory.mktemp("alerts")) as stack:
        yield stack


class Doctor:
    """A doctor who takes up, acts on and ends whatever is on the list; `ended` are those the service said are over."""

    def __init__(self, base: str) -> None:
        self.clerk = alert_kit.doctor(PatientClient(base, seconds=150))
        self.ended: set[str] = set()

    def work(self, over: threading.Event) -> None:
        """Work through the list again and again."""
        while not over.wait(0.2):
            for one in self.clerk.get(f"{OFFICE}/alerts?limit=10").json["items"]:
                self.end(one["id"])

    def end(self, alert_id: str) -> None:
        """End one alert, unless a colleague is quicker."""
        path = f"{OFFICE}/alerts/{alert_id}"
        acted = self.clerk.post(f"{path}/acts", {"kind": "home_visit"})
        over = self.clerk.post(f"{path}/outcome", {"outcome": "resolved"})
        assert {acted.status_code, over.status_code} <= {200, 409}, (acted.json, over.json)
        if over.status_code == 200:
            self.ended.add(alert_id)


def find(elders: list[dict[str, Any]], dice: random.Random, over: threading.Event) -> list[Any]:
    """Let findings come until all kills are over, at least `FINDINGS`."""
    told = []
    while len(told) < FINDINGS or not over.is_set():
        made = alert_kit.found(dice.choice(elders), "urgent", rule=dice.choice(RULES))
        told.append(made["_id"])
        over.wait(0.1)
    return told


def test_no_alert_is_lost_or_doubled_when_api_and_worker_are_killed(stack):
    dice, over = random.Random(11), threading.Event()
    elders = [alert_kit.enrolled(UNIT) for _ in range(ELDERS)]
    doctors = [Doctor(stack.base) for _ in range(2)]
    with ThreadPoolExecutor(4) as together:
        finding = together.submit(find, elders, random.Random(12), over)
        working = [together.submit(one.work, over) for one in doctors]
        try:
            for what in KILLS:
                known = HealthAlert._get_collection().estimated_document_count()
                until(
                    lambda known=known: HealthAlert._get_collection().estimated_document_count() >= known + 5,
                    seconds=90,
                    what=f"alerts before: {what}",
                )
                kill(stack, what, dice)
                leases_run_out()
        finally:
            over.set()
        told = finding.result(60)
        for one in working:
            one.result(180)

    assert sum(one.clerk.client.broken for one in doctors) > 0, "the kills hit nobody"
    until(settled, seconds=90, pause=0.5, what="the outbox")
    whole(elders, told, doctors)


def leases_run_out() -> None:
    """Let what the killed workers held come again at once, and not after a minute."""
    change = {"$set": {"outbox.$[raise].due": clock.now()}}
    HealthFinding._get_collection().update_many(RAISES, change, array_filters=[{"raise.task": "eldercare.raise"}])
    outbox.wake("care")


def settled() -> bool:
    """Tell whether every finding has been dealt with."""
    if HealthFinding._get_collection().find_one(RAISES, {"_id": 1}) is None:
        return True
    leases_run_out()
    return False


def whole(elders: list[dict[str, Any]], told: list[Any], doctors: list[Doctor]) -> None:
    """Check that each finding has its one alert, and that what was acknowledged to a doctor is so."""
    found = [one for elder in elders for one in alert_kit.alerts_of(elder)]
    assert sorted(one["finding"] for one in found) == sorted(told)
    live = Counter((one["subject"], one["rule"]) for one in found if one.get("live"))
    assert set(live.values()) <= {1}
    linked = Counter(one["linked_to"] for one in found if one["state"] == "linked")
    for one in found:
        if one["state"] == "linked":
            continue
        assert one["repeats"] == linked[one["_id"]]
        assert (one["state"] == "closed") == ("outcome" in one)
        watched = any(each["task"] == alert.LOOK and each["args"]["beat"] == one["beat"] for each in one["outbox"])
        assert watched == bool(one.get("live"))
    ended = [one for doctor in doctors for one in doctor.ended]
    assert len(ended) == len(set(ended))
    closed = {str(one["_id"]) for one in found if one["state"] == "closed"}
    assert set(ended) == closed, "what was said to be over is, and nothing else"
    assert len(closed) >= len(KILLS)
    counted = HealthAlertLoad._get_collection().find({"unit": UNIT, "day": {"$gte": ""}})
    lines = list(counted)
    assert sum(one.get("raised", 0) for one in lines) == len([one for one in found if one["state"] != "linked"])
    assert sum(one.get("closed", 0) for one in lines) == len(closed)
