"""How families answer: accept, decline, too late, twice, twins; and the school that notes who came."""

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.identity import approval
from models.messaging.notice import Notice
from models.school import offer_answer, offer_make, refill
from models.school.application import SchoolApplication
from models.school.offer import SchoolOffer
from tests.school.after_kit import (
    MINI,
    OFFICE,
    ROUND,
    A,
    B,
    Published,
    clerk,
    exact,
    family,
    manager,
    of,
    resident,
    states,
)
from tests.support import affairs, queues
from tests.support.crowd import at_once


@pytest.fixture
def one(client, seeded, sandbox):
    """A family with an offer: phone, application, offer id, the round."""
    phone, made = family(client, sandbox), Published({A: 1, B: 1})
    mine = made.placed(A, B, at=A, lot=1, phone=phone)
    made.offers()
    return phone, mine, str(of(mine)["_id"]), made


def answer(phone, offer_id, verb, body=None):
    return phone.post(f"{MINI}/offers/{offer_id}/{verb}", body)


def test_an_offer_says_school_choice_and_until_when(one):
    phone, mine, offer_id, _ = one
    (told,) = phone.get(f"{MINI}/applications/{mine}/offers").json["items"]
    assert told["id"] == offer_id
    assert (told["school_zh"], told["choice"], told["kind"], told["state"]) == ("于都县A小学", 1, "drawn", "offered")
    assert told["respond_by"] == "2026-11-26T00:00:00+08:00"
    assert phone.get(f"{MINI}/offers/{offer_id}").json == told


def test_accepting_twice_gives_the_same_answer_and_one_number(one):
    phone, _, offer_id, made = one
    first, second = answer(phone, offer_id, "accept"), answer(phone, offer_id, "accept")
    assert (first.status_code, first.json["state"]) == (200, "accepted")
    assert first.json == second.json
    assert first.json["number"].startswith("RXTZ-20261120-")
    exact(made)


def test_declining_frees_the_place_once(one):
    phone, mine, offer_id, made = one
    assert answer(phone, offer_id, "decline").json["state"] == "declined"
    assert answer(phone, offer_id, "decline").json["state"] == "declined"
    assert made.taken(A) == 0
    refused = answer(phone, offer_id, "accept")
    assert (refused.status_code, refused.json["code"]) == (409, "school_offer_over")
    assert states(mine) == {A: "declined"}


def test_an_accepted_place_may_still_be_given_up_until_the_child_came(one, client):
    phone, _, offer_id, made = one
    answer(phone, offer_id, "accept")
    assert answer(phone, offer_id, "decline").json["state"] == "declined"
    assert made.taken(A) == 0


def test_accepting_and_declining_at_once_end_in_one_of_both(one):
    phone, mine, offer_id, made = one
    actor = resident(phone)
    offer_id = of(mine)["_id"]

    def quiet(call):
        try:
            return call()
        except offer_answer.OfferOver:
            return None

    calls = [lambda: offer_answer.accept(actor, offer_id), lambda: offer_answer.decline(actor, offer_id)] * 3
    at_once([lambda call=call: quiet(call) for call in calls])
    exact(made)
    assert states(mine)[A] in {"accepted", "declined"}


def test_the_last_moment_is_the_civil_midnight(one, travel):
    phone, _, offer_id, _ = one
    travel("2026-11-25", "23:59")
    phone.log_in()
    assert answer(phone, offer_id, "accept").json["state"] == "accepted"


def test_after_midnight_it_lapses_and_the_family_is_told(one, travel):
    phone, mine, offer_id, made = one
    travel("2026-11-26", "00:01")
    phone.log_in()
    late = answer(phone, offer_id, "accept")
    assert (late.status_code, late.json["code"]) == (409, "school_offer_over")
    assert phone.get(f"{MINI}/offers/{offer_id}").json["state"] == "lapsed"
    queues.drain("affairs")
    assert states(mine) == {A: "lapsed"}
    assert made.taken(A) == 0
    kinds = [told["kind"] for told in Notice._get_collection().find({"about": offer_id})]
    assert "school_lapsed" in kinds


def test_a_day_before_the_end_who_has_not_answered_is_reminded_and_nobody_else(one, client, sandbox, travel):
    _, _, offer_id, made = one
    other = family(client, sandbox)
    answered = made.placed(B, at=B, lot=5, phone=other)
    made_too = offer_make.ensure(answered)
    assert answer(other, str(made_too["_id"]), "accept").status_code == 200
    travel("2026-11-25", "00:05")
    queues.drain("affairs")
    assert "school_reminder" in [told["kind"] for told in Notice._get_collection().find({"about": offer_id})]
    told = Notice._get_collection().find({"about": str(made_too["_id"])})
    assert "school_reminder" not in [one["kind"] for one in told]


def test_lapsing_many_times_at_once_gives_the_place_back_once(one, travel):
    _, mine, _, made = one
    travel("2026-11-26", "00:01")
    offer_id = of(mine)["_id"]
    at_once([lambda: offer_answer.lapse(offer_id)] * 5)
    assert made.taken(A) == 0
    assert SchoolOffer._get_collection().find_one({"_id": offer_id})["state"] == "lapsed"


def test_a_stranger_finds_no_offer(one, client, sandbox):
    _, mine, offer_id, _ = one
    stranger = family(client, sandbox)
    for path in (f"/offers/{offer_id}", f"/applications/{mine}/offers", f"/offers/{offer_id}/notice.pdf"):
        assert stranger.get(MINI + path).status_code == 404
    for verb in ("accept", "decline"):
        assert answer(stranger, offer_id, verb).status_code == 404
    assert answer(stranger, "é", "accept").status_code == 404


