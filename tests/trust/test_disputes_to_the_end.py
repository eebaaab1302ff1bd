"""Disputed facts beyond the first decision: appeals against corrections and removals, and facts that went meanwhile."""

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.registers import fact, forget, record
from models.registers.fact import Fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from tests.support.affairs import decide, move, seat, stored
from tests.support.queues import drain
from tests.trust.test_cases_first_users import matched

KIND = "person.birth_date"
RIGHT, OTHER = {"birth": "1990-03-17"}, {"birth": "1990-03-27"}


def told(birth: str, stated_on: str = "2020-01-01") -> Statement:
    return Statement(KIND, {"birth": birth}, "H-1", stated_on=stated_on)


@pytest.fixture
def person_id(phone):
    return matched(phone)


@pytest.fixture
def fact_id(person_id):
    row = fact.draft(Subject(person=person_id), "household", told("1990-03-07"), clock.now())
    Fact._get_collection().insert_one(row)
    return row["_id"]


@pytest.fixture
def clerk(client, seeded):
    return seat(client, "case_handler", unit="public_security")


@pytest.fixture
def case_id(phone, fact_id):
    answer = phone.post(f"/mini/v1/facts/{fact_id}/dispute", {"text": "日期登记错误"})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def settled(clerk, case_id: str, outcome: str, **more) -> dict:
    move(clerk, case_id, "claim")
    return decide(clerk, case_id, outcome, **more)


def appeal(phone, case_id: str):
    return phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "仍然不对"})


def overturned(app, phone, case_id: str) -> None:
    assert appeal(phone, case_id).status_code == 200
    settled(seat(app.test_client(), "privacy_officer", unit=""), case_id, "overturned")


def births(person_id: ObjectId) -> list[str]:
    held = fact.current(Subject(person=person_id), [KIND], clock.today().isoformat())
    return [str(one.value["birth"]) for one in held if not one.absent]


def test_an_appeal_against_a_wrong_correction_gets_another_one(app, phone, clerk, person_id, case_id):
    settled(clerk, case_id, "corrected", value=OTHER)
    overturned(app, phone, case_id)
    assert settled(clerk, case_id, "corrected", value=RIGHT)["state"] == "closed"
    assert births(person_id) == ["1990-03-17"]


def test_while_the_correction_is_appealed_against_it_counts_as_disputed(phone, clerk, person_id, case_id):
    settled(clerk, case_id, "corrected", value=OTHER)
    appeal(phone, case_id)
    (standing,) = fact.current(Subject(person=person_id), [KIND], clock.today().isoformat())
    assert (str(standing.value["birth"]), standing.disputed) == ("1990-03-27", True)


@pytest.mark.parametrize(("second", "left"), [("confirmed", ["1990-03-27"]), ("removed", [])])
def test_after_an_appeal_every_outcome_can_be_decided(app, phone, clerk, person_id, case_id, second, left):
    settled(clerk, case_id, "corrected", value=OTHER)
    overturned(app, phone, case_id)
    assert settled(clerk, case_id, second)["state"] == "closed"
    assert births(person_id) == left


@pytest.mark.parametrize(
    ("second", "more", "left"),
    [("corrected", {"value": RIGHT}, ["1990-03-17"]), ("confirmed", {}, ["1990-03-07"]), ("removed", {}, [])],
)
def test_what_was_removed_can_be_put_back_right(app, phone, clerk, person_id, case_id, second, more, left):
    settled(clerk, case_id, "removed")
    overturned(app, phone, case_id)
    assert settled(clerk, case_id, second, **more)["state"] == "closed"
    assert births(person_id) == left


@pytest.mark.parametrize(("first", "more"), [("corrected", {"value": OTHER}), ("removed", {}), ("confirmed", {})])
def test_an_appeal_can_be_withdrawn_and_leaves_what_was_decided(phone, clerk, person_id, case_id, first, more):
    settled(clerk, case_id, first, **more)
    before = births(person_id)
    assert appeal(phone, case_id).status_code == 200
    assert phone.post(f"/mini/v1/cases/{case_id}/withdraw").status_code == 200
    assert births(person_id) == before
    assert Fact._get_collection().find_one({"person": person_id, "state": "disputed"}) is None


