"""Capture jobs: all or none, or what can be; the same event twice is one event; large documents wait for the queue."""

import json
from functools import partial

import pytest
from mongoengine.connection import get_db

from models.epcis import capture, job
from models.epcis.errors import EventsRefused
from models.epcis.readers import Reader
from tests.epcis import events
from tests.epcis.conftest import signer
from tests.epcis.events import PACK, document, short, uid
from tests.support import queues
from tests.support.crowd import at_once

PARTY = "https://example.org/party/1"
BEHAVIOUR = "GS1_Capture_Error_Behaviour"


def stored() -> list[str]:
    return [one["_id"] for one in get_db().epcis_events.find({}, {"_id": 1}).hint("_id_")]


def test_by_default_one_wrong_event_takes_all_others_with_it(office):
    job_told = office.captured(document(short(), short(bizStep="x"), short()))
    assert (job_told["success"], job_told["captureErrorBehaviour"], stored()) == (False, "rollback", [])


def test_proceed_stores_what_can_be_and_names_the_rest(office):
    good = [short(), short()]
    told = office.captured(document(good[0], short(bizStep="x"), good[1]), **{BEHAVIOUR: "proceed"})
    assert (told["success"], told["storedCount"], [one["index"] for one in told["errors"]]) == (False, 2, [1])
    assert sorted(stored()) == sorted(one["eventID"] for one in good)


def test_an_unknown_behaviour_is_refused(office):
    assert office.post("/capture", document(short()), **{BEHAVIOUR: "perhaps"}).status_code == 400
    assert stored() == []


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_the_same_event_again_is_accepted_without_effect(office, behaviour):
    one = short()
    office.stored(one)
    before = list(get_db().epcis_events.find({}).hint("_id_"))
    told = office.captured(document(one, short(eventID=one["eventID"])), **{BEHAVIOUR: behaviour})
    assert told["success"]
    assert list(get_db().epcis_events.find({}).hint("_id_")) == before


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_another_content_under_the_same_id_is_refused_and_changes_nothing(office, behaviour):
    one, other = short(), short()
    office.stored(one)
    told = office.captured(document({**one, "action": "ADD"}, other), **{BEHAVIOUR: behaviour})
    assert [why["code"] for why in told["errors"][0]["reasons"]] == ["event_id_taken"]
    assert office.found(EQ_eventID=one["eventID"])[0]["action"] == "OBSERVE"
    assert (other["eventID"] in stored()) == (behaviour == "proceed")


def test_by_itself_another_content_under_the_same_id_is_a_409(office):
    one = short()
    assert office.post("/events", one).status_code == 201
    assert office.post("/events", one).status_code == 201
    answer = office.post("/events", {**one, "bizStep": "shipping"})
    assert (answer.status_code, answer.json["type"]) == (409, "epcisException:ResourceAlreadyExistsException")


def test_two_contents_under_one_id_in_one_document_are_refused(office):
    one = short()
    told = office.captured(document(one, {**one, "bizStep": "shipping"}))
    assert [why["code"] for why in told["errors"][0]["reasons"]] == ["event_id_twice"]


def test_an_event_of_another_party_is_not_taken_over(seller, buyer):
    one = short()
    seller.stored(one)
    told = buyer.captured(document(one))
    assert told["errors"][0]["reasons"][0]["code"] == "event_id_taken"


