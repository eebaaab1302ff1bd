"""A refusal that an appeal overturns: tier and priorities come from the rules of the round, on what was corrected."""

import pytest
from bson import ObjectId

from models.school import decide, district, judging, review
from tests.school import review_kit
from tests.school.after_kit import MINI
from tests.school.apply_kit import BUREAU, ELSEWHERE, OWN, ROUND, sent
from tests.school.review_kit import Desks, applied, stored, work
from tests.school.test_appeal_open import TEXT
from tests.support import affairs

RULE = "第3条"
GUARDIAN = "household.with_guardian"


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def desks(client, seeded):
    review_kit.open_round()
    return Desks(client)


@pytest.fixture
def refused(client, sandbox, box, desks):
    """A family with household and home in one district, refused because nobody believed who the guardian is."""
    family = review_kit.family(client, sandbox, box)
    found = applied(family, "guardianship")
    told = {GUARDIAN: False}
    desks.settle(found, "guardianship", "not_confirmed", value=told)
    work()
    before = stored(found)
    assert before["state"] == "refused"
    assert not {"tier", "priorities"} & before.keys()
    return family, found


@pytest.fixture
def case(refused):
    family, found = refused
    return sent(
        family.phone.post(f"{MINI}/applications/{found['id']}/appeals", {"what": "refusal", "text": TEXT}), 201
    )["id"]


def decided(desks, case, status=200, **value):
    other = desks.at(BUREAU, "school_manager", "2")
    affairs.move(other, case, "claim")
    return affairs.decide(other, case, "overturned", status=status, rule=RULE, value=value or None)


def standing(found) -> tuple:
    told = stored(found)
    return told["state"], told.get("tier"), {code: told.get("priorities", {}).get(code) for code in OWN}


def test_the_officer_names_what_was_wrong_and_the_rules_give_tier_and_priorities(refused, desks, case):
    _, found = refused
    decided(desks, case, **{GUARDIAN: True})
    assert standing(found) == ("qualified", 1, dict.fromkeys(OWN, 109))
    after = stored(found)
    assert (after["reserve"], after["decision"]["rule_number"]) == ("1", RULE)
    assert decide.replay(after)


def test_priorities_are_those_that_a_decision_would_have_given(refused, desks, case):
    _, found = refused
    decided(desks, case, **{GUARDIAN: True})
    after = stored(found)
    told = judging.judge(after, review.find(ObjectId(found["id"])), corrected={GUARDIAN: True})
    assert after["priorities"] == told.priorities
    assert after["priorities"].keys() > set(OWN), "a place by coordination needs one too"


def test_a_tier_alone_is_enough_and_priorities_follow_from_it(refused, desks, case):
    _, found = refused
    decided(desks, case, tier=4)
    assert standing(found) == ("qualified", 4, dict.fromkeys(OWN, 409))


def test_without_a_value_the_rules_decide_on_what_the_review_left(refused, desks, case):
    _, found = refused
    decided(desks, case)
    assert standing(found) == ("qualified", 3, dict.fromkeys(OWN, 309))


def test_a_district_may_be_corrected_too(refused, desks, case):
    _, found = refused
    other = next(one for one in district.of_round(ROUND) if ELSEWHERE in one["schools"])
    decided(desks, case, district=other["code"], **{GUARDIAN: True})
    after = stored(found)
    assert after["priorities"][OWN[0]] >= 900
    assert after["priorities"][ELSEWHERE] < 900


def test_tier_and_priorities_as_they_are_written_still_count(refused, desks, case):
    _, found = refused
    decided(desks, case, tier=2, priorities={OWN[0]: 201, OWN[1]: 205})
    assert standing(found) == ("qualified", 2, {OWN[0]: 201, OWN[1]: 205})


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"household.color": "red"}, "school_point_value_wrong"),
        ({GUARDIAN: "yes"}, "school_point_value_wrong"),
        ({"district": "nowhere"}, "school_point_value_wrong"),
        ({"tier": 0}, "school_appeal_tier"),
        ({"tier": 2, "priorities": {OWN[0]: 201}}, "school_appeal_tier"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(refused, desks, case, value, code):
    _, found = refused
    assert decided(desks, case, 422, **value)["code"] == code
    assert standing(found)[:2] == ("refused", None)


def test_facts_on_which_the_rules_still_say_no_do_not_qualify(refused, desks, case):
    _, found = refused
    told = decided(desks, case, 422, **{"household.in_county": False, "property.in_district": False})
    assert told["code"] == "school_appeal_tier"
    assert "按规则仍未达到条件" in told["fields"]["value"][0]
    assert standing(found)[:2] == ("refused", None)
