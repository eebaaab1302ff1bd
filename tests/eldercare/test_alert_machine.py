"""A random walk on the real store: no path on which an alert ends without an outcome, is lost, or lives twice."""

from contextlib import suppress
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend import clock, outbox
from backend.errors import Conflict, NotFound, Unprocessable
from models.eldercare import (
    alert,
    alert_answer,
    alert_close,
    alert_handle,
    alert_terms,
    escalate,
    finding,
    raise_found,
)
from models.eldercare.alert import HealthAlert
from models.identity.actors import Acting, Resident
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import UNIT
from tests.support import timeline

RULES = ("bp_high", "glucose_low")
WHICH = st.integers(0, 99)
SEVERITY = st.sampled_from(alert_terms.SEVERITIES)


def tried(call):
    """Return what a rule answered, None where it refused."""
    try:
        return call()
    except (Conflict, NotFound, Unprocessable):
        return None


class Loop(RuleBasedStateMachine):
    """One elder, two rules, two doctors, a daughter, a clock."""

    doctors: ClassVar[tuple] = ()
    reached: ClassVar[set] = set()

    @initialize()
    def enrol(self):
        self.elder = alert_kit.enrolled(UNIT)
        self.findings, self.minutes = [], 0
        person = alert_kit.subject.person_of(self.elder)
        document = {"person": person, "level": "matched"}
        own = Resident(alert_kit.ObjectId(), "x", document)
        acting = Acting(alert_kit.ObjectId(), person, "helper", frozenset({"health"}))
        self.sides = (own, Resident(alert_kit.ObjectId(), "y", {"level": "matched"}, acting))

    def pick(self, number):
        """Return an alert of the elder: a live one if there is one, else any."""
        found = alert_kit.alerts_of(self.elder)
        among = [one for one in found if one.get("live")] or found
        return among[number % len(among)]["_id"]

    @rule(which=st.sampled_from(RULES), severity=SEVERITY)
    def find(self, which, severity):
        told = alert_kit.found(self.elder, severity, rule=which)
        self.findings.append(told)
        raise_found.raise_found(told["_id"])

    @precondition(lambda self: self.findings)
    @rule(number=WHICH)
    def find_again(self, number):
        raise_found.raise_found(self.findings[number % len(self.findings)]["_id"])

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, who=st.integers(0, 1))
    def acknowledge(self, number, who):
        tried(lambda: alert_handle.acknowledge(self.doctors[who], self.pick(number)))

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, who=st.integers(0, 1), kind=st.sampled_from(sorted(alert_terms.ACTS)))
    def act(self, number, who, kind):
        tried(lambda: alert_handle.act(self.doctors[who], self.pick(number), kind))

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, side=st.integers(0, 1), told=st.sampled_from(sorted(alert_terms.ANSWERS)))
    def answer(self, number, side, told):
        tried(lambda: alert_answer.answer(self.sides[side], self.pick(number), told))

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, who=st.integers(0, 1), told=st.sampled_from(sorted(alert_terms.OUTCOMES)), sure=st.booleans())
    def close(self, number, who, told, sure):
        tried(lambda: alert_close.close(self.doctors[who], self.pick(number), told, confirmed=sure))

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, told=st.sampled_from(sorted(alert_terms.OUTCOMES)))
    def correct(self, number, told):
        found = alert.read(self.pick(number))
        tried(lambda: alert_close.correct(self.doctors[0], found["_id"], told, seq=found["seq"], note="x"))

    @precondition(lambda self: self.findings)
    @rule(number=WHICH)
    def finish_after(self, number):
        tried(lambda: alert_close.finish_after(self.doctors[1], self.pick(number)))

    @precondition(lambda self: self.findings)
    @rule(minutes=st.integers(1, 5000))
    def pass_time(self, minutes):
        self.minutes += minutes
        timeline.shift(self.minutes * 60)
        alert_kit.queues.drain("care")

    @precondition(lambda self: self.findings)
    @rule(number=WHICH, beat=st.integers(0, 5))
    def look_out_of_turn(self, number, beat):
        with suppress(outbox.Later):
            escalate.look(self.pick(number), beat)

    @invariant()
    def holds_true(self):
        if hasattr(self, "elder"):
            true(self.elder, self.findings)
            self.reached |= {one["state"] for one in alert_kit.alerts_of(self.elder)}


def true(elder, findings):
    """Check every alert of an elder."""
    found = alert_kit.alerts_of(elder)
    assert sorted(one["finding"] for one in found) == sorted(one["_id"] for one in findings)
    live = [one["rule"] for one in found if one.get("live")]
    assert len(live) == len(set(live))
    for one in found:
        assert bool(one.get("live")) == (one["state"] in alert_terms.LIVE)
        if one["state"] == "closed":
            assert one["outcome"]["by"].startswith("staff:")
            assert one["outcome"]["code"] in alert_terms.OUTCOMES
        elif one["state"] == "linked":
            assert alert.read(one["linked_to"])["rule"] == one["rule"]
        else:
            assert "outcome" not in one
            watching = [entry for entry in one["outbox"] if entry["task"] == alert.LOOK]
            assert any(entry["args"]["beat"] == one["beat"] for entry in watching)
            assert one["due"] is not None
            assert one["acts"] or one["state"] != "acted"


@pytest.fixture
def doctors(client, seeded):
    return tuple(alert_kit.doctor(client).actor() for _ in range(2))


def test_no_walk_ends_an_alert_without_an_outcome_of_a_person(doctors, shift_clock):
    walk = type("Walk", (Loop,), {"doctors": doctors, "reached": set()})
    calm = settings(max_examples=15, stateful_step_count=30, suppress_health_check=list(HealthCheck), deadline=None)
    run_state_machine_as_test(walk, settings=calm)
    assert walk.reached == set(alert_terms.STATE_ZH)


@pytest.mark.parametrize(
    "lost",
    [
        {"$unset": {"live": ""}},
        {"$set": {"state": "closed"}},
        {"$set": {"outbox": []}},
        {"$inc": {"beat": 1}},
        {"$set": {"state": "acted"}},
    ],
)
def test_the_walk_sees_an_alert_that_ended_or_was_forgotten(seeded, lost):
    elder = alert_kit.enrolled(UNIT)
    made = alert_kit.raised(elder)
    told = [finding.read(made["finding"])]
    true(elder, told)
    HealthAlert._get_collection().update_one({"_id": made["_id"]}, lost)
    with pytest.raises((AssertionError, KeyError)):
        true(elder, told)


def test_every_state_of_the_table_has_a_way_to_an_outcome(client, seeded):
    """Each live state leads to `acted`, and from there each outcome ends it."""
    doctor = alert_kit.doctor(client)
    for number, outcome in enumerate(alert_terms.OUTCOMES):
        elder = alert_kit.enrolled(UNIT)
        made = alert_kit.raised(elder, rule=f"rule_{number}")
        alert_kit.acted(doctor, made["_id"])
        told = alert_kit.closed(doctor, made["_id"], outcome, confirmed=True)
        assert (told["state"], told["outcome"]["code"]) == ("closed", outcome)
        after = alert_terms.OUTCOMES[outcome].after
        assert ("after" in told) == bool(after)
        assert not after or alert.read(made["_id"])["after"]["due"] > clock.now()
