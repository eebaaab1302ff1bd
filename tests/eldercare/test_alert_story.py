"""A finding raises an alert; the village doctor and the daughter see it, act, and an outcome is entered."""

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.eldercare import subject
from tests.eldercare import alert_kit
from tests.eldercare.alert_kit import MINI, OFFICE, OTHER, UNIT
from tests.support import affairs, queues


@pytest.fixture
def granny(client, sandbox, seeded):
    """An elder at her own phone, for whom the village clinic cares."""
    return alert_kit.at_phone(client, sandbox, "赵奶奶")


@pytest.fixture
def elder(granny):
    return alert_kit.enrolled(UNIT, person_id=alert_kit.own_person(granny))


@pytest.fixture
def daughter(client, sandbox, granny):
    return alert_kit.relative(client, sandbox, alert_kit.own_person(granny))


@pytest.fixture
def doctor(client, seeded):
    return alert_kit.doctor(client)


def test_from_the_finding_to_the_outcome_everybody_reads_how_it_stands(granny, elder, daughter, doctor):
    made = alert_kit.raised(elder)
    assert alert_kit.told(granny) == ["health_alert"]
    assert alert_kit.told(daughter.phone) == ["health_alert_family"]

    (seen,) = doctor.get(f"{OFFICE}/alerts").json["items"]
    assert (seen["id"], seen["elder"]["name"], seen["step"]) == (str(made["_id"]), "赵奶奶", "acknowledge")
    assert seen["sentence_zh"].startswith("收缩压 186")
    taken = alert_kit.do(doctor, seen["id"], "acknowledge")
    assert (taken["state"], taken["step"]) == ("acknowledged", "act")
    done = alert_kit.do(doctor, seen["id"], "acts", {"kind": "home_visit", "note": "已上门,复测 150/90"})
    assert (done["state"], done["step"]) == ("acted", "outcome")
    assert [one["note"] for one in done["events"] if one["what"] == "acted"] == ["已上门,复测 150/90"]

    (hers,) = daughter.get("/alerts").json["items"]
    assert (hers["state"], hers["state_zh"], hers["live"]) == ("acted", "已有人在处理", True)
    over = alert_kit.closed(doctor, seen["id"])
    assert (over["state"], over["outcome"]["code"]) == ("closed", "resolved")
    assert "due" not in over
    queues.drain()
    assert alert_kit.told(daughter.phone) == ["health_alert_closed", "health_alert_family"]
    told = daughter.get(f"/alerts/{seen['id']}").json
    assert (told["outcome_zh"], told["answers"]) == ("已恢复,请放心", [])
    assert [one["what_zh"] for one in told["events"]] == [
        "发出提醒:紧急",
        "已接警",
        "上门查看",
        "登记结果:已恢复正常",
    ]
    assert "note" not in str(told)
    assert doctor.get(f"{OFFICE}/alerts").json["items"] == []


def test_the_elder_reads_short_phrases_of_at_most_twenty_characters(granny, elder):
    alert_kit.raised(elder, "emergency")
    (hers,) = granny.get(f"{MINI}/alerts").json["items"]
    assert hers["phrases_zh"] == ["情况紧急,请马上叫人", "正在通知医生", "危急时请拨打120"]
    assert all(len(one) <= 20 for one in hers["phrases_zh"])
    assert [one["code"] for one in hers["answers"]] == ["called_120", "feels_fine", "needs_help"]


def test_a_daughter_who_is_there_has_acted_and_the_doctor_enters_the_outcome(elder, daughter, doctor):
    made = alert_kit.raised(elder)
    told = daughter.post(f"/alerts/{made['_id']}/answer", {"answer": "here"})
    assert (told.status_code, told.json["state"]) == (200, "acted")
    again = daughter.post(f"/alerts/{made['_id']}/answer", {"answer": "here"})
    assert again.status_code == 200
    assert alert_kit.stored(made["_id"])["acts"] == ["family:here"]
    assert doctor.get(f"{OFFICE}/alerts/{made['_id']}").json["acts"] == [{"kind": "here", "kind_zh": "家属已到身边"}]
    assert alert_kit.closed(doctor, made["_id"], "treated_at_home")["outcome"]["code_zh"] == "居家处理后好转"


def test_who_cannot_come_calls_the_next_at_once(elder, daughter):
    made = alert_kit.raised(elder)
    assert daughter.post(f"/alerts/{made['_id']}/answer", {"answer": "cannot_come"}).status_code == 200
    found = alert_kit.stored(made["_id"])
    assert (found["rung"], found["events"][-1]["what"]) == (1, "called")
    assert not found["due"] <= clock.now()


def test_a_relative_says_nothing_in_the_elders_name_nor_the_elder_in_theirs(granny, elder, daughter):
    made = alert_kit.raised(elder)
    path = f"/alerts/{made['_id']}/answer"
    wrong = daughter.post(path, {"answer": "feels_fine"})
    assert (wrong.status_code, wrong.json["code"]) == (422, "health_alert_answer")
    assert granny.post(MINI + path, {"answer": "here"}).status_code == 422
    assert granny.post(MINI + path, {"answer": "feels_fine"}).status_code == 200
    assert alert_kit.stored(made["_id"])["state"] == "raised"


