"""The rule when inputs disagree, as a table over every combination of kinds, fresh or stale, near or far apart."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from models.crowd.fuse import Count, decide, stale_after
from models.crowd.level import day_level, next_level, percent
from models.crowd.thresholds import Thresholds

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
FIGURES = Thresholds(
    amber=80,
    red=100,
    amber_back=70,
    red_back=90,
    stop_level="red",
    gate_stale=timedelta(minutes=20),
    camera_stale=timedelta(minutes=5),
    parking_stale=timedelta(minutes=15),
    drift=10,
    alarm=20,
    alarm_after=timedelta(minutes=10),
    tolerance=20,
    people_per_car=2.8,
    reset_grace=timedelta(minutes=60),
    reset_hour=4,
    history_days=1095,
)
FRESH = NOW - timedelta(minutes=1)


def told(**counts):
    return decide({kind: Count(inside, FRESH) for kind, inside in counts.items()}, NOW, FIGURES)


CASES = [
    # what each kind says, the number, whose it is, apart
    ({}, None, "", 0),
    ({"gate": 500}, 500, "gate", 0),
    ({"camera": 500}, 500, "camera", 0),
    ({"flow": 500}, 500, "flow", 0),
    ({"headcount": 500}, 500, "headcount", 0),
    ({"parking": 500}, 500, "parking", 0),
    ({"gate": 500, "camera": 540}, 500, "gate", 7),
    ({"gate": 540, "camera": 500}, 540, "gate", 7),
    ({"gate": 500, "camera": 600}, 600, "camera", 17),
    ({"gate": 600, "camera": 500}, 600, "gate", 17),
    ({"gate": 500, "flow": 700}, 700, "flow", 29),
    ({"gate": 500, "flow": 505, "camera": 900}, 900, "camera", 44),
    ({"gate": 500, "flow": 900, "camera": 505}, 900, "flow", 44),
    ({"gate": 500, "parking": 2000}, 500, "gate", 75),
    ({"gate": 500, "parking": 520}, 500, "gate", 0),
    ({"gate": 500, "camera": 505, "parking": 2000}, 500, "gate", 0),
    ({"camera": 500, "flow": 700}, 700, "flow", 0),
    ({"camera": 500, "parking": 9000}, 500, "camera", 0),
    ({"gate": 5, "camera": 20}, 5, "gate", 0),
    ({"gate": 0, "camera": 0}, 0, "gate", 0),
    ({"gate": -5}, 0, "gate", 0),
    ({"gate": -300}, None, "", 100),
    ({"gate": -300, "camera": 40}, 40, "camera", 100),
    ({"flow": -300, "gate": 90}, 90, "gate", 100),
    ({"gate": -300, "parking": 40}, 40, "parking", 100),
]


@pytest.mark.parametrize(("counts", "number", "basis", "apart"), CASES)
def test_the_number_follows_the_written_rule(counts, number, basis, apart):
    found = told(**counts)
    assert (found.number, found.basis, round(found.apart)) == (number, basis, apart)


KINDS = ("gate", "flow", "headcount", "camera", "parking")
SAYS = {"gate": 500, "flow": 620, "headcount": 300, "camera": 800, "parking": 5000}


@pytest.mark.parametrize("states", itertools.product(("absent", "fresh", "stale"), repeat=len(KINDS)))
def test_over_all_combinations_only_fresh_kinds_are_heard_and_the_number_is_one_of_theirs(states):
    counts = {}
    for kind, one in zip(KINDS, states, strict=True):
        if one != "absent":
            old = stale_after(kind, FIGURES) + timedelta(seconds=1)
            counts[kind] = Count(SAYS[kind], FRESH if one == "fresh" else NOW - old)
    found = decide(counts, NOW, FIGURES)
    fresh = {kind for kind, one in zip(KINDS, states, strict=True) if one == "fresh"}
    trusted = fresh - {"parking"}
    assert set(found.kinds) == fresh
    if not fresh:
        assert (found.number, found.at) == (None, None)
    elif not trusted:
        assert (found.number, found.basis) == (5000, "parking")
    elif trusted == {"gate"}:
        assert (found.number, found.basis) == (500, "gate")
    else:  # all others are more than a tenth away from the gates
        assert found.number == max(SAYS[kind] for kind in trusted)
    assert (found.apart > 0) == ("gate" in fresh and len(fresh) > 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_heard_until_the_very_minute_at_which_it_is_stale(kind):
    edge = NOW - stale_after(kind, FIGURES)
    assert decide({kind: Count(7, edge)}, NOW, FIGURES).number == 7
    assert decide({kind: Count(7, edge - timedelta(milliseconds=1))}, NOW, FIGURES).number is None


@pytest.mark.parametrize(
    ("current", "load", "wanted"),
    [
        ("green", 79.9, "green"),
        ("green", 80, "amber"),
        ("green", 100, "red"),
        ("amber", 79, "amber"),
        ("amber", 70, "amber"),
        ("amber", 69.9, "green"),
        ("amber", 100, "red"),
        ("red", 99, "red"),
        ("red", 90, "red"),
        ("red", 89.9, "amber"),
        ("red", 75, "amber"),
        ("red", 69, "green"),
    ],
)
def test_a_level_is_reached_at_once_and_left_only_below_the_figure_for_coming_back(current, load, wanted):
    assert next_level(current, load, FIGURES) == wanted


def test_the_days_entries_have_no_way_back():
    assert [day_level(load, FIGURES) for load in (79, 80, 99.9, 100)] == ["green", "amber", "amber", "red"]


def test_a_limit_of_nobody_is_always_reached():
    assert percent(0, 0) == 100
