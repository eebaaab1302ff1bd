"""Documents of every type of event come back as they were captured."""

from urllib.parse import quote

import pytest

from tests.epcis import events
from tests.epcis.events import FULL, document, short


def as_captured(event: dict) -> dict:
    return {name: told for name, told in event.items() if name != "recordTime"}


@pytest.mark.parametrize("kind", list(FULL))
def test_an_event_with_every_field_reads_back_equal_but_for_the_record_time(office, kind):
    sent = FULL[kind]()
    job = office.captured(document(sent))
    assert (job["success"], job["running"], job["storedCount"], job["errors"]) == (True, False, 1, [])
    answer = office.get(f"/events/{events_quoted(sent['eventID'])}")
    [found] = answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert "recordTime" in found
    assert as_captured(found) == sent
    assert answer.json["@context"] == events.CONTEXT


def events_quoted(uri: str) -> str:
    return quote(uri, safe="")


def test_an_event_without_an_id_gets_one_and_is_otherwise_equal(office):
    sent = short(eventID=None, **events.COMMON)
    office.stored(sent)
    [found] = office.found()
    assert found.pop("eventID").startswith("urn:uuid:")
    assert as_captured(found) == sent


def test_one_event_is_captured_by_itself_and_read_where_the_location_says(office):
    sent = {"@context": events.CONTEXT, **FULL["ObjectEvent"]()}
    answer = office.post("/events", sent)
    assert answer.status_code == 201, answer.json
    assert as_captured(answer.json) == sent
    again = office.get(answer.headers["Location"].removeprefix("/epcis"))
    assert as_captured(again.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]) == sent


def test_a_hash_as_event_id_with_slashes_and_a_question_mark_is_found_by_its_path(office):
    name = "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0"
    office.stored(short(eventID=name))
    assert office.get(f"/events/{events_quoted(name)}").status_code == 200


def test_a_query_document_is_captured_like_a_document(office):
    sent = short()
    results = {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [sent]}}}
    office.captured(document(type="EPCISQueryDocument", epcisBody=results))
    assert office.ids() == [sent["eventID"]]


def test_the_record_time_is_ours_whatever_was_sent(office):
    office.stored(short(recordTime="2001-01-01T00:00:00Z"))
    [found] = office.found()
    assert found["recordTime"].startswith("2026-11-20T")


def test_several_events_without_an_id_get_one_each_that_sorts_as_they_were_sent(office):
    office.stored(*(short(eventID=None, epcList=[f"urn:example:{n}"]) for n in range(5)))
    found = {one["eventID"]: one["epcList"] for one in office.found()}
    assert [found[name] for name in sorted(found)] == [[f"urn:example:{n}"] for n in range(5)]
    assert all(name[23] == "7" for name in found)  # UUID version 7