def hide(elder, **told):
    change = {"$set": {"hidden": [told]}}
    subject.HealthSubject._get_collection().update_one({"_id": elder["_id"]}, change)


@pytest.mark.parametrize("word", ["alert", "blood_pressure"])
def test_what_is_hidden_from_the_family_is_neither_told_nor_shown_to_them(granny, elder, daughter, word):
    hide(elder, word=word, family=True, units=[])
    made = alert_kit.raised(elder)
    assert alert_kit.told(daughter.phone) == []
    assert daughter.get("/alerts").json["items"] == []
    assert daughter.get(f"/alerts/{made['_id']}").status_code == 404
    assert daughter.post(f"/alerts/{made['_id']}/answer", {"answer": "here"}).status_code == 404
    assert len(granny.get(f"{MINI}/alerts").json["items"]) == 1


def test_staff_from_whom_it_is_hidden_see_that_somebody_has_to_go_and_not_why(client, elder, doctor):
    hide(elder, word="blood_pressure", family=False, units=[UNIT])
    made = alert_kit.raised(elder)
    for shown in (
        doctor.get(f"{OFFICE}/alerts").json["items"][0],
        doctor.get(f"{OFFICE}/work").json["alerts"][0],
        doctor.get(f"{OFFICE}/alerts/{made['_id']}").json,
    ):
        assert (shown["severity"], "186" in shown["sentence_zh"]) == ("urgent", False)
    desk = affairs.seat(client, "health_duty")
    assert "186" in desk.get(f"{OFFICE}/alerts/{made['_id']}").json["sentence_zh"]


def test_a_relation_without_health_neither_hears_nor_reads(client, sandbox, granny, elder):
    son = alert_kit.relative(client, sandbox, alert_kit.own_person(granny), scope=("book",))
    alert_kit.raised(elder)
    assert alert_kit.told(son.phone) == []
    assert (son.get("/alerts").status_code, son.get("/alerts").json["code"]) == (403, "scope_missing")


def test_an_attention_is_at_first_told_to_the_elder_alone(granny, elder, daughter):
    alert_kit.raised(elder, "attention")
    assert (alert_kit.told(granny), alert_kit.told(daughter.phone)) == (["health_alert"], [])


def test_a_doctor_of_another_unit_finds_nothing(client, elder):
    made = alert_kit.raised(elder)
    stranger = alert_kit.doctor(client, unit=OTHER)
    assert stranger.get(f"{OFFICE}/alerts").json["items"] == []
    assert stranger.get(f"{OFFICE}/alerts/{made['_id']}").status_code == 404
    assert stranger.get(f"{OFFICE}/elders/{elder['_id']}/alerts").status_code == 404
    for verb, body in (
        ("acknowledge", {}),
        ("acts", {"kind": "home_visit"}),
        ("outcome", {"outcome": "resolved"}),
        ("notes", {"note": "x"}),
        ("after", {}),
        ("outcome/correct", {"outcome": "resolved", "seq": 1, "note": "x"}),
    ):
        alert_kit.do(stranger, made["_id"], verb, body, status=404)
    assert alert_kit.stored(made["_id"])["state"] == "raised"


def test_the_duty_desk_of_the_county_reaches_all_and_who_has_no_role_none(client, elder):
    made = alert_kit.raised(elder)
    desk = affairs.seat(client, "health_duty")
    assert [one["id"] for one in desk.get(f"{OFFICE}/alerts").json["items"]] == [str(made["_id"])]
    assert desk.get(f"{OFFICE}/alerts?scope=desk").json["items"] == []
    nobody = affairs.seat(client, "health_manager")
    assert nobody.get(f"{OFFICE}/alerts").status_code == 403


def test_each_look_is_an_access_line_and_each_deed_an_audit_entry(granny, elder, daughter, doctor):
    made = alert_kit.raised(elder)
    doctor.get(f"{OFFICE}/alerts")
    daughter.get("/alerts")
    person_id = alert_kit.own_person(granny)
    lines = list(AccessLine._get_collection().find({"subjects": person_id}).sort("at", 1))
    assert [(one["purpose"], one["who"].partition(":")[0]) for one in lines] == [
        ("health_care", "staff"),
        ("acting_for", "resident"),
    ]
    alert_kit.do(doctor, made["_id"], "acknowledge")
    alert_kit.acted(doctor, made["_id"])
    alert_kit.closed(doctor, made["_id"], note="已恢复")
    entries = list(AuditEntry._get_collection().find({"object": f"health_alert:{made['_id']}"}).sort("at", 1))
    assert [one["action"] for one in entries] == [f"health_alert.{verb}" for verb in ("acknowledge", "act", "outcome")]
    assert "已恢复" not in str(entries)


def test_an_elder_whom_nobody_enrolled_has_no_alerts(client, sandbox, seeded):
    phone = alert_kit.at_phone(client, sandbox, "钱爷爷")
    assert phone.get(f"{MINI}/alerts").json == {"items": [], "next": None}
    assert phone.get(f"{MINI}/alerts/{ObjectId()}").status_code == 404