class TestErrorDeclarations:
    def declared(self, event, **more):
        told = {"declarationTime": "2026-11-20T09:00:00+08:00", "reason": "incorrect_data", **more}
        return {**event, "errorDeclaration": told}

    def test_it_stands_beside_the_event_under_the_same_id(self, office):
        one = short()
        corrected = short(epcList=[PACK.format(2)])
        declaration = self.declared(one, correctiveEventIDs=[corrected["eventID"]])
        office.stored(one)
        office.stored(declaration, corrected)
        answer = office.get(f"/events/{one['eventID']}").json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert [{k: v for k, v in told.items() if k != "recordTime"} for told in answer] == [one, declaration]
        assert office.ids(EXISTS_errorDeclaration="true") == [one["eventID"]]
        assert office.ids(EQ_errorReason="urn:epcglobal:cbv:er:incorrect_data") == [one["eventID"]]
        assert office.ids(EQ_correctiveEventID=corrected["eventID"]) == [one["eventID"]]
        assert office.ids(EQ_eventID=one["eventID"]) == [one["eventID"]] * 2

    def test_it_must_equal_the_event_in_whatever_order_they_come(self, office):
        one = short()
        office.stored(one)
        told = office.captured(document(self.declared({**one, "bizStep": "shipping"})))
        assert told["errors"][0]["reasons"][0]["code"] == "declaration_differs"
        other = short()
        office.stored(self.declared(other))
        told = office.captured(document({**other, "bizStep": "shipping"}))
        assert told["errors"][0]["reasons"][0]["code"] == "declaration_differs"
        office.stored(other)

    def test_an_event_is_not_its_own_correction(self, office):
        one = short()
        told = office.captured(document(self.declared(one, correctiveEventIDs=[one["eventID"]])))
        assert told["errors"][0]["reasons"][0]["code"] == "corrective_missing"


class TestLargeDocuments:
    def many(self, number=job.AT_ONCE + 1, **more):
        return [short(epcList=[PACK.format(one)], **more) for one in range(number)]

    def test_one_waits_for_the_queue_and_is_done_by_it(self, office):
        answer = office.post("/capture", document(*self.many()))
        told = office.get(answer.headers["Location"].removeprefix("/epcis")).json
        assert (told["running"], told["success"], stored()) == (True, True, [])
        queues.drain("reports")
        told = office.get(answer.headers["Location"].removeprefix("/epcis")).json
        assert (told["running"], told["success"], told["storedCount"], len(stored())) == (False, True, 201, 201)
        assert "body" not in get_db().epcis_capture_jobs.find_one({"_id": told["captureID"]})

    def test_carrying_it_out_again_after_a_kill_stores_nothing_twice(self, office):
        sent = self.many(eventID=None)
        answer = office.post("/capture", document(*sent), **{BEHAVIOUR: "proceed"})
        job_id = answer.json["captureID"]
        waiting = get_db().epcis_capture_jobs.find_one({"_id": job_id})
        job.carry_out(job_id)
        first = sorted(stored())
        get_db().epcis_capture_jobs.replace_one({"_id": job_id}, waiting)  # as if killed before the job's end
        job.carry_out(job_id)
        assert sorted(stored()) == first
        assert len(first) == len(sent)

    def test_a_wrong_event_in_one_is_named_after_the_queue_ran(self, office):
        answer = office.post("/capture", document(*self.many(), short(bizStep="x")))
        queues.drain("reports")
        told = office.get(answer.headers["Location"].removeprefix("/epcis")).json
        assert (told["success"], [one["index"] for one in told["errors"]], stored()) == (False, [201], [])

    def test_above_the_limit_it_is_a_413_that_tells_the_limit(self, office):
        answer = office.post("/capture", document(*[{}] * 2_001))
        assert (answer.status_code, answer.json["type"]) == (413, "epcisException:CaptureLimitExceededException")
        assert answer.headers["GS1-EPCIS-Capture-Limit"] == "2000"

    def test_a_body_above_the_file_size_is_a_413(self, office):
        answer = office.post("/capture", b" " * (4 << 20) + b"{}")
        assert (answer.status_code, answer.json["type"]) == (413, "epcisException:CaptureLimitExceededException")