def test_an_appeal_that_fails_leaves_a_removal(app, phone, clerk, person_id, case_id):
    settled(clerk, case_id, "removed")
    appeal(phone, case_id)
    settled(seat(app.test_client(), "privacy_officer", unit=""), case_id, "upheld")
    assert births(person_id) == []


@pytest.mark.parametrize("second", ["corrected", "confirmed", "removed"])
def test_where_the_register_changed_after_the_decision_an_appeal_still_ends(
    app, phone, clerk, person_id, case_id, second
):
    settled(clerk, case_id, "corrected", value=OTHER)
    record.record(Subject(person=person_id), "household", [told("1991-01-01", "2026-11-01")], at=clock.now())
    overturned(app, phone, case_id)
    assert settled(clerk, case_id, second, value=RIGHT)["state"] == "closed"
    assert births(person_id) == ["1991-01-01"]


def test_a_register_that_says_what_was_put_back_does_not_lag(app, phone, clerk, person_id, case_id):
    settled(clerk, case_id, "removed")
    overturned(app, phone, case_id)
    settled(clerk, case_id, "confirmed")
    record.record(Subject(person=person_id), "household", [told("1990-03-07")], at=clock.now())
    (standing,) = fact.current(Subject(person=person_id), [KIND], clock.today().isoformat())
    assert (str(standing.value["birth"]), standing.lagging) == ("1990-03-07", False)


def test_a_case_that_may_still_be_appealed_is_not_opened_anew_and_appealed_too(phone, clerk, fact_id, case_id):
    settled(clerk, case_id, "confirmed")
    again = phone.post(f"/mini/v1/facts/{fact_id}/dispute", {"text": "仍然不对"})
    assert again.status_code == 201
    refused = appeal(phone, case_id)
    assert (refused.status_code, refused.json["code"]) == (409, "case_already_open")
    assert again.json["number"] in refused.json["message"]
    assert settled(clerk, again.json["id"], "corrected", value=RIGHT)["state"] == "decided"


def test_while_an_appeal_runs_the_same_matter_is_not_opened_again(phone, clerk, fact_id, case_id):
    settled(clerk, case_id, "confirmed")
    assert appeal(phone, case_id).status_code == 200
    again = phone.post(f"/mini/v1/facts/{fact_id}/dispute", {"text": "再次提出"})
    assert (again.status_code, again.json["code"]) == (409, "case_already_open")


class TestForgetting:
    def test_a_disputed_fact_that_the_register_changed_stays_until_its_case_is_decided(
        self, phone, clerk, person_id, fact_id, case_id
    ):
        record.record(Subject(person=person_id), "household", [told("1991-01-01", "2026-11-01")], at=clock.now())
        assert fact.read(fact_id).state == "superseded"
        forget.forget(person_id)
        assert fact.read(fact_id).id == fact_id
        assert settled(clerk, case_id, "confirmed")["state"] == "decided"

    @pytest.mark.parametrize("outcome", ["confirmed", "removed", "corrected"])
    def test_a_case_whose_fact_is_gone_can_be_decided(self, phone, clerk, fact_id, case_id, outcome):
        Fact._get_collection().delete_one({"_id": fact_id})
        assert settled(clerk, case_id, outcome, value=RIGHT)["state"] == "decided"

    def test_a_case_whose_fact_is_gone_can_be_withdrawn(self, phone, fact_id, case_id):
        Fact._get_collection().delete_one({"_id": fact_id})
        assert phone.post(f"/mini/v1/cases/{case_id}/withdraw").status_code == 200
        assert stored(case_id)["state"] == "withdrawn"

    def test_what_was_disputed_is_forgotten_once_its_case_is_decided(
        self, phone, clerk, person_id, fact_id, case_id, travel
    ):
        phone.call("DELETE", "/mini/v1/consents/facts")
        entry = {"id": ObjectId(), "queue": "affairs", "task": "registers.forget", "args": {"person": str(person_id)}}
        entry |= {"due": clock.now(), "tries": 0, "failures": 0}
        get_db().consents.insert_one({"account": ObjectId(), "purpose": "facts", "outbox": [entry]})
        drain("affairs")
        assert fact.read(fact_id).state == "disputed"
        settled(clerk, case_id, "confirmed")
        travel(clock.today().replace(year=clock.today().year + 1).isoformat())
        drain("affairs")
        assert Fact._get_collection().find_one({"_id": fact_id}) is None
