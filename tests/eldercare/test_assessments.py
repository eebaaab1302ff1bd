"""Assessments: every total has one grade, a grade falls once, and what was scored can be scored again."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import clock
from models.eldercare import assessment, record, scoring, tool_checking, yearly_check
from tests.eldercare import knowing_kit as kit
from tests.support import affairs

TOOLS = json.loads((Path(__file__).parents[2] / "seed/county/health_tools.json").read_text())["tools"]
SELF_CARE = next(one for one in TOOLS if one["code"] == "self_care")
ABILITY = next(one for one in TOOLS if one["code"] == "ability")
NAMES = ("meal", "washing", "dressing", "toilet", "activity")
ABLE = dict.fromkeys(NAMES, "able")
BEST = {one["code"]: one["options"][0]["code"] for one in ABILITY["content"]["items"]}


def self_care(**answers):
    return scoring.score(SELF_CARE, ABLE | answers, {})


@pytest.mark.parametrize(
    ("answers", "total", "grade"),
    [
        ({}, 0, "able"),
        ({"meal": "partial"}, 3, "able"),
        ({"meal": "partial", "toilet": "slight"}, 4, "slight"),
        ({"washing": "unable", "toilet": "slight"}, 8, "slight"),
        ({"meal": "partial", "washing": "slight", "toilet": "partial"}, 9, "moderate"),
        ({"meal": "unable", "washing": "partial", "toilet": "unable"}, 18, "moderate"),
        ({"toilet": "unable", "activity": "unable"}, 20, "unable"),
        ({"washing": "partial", "toilet": "unable", "meal": "unable", "activity": "slight"}, 19, "unable"),
        (dict.fromkeys(NAMES, "unable"), 37, "unable"),
    ],
)
def test_self_care_on_both_sides_of_each_boundary(answers, total, grade):
    told = self_care(**answers)
    assert (told.total, told.grade) == (total, grade)


def test_every_answer_of_self_care_has_one_grade_and_every_total_up_to_thirty_seven():
    options = [[option["code"] for option in one["options"]] for one in SELF_CARE["content"]["items"]]
    for chosen in itertools.product(*options):
        told = scoring.score(SELF_CARE, dict(zip(NAMES, chosen, strict=True)), {})
        assert told.grade == _grade(told.total)
    for total in range(38):
        assert len([one for one in SELF_CARE["content"]["grades"] if one["from"] <= total <= one["to"]]) == 1


def _grade(total):
    return "able" if total <= 3 else "slight" if total <= 8 else "moderate" if total <= 18 else "unable"


def test_the_ability_table_has_twenty_six_items_and_ninety_points_in_four_groups():
    items = ABILITY["content"]["items"]
    told = scoring.score(ABILITY, BEST, {})
    assert len(items) == 26
    assert (told.total, told.grade) == (90, "intact")
    assert dict(told.groups) == {"self_care": 32, "movement": 15, "mental": 28, "social": 15}
    assert tool_checking.reachable(items) == list(range(91))


def _ability(total, **signs):
    """Return the score of answers that lose points item by item until the total is reached."""
    answers, left = dict(BEST), 90 - total
    for one in ABILITY["content"]["items"]:
        most = int(one["options"][0]["points"])
        lost = min(most, left)
        answers[one["code"]], left = str(most - lost), left - lost
    return scoring.score(ABILITY, answers, signs)


BY_TOTAL = [
    (90, "intact"),
    (89, "slight"),
    (66, "slight"),
    (65, "moderate"),
    (46, "moderate"),
    (45, "severe"),
    (30, "severe"),
    (29, "unable"),
    (0, "unable"),
]


@pytest.mark.parametrize(("total", "grade"), BY_TOTAL)
def test_ability_on_both_sides_of_each_boundary(total, grade):
    assert (_ability(total).total, _ability(total).grade) == (total, grade)


@pytest.mark.parametrize(
    "signs", [{"mental_diagnosis": True}, {"risk_events": 2}, {"mental_diagnosis": True, "risk_events": 9}]
)
@pytest.mark.parametrize(
    ("total", "grade"), [(90, "slight"), (70, "moderate"), (50, "severe"), (40, "unable"), (10, "unable")]
)
def test_however_many_signs_the_grade_falls_once(total, grade, signs):
    told = _ability(total, **signs)
    assert told.grade == grade
    assert told.by_total == _ability(total).grade


def test_one_risk_event_alone_lowers_nothing():
    assert _ability(90, risk_events=1).grade == "intact"


def test_a_coma_is_the_gravest_grade_and_contradicts_being_awake():
    answers = BEST | {"consciousness": "0"}
    told = scoring.score(ABILITY, answers, {"coma": True, "mental_diagnosis": True})
    assert (told.total, told.by_total, told.grade) == (88, "slight", "unable")
    assert "昏迷" in told.sentence_zh
    with pytest.raises(scoring.AnswersWrong) as refused:
        scoring.score(ABILITY, BEST, {"coma": True})
    assert list(refused.value.fields) == ["signs.coma"]


@given(st.fixed_dictionaries({one["code"]: st.sampled_from(one["options"]) for one in ABILITY["content"]["items"]}))
def test_any_answers_of_ability_sum_to_their_points(chosen):
    told = scoring.score(ABILITY, {code: option["code"] for code, option in chosen.items()}, {})
    assert told.total == sum(option["points"] for option in chosen.values()) == sum(told.groups.values())


def body(**more):
    now = clock.civil(clock.now()).isoformat(timespec="seconds")
    return {"tool": "self_care", "at": now, "answers": ABLE | {"toilet": "slight", "meal": "partial"}} | more


def test_the_doctor_fills_an_assessment_and_reads_it_back_with_version_and_sentence(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    answer = doctor.post(kit.url(who, "/assessments"), body())
    assert answer.status_code == 201, answer.json
    made = answer.json
    assert (made["tool"], made["tool_version"], made["total"], made["grade"]) == ("self_care", 1, 4, "slight")
    assert made["sentence_zh"] == "老年人生活自理能力评估表共4分,为轻度依赖。"
    assert doctor.get(kit.url(who, "/assessments")).json["items"] == [made]


def test_answers_lie_sealed_and_the_score_can_be_made_again(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    doctor.post(kit.url(who, "/assessments"), body())
    (stored,) = record.listed(who["_id"], "assessment")
    assert b"toilet" not in stored["content"]
    assert stored["result"]["total"] == assessment.again(stored).total == 4


@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"answers": {"meal": "able"}}, 400, "health_answers_wrong", "answers.washing"),
        ({"answers": ABLE | {"meal": "maybe"}}, 400, "health_answers_wrong", "answers.meal"),
        ({"answers": ABLE | {"dancing": "able"}}, 400, "health_answers_wrong", "answers.dancing"),
        ({"signs": {"coma": True}}, 400, "health_answers_wrong", "signs.coma"),
        ({"tool": "ability", "answers": BEST, "signs": {"risk_events": "two"}}, 400, "health_answers_wrong", None),
        ({"tool": "ability", "answers": BEST, "signs": {"risk_events": True}}, 400, "health_answers_wrong", None),
        ({"tool": "ability", "answers": BEST, "signs": {"risk_events": -1}}, 400, "health_answers_wrong", None),
        ({"tool": "news2"}, 422, "health_not_an_assessment", None),
        ({"tool": "unheard_of"}, 422, "health_tool_unknown", None),
        ({"at": "2027-01-01T09:00:00+08:00"}, 422, "health_measured_in_future", None),
        ({"at": "1999-01-01T09:00:00+08:00"}, 422, "health_tool_unknown", None),
    ],
)
def test_what_cannot_be_scored_is_refused_and_leaves_nothing(client, seeded, change, status, code, field):
    who, doctor = kit.elder(), kit.doctor(client)
    answer = doctor.post(kit.url(who, "/assessments"), body(**change))
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert field is None or field in answer.json["fields"]
    assert record.listed(who["_id"], "assessment") == []


def test_an_assessment_fills_its_item_of_the_open_yearly_check(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    yearly_check.put(doctor.actor(), who["_id"], clock.today().year, [])
    doctor.post(kit.url(who, "/assessments"), body())
    assert "self_care" in yearly_check.read(who["_id"], clock.today().year)["items"]


def test_an_elder_of_another_doctor_is_not_there(client, seeded):
    who, other = kit.elder(), kit.doctor(client, kit.OTHER)
    assert other.post(kit.url(who, "/assessments"), body()).status_code == 404
    for path in ("/assessments", "/findings", "/screen", "/ranges", "/programmes", "/checks"):
        assert other.get(kit.url(who, path)).status_code == 404, path


def test_who_watches_alerts_alone_reads_no_assessments(client, seeded):
    duty = affairs.seat(client, "health_duty", unit=kit.CLINIC)
    assert duty.get(kit.url(kit.elder(), "/assessments")).status_code == 403
