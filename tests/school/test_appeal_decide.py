"""What a decision on an appeal changes, in one transaction: the application, its place, the plan, the line."""

import pytest

from backend import clock
from models.affairs.case import Case
from models.audit.entry import AuditEntry
from models.school import appeal, offer, offer_make, waiting
from models.school.appeal import SchoolAppeal
from models.school.application import SchoolApplication
from models.school.round import SchoolRound
from tests.school.after_kit import (
    MINI,
    OFFICE,
    ROUND,
    A,
    B,
    C,
    Published,
    exact,
    family,
    manager,
    of,
    resident,
    standing,
    states,
)
from tests.school.test_appeal_open import appeal as ask
from tests.school.test_appeal_open import refused
from tests.support import affairs, queues

RULE = "RX-2027-3.2"


@pytest.fixture
def ours(client, seeded, sandbox):
    """A full round: A admitted priorities up to 201, B up to 101; two wait for each."""
    made = Published({A: 2, B: 1, C: 1})
    made.placed(A, at=A, lot=1)
    made.placed(A, at=A, lot=2, priority=201)
    made.placed(B, at=B, lot=3)
    made.placed(A, at="", lot=4, priority=201)
    made.placed(B, at="", lot=5)
    made.placed(C, at=C, lot=6, priority=301)
    return family(client, sandbox), made.offers(), manager(client)


def decided(bureau, case, outcome, *, status=200, rule=RULE, **value):
    affairs.move(bureau, case, "claim")
    more = {"rule": rule} | ({"value": value} if value else {})
    return affairs.decide(bureau, case, outcome, status=status, **more)


def plan(made, school):
    found = made.plan(school)
    return found["places"], found["taken"], found.get("over", 0)


class TestWonAgainstARefusal:
    def test_brings_a_place_above_the_plan_where_the_priority_would_have_been_admitted(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, A, B)
        case = ask(phone, mine).json["id"]
        decided(bureau, case, "overturned", tier=2, priorities={A: 201, B: 902})
        found = SchoolApplication._get_collection().find_one({"_id": mine})
        assert (found["state"], found["tier"], found["reserve"]) == ("qualified", 2, "2")
        assert found["decision"]["rule_number"] == RULE
        assert states(mine) == {A: "offered"}
        assert (of(mine)["kind"], of(mine)["over"], plan(made, A)) == ("appeal", True, (3, 3, 1))
        (line,) = AuditEntry._get_collection().find({"action": "seat_plan.over"})
        assert line["actor"] == bureau.actor().key
        exact(made)

    def test_takes_a_free_place_where_there_is_one(self, ours):
        phone, made, bureau = ours
        made.school("school_d", 3)
        mine = refused(made, phone, "school_d")
        decided(bureau, ask(phone, mine).json["id"], "overturned", tier=3, priorities={"school_d": 301})
        assert ("over" in of(mine), plan(made, "school_d")) == (False, (3, 1, 0))

    def test_goes_to_the_lower_choice_that_would_have_admitted_it_and_waits_for_the_higher(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, B, A)
        decided(bureau, ask(phone, mine).json["id"], "overturned", tier=2, priorities={B: 201, A: 201})
        assert states(mine) == {A: "offered"}
        assert mine in [one.application for one in waiting.ranked(made.found(), B)]

    def test_waits_by_its_priority_where_no_choice_would_have_admitted_it(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, B)
        decided(bureau, ask(phone, mine).json["id"], "overturned", tier=1, priorities={B: 102})
        assert states(mine) == {}
        assert [one.application for one in waiting.ranked(made.found(), B)][-1] == mine
        (told,) = phone.get(f"{MINI}/applications/{mine}/waiting").json["items"]
        assert (told["position"], told["total"]) == (2, 2)

    def test_keeps_the_tier_that_the_review_had_found_where_the_decision_says_none(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, A)
        decided(bureau, ask(phone, mine).json["id"], "overturned")
        assert states(mine) == {A: "offered"}

    def test_needs_a_tier_and_priorities_from_somewhere(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, A, priorities={}, tier=None)
        case = ask(phone, mine).json["id"]
        affairs.move(bureau, case, "claim")
        for value in ({}, {"tier": 2}, {"tier": 2, "priorities": {B: 1}}, {"tier": True, "priorities": {A: 1}},
                      {"tier": 1, "priorities": {A: "1"}}, {"tier": 1, "priorities": [1]}, {"tier": 99}):  # fmt: skip
            told = affairs.decide(bureau, case, "overturned", status=422, rule=RULE, value=value or None)
            assert told["code"] == "school_appeal_tier", value
        assert SchoolApplication._get_collection().find_one({"_id": mine})["state"] == "refused"

    def test_before_the_publication_only_qualifies(self, ours):
        phone, made, bureau = ours
        SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}, "$unset": {"draw": ""}})
        mine = refused(made, phone, A)
        decided(bureau, ask(phone, mine).json["id"], "overturned")
        assert SchoolApplication._get_collection().find_one({"_id": mine})["state"] == "qualified"
        assert states(mine) == {}

    def test_the_place_above_the_plan_goes_when_it_is_given_up(self, ours):
        phone, made, bureau = ours
        mine = refused(made, phone, A)
        decided(bureau, ask(phone, mine).json["id"], "overturned")
        assert plan(made, A) == (3, 3, 1)
        assert phone.post(f"{MINI}/offers/{of(mine)['_id']}/decline").status_code == 200
        queues.drain("affairs")
        assert plan(made, A) == (2, 2, 0)
        exact(made)


