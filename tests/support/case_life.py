"""Random lives of a case on the real store: what people and time do to it, and what must hold whatever they do."""

from datetime import timedelta

from bson import ObjectId
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from backend.errors import Conflict, NotAllowed, NotFound, Unprocessable
from models.affairs import applicant, case, decide, desks, handle, kind, stop, work
from models.affairs.case import Case
from models.affairs.decide import Verdict
from models.identity import roles
from models.identity.actors import Assignment, Staff
from tests.support.queues import drain

FINAL = ("closed", "withdrawn")
LONG = timedelta(days=400)


def somebody(role: str, unit: str) -> Staff:
    return Staff(ObjectId(), f"{role}-{unit}", "test", (Assignment(role, unit),))


ROLES = ("case_handler", "case_supervisor", "unit_admin", "privacy_officer")


def staff_of(units: tuple[str, ...], each: int) -> list[Staff]:
    return [somebody(role, unit) for role in ROLES for unit in units for _ in range(each)]


class Life(RuleBasedStateMachine):
    """One case; each rule is something that a person or time does to it, allowed or not.

    How the case begins, an `initialize` of the subclass says: it sets `id` and `resident`.
    """

    shift = staticmethod(lambda _seconds: None)
    people: tuple[Staff, ...] = ()
    units: tuple[str, ...] = ()

    def __init__(self):
        super().__init__()
        self.passed = 0.0
        self.shift(0)
        Case._get_collection().delete_many({})

    def reachable(self, found: dict) -> list[Staff]:
        """Return who finds the present work of a case in their inbox and may take it on."""
        return [one for one in self.people if desks.sits_at(one, found) and not handle.barred(one.key, found)]

    def found(self) -> dict:
        return Case._get_collection().find_one({"_id": self.id})

    def somebody(self, number: int) -> Staff:
        return self.people[number % len(self.people)]

    def can_be_reached(self, found: dict) -> bool:
        return bool(self.reachable(found))

    def tried(self, act, *args, **more) -> None:
        """Do something; a refusal is a sentence and changes nothing."""
        before = self.found()
        try:
            act(*args, **more)
        except (NotAllowed, NotFound, Conflict, Unprocessable):
            assert self.found() == before

    @rule(number=st.integers(0, 99))
    def claims(self, number):
        self.tried(handle.claim, self.somebody(number), self.id)

    @rule(number=st.integers(0, 99))
    def releases(self, number):
        self.tried(handle.release, self.somebody(number), self.id)

    @rule(number=st.integers(0, 3), chosen=st.integers(0, 3))
    @precondition(lambda self: self.found().get("work"))
    def decides(self, number, chosen):
        found = self.found()
        holder = next((one for one in self.people if one.key == found["work"].get("holder")), None)
        able = self.reachable(found) or self.people
        actor = holder or able[number % len(able)]
        if holder is None:
            self.tried(handle.claim, actor, self.id)
        outcomes = kind.read(found["kind"], found["kind_version"]).step(found["work"]["step"]).outcomes
        self.tried(decide.decide, actor, self.id, Verdict(outcomes[chosen % len(outcomes)].code, "经核对。"))

    @rule(to=st.integers(0, 9), number=st.integers(0, 99))
    def transfers(self, to, number):
        unit = self.units[to % len(self.units)]
        self.tried(handle.transfer, self.somebody(number), self.id, unit, "属其职责")

    @rule(
        reason=st.sampled_from(["waiting_for_applicant", "supplement", "waiting_for_other_unit", "expert_review", "x"])
    )
    @precondition(lambda self: self.found().get("work", {}).get("holder"))
    def stops(self, reason):
        holder = next(one for one in self.people if one.key == self.found()["work"]["holder"])
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
            assert self.can_be_reached(found), found["work"]
            seers = [one for one in self.people if roles.ROLES[one.assignments[0].role].reach == "county"]
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


def live(life: type[Life], shift_clock, examples: int) -> None:
    """Let so many random lives pass, always the same."""
    life.shift = staticmethod(shift_clock)
    calm = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(life, settings=calm)
