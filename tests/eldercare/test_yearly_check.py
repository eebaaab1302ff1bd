"""The yearly check from 65 on: done, abnormal and missing by item, by the list of its year."""

from datetime import timedelta
from functools import partial

import pytest

from backend import clock
from models.eldercare import programme, tool, yearly_check
from models.eldercare.observation import HealthObservation
from models.eldercare.yearly_check import HealthCheck
from tests.eldercare import knowing_kit as kit
from tests.support import queues
from tests.support.crowd import at_once

ITEMS_2026 = 31


def note(doctor, who, *items, year=2026, status=200):
    at = clock.civil(clock.now()).isoformat(timespec="seconds")
    body = {"items": [{"item": item, "at": at, "abnormal": abnormal} for item, abnormal in items]}
    answer = doctor.post(kit.url(who, f"/checks/{year}"), body)
    assert answer.status_code == status, answer.json
    return answer.json


def test_a_check_opens_with_what_was_measured_and_tells_what_is_missing(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    kit.measure(who, systolic=132, diastolic=78, ago=timedelta(days=30))
    kit.measure(who, temperature=36.6, ago=timedelta(days=400))
    kit.measure(who, heart_rate=71, source="wearable")
    told = note(doctor, who, ("ecg", False))
    states = {one["item"]: one["state"] for one in told["items"]}
    assert (states["blood_pressure"], states["ecg"], states["temperature"]) == ("done", "done", "missing")
    assert states["pulse"] == "missing", "a wearable is no check"
    assert (told["left"], told["complete"], len(told["items"])) == (ITEMS_2026 - 2, False, ITEMS_2026)
    assert "体温" in told["missing_zh"]
    assert told["rule_version"] == 2
    assert doctor.get(kit.url(who, "/checks")).json["items"] == [told]


def test_what_is_measured_later_fills_its_item_and_what_is_withdrawn_empties_it(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    note(doctor, who)
    measured = kit.measure(who, fasting_glucose=5.6)
    check = yearly_check.read(who["_id"], 2026)
    assert check["items"]["fasting_glucose"]["about"] == measured["_id"]
    assert check["left"] == ITEMS_2026 - 1
    change = {"$set": {"state": "entered_in_error"}, "$inc": {"version": 1}}
    HealthObservation._get_collection().update_one({"_id": measured["_id"]}, change)
    yearly_check.measured(HealthObservation._get_collection().find_one({"_id": measured["_id"]}))
    check = yearly_check.read(who["_id"], 2026)
    assert (check["left"], check["items"]) == (ITEMS_2026, {})


def test_when_all_is_done_the_check_is_complete(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    items = [one["code"] for one in tool.in_force("yearly_check", clock.today())["content"]["items"]]
    told = note(doctor, who, *((item, False) for item in items))
    assert (told["left"], told["complete"], told["missing_zh"]) == (0, True, "")


@pytest.mark.parametrize(
    ("item", "disease"), [("blood_pressure", "hypertension"), ("fasting_glucose", "diabetes"), ("hba1c", "diabetes")]
)
def test_an_abnormal_result_is_brought_into_the_management_of_its_illness(client, seeded, item, disease):
    who, doctor = kit.elder(), kit.doctor(client)
    for _ in range(2):
        told = note(doctor, who, (item, True))
    assert next(one for one in told["items"] if one["item"] == item)["state"] == "abnormal"
    (opened,) = programme.listed(who["_id"])
    assert (opened["disease"], opened["state"], opened["because"]) == (disease, "suspected", "yearly_check")


def test_an_abnormal_result_of_who_is_managed_changes_nothing(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    programme.confirm(doctor.actor(), who["_id"], "hypertension")
    note(doctor, who, ("blood_pressure", True))
    (found,) = programme.listed(who["_id"])
    assert (found["state"], found["because"]) == ("managed", "doctor")


def test_last_year_has_the_list_of_last_year(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    answer = doctor.post(kit.url(who, "/checks/2025"), {"items": []})
    assert (answer.json["year"], answer.json["rule_version"]) == (2025, 2)


def test_who_turns_sixty_five_this_year_is_checked_and_who_is_younger_is_not(client, seeded):
    doctor = kit.doctor(client)
    note(doctor, kit.elder("19611231"))
    refused = note(doctor, kit.elder("19620101"), status=422)
    assert refused["code"] == "health_check_too_young"


def test_wrong_items_years_and_days_are_refused(client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    assert note(doctor, who, ("x_ray", False), status=400)["code"] == "health_check_items_wrong"
    for year in (2024, 2027):
        assert note(doctor, who, year=year, status=422)["code"] == "health_check_year_wrong"
    assert note(doctor, who, ("ecg", False), year=2025, status=400)["code"] == "health_check_items_wrong"


def test_ten_notes_at_once_make_one_check_and_lose_none(app, client, seeded):
    who, doctor = kit.elder(), kit.doctor(client)
    items = ["ecg", "chest", "lipids", "kidney", "liver", "skin", "heart", "lungs", "abdomen", "mouth"]
    answers = at_once([partial(note, doctor.twin(app.test_client()), who, (item, False)) for item in items])
    assert len(answers) == len(items)
    (check,) = HealthCheck._get_collection().find({"subject": who["_id"]})
    assert set(check["items"]) == set(items)
    assert check["left"] == ITEMS_2026 - len(items)
    queues.drain("care")
