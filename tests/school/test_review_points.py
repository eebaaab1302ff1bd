"""Which points a person must check, and why; what a reviewer may tell the rules."""

from types import SimpleNamespace

import pytest

from models.school import points, told_facts
from models.school.points import UNITS
from models.school.told_facts import TellWrong
from tests.school.review_kit import Told, known, said

ROUND = {"_id": "2027-primary"}
HERE = SimpleNamespace(districts=("d1",), certain=True, distance_m=400.0)
BASIS = {"basis": {"kind": "household", "fact_id": "1" * 24}}


def needed(told: Told, form=None, located=HERE) -> dict[str, list[str]]:
    found = points.needed(ROUND, told, told, BASIS | (form or {}), located)
    assert all(one["unit"] == UNITS[one["code"]] and one["state"] == "open" for one in found)
    return {one["code"]: one["why"] for one in found}


def test_where_the_registers_agree_nobody_checks_anything():
    assert needed(known()) == {}


@pytest.mark.parametrize(
    ("fact", "point"),
    [
        ("household.in_county", "household"),
        ("child.birth_date", "household"),
        ("property.family_share", "property"),
        ("residence.permit", "residence"),
        ("insurance.months", "insurance"),
        ("business.operating", "business"),
    ],
)
def test_a_fact_that_a_rule_misses_is_a_point_of_the_unit_that_keeps_it(fact, point):
    assert needed(known(fact)) == {point: ["away"]}


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("no_record", "silent"),
        ("no_answer", "away"),
        ("stale", "away"),
        ("contradicted", "contradicted"),
        ("two_households", "contradicted"),
        ("disputed", "disputed"),
        ("no_birth", "unknown"),
    ],
)
def test_why_a_register_did_not_say_it_is_named(reason, why):
    assert needed(known("household.in_county", why=reason)) == {"household": [why]}


def test_a_fact_that_no_rule_misses_is_no_point():
    told = Told(known("property.family_share").facts, {"property.family_share": "no_answer"}, missing=())
    assert needed(told) == {}


def test_a_privilege_that_no_register_shows_is_checked_only_where_its_register_is_in_doubt():
    assert needed(known("child.disability", why="no_record")) == {}
    assert needed(known("child.looked_after", why="no_register")) == {}
    assert needed(known("child.disability", why="disputed")) == {"double": ["disputed"]}


@pytest.mark.parametrize(
    ("guardian", "reason", "why"),
    [(False, "", "guardian_not_shown"), (None, "no_record", "guardian_not_shown"), (None, "no_answer", "away")],
)
def test_a_guardian_whom_the_household_does_not_show_is_checked_at_the_bureau(guardian, reason, why):
    assert needed(known(guardian=guardian, why=reason)) == {"guardianship": [why]}


@pytest.mark.parametrize(
    ("located", "why"),
    [
        (None, "no_district"),
        (SimpleNamespace(districts=(), certain=False, distance_m=None), "no_district"),
        (SimpleNamespace(districts=("d1",), certain=False, distance_m=12.0), "near_border"),
        (SimpleNamespace(districts=("d1", "d2"), certain=False, distance_m=250.0), "rule_and_polygon"),
        (SimpleNamespace(districts=("d1",), certain=False, distance_m=None), "rule_and_polygon"),
    ],
)
def test_an_address_that_is_not_certain_goes_to_the_bureau(located, why):
    assert needed(known(), located=located) == {"address": [why]}


def test_a_home_that_lies_near_a_border_is_a_question_of_the_address_not_of_the_register():
    assert needed(known("property.in_district", why="near_border")) == {"address": ["near_border"]}


def test_what_a_family_says_by_hand_goes_to_the_unit_of_that_register():
    for code in UNITS:
        assert needed(known(), {"told": said(code)}) == {code: ["by_hand"]}
    assert needed(known(), {"basis": {"kind": "property", "address": "演示一街1号"}}) == {"property": ["by_hand"]}


def test_one_unit_is_asked_once_with_all_the_reasons():
    told = known("insurance.months", why="disputed")
    assert needed(told, {"told": said("insurance")}) == {"insurance": ["disputed", "by_hand"]}


def test_every_point_and_every_reason_has_words():
    assert set(points.POINT_ZH) == set(UNITS)
    assert set(points._WHY.values()) <= set(points.WHY_ZH)
    assert set(told_facts.KINDS) == set(told_facts.FACT_ZH)


def test_confirming_a_flag_says_yes_and_not_confirming_it_no():
    point = points.new("residence", "away", facts=["residence.permit"])
    assert told_facts.read(point, None, confirmed=True) == {"residence.permit": True}
    assert told_facts.read(point, None, confirmed=False) == {"residence.permit": False}
    said_otherwise = {"residence.permit": True, "residence.in_district": False}
    assert told_facts.read(point, said_otherwise, confirmed=True) == said_otherwise


def test_a_number_is_never_guessed():
    point = points.new("insurance", "away", facts=["insurance.months"])
    with pytest.raises(TellWrong) as refused:
        told_facts.read(point, None, confirmed=True)
    assert list(refused.value.fields) == ["value.insurance.months"]
    assert told_facts.read(point, {"insurance.months": 14}, confirmed=True) == {"insurance.months": 14}
    assert told_facts.read(point, None, confirmed=False) == {"insurance.months": 0}


@pytest.mark.parametrize(
    "value",
    [
        {"property.in_district": True},
        {"insurance.months": "14"},
        {"insurance.months": True},
        {"insurance.months": [14]},
        {"nothing": True},
        {"district": "d1"},
    ],
)
def test_a_reviewer_tells_nothing_but_the_facts_of_the_own_point(value):
    with pytest.raises(TellWrong):
        told_facts.read(points.new("insurance", "by_hand"), value, confirmed=True)


def test_a_birth_date_that_is_not_confirmed_stays_unknown():
    point = points.new("household", "contradicted", facts=["child.birth_date"])
    assert told_facts.read(point, None, confirmed=False) == {}


def test_two_persons_who_do_not_confirm_say_which_fact_is_wrong():
    with pytest.raises(TellWrong):
        told_facts.read(points.new("double", "sampled"), None, confirmed=False)
    told = {"household.in_district": False}
    assert told_facts.read(points.new("double", "sampled"), told, confirmed=False) == told