@pytest.mark.parametrize(
    "broken",
    [
        {},
        [],
        None,
        {"type": "EPCISDocument"},
        document(schemaVersion="1.2"),
        document(creationDate="now"),
        document(epcisBody={}),
        document(epcisBody={"eventList": {}}),
        document(type="Invoice"),
        {name: told for name, told in document().items() if name != "@context"},
    ],
)
def test_what_is_no_document_is_a_400_and_makes_no_job(office, broken):
    answer = office.post("/capture", json.dumps(broken).encode())
    assert (answer.status_code, answer.json["type"]) == (400, "epcisException:ValidationException")
    assert office.get("/capture").json == []


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a":"\xff"}', b'"\\ud800"', b"[" * 5000])
def test_what_is_no_json_is_a_400(office, raw):
    assert office.post("/capture", raw).status_code == 400


def test_another_media_type_is_a_415(office):
    answer = office.post("/capture", b"<a/>", Content_Type="application/xml")
    assert (answer.status_code, answer.json["type"]) == (415, "epcisException:UnsupportedMediaTypeException")


def test_jobs_are_listed_newest_first_by_pages_and_belong_to_their_party(client, office, store):
    seller = signer(client, "seller")
    names = [seller.captured(document(short()))["captureID"] for _ in range(3)]
    first = seller.get("/capture?perPage=2")
    assert [one["captureID"] for one in first.json] == names[:0:-1]
    link = first.headers["Link"]
    assert link.endswith('rel="next"')
    second = seller.get(link[1 : link.index(">")].removeprefix("/epcis"))
    assert [one["captureID"] for one in second.json] == names[:1]
    assert "Link" not in second.headers
    assert signer(client, "buyer").get(f"/capture/{names[0]}").status_code == 404
    assert office.get(f"/capture/{names[0]}").status_code == 200


def test_what_the_staff_capture_stands_in_the_audit_log(office):
    told = office.captured(document(short()))
    line = get_db().audit_entries.find_one({"object": f"epcis_job:{told['captureID']}"})
    assert (line["action"], line["details"]) == ("epcis.capture", {"events": 1})


class TestPut:
    def test_scenes_store_events_in_their_own_transaction_or_not_at_all(self, store):
        from backend.store import transactions  # noqa: PLC0415

        made = capture.named([short(eventID=None)])

        def change(session):
            capture.put(made, PARTY, session)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            transactions.run(change)
        assert stored() == []
        assert transactions.run(lambda session: capture.put(made, PARTY, session)) == stored()

    def test_it_refuses_all_for_one_and_says_which(self, store):
        with pytest.raises(EventsRefused) as refused:
            capture.put([short(), short(bizStep="x")], PARTY)
        assert [one.index for one in refused.value.refusals] == [1]
        assert stored() == []

    def test_prefixes_of_the_caller_are_kept_with_its_events(self, store):
        with pytest.raises(EventsRefused):
            capture.put([short(**{"ex:a": 1})], PARTY)
        capture.put([short(**{"ex:a": 1})], PARTY, context=events.PREFIX)
        assert get_db().epcis_events.find_one({"party": PARTY, "_id": {"$gt": ""}})["context"]

    def test_many_at_once_with_the_same_events_store_each_once(self, store):
        same = [short(eventID=uid(), epcList=[PACK.format(n)]) for n in range(5)]
        told = at_once([lambda: capture.put(same, PARTY)] * 8)
        assert all(one == [event["eventID"] for event in same] for one in told)
        assert len(stored()) == 5

    def test_of_many_with_different_contents_under_one_id_one_wins(self, store):
        name = uid()

        def take(number):
            try:
                return capture.put([short(eventID=name, epcList=[PACK.format(number)])], PARTY)
            except EventsRefused as refused:
                return refused.refusals[0].reasons[0].code

        told = at_once([partial(take, number) for number in range(8)])
        assert sorted(map(str, told)) == sorted([str([name]), *["event_id_taken"] * 7])


def test_a_reader_of_all_sees_the_jobs_of_others_one_by_one(store):
    made = job.accept(document(short()), b"", PARTY)
    assert job.read(made["_id"], Reader("https://example.org/party/2", all=True))["_id"] == made["_id"]