def test_giving_up_one_twin_warns_first(client, seeded, sandbox):
    phone, made = family(client, sandbox), Published({A: 2})
    first = made.placed(A, at=A, lot=1, phone=phone)
    second = made.placed(A, at=A, lot=2, phone=phone, group=first)
    SchoolApplication._get_collection().update_one({"_id": first}, {"$set": {"group": first}})
    made.offers()
    offer_id = str(of(second)["_id"])
    warned = answer(phone, offer_id, "decline")
    assert (warned.status_code, warned.json["code"]) == (409, "school_twin_stays")
    assert states(second) == {A: "offered"}
    assert answer(phone, offer_id, "decline", {"confirmed": True}).json["state"] == "declined"
    assert states(first) == {A: "offered"}
    assert answer(phone, str(of(first)["_id"]), "decline").json["state"] == "declined"


def test_a_withdrawn_application_loses_its_place_to_the_line(one):
    phone, mine, _, made = one
    waits = made.placed(A, at="", lot=9)
    SchoolApplication._get_collection().update_one({"_id": mine}, {"$set": {"state": "withdrawn"}})
    refused = answer(phone, str(of(mine)["_id"]), "accept")
    assert (refused.status_code, refused.json["code"]) == (409, "school_not_placeable")
    refill.look()
    queues.drain("affairs")
    assert (states(mine), states(waits)) == ({A: "released"}, {A: "offered"})
    exact(made)


class TestSchool:
    def test_notes_who_came_once(self, one, client):
        phone, _, offer_id, made = one
        answer(phone, offer_id, "accept")
        school = clerk(client, A)
        first = school.post(f"{OFFICE}/offers/{offer_id}/enrol")
        assert (first.status_code, first.json["state"]) == (200, "enrolled")
        assert school.post(f"{OFFICE}/offers/{offer_id}/enrol").json["state"] == "enrolled"
        assert AuditEntry._get_collection().count_documents({"object": f"school_offer:{offer_id}"}) == 1
        assert answer(phone, offer_id, "decline").json["code"] == "school_offer_over"
        exact(made)

    def test_notes_nobody_who_did_not_accept(self, one, client):
        _, _, offer_id, _ = one
        refused = clerk(client, A).post(f"{OFFICE}/offers/{offer_id}/enrol")
        assert (refused.status_code, refused.json["code"]) == (409, "school_offer_over")

    def test_of_another_school_finds_nothing(self, one, client):
        phone, _, offer_id, _ = one
        answer(phone, offer_id, "accept")
        other = clerk(client, B)
        assert other.get(f"{OFFICE}/offers/{offer_id}").status_code == 404
        assert other.post(f"{OFFICE}/offers/{offer_id}/enrol").status_code == 404
        assert other.get(f"{OFFICE}/offers/{offer_id}/notice.pdf").status_code == 404
        for rest in ("offers", "waiting", "transfers"):
            assert other.get(f"{OFFICE}/rounds/{ROUND}/schools/{A}/{rest}").status_code == 404
            assert other.get(f"{OFFICE}/rounds/{ROUND}/schools/{B}/{rest}").status_code == 200

    def test_reads_its_offers_with_an_access_line_and_without_names_of_children(self, one, client):
        phone, _, offer_id, _ = one
        school = clerk(client, A)
        (told,) = school.get(f"{OFFICE}/rounds/{ROUND}/schools/{A}/offers?state=offered").json["items"]
        assert (told["id"], told["name"]) == (offer_id, "未满14周岁,需审批")
        (line,) = AccessLine._get_collection().find({"who": school.actor().key})
        assert (line["purpose"], line["fields"]) == ("school_enrolment", ["school.offer"])
        answer(phone, offer_id, "accept")
        assert school.get(f"{OFFICE}/rounds/{ROUND}/schools/{A}/offers?state=offered").json["items"] == []

    def test_reads_a_name_masked_until_the_place_was_accepted(self, one, client):
        phone, _, offer_id, _ = one
        school = clerk(client, A)
        approve(school, offer_id)
        path = f"{OFFICE}/offers/{offer_id}"
        assert school.get(path).json["name"] == "李**"
        answer(phone, offer_id, "accept")
        assert school.get(path).json["name"] == "李小满"
        fields = [line["fields"] for line in AccessLine._get_collection().find({"who": school.actor().key})]
        assert fields[-1] == ["person.name", "school.offer"]

    def test_a_role_without_the_operation_is_refused(self, one, client):
        _, _, offer_id, _ = one
        liaison = affairs.seat(client, "school_liaison", unit="unit_school_a")
        assert liaison.get(f"{OFFICE}/offers/{offer_id}").status_code == 403
        assert manager(client).get(f"{OFFICE}/offers/{offer_id}").status_code == 200


def approve(school, offer_id: str) -> None:
    """Let a privacy officer have approved that a member sees the child of an offer."""
    child = SchoolOffer._get_collection().find_one({"_id": ObjectId(offer_id)})["child"]
    until = clock.at(clock.today(), 48 * 60)
    made = approval.record(school.actor(), "minor_access", f"person:{child}", reason="报到", person=child, until=until)
    approval.Approval._get_collection().insert_one({**made, "state": "approved"})
