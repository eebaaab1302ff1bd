"""Random cases on the real store: no dead state, every clock ends in an action, every case within somebody's reach."""

import pytest
from bson import ObjectId
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from backend import clock
from models.affairs import decide, escalate, handle, kind, kind_table, open_case, work
from models.affairs.decide import Verdict
from models.affairs.open_case import Matter
from models.identity.actors import Resident
from tests.support import case_life
from tests.support.case_life import live, somebody

UNITS = ("big_data_centre", "public_security")
KINDS = ("access_question", "privacy_copy", "privacy_close_account", "staff_application", "staff_application_sensitive")


class Life(case_life.Life):
    """A case of the kinds of the program."""

    people = tuple(case_life.staff_of(UNITS, 2))
    units = UNITS

    @initialize(code=st.sampled_from(KINDS), unit=st.sampled_from(UNITS), area=st.sampled_from(["", "360731100001"]))
    def opens(self, code, unit, area):
        self.resident = Resident(ObjectId(), "test", {"person": ObjectId(), "level": "matched"})
        self.id = open_case.open_case(open_case.by(self.resident), kind.newest(code), Matter(unit, "说明", area))["_id"]


def test_a_random_life_never_gets_stuck(seeded, shift_clock):
    live(Life, shift_clock, 50)


def test_the_search_sees_a_clock_that_does_nothing(seeded, shift_clock, monkeypatch):
    monkeypatch.setattr(escalate, "look", lambda *_args: None)
    with pytest.raises(AssertionError):
        live(Life, shift_clock, 20)


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