class TestWonAgainstAResult:
    def test_brings_the_school_it_was_about_beside_the_place_that_the_family_has(self, ours):
        phone, made, bureau = ours
        made.school("school_d", 1)
        mine = made.placed(A, "school_d", at="school_d", lot=50, phone=phone)
        offer_make.ensure(mine)
        case = ask(phone, mine, "result", school=A).json["id"]
        decided(bureau, case, "overturned")
        assert states(mine) == {"school_d": "offered", A: "offered"}
        assert phone.post(f"{MINI}/offers/{of(mine, A)['_id']}/accept").json["state"] == "accepted"
        assert states(mine) == {"school_d": "released", A: "accepted"}
        assert plan(made, A) == (3, 3, 1)
        exact(made)

    def test_is_not_sent_back_to_review(self, ours):
        phone, made, bureau = ours
        mine = made.placed(A, at="", lot=50, phone=phone)
        case = ask(phone, mine, "result", school=A).json["id"]
        told = decided(bureau, case, "sent_back", status=422)
        assert told["code"] == "school_result_not_sent_back"
        assert Case._get_collection().find_one({"number": {"$gte": "RXSS"}})["state"] == "open"


def test_upheld_changes_nothing_and_gives_the_written_reason(ours):
    phone, made, bureau = ours
    mine = refused(made, phone, A)
    case = ask(phone, mine).json["id"]
    assert decided(bureau, case, "upheld", status=422, rule=" ")["code"] == "school_appeal_rule"
    affairs.decide(bureau, case, "upheld", rule=RULE)
    shown = phone.get(f"/mini/v1/cases/{case}").json
    assert (shown["state"], shown["decisions"][0]["rule"]) == ("closed", RULE)
    assert shown["decisions"][0]["reason"]
    assert SchoolApplication._get_collection().find_one({"_id": mine})["state"] == "refused"
    assert appeal.of_application(mine)[0]["state"] == "upheld"
    assert ask(phone, mine).json["code"] == "school_appealed_before"


def test_sent_back_goes_to_review_again_with_what_was_doubted(ours):
    phone, made, bureau = ours
    point = {"code": "residence", "unit": "x", "why": ["no_fact"], "facts": [], "state": "refused"}
    mine = refused(made, phone, A, points=[{**point, "code": "household", "state": "confirmed"}, point])
    decided(bureau, ask(phone, mine).json["id"], "sent_back")
    found = SchoolApplication._get_collection().find_one({"_id": mine})
    assert (found["state"], found["outbox"][-1]["task"]) == ("submitted", "school.review_begin")
    assert "decision" not in found
    assert [(one["code"], one["state"]) for one in found["points"]] == [
        ("household", "confirmed"),
        ("residence", "open"),
    ]
    assert "reopened" in found["points"][1]["why"]


def test_sent_back_without_a_doubt_is_looked_at_by_two(ours):
    phone, made, bureau = ours
    mine = refused(made, phone, A)
    decided(bureau, ask(phone, mine).json["id"], "sent_back")
    found = SchoolApplication._get_collection().find_one({"_id": mine})
    assert [(one["code"], one["state"]) for one in found["points"]] == [("double", "open")]


def test_a_second_refusal_is_another_decision_that_may_be_appealed(ours):
    phone, made, bureau = ours
    mine = refused(made, phone, A)
    decided(bureau, ask(phone, mine).json["id"], "sent_back")
    now = clock.now()
    told = {
        "$set": {"state": "refused", "decided_at": now, "decision": {"outcome": "refused", "at": now}, "outbox": []}
    }
    SchoolApplication._get_collection().update_one({"_id": mine}, told)
    assert ask(phone, mine).status_code == 201


def test_a_family_answers_a_question_and_the_clock_gives_the_days_back(ours):
    phone, made, bureau = ours
    mine = refused(made, phone, A)
    case = ask(phone, mine).json["id"]
    affairs.move(bureau, case, "claim")
    affairs.move(bureau, case, "ask", {"text": "请补充居住证照片"})
    assert phone.get(f"/mini/v1/cases/{case}").json["waits_for_me"] is True
    answered = phone.post(f"/mini/v1/cases/{case}/answer", {"text": "已补充", "attachments": []})
    assert answered.status_code == 200
    affairs.decide(bureau, case, "overturned", rule=RULE)
    assert states(mine) == {A: "offered"}


def test_the_whole_story_from_the_refusal_to_school(ours, client):
    phone, made, bureau = ours
    mine = refused(made, phone, A, B)
    case = ask(phone, mine).json["id"]
    decided(bureau, case, "overturned", tier=2, priorities={A: 201, B: 902})
    offered = phone.get(f"{MINI}/applications/{mine}/offers").json["items"][0]
    assert (offered["kind_zh"], offered["state"]) == ("申诉后录取", "offered")
    assert phone.post(f"{MINI}/offers/{offered['id']}/accept").status_code == 200
    assert phone.get(f"{MINI}/offers/{offered['id']}/notice.pdf").data.startswith(b"%PDF")
    school = affairs.seat(client, "school_clerk", unit="unit_school_a")
    assert school.post(f"{OFFICE}/offers/{offered['id']}/enrol").json["state"] == "enrolled"
    board = bureau.get(f"{OFFICE}/rounds/{ROUND}/board").json
    assert board["appeals"] == {"appeals": 1, "appeals_open": 0, "appeals_won": 1}
    assert (
        standing(A),
        SchoolAppeal._get_collection().find_one({"guardian": resident(phone).person_id})["outcome_school"],
    ) == (3, A)
    assert [one["state"] for one in offer.of_application(mine)] == ["enrolled"]
