"""Random cases on the real store: no dead state, every clock ends in an action, every case within somebody's reach."""

from datetime import timedelta

import pytest
from bson import ObjectId
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend import clock
from backend.errors import Conflict, NotAllowed, NotFound, Unprocessable
from models.affairs import applicant, case, decide, desks, escalate, handle, kind, kind_table, open_case, stop, work
from models.affairs.case import Case
from models.affairs.decide import Verdict
from models.affairs.open_case import Matter
from models.identity import roles
from models.identity.actors import Assignment, Resident, Staff
from tests.support.queues import drain

UNITS = ("big_data_centre", "public_security")
KINDS = ("access_question", "privacy_copy", "privacy_close_account", "staff_application", "staff_application_sensitive")
FINAL = ("closed", "withdrawn")
LONG = timedelta(days=400)


def somebody(role: str, unit: str) -> Staff:
    return Staff(ObjectId(), f"{role}-{unit}", "test", (Assignment(role, unit),))


STAFF = [
    somebody(role, unit)
    for role in ("case_handler", "case_supervisor", "unit_admin", "privacy_officer")
    for unit in UNITS
    for _ in range(2)
]


def reachable(found: dict) -> list[Staff]:
    """Return who finds the present work of a case in their inbox and may take it on."""
    told = kind.read(found["kind"], found["kind_version"]).step(found["work"]["step"])
    barred = set(found["workers"]) if told.another_person else set()
    return [one for one in STAFF if desks.sits_at(one, found) and one.key not in barred]


class Life(RuleBasedStateMachine):
    """One case; each rule is something that a person or time does to it, allowed or not."""

    shift = staticmethod(lambda _seconds: None)

    def __init__(self):
        super().__init__()
        self.passed = 0.0
        self.shift(0)
        Case._get_collection().delete_many({})

    @initialize(code=st.sampled_from(KINDS), unit=st.sampled_from(UNITS), area=st.sampled_from(["", "360731100001"]))
    def opens(self, code, unit, area):
        self.resident = Resident(ObjectId(), "test", {"person": ObjectId(), "level": "matched"})
        self.id = open_case.open_case(open_case.by(self.resident), kind.newest(code), Matter(unit, "说明", area))["_id"]

    def found(self) -> dict:
        return Case._get_collection().find_one({"_id": self.id})

    def tried(self, act, *args, **more) -> None:
        """Do something; a refusal is a sentence and changes nothing."""
        before = self.found()
        try:
            act(*args, **more)
        except (NotAllowed, NotFound, Conflict, Unprocessable):
            assert self.found() == before

    @rule(actor=st.sampled_from(STAFF))
    def claims(self, actor):
        self.tried(handle.claim, actor, self.id)

    @rule(actor=st.sampled_from(STAFF))
    def releases(self, actor):
        self.tried(handle.release, actor, self.id)

    @rule(number=st.integers(0, 3), chosen=st.integers(0, 3))
    @precondition(lambda self: self.found().get("work"))
    def decides(self, number, chosen):
        found = self.found()
        holder = next((one for one in STAFF if one.key == found["work"].get("holder")), None)
        actor = holder or (reachable(found) or STAFF)[number % len(reachable(found) or STAFF)]
        if holder is None:
            self.tried(handle.claim, actor, self.id)
        outcomes = kind.read(found["kind"], found["kind_version"]).step(found["work"]["step"]).outcomes
        self.tried(decide.decide, actor, self.id, Verdict(outcomes[chosen % len(outcomes)].code, "经核对。"))

    @rule(to=st.sampled_from(UNITS), actor=st.sampled_from(STAFF))
    def transfers(self, to, actor):
        self.tried(handle.transfer, actor, self.id, to, "属其职责")

    @rule(
        reason=st.sampled_from(["waiting_for_applicant", "supplement", "waiting_for_other_unit", "expert_review", "x"])
    )
    @precondition(lambda self: self.found().get("work", {}).get("holder"))
    def stops(self, reason):
        holder = next(one for one in STAFF if one.key == self.found()["work"]["holder"])
        asks = reason in {"waiting_for_applicant", "supplement"}
        self.tried(stop.pause, holder, self.id, reason, "稍候", asks=asks)

    @rule()
    def answers(self):
        self.tried(applicant.answer, self.resident, self.id, "答复", ())

    @rule()
    def appeals(self):
        self.tried(applicant.appeal, self.resident, self.id, "不服")

    @rule(sure=st.integers(0, 5))
    def withdraws(self, sure):
        if sure == 0:
            self.tried(applicant.withdraw, self.resident, self.id)

    @rule()
    @precondition(lambda self: self.found().get("work", {}).get("holder"))
    def leaves(self):
        handle.release_all(ObjectId(self.found()["work"]["holder"].removeprefix("staff:")))

    @rule(days=st.sampled_from([0.3, 1, 3, 8, 20]))
    def time_passes(self, days):
        self.passed += days * 86400
        self.shift(self.passed)
        drain("affairs")

    @invariant()
    def somebody_reaches_it(self):
        found = self.found()
        if found["state"] in case.RUNNING:
            assert reachable(found), found["work"]
            seers = [one for one in STAFF if roles.ROLES[one.assignments[0].role].reach == "county"]
            for one in seers:
                desks.reach(one, "case.read", found)

    @invariant()
    def its_parts_agree(self):
        found = self.found()
        running = found["state"] in case.RUNNING
        assert ("work" in found) == running
        assert ("pause" in found) == (running and found["work"]["state"] == "paused")
        assert ("beat" in found) == (found["state"] not in FINAL)
        assert ("appeal_until" in found) == (found["state"] == "decided")
        if running and found["work"]["state"] != "paused":
            assert (found["work"]["state"] == "taken") == ("holder" in found["work"])

    @invariant()
    def a_clock_that_runs_has_an_entry_or_nothing_left_to_do(self):
        found = self.found()
        if found["state"] in FINAL:
            return
        rung = found.get("work", {}).get("rung", 0)
        mine = [
            one
            for one in found["outbox"]
            if one["task"] == "affairs.clock" and one["args"]["beat"] == str(found["beat"])
        ]
        mine = [one for one in mine if one["args"]["rung"] == rung and "failed_at" not in one]
        told = kind.read(found["kind"], found["kind_version"])
        at_the_top = "work" in found and rung >= len(work.ladder(told, found["work"]["due"]))
        assert len(mine) == (0 if at_the_top and "pause" not in found else 1)

    def teardown(self):
        if not hasattr(self, "id"):
            return
        self.shift(self.passed + LONG.total_seconds())
        drain("affairs")
        found = self.found()
        assert [one for one in found["outbox"] if one["task"] == "affairs.clock"] == []
        if found["state"] in case.RUNNING:
            assert found["work"]["urgency"] == "overdue"
            assert "privacy_officer@/" in found["work"]["desks"]
        else:
            assert found["state"] in FINAL


