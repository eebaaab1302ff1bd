"""NEWS2: the published table on both sides of each boundary, and never lower for who is further from normal."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.eldercare import finding, news2, personal_range, tool_checking
from models.eldercare.personal_range import Wanted
from tests.eldercare import knowing_kit as kit

TOOLS = json.loads((Path(__file__).parents[2] / "seed/county/health_tools.json").read_text())["tools"]
TABLE = next(one for one in TOOLS if one["code"] == "news2")
NORMAL = {
    "respiratory_rate": 16,
    "oxygen_saturation": 97,
    "systolic": 125,
    "heart_rate": 70,
    "temperature": 36.8,
}
ALERT = {"oxygen": False, "consciousness": "alert"}


def score(context=ALERT, **changed):
    return news2.score(TABLE, NORMAL | changed, context)


def test_normal_vital_signs_score_nothing():
    assert (score().total, score().is_complete, score().assumed) == (0, True, ())


POINTS = {
    "respiratory_rate": {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3},
    "oxygen_saturation": {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0},
    "systolic": {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
    "heart_rate": {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
    "temperature": {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 37.5: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2},
}


@pytest.mark.parametrize(
    ("name", "value", "points"), [(n, v, p) for n, rows in POINTS.items() for v, p in rows.items()]
)
def test_each_band_of_the_published_table(name, value, points):
    assert score(**{name: value}).points[name] == points


ON_AIR = {83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 100: 0}
ON_OXYGEN = {83: 3, 84: 2, 86: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3}


@pytest.mark.parametrize(
    ("oxygen", "value", "points"),
    [(False, v, p) for v, p in ON_AIR.items()] + [(True, v, p) for v, p in ON_OXYGEN.items()],
)
def test_the_second_scale_of_the_saturation(oxygen, value, points):
    told = score({"oxygen": oxygen, "spo2_scale": 2, "consciousness": "alert"}, oxygen_saturation=value)
    assert told.points["oxygen_saturation"] == points
    assert told.points["oxygen"] == (2 if oxygen else 0)


@pytest.mark.parametrize("state", ["confusion", "voice", "pain", "unresponsive"])
def test_who_is_no_longer_alert_scores_three_and_is_seen_within_the_hour(state):
    told = score({"consciousness": state, "oxygen": False})
    assert (told.total, told.response["severity"]) == (3, "urgent")


@pytest.mark.parametrize(
    ("changed", "total", "severity"),
    [
        ({}, 0, "info"),
        ({"temperature": 39.1, "heart_rate": 111}, 4, "info"),
        ({"temperature": 39.1, "heart_rate": 111, "oxygen_saturation": 95}, 5, "urgent"),
        ({"systolic": 90}, 3, "urgent"),
        ({"temperature": 39.1, "heart_rate": 111, "respiratory_rate": 21}, 6, "urgent"),
        ({"temperature": 39.1, "heart_rate": 111, "respiratory_rate": 25}, 7, "emergency"),
    ],
)
def test_what_a_total_calls_for(changed, total, severity):
    told = score(**changed)
    assert (told.total, told.response["severity"]) == (total, severity)


def test_what_was_not_measured_makes_the_total_a_lower_bound():
    told = news2.score(TABLE, {"systolic": 88}, {})
    assert told.total == 3
    assert not told.is_complete
    assert told.assumed == ("oxygen", "consciousness")
    assert "至少3分" in told.sentence_zh
    assert "未测" in told.sentence_zh


SPANS = {
    "respiratory_rate": st.integers(2, 60),
    "oxygen_saturation": st.integers(60, 100),
    "systolic": st.integers(40, 280),
    "heart_rate": st.integers(20, 220),
    "temperature": st.integers(300, 430).map(lambda tenths: tenths / 10),
}
CENTRE = NORMAL | {"oxygen_saturation": 100}


def _context(scale, oxygen, consciousness):
    return {"spo2_scale": scale, "oxygen": oxygen, "consciousness": consciousness}


CONTEXTS = st.builds(_context, st.just(1), st.booleans(), st.sampled_from(["alert", "confusion"]))


@given(st.fixed_dictionaries(SPANS), CONTEXTS, st.sampled_from(sorted(SPANS)), st.data())
def test_moving_one_sign_away_from_normal_never_lowers_the_score(values, context, name, data):
    centre, here = CENTRE[name], values[name]
    low, high = (float(here), 500.0) if here >= centre else (-10.0, float(here))
    further = data.draw(st.floats(low, high))
    before, after = news2.score(TABLE, values, context), news2.score(TABLE, values | {name: further}, context)
    assert after.total >= before.total
    order = finding.SEVERITIES
    assert order.index(after.response["severity"]) >= order.index(before.response["severity"])


@given(st.integers(60, 100), st.integers(60, 100), st.booleans())
def test_on_the_second_scale_too_further_from_ninety_is_never_lower(one, other, oxygen):
    context, centre = _context(2, oxygen, "alert"), 90
    if (one - centre) * (other - centre) < 0:
        return
    near, far = sorted((one, other), key=lambda value: abs(value - centre))
    assert score(context, oxygen_saturation=far).total >= score(context, oxygen_saturation=near).total


def test_signs_measured_within_the_hour_are_scored_together_and_earlier_ones_are_not(seeded):
    who = kit.elder()
    kit.measure(who, respiratory_rate=22, ago=timedelta(minutes=90))
    kit.measure(who, oxygen_saturation=94, ago=timedelta(minutes=20))
    kit.measure(who, temperature=39.2, ago=timedelta(minutes=10))
    assert "news2" not in kit.rules_of(who)
    kit.measure(who, heart_rate=112)
    (found,) = [one for one in kit.findings(who) if one["rule"] == "news2"]
    assert found["inputs"]["total"] == 5
    assert found["inputs"]["missing"] == ["respiratory_rate", "systolic"]
    assert found["words"] == ["heart_rate", "oxygen_saturation", "temperature"]
    assert len(found["beside"]) == 2


def test_the_second_scale_counts_for_whom_a_doctor_says_so(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    kit.measure(who, oxygen_saturation=90)
    assert kit.rules_of(who) == ["news2"]
    told = Wanted("oxygen_saturation", 86, None, kit.in_days(90), "慢阻肺,二氧化碳潴留", 2)
    personal_range.put(doctor.actor(), who["_id"], told)
    kit.measure(who, oxygen_saturation=90)
    assert kit.rules_of(who) == ["news2"], "88 to 92 is where they ought to be"


def test_who_is_below_sixteen_is_not_scored(seeded):
    who = kit.elder("20120307")
    kit.measure(who, oxygen_saturation=88)
    assert kit.rules_of(who) == []


@pytest.mark.parametrize("told", TOOLS, ids=lambda one: f"{one['code']}:{one['version']}")
def test_every_seeded_table_gives_one_result_for_every_answer(told):
    assert tool_checking.errors_in(told["kind"], told["content"]) == {}


def test_a_table_with_a_gap_or_an_overlap_is_refused():
    rows = [{"to": 40, "points": 3}, {"to": 40, "points": 1}, {"points": 0}]
    wrong = json.loads(json.dumps(TABLE["content"]))
    wrong["bands"]["heart_rate"] = rows
    assert "content.bands.heart_rate" in tool_checking.errors_in("bands", wrong)
    self_care = json.loads(json.dumps(next(one for one in TOOLS if one["code"] == "self_care")["content"]))
    self_care["grades"][1]["from"] = 5
    assert "content.grades" in tool_checking.errors_in("choices", self_care)
    assert tool_checking.errors_in("choices", {"items": "x"}) == {
        "content": ["评分表的结构不完整,请对照现行版本填写。"]
    }
