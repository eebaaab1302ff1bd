"""The 360 view: one timeline, one summary; for the elder in big type, for the family by their relation."""

import itertools
from datetime import date, timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.audit.access_line import AccessLine
from models.eldercare import observation, phrases, summary_parts, timeline_views, view
from models.eldercare.observation import HealthObservation, Measured
from models.eldercare.source import Source
from models.eldercare.summary_parts import Range
from models.eldercare.timeline_views import Wanted
from tests.eldercare import ground
from tests.support.phone import Phone

SUMMARY, TIMELINE = "/mini/v1/health/summary", "/mini/v1/health/timeline"


@pytest.fixture
def ranges(monkeypatch):
    """A range that somebody set for the systolic pressure of this elder."""
    told = {"systolic": Range(100, 150, personal=True, until="2027-05-20", because_zh="心内科建议")}
    monkeypatch.setattr(summary_parts, "_ranges", [lambda _subject, quantity: told.get(quantity)])


def parts(answer) -> dict[str, list[dict]]:
    assert answer.status_code == 200, answer.json
    return {one["name"]: one["items"] for one in answer.json["parts"]}


def lines_of(clerk_key: str) -> list[dict]:
    return list(AccessLine._get_collection().find({"who": clerk_key}).sort([("at", 1), ("_id", 1)]))


def test_the_summary_has_every_part_in_order_also_of_an_elder_without_data(doctor, elder):
    answer = doctor.get(f"{elder.path}/summary")
    assert [one["name"] for one in answer.json["parts"]] == list(summary_parts.NAMES)
    assert all(one["items"] == [] for one in answer.json["parts"])
    assert answer.json["phrases"] == [{"text_zh": "还没有测量记录", "tone": "calm"}]


def test_what_goes_on_what_happened_and_what_is_due_stand_in_their_parts(doctor, elder):
    due = date.fromordinal(clock.today().toordinal() + 30).isoformat()
    ground.recorded(doctor, elder, ground.said("condition", "高血压"))
    ground.recorded(doctor, elder, ground.said("medication", "氨氯地平", dosage_zh="5 毫克"))
    ground.recorded(doctor, elder, ground.said("care_plan", "控制血压", goals_zh=["低于 150/90"], due_on=due))
    ground.recorded(doctor, elder, ground.said("visit", "随访", outcome_zh="平稳"))
    ground.recorded(doctor, elder, ground.said("nursing", "上门换药", minutes=30, source="nursing"))
    told = parts(doctor.get(f"{elder.path}/summary"))
    assert {name: len(items) for name, items in told.items() if items} == {
        "problems": 1, "medication": 1, "care_plan": 1, "visits": 1, "services": 1, "next_due": 1,
    }  # fmt: skip
    assert told["medication"][0]["detail"] == {"dosage_zh": "5 毫克"}
    assert (told["next_due"][0]["due_on"], told["next_due"][0]["severity"]) == (due, "info")


def test_what_is_overdue_asks_for_attention(doctor, elder):
    due = date.fromordinal(clock.today().toordinal() - 1).isoformat()
    ground.recorded(doctor, elder, ground.said("visit", "量血压", due_on=due))
    (told,) = parts(doctor.get(f"{elder.path}/summary"))["next_due"]
    assert told["severity"] == "attention"


def test_a_value_outside_of_the_personal_range_says_so_in_numbers_and_in_words(doctor, elder, ranges):
    ground.observed(doctor, elder, ground.pressure(162, 88))
    answer = doctor.get(f"{elder.path}/summary")
    (vital,) = parts(answer)["vitals"]
    assert vital["ranges"] == [
        {
            "quantity": "systolic", "quantity_zh": "收缩压", "personal": True, "outside": "high", "low": 100,
            "high": 150, "until": "2027-05-20", "because_zh": "心内科建议",
        }
    ]  # fmt: skip
    assert answer.json["phrases"] == [{"text_zh": "血压偏高,请按时吃药", "tone": "attention"}]


def test_the_elder_reads_short_lines_and_no_line_of_the_own_look_is_kept(client, sandbox, doctor, elder, ranges):
    ground.observed(doctor, elder, ground.pressure(128, 82))
    ground.recorded(doctor, elder, ground.said("medication", "氨氯地平"))
    phone = ground.phone_of(client, sandbox, elder)
    before = AccessLine._get_collection().count_documents({"purpose": {"$ne": "nothing"}})
    told = phone.get(SUMMARY)
    assert [one["text_zh"] for one in told.json["phrases"]] == ["血压正常,请保持", "要吃 1 种药"]
    assert told.json["elder"]["name"] == "张桂英"
    assert AccessLine._get_collection().count_documents({"purpose": {"$ne": "nothing"}}) == before


def test_the_daughter_reads_by_her_relation_and_each_look_leaves_its_line(doctor, elder, daughter):
    ground.observed(doctor, elder, ground.pressure())
    assert parts(daughter.get(SUMMARY))["vitals"][0]["value_zh"] == "128/82 毫米汞柱"
    assert len(daughter.get(TIMELINE).json["items"]) == 1
    assert daughter.get("/mini/v1/health/units").json["items"][0]["unit_zh"] == "潭头村卫生室"
    lines = list(AccessLine._get_collection().find({"purpose": "acting_for"}).sort([("at", 1), ("_id", 1)]))
    assert [one["fields"] for one in lines] == [
        ["health.summary", "person.name"], ["health.timeline"], ["health.elder"]
    ]  # fmt: skip


def test_a_relation_without_health_in_it_shows_nothing(client, sandbox, elder):
    other = ground.daughter(client, sandbox, elder, scope=("book",))
    assert other.get(SUMMARY).json["code"] == "scope_missing"