def live(shift_clock, examples: int) -> None:
    Life.shift = staticmethod(shift_clock)
    calm = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(Life, settings=calm)


def test_a_random_life_never_gets_stuck(seeded, shift_clock):
    live(shift_clock, 50)


def test_the_search_sees_a_clock_that_does_nothing(seeded, shift_clock, monkeypatch):
    monkeypatch.setattr(escalate, "look", lambda *_args: None)
    with pytest.raises(AssertionError):
        live(shift_clock, 20)


class TestKindsThatWouldGetStuck:
    """`kind.put` refuses what would leave a case without a way out."""

    def broken(self, **changes) -> list[str]:
        told = kind_table.ACCESS_QUESTION
        return kind.problems(kind.Kind(**{**vars(told), **changes}))

    def step(self, code, to, role="case_handler"):
        return kind.Step(code, "办", role, kind.Limit(3), (kind.Outcome("on", "下一步", to),))

    def test_those_of_the_table_have_no_problems(self):
        assert len(kind.every()) >= 9
        assert [kind.problems(one) for one in kind.every()] == [[] for _ in kind.every()]

    def test_a_circle_without_an_end(self):
        steps = (self.step("a", "b"), self.step("b", "a"))
        assert "a never ends" in self.broken(steps=steps, appeal=None)

    def test_an_outcome_that_leads_nowhere(self):
        assert self.broken(steps=(self.step("a", "gone"),), appeal=None) == ["a leads to gone"]

    def test_a_step_that_nothing_reaches(self):
        assert "b is never reached" in self.broken(steps=(self.step("a", ""), self.step("b", "")), appeal=None)

    @pytest.mark.parametrize("role", ["gate_clerk", "king", "auditor"])
    def test_a_step_for_a_role_without_an_inbox(self, role):
        assert f"{role} handles no cases" in self.broken(steps=(self.step("a", "", role),), appeal=None)

    def test_an_escalation_that_ends_within_the_unit(self):
        levels = (kind.Level(0, "case_supervisor"),)
        assert "escalation ends within one unit" in self.broken(levels=levels)
        assert "escalation ends within one unit" in self.broken(levels=())

    def test_an_appeal_without_its_step(self):
        assert self.broken(appeal=kind.Appeal(kind.Limit(5), "gone")) == ["step gone is missing"]

    def test_a_clock_without_time(self):
        assert "a clock without time" in self.broken(limit=kind.Limit(0))

    def test_such_a_kind_cannot_be_put(self):
        with pytest.raises(ValueError, match="never ends"):
            kind.put(
                kind.Kind(
                    **{
                        **vars(kind_table.ACCESS_QUESTION),
                        "steps": (self.step("a", "b"), self.step("b", "a")),
                        "appeal": None,
                    }
                )
            )

    def test_a_running_case_keeps_the_version_of_its_kind(self, seeded, monkeypatch):
        monkeypatch.setattr(kind, "_table", dict(kind._table))
        monkeypatch.setattr(kind, "_newest", dict(kind._newest))
        resident = Resident(ObjectId(), "test", {"person": ObjectId(), "level": "matched"})
        old = open_case.open_case(open_case.by(resident), kind.newest("access_question"), Matter(UNITS[0]))
        kind.put(
            kind.Kind(
                **{**vars(kind_table.ACCESS_QUESTION), "version": 2, "steps": (self.step("a", ""),), "appeal": None}
            )
        )
        new = open_case.open_case(open_case.by(resident), kind.newest("access_question"), Matter(UNITS[0]))
        assert [(one["kind_version"], one["work"]["step"]) for one in (old, new)] == [(1, "handle"), (2, "a")]
        clerk = somebody("case_handler", UNITS[0])
        handle.claim(clerk, old["_id"])
        assert decide.decide(clerk, old["_id"], Verdict("justified", "有据"))["state"] == "decided"


def test_nothing_is_due_in_the_past_of_its_start(seeded):
    now = clock.now()
    for told in kind.every():
        found = {"unit": UNITS[0], "area": "", "clock": work.new_clock(told.limit, now)}
        for step in told.steps:
            assert work.new_work(step, found, now)["due"] > now
