"""Two persons who decide apart: whom the sample takes, that they differ, and what a difference does."""

import pytest
from bson import ObjectId

from backend import clock
from models.school import review, review_start
from tests.school import review_kit
from tests.school.apply_kit import BUREAU, ROUND
from tests.school.review_kit import Desks, applied, point_of, running, states, stored, work
from tests.support import affairs, queues
from tests.support.affairs import DATA_UNIT

CHILDREN = 4_000


@pytest.fixture
def desks(client, seeded):
    review_kit.open_round(100)
    return Desks(client)


@pytest.fixture
def found(client, sandbox, box, desks):
    return applied(review_kit.family(client, sandbox, box))


def drawn(percent: int, ids: list[ObjectId]) -> list[bool]:
    review_kit.percent(percent)
    return [review_start.sampled({"_id": one, "round": ROUND}) for one in ids]


def case_of(found: dict) -> str:
    return str(point_of(found, "double")["case"])


def wait(travel, *days: str) -> None:
    """Let days go by, and what falls due on them happen."""
    for day in days:
        travel(day)
        affairs.stay_awake()
        queues.drain("affairs", "notify", "trust")


def decided(clerk, found: dict, outcome: str, **more) -> dict:
    affairs.move(clerk, case_of(found), "claim")
    return affairs.decide(clerk, case_of(found), outcome, **more)


def test_the_sample_is_the_same_every_time_and_as_large_as_the_round_says(desks):
    ids = [ObjectId() for _ in range(CHILDREN)]
    some = drawn(10, ids)
    assert some == drawn(10, ids)
    assert 0.07 < sum(some) / CHILDREN < 0.13
    assert not any(drawn(0, ids))
    assert all(drawn(100, ids))
    more = drawn(30, ids)
    assert all(large for large, small in zip(more, some, strict=True) if small), "a larger sample holds the smaller"


def test_an_application_without_a_question_is_drawn_and_waits_for_two_persons(found):
    assert (stored(found)["state"], states(found)) == ("submitted", {"double": "open"})
    assert point_of(found, "double")["why"] == ["sampled"]
    assert review.find(ObjectId(found["id"]))["sampled"]


def test_an_application_that_a_unit_checks_anyway_is_not_drawn(client, sandbox, box, desks):
    asked = applied(review_kit.family(client, sandbox, box), "business")
    assert states(asked) == {"business": "open"}


def test_the_second_is_another_person_and_the_first_alone_decides_nothing(found, desks):
    first, second = desks.at(BUREAU), desks.at(BUREAU, which="2")
    decided(first, found, "confirmed")
    work()
    assert states(found) == {"double": "open"}
    assert affairs.move(first, case_of(found), "claim", status=422)["code"] == "case_same_person"
    decided(second, found, "confirmed")
    work()
    assert stored(found)["state"] == "qualified"


def test_the_second_does_not_see_what_the_first_decided(found, desks):
    first, second = desks.at(BUREAU), desks.at(BUREAU, which="2")
    decided(first, found, "not_confirmed", reason="户籍地址存疑,建议不予认定。")
    seen = second.get(f"/office/v1/cases/{case_of(found)}").json
    assert [one["what"] for one in seen["history"]].count("stepped") == 1
    assert "存疑" not in str(seen)
    assert "not_confirmed" not in str(seen["history"])
    affairs.move(second, case_of(found), "claim")
    affairs.decide(second, case_of(found), "not_confirmed", value={"household.in_district": False})
    after = second.get(f"/office/v1/cases/{case_of(found)}").json
    assert "存疑" in str(after), "when it is over, both may be read"


def test_a_difference_goes_to_the_manager_and_to_neither_of_the_two(found, desks):
    first, second = desks.at(BUREAU), desks.at(BUREAU, which="2")
    decided(first, found, "confirmed")
    decided(second, found, "not_confirmed", value={"household.in_district": False})
    assert states(found) == {"double": "differs"}
    work()
    (waiting,) = running(found)
    assert (waiting["kind"], states(found)) == ("school_check_difference", {"double": "differs"})
    assert set(waiting["workers"]) == {first.actor().key, second.actor().key}
    assert affairs.inbox(first) == []
    work()
    assert len(running(found)) == 1, "going on with a review opens nothing twice"
    decided(desks.manager, found, "confirmed")
    work()
    assert (stored(found)["state"], stored(found)["tier"]) == ("qualified", 1)


def test_two_who_agree_that_a_fact_is_wrong_change_what_the_rules_say(found, desks):
    first, second = desks.at(BUREAU), desks.at(BUREAU, which="2")
    decided(first, found, "not_confirmed")
    affairs.move(second, case_of(found), "claim")
    refused = affairs.decide(second, case_of(found), "not_confirmed", status=422)
    assert refused["code"] == "school_point_value_wrong"
    affairs.decide(second, case_of(found), "not_confirmed", value={"property.in_district": False})
    work()
    assert (stored(found)["state"], stored(found)["tier"]) != ("qualified", 1)


def test_neither_an_approval_that_nobody_gives_nor_a_second_person_who_never_comes_holds_a_decision_up(
    found, desks, travel
):
    first, child = desks.at(BUREAU), stored(found)["child"]
    told = {"person_id": str(child), "case": point_of(found, "double")["number"], "reason": "核对户口簿照片"}
    asked = first.post("/office/v1/minor-approvals", told | {"until": clock.today().isoformat()})
    assert asked.status_code == 201, asked.json
    assert decided(first, found, "confirmed")["state"] == "open", "the case asks for no approval"
    assert affairs.inbox(desks.manager) == []
    wait(travel, "2026-11-25", "2026-11-27", "2026-12-01")
    (case,) = running(found)
    assert [one["what"] for one in case["history"]].count("escalated") == 2
    (asked,) = first.get("/office/v1/approvals?whose=own&state=expired").json["items"]
    assert asked["kind"] == "minor_access"
    (waiting,) = affairs.inbox(desks.manager)
    assert (waiting["id"], waiting["urgency"]) == (case_of(found), "overdue")
    decided(desks.manager, found, "confirmed")
    work()
    assert stored(found)["state"] == "qualified"


def test_a_difference_that_no_manager_may_or_will_settle_goes_to_somebody_else(found, desks, travel):
    """The only manager of a county may have been one of the two who differ."""
    decided(desks.at(BUREAU), found, "confirmed")
    wait(travel, "2026-11-25", "2026-11-27")
    decided(desks.manager, found, "not_confirmed", value={"household.in_district": False})
    work()
    assert affairs.move(desks.manager, case_of(found), "claim", status=422)["code"] == "case_same_person"
    wait(travel, "2026-12-01", "2026-12-03", "2026-12-08")
    officer = desks.at(DATA_UNIT, "privacy_officer")
    assert [one["id"] for one in affairs.inbox(officer)] == [case_of(found)]
    decided(officer, found, "confirmed")
    work()
    assert stored(found)["state"] == "qualified"
