"""Random workflows: those that are taken never get stuck, whatever people and time do; those refused really would."""

import itertools
from collections import Counter

import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from backend import clock
from models.affairs import clock as legal
from models.affairs import desks, escalate, open_item, service_item, service_item_content, work
from models.affairs.kind import Limit
from models.affairs.open_item import Submission
from models.affairs.service_item import ServiceItem
from models.affairs.service_item_errors import ItemWrong
from models.identity.actors import Resident
from tests.affairs import kit
from tests.support import case_life

UNITS = (kit.UNIT, f"town_{kit.TOWN}")
HANDLING, OTHERS = case_life.ROLES, ("gate_clerk", "auditor")
STOPS = {"waiting_for_applicant": (True, False), "supplement": (True, True), "waiting_for_other_unit": (False, False)}
_numbers = itertools.count(1)


def limits(least: int):
    return st.builds(lambda days, counted: {"days": days, "counted": counted}, _days(least), _counted)


def _days(least: int):
    return st.sampled_from([least, 1, 2, 5])


_counted = st.sampled_from(["working", "calendar"])


@st.composite
def workflows(draw, *, wild: bool = True):
    """A workflow; a `wild` one may have anything that the office's form lets through."""
    least, roles = (0, (*HANDLING * 4, *OTHERS)) if wild else (1, HANDLING)
    codes = [f"s{number}" for number in range(draw(st.integers(1, 4)))]
    anywhere = [*codes, "", "", "gone"] if wild else [*codes, "", ""]
    levels = draw(st.lists(st.sampled_from(roles), min_size=1, max_size=2))
    last = draw(st.sampled_from(roles)) if wild and draw(st.booleans()) else "privacy_officer"
    return {
        **kit.ITEM,
        "steps": [_step(draw, code, roles, anywhere, least) for code in codes],
        "stops": [_stop(draw, code, least) for code in draw(st.lists(st.sampled_from(list(STOPS)), unique=True))],
        "levels": [{"after": after, "role": role} for after, role in enumerate([*levels, last])],
        "limit": draw(limits(least)),
        "remind": draw(st.integers(0, 2)),
        "appeal": draw(st.none() | st.builds(lambda n, at: {"limit": n, "step": at}, limits(1), _at(codes, wild))),
    }


def _at(codes: list[str], wild: bool):
    return st.sampled_from([*codes, "gone"] if wild else codes)


def _step(draw, code: str, roles, anywhere: list[str], least: int) -> dict:
    ways = draw(st.lists(st.sampled_from(anywhere), min_size=1, max_size=3))
    return {
        "code": code,
        "zh": code,
        "role": draw(st.sampled_from(roles)),
        "limit": draw(limits(least)),
        "outcomes": [{"code": f"o{n}", "zh": "结果", "to": to, "carry_out": ""} for n, to in enumerate(ways)],
        "unit": "",
        "another_person": draw(st.booleans()),
        "by_area": draw(st.booleans()),
    }


def _stop(draw, code: str, least: int) -> dict:
    asks, once = STOPS[code]
    return {"code": code, "zh": "等待", "longest": draw(limits(least)), "asks": asks, "once": once, "carry_out": ""}


def filled(told: dict) -> dict:
    """Return what the office's form adds to a workflow."""
    lacking = {
        "intro_zh": "",
        "materials": [],
        "result": None,
        "slot": None,
        "rating": False,
        "demo": False,
        "source": "",
    }
    return {**lacking, **told}


def taken(told: dict) -> bool:
    try:
        service_item_content.checked("random_item", filled(told))
    except ItemWrong:
        return False
    return True


def would_get_stuck(told: dict) -> bool:
    """Tell, by walking all ways and looking at the desks and clocks themselves, whether a case could get stuck."""
    steps = {one["code"]: one for one in told["steps"]}
    first = {told["steps"][0]["code"]} | ({told["appeal"]["step"]} if told["appeal"] else set())
    if first - steps.keys() or any(way - {""} - steps.keys() for way in map(_ways, steps.values())):
        return True
    if _walk(steps, first) - {""} != steps.keys():
        return True
    if any("" not in _walk(steps, {code}) for code in steps):
        return True
    if any(not _worked_on(one["role"]) for one in (*told["steps"], *told["levels"])):
        return True
    times = [told["limit"], *(one["limit"] for one in told["steps"]), *(one["longest"] for one in told["stops"])]
    return not _seen_everywhere(told["levels"][-1]["role"]) or any(map(_over_today, times))


def _ways(step: dict) -> set[str]:
    return {one["to"] for one in step["outcomes"]}


def _walk(steps: dict, start: set[str]) -> set[str]:
    found = set(start)
    for _ in steps:
        found |= {to for code in found if code for to in _ways(steps[code])}
    return found


def _worked_on(role: str) -> bool:
    actor = case_life.somebody(role, kit.UNIT)
    return all(actor.may(one) for one in ("case.inbox", "case.read", "case.handle"))


def _seen_everywhere(role: str) -> bool:
    elsewhere = desks.of(case_life.somebody(role, "justice").assignments)
    return not set(elsewhere).isdisjoint(desks.within(role, kit.UNIT, ""))


def _over_today(limit: dict) -> bool:
    return legal.last_day(work.new_clock(Limit(**limit), clock.now())["due"]) <= clock.today()


def test_a_workflow_is_refused_exactly_when_a_case_of_it_could_get_stuck(seeded):
    seen = Counter()

    @settings(max_examples=400, deadline=None)
    @given(st.one_of(workflows(), workflows(wild=False)))
    def judged(told):
        fits = taken(told)
        seen[fits] += 1
        assert fits == (not would_get_stuck(told))

    judged()
    assert min(seen[True], seen[False]) > 30


class ItemLife(case_life.Life):
    """A case of an item with a random workflow."""

    people = tuple(case_life.staff_of(UNITS, 4))
    units = UNITS

    @initialize(told=workflows(wild=False).filter(taken))
    def opens(self, told):
        code = f"random_{next(_numbers)}"
        item = {"_id": f"{code}:1", "code": code, "version": 1, "state": "published", "unit": kit.UNIT}
        ServiceItem._get_collection().insert_one(item | filled(told))
        self.resident = Resident(ObjectId(), "test", {"person": ObjectId(), "level": "matched"})
        self.id = open_item.open_for(self.resident, code, Submission(1, kit.FILLED))["_id"]

    def can_be_reached(self, found: dict) -> bool:
        """Somebody may take it on now, or will once it is overdue: its escalation ends with who sees the county."""
        top = service_item.of_case(found)["levels"][-1]["role"]
        later = desks.within(top, found["work"]["unit"], found["area"])
        overdue = {**found, "work": {**found["work"], "desks": [*found["work"]["desks"], *later]}}
        return bool(self.reachable(found) or self.reachable(overdue))


def test_a_case_of_a_random_item_never_gets_stuck(seeded, shift_clock):
    case_life.live(ItemLife, shift_clock, 60)


def test_the_search_sees_a_clock_that_does_nothing(seeded, shift_clock, monkeypatch):
    monkeypatch.setattr(escalate, "look", lambda *_args: None)
    with pytest.raises(AssertionError):
        case_life.live(ItemLife, shift_clock, 20)


def test_the_search_sees_an_escalation_that_nobody_sits_at(seeded, shift_clock, monkeypatch):
    alone = tuple(one for one in ItemLife.people if one.assignments[0].role != "privacy_officer")
    monkeypatch.setattr(ItemLife, "people", alone)
    with pytest.raises(AssertionError):
        case_life.live(ItemLife, shift_clock, 60)