def test_who_has_no_record_is_told_where_to_get_one(client, sandbox, seeded):
    phone = Phone(client, sandbox).ready("19500101").sure()
    answer = phone.get(SUMMARY)
    assert (answer.status_code, answer.json["code"]) == (404, "health_not_enrolled")


def test_a_declared_binding_shows_nothing(client, sandbox, elder):
    phone = Phone(client, sandbox).log_in()
    phone.consent("document")
    assert phone.post("/mini/v1/person", elder.papers).status_code == 201
    assert phone.get(SUMMARY).status_code == 403


def test_every_look_of_staff_is_an_access_line_about_the_person(doctor, elder):
    ground.observed(doctor, elder, ground.pressure())
    doctor.get(f"{elder.path}/summary")
    doctor.get(f"{elder.path}/timeline")
    fields = [set(one["fields"]) for one in lines_of(doctor.actor().key)]
    assert fields[-2:] == [{"person.name", "health.summary"}, {"health.timeline"}]
    assert all(ObjectId(elder.id) not in one["subjects"] for one in lines_of(doctor.actor().key))


def test_the_timeline_merges_both_kinds_by_time_and_pages_without_gap_or_repeat(doctor, elder):
    for n in range(7):
        ground.observed(doctor, elder, ground.pressure(120 + n, 70, minutes_ago=10 * n + 1))
        ground.recorded(doctor, elder, ground.said("note", f"记事 {n}", minutes_ago=10 * n + 5))
    seen, cursor = [], ""
    for _ in itertools.count():
        page = doctor.get(f"{elder.path}/timeline?limit=3{cursor}").json
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len({one["id"] for one in seen}) == len(seen) == 14
    assert [one["at"] for one in seen] == sorted((one["at"] for one in seen), reverse=True)
    assert [one["of"] for one in seen] == ["observation", "record"] * 7


def test_facts_of_one_and_the_same_moment_are_not_lost_at_the_border_of_a_page(doctor, elder):
    at = ground.moment(5)
    for n in range(4):
        ground.observed(doctor, elder, ground.pressure(120 + n, 70) | {"at": at})
        ground.recorded(doctor, elder, ground.said("note", f"记事 {n}") | {"at": at})
    first = doctor.get(f"{elder.path}/timeline?limit=3").json
    rest = doctor.get(f"{elder.path}/timeline?limit=50&cursor={first['next']}").json
    assert len({one["id"] for one in (*first["items"], *rest["items"])}) == 8


def test_one_quantity_or_one_kind_of_the_timeline(doctor, elder):
    ground.observed(doctor, elder, ground.pressure())
    ground.recorded(doctor, elder, ground.said("note", "记事"))
    for word in ("blood_pressure", "note"):
        found = doctor.get(f"{elder.path}/timeline?word={word}").json["items"]
        assert [one["word"] for one in found] == [word]


@pytest.mark.parametrize("query", ["cursor=x", "word=nothing", "limit=0", "more=1"])
def test_a_wrong_query_is_told(doctor, elder, query):
    assert doctor.get(f"{elder.path}/timeline?{query}").status_code == 400


def test_every_line_for_the_elder_is_short():
    told = [*phrases.OUTSIDE_ZH.values(), *phrases.WITHIN_ZH.values(), phrases.ACT_ZH, phrases.NOTHING_ZH]
    assert all(len(one) <= phrases.LONGEST for one in told)
    assert phrases.short("中" * 30) == "中" * 19 + "…"


def test_an_old_value_says_nothing_about_today(doctor, elder, ranges):
    ground.observed(doctor, elder, ground.pressure(162, 88, minutes_ago=60 * 24 * 8))
    told = doctor.get(f"{elder.path}/summary").json["phrases"]
    assert told == [{"text_zh": "今天没有新的提醒", "tone": "calm"}]


def test_what_must_be_done_comes_first():
    parts_told = {
        "findings": [{"severity": "emergency"}, {"severity": "urgent"}],
        "next_due": [{"due_on": "2026-12-20", "title_zh": "量血压"}],
        "medication": [{"title_zh": "氨氯地平"}],
    }
    assert [(one["tone"], one["text_zh"]) for one in phrases.lines(parts_told)] == [
        ("act", "请马上联系村医"), ("calm", "12月20日 量血压"), ("calm", "要吃 1 种药"),
    ]  # fmt: skip


def test_a_long_past_does_not_push_out_what_goes_on(doctor, elder):
    ground.recorded(doctor, elder, ground.said("condition", "高血压", minutes_ago=600))
    for n in range(51):
        body = ground.said("condition", f"感冒 {n}", minutes_ago=500 - n) | {"until": ground.moment(1)}
        ground.recorded(doctor, elder, body)
    assert [one["title_zh"] for one in parts(doctor.get(f"{elder.path}/summary"))["problems"]] == ["高血压"]


def test_a_page_of_the_timeline_reads_no_more_than_itself_from_an_index(doctor, elder):
    source = Source("village_clinic", unit=ground.CLINIC)
    now = clock.now()
    made = [
        observation.made(
            elder.subject,
            Measured("heart_rate", {"heart_rate": (60 + n % 40, "/min")}, now - timedelta(hours=n)),
            source,
        )
        for n in range(2_000)
    ]
    HealthObservation._get_collection().insert_many(made)
    reader = view.of_staff(doctor.actor(), elder.subject)
    query = timeline_views._query(reader, Wanted(), "code")
    plan = get_db().command(
        "explain",
        {"find": "health_observations", "filter": query, "sort": {"at": -1, "_id": -1}, "limit": 21},
        verbosity="executionStats",
    )
    assert plan["executionStats"]["totalKeysExamined"] <= 30
    assert plan["executionStats"]["totalDocsExamined"] <= 30
    assert len(doctor.get(f"{elder.path}/timeline?limit=20").json["items"]) == 20
