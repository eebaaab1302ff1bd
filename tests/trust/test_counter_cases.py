"""Paragraphs 1 and 3: a person without a phone is served at the counter: cases in their name, a copy of their data."""

import json

import pytest
from mongoengine.connection import get_db

from tests.support.phone import person
from tests.support.queues import drain


@pytest.fixture
def elder():
    return person("刘桂英", "19400307")


def opened(counter, kind: str, standing: dict, **more):
    return counter.clerk.post("/office/v1/cases", {"kind": kind, **more}, **standing)


def test_a_request_is_opened_in_the_name_of_who_stands_there(counter, elder):
    person_id = counter.registered(elder)
    answer = opened(counter, "explain", counter.standing(person_id), text="谁登记了我的住址?")
    assert answer.status_code == 201, answer.json
    kept = get_db().cases.find_one({"number": answer.json["number"]})
    assert (str(kept["person"]), "account" in kept) == (person_id, False)
    assert kept["history"][0]["who"].startswith("staff:")
    entry = get_db().audit_entries.find_one({"object": f"case:{kept['_id']}"})
    assert entry["action"] == "case.open"


def test_the_same_request_is_open_once_and_a_repeated_one_is_the_same(counter, elder):
    standing = counter.standing(counter.registered(elder))
    first = counter.clerk.call("POST", "/office/v1/cases", {"kind": "copy"}, key="k1", **standing)
    again = counter.clerk.call("POST", "/office/v1/cases", {"kind": "copy"}, key="k1", **standing)
    other = opened(counter, "copy", standing)
    assert (first.status_code, again.json) == (201, first.json)
    assert (other.status_code, other.json["code"]) == (409, "case_already_open")


def test_nobody_opens_a_case_for_a_person_who_is_not_there(counter, elder):
    counter.registered(elder)
    answer = opened(counter, "explain", {"Counter-Session": "0" * 24})
    assert (answer.status_code, answer.json["code"]) == (409, "counter_session_over")
    assert get_db().cases.find_one({"_id": {"$exists": True}}) is None


@pytest.mark.parametrize("body", [{"kind": "fact_dispute"}, {"kind": "copy", "fact_id": "0" * 24}, {"kind": "x"}])
def test_a_wrong_form_is_refused_with_its_field(counter, elder, body):
    answer = counter.clerk.post("/office/v1/cases", body, **counter.standing(counter.registered(elder)))
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
    assert set(answer.json["fields"]) <= {"fact_id", "kind"}


def test_a_fact_of_somebody_else_cannot_be_disputed(counter, elder):
    standing = counter.standing(counter.registered(elder))
    assert opened(counter, "fact_dispute", standing, fact_id="0" * 24).status_code == 404


def test_the_person_takes_a_copy_of_their_data_along_and_it_leaves_a_line(counter, elder):
    person_id = counter.registered(elder)
    answer = counter.clerk.get("/office/v1/counter-session/own-data", **counter.standing(person_id))
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert "刘桂英" in json.dumps(lines, ensure_ascii=False)
    assert {"persons", "counter_sessions"} <= {line["collection"] for line in lines}
    (seen,) = [
        one for one in get_db().access_lines.find({"subjects": {"$exists": True}}) if one["fields"] == ["own_copy"]
    ]
    assert [str(one) for one in seen["subjects"]] == [person_id]


def test_a_deletion_asked_for_at_the_counter_ends_what_is_held(counter, elder, admin):
    person_id = counter.registered(elder)
    made = opened(counter, "delete", counter.standing(person_id), text="请删除").json
    officer = admin.hire("case_handler", unit="big_data_centre")
    assert officer.post(f"/office/v1/cases/{made['id']}/claim").status_code == 200
    body = {"outcome": "granted", "reason": "依申请删除"}
    decided = officer.post(f"/office/v1/cases/{made['id']}/decide", body)
    assert decided.status_code == 200, decided.json
    drain("affairs", "trust")
    assert [one for one in get_db().persons.find({"_id": {"$exists": True}}) if str(one["_id"]) == person_id] == []
