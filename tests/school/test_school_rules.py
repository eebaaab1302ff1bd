"""The rules of the demonstration's year: who may apply, which tier, which priority, each by its article."""

from datetime import date
from fractions import Fraction

import pytest

from models.rules import evaluate
from models.rules.facts import Known

DAY = date(2027, 8, 31)
NO = (
    "household.in_county",
    "household.in_district",
    "household.with_guardian",
    "property.in_district",
    "property.residential",
    "property.grandparents_in_district",
    "residence.permit",
    "residence.in_district",
    "business.operating",
)


def facts(**told):
    plain = dict.fromkeys(NO, False) | {"household.head_relation": "other", "property.family_share": 0}
    plain |= {"insurance.months": 0} | {name.replace("__", "."): value for name, value in told.items()}
    return {name: Known(value) for name, value in plain.items() if value is not None}


def decide(rule: str, **told):
    return evaluate.decide(f"school_primary_{rule}", facts(**told), day=DAY)


HOME = {"household__in_district": True, "household__with_guardian": True, "household__head_relation": "child"}
HOUSE = {"property__in_district": True, "property__residential": True, "property__family_share": 1}


@pytest.mark.parametrize(
    ("born", "outcome"), [("2021-08-31", "yes"), ("2021-09-01", "no"), ("2019-01-01", "yes"), (None, "unknown")]
)
def test_a_child_is_six_by_the_rule_day(seeded, born, outcome):
    told = decide("eligible", child__birth_date=born and date.fromisoformat(born), household__in_county=True)
    assert told.outcome == outcome
    if outcome == "unknown":
        assert told.missing == ("child.birth_date",)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"household__in_county": True}, "yes"),
        ({"property__in_district": True}, "yes"),
        ({"residence__permit": True}, "yes"),
        ({"insurance__months": 6}, "yes"),
        ({"insurance__months": 5}, "no"),
        ({"business__operating": True}, "yes"),
        ({}, "no"),
    ],
)
def test_household_or_residence_ties_a_child_to_the_county(seeded, told, outcome):
    found = decide("eligible", child__birth_date=date(2021, 1, 1), **told)
    assert found.outcome == outcome
    assert [one["zh"].split(":")[0] for one in found.trace["below"]] == ["第1条", "第2条"]


@pytest.mark.parametrize(
    ("told", "tier"),
    [
        ({**HOME, **HOUSE}, 1),
        ({**HOME, **HOUSE, "property__family_share": 0.51}, 1),
        ({**HOME, **HOUSE, "property__family_share": 0.5}, 5),
        ({**HOME, **HOUSE, "property__residential": False}, 5),
        ({**HOME, **HOUSE, "household__with_guardian": False}, 3),
        ({**HOME, **HOUSE, "household__head_relation": "grandchild"}, 3),
        ({"household__in_district": True, "property__grandparents_in_district": True}, 2),
        (HOUSE, 3),
        ({"residence__permit": True}, 4),
        ({"insurance__months": 6}, 4),
        ({"business__operating": True}, 4),
        ({"insurance__months": 5}, 5),
        (HOME, 5),
        ({}, 5),
    ],
)
def test_each_tier_follows_from_its_article(seeded, told, tier):
    exact = {name: value if not isinstance(value, float) else _share(value) for name, value in told.items()}
    found = decide("tier", **exact)
    assert (found.outcome, found.values["tier"], found.values["article"]) == ("yes", tier, f"第{tier + 2}条")
    assert [one["zh"].split(":")[0] for one in found.trace["below"]] == [f"第{n}条" for n in range(3, 8)]


def _share(value: float) -> Fraction:

    return Fraction(str(value))


def test_a_tier_is_unknown_while_a_fact_for_a_better_one_is(seeded):
    found = decide("tier", **{**HOME, **HOUSE, "property__family_share": None})
    assert found.values.get("tier") is None
    assert found.missing == ("property.family_share",)


@pytest.mark.parametrize(
    ("told", "priority"),
    [
        ({"child__looked_after": True, "child__disability": True}, 1),
        ({"child__disability": True}, 2),
        ({"child__martyr_family": True}, 3),
        ({"guardian__serving_military": True}, 3),
        ({"guardian__veteran": True, "sibling__enrolled": True}, 3),
        ({"sibling__enrolled": True}, 4),
        ({"sibling__enrolled": False}, 9),
        ({}, 9),
    ],
)
def test_a_priority_is_proven_and_what_nobody_knows_is_none(seeded, told, priority):
    found = decide("priority", **told)
    assert (found.outcome, found.values["priority"]) == ("yes", priority)
    article = {1: 8, 2: 9, 3: 10, 4: 11, 9: 12}[priority]
    assert found.values["article"] == f"第{article}条"
