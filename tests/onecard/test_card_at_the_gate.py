"""The card instead of a ticket: whoever booked walks in with the code of their card, on line or not."""

import json
import secrets
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.audit.access_line import AccessLine
from models.booking.gate import GateScan
from models.booking.ticket import Ticket
from models.devices.conflict import JournalConflict
from models.identity import device
from models.onecard.card import Card
from models.onecard.credential import Credential
from tests.onecard.codes_kit import Wallet, give_card, person_of
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.gate import Gate

JOURNAL = "/gate/v1/journal"


@pytest.fixture
def gate(client, seeded):
    return Gate(client, slots.PLACE)


@pytest.fixture
def carried(phone):
    """The phone of somebody with a card whose seeds it holds."""
    phone.sure("verified")
    give_card(person_of(phone))
    wallet = Wallet(phone)
    assert wallet.draw_seeds().status_code == 201
    return wallet


@pytest.fixture
def on_the_day(carried, travel):
    """Book a place and go to the hour of the visit."""
    order = carried.phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    carried.phone.log_in()
    return order


def result(answer):
    assert answer.status_code == 200, answer.json
    return answer.json["result"]


def hand_in(gate, *entries):
    body = json.dumps({"entries": entries, "device_time": moment()}).encode()
    answer = gate.send(body, gate.signed(body, path=JOURNAL), path=JOURNAL)
    queues.drain()
    return answer


def moment():
    return clock.civil(clock.now()).isoformat(timespec="milliseconds")


def entry(code, nonce=""):
    nonce = nonce or secrets.token_hex(12)
    return {"nonce": nonce, "at": moment(), "code_kind": "venue", "code": code, "decision": "admitted"}


def test_the_holder_walks_in_by_the_card_and_the_ticket_is_used(carried, on_the_day, gate):
    answer = gate.scan(carried.code("venue"))
    assert result(answer) == "admitted"
    assert answer.json["ticket"] == on_the_day["tickets"][0]["id"]
    assert result(gate.scan(on_the_day["tickets"][0]["code"])) == "already_used"


def test_a_repeated_request_is_the_same_entry(carried, on_the_day, gate):
    nonce, code = secrets.token_hex(12), carried.code("venue")
    first, again = gate.scan(code, nonce=nonce), gate.scan(code, nonce=nonce)
    assert (result(first), result(again)) == ("admitted", "admitted")
    assert [one.result for one in GateScan.objects(place=slots.PLACE)] == ["admitted"]


def test_one_code_at_two_gates_at_once_lets_one_in(app, carried, on_the_day, gate):
    other, code = Gate(app.test_client(), slots.PLACE, name="西门"), carried.code("venue")
    twins = [one.twin(app.test_client()) for one in (gate, other) * 3]
    answers = at_once([lambda g=g: result(g.scan(code)) for g in twins])
    assert sorted(answers).count("admitted") == 1


def test_a_holder_without_a_booking_is_told_so(carried, gate):
    answer = gate.scan(carried.code("venue"))
    assert result(answer) == "no_ticket"
    assert "预约" in answer.json["message"]


def revoke(carried):
    change = {"$set": {"state": "revoked", "revoked_at": clock.now() - timedelta(hours=1)}}
    Credential._get_collection().update_many({"person": ObjectId(str(person_of(carried.phone)))}, change)


def leave(gate, code, **options):
    device.Device._get_collection().update_one({"_id": gate.id}, {"$set": {"direction": "out"}})
    return gate.scan(code, **options)


@pytest.mark.parametrize("wrong", ["replayed", "revoked", "clock_off", "card_not_active", "wrong_kind"])
def test_whatever_became_of_the_card_its_holder_leaves_by_it(carried, on_the_day, gate, wrong):
    code = carried.code("venue")
    assert result(gate.scan(code)) == "admitted"
    if wrong == "revoked":
        revoke(carried)
    if wrong == "card_not_active":
        Card._get_collection().update_many({"person": person_of(carried.phone)}, {"$set": {"state": "frozen"}})
    if wrong in {"revoked", "card_not_active"}:
        code = carried.code("venue", later=30)
    if wrong == "clock_off":
        code = carried.code("venue", later=-600)
    if wrong == "wrong_kind":
        code = carried.code("transit")
    nonce = secrets.token_hex(12)
    answer = leave(gate, code, nonce=nonce)
    assert result(answer) == "exited"
    assert leave(gate, code, nonce=nonce).json == answer.json, "the same scan"
    kept = GateScan._get_collection().find_one({"_id": f"{gate.id}:{nonce}"})
    assert (kept["result"], kept["direction"], kept["uncounted"]) == ("exited", "out", True)
    if wrong != "wrong_kind":  # that one does not tell whose it is
        assert answer.json["ticket"] == on_the_day["tickets"][0]["id"]
        assert Ticket._get_collection().find_one({"_id": kept["ticket"]})["zones"]["_"]["inside"] is False


def test_nobody_is_locked_in_by_what_no_gate_can_read(carried, on_the_day, gate):
    for shown in ("nonsense", carried.code("venue")[:-4] + "AAAA"):
        assert result(leave(gate, shown)) == "exited"
    assert "没有入园记录" in leave(gate, "nonsense").json["message"]


def test_a_stale_card_that_left_without_network_did_leave(carried, on_the_day, gate):
    device.Device._get_collection().update_one({"_id": gate.id}, {"$set": {"direction": "both"}})
    code = carried.code("venue")
    hand_in(gate, entry(code))
    revoke(carried)
    hand_in(gate, entry(code) | {"direction": "out"})
    used = Ticket.objects.get(id=on_the_day["tickets"][0]["id"])
    assert (used.zones["_"]["in"], used.zones["_"]["out"], used.zones["_"]["inside"]) == (1, 1, False)
    hand_in(gate, entry("nonsense") | {"direction": "out"})
    assert [one.result for one in GateScan.objects(place=slots.PLACE, direction="out")] == ["exited", "exited"]
    assert JournalConflict.objects.count() == 0


def test_the_gate_sees_no_more_than_an_age_band_and_the_holder_sees_that(carried, on_the_day, gate):
    gate.scan(carried.code("venue"))
    (line,) = AccessLine.objects(subjects=person_of(carried.phone), purpose="card_use")
    assert list(line.fields) == ["person.age_band"]


@pytest.mark.parametrize("kind", ["transit", "payment", "medical", "identity"])
def test_another_kind_of_code_opens_no_gate(carried, on_the_day, gate, kind):
    assert result(gate.scan(carried.code(kind))) in {"wrong_kind", "wrong_scanner"}
    assert Ticket.objects.get(id=on_the_day["tickets"][0]["id"]).state == "valid"


def test_who_walked_in_without_network_has_used_their_ticket(carried, on_the_day, gate):
    told = entry(carried.code("venue"))
    hand_in(gate, told)
    hand_in(gate, told)
    used = Ticket.objects.get(id=on_the_day["tickets"][0]["id"])
    assert (used.state, used.first_scan["offline"]) == ("used", True)
    assert JournalConflict.objects.count() == 0


def test_who_walked_in_without_a_booking_is_listed_for_the_staff(carried, gate):
    hand_in(gate, entry(carried.code("venue")))
    (found,) = JournalConflict.objects
    assert (found.reason, found.person) == ("no_ticket", person_of(carried.phone))


def test_the_ticket_and_the_card_at_two_gates_without_network_are_one_conflict(app, carried, on_the_day, gate):
    other = Gate(app.test_client(), slots.PLACE, name="西门")
    hand_in(gate, entry(carried.code("venue")))
    hand_in(other, entry(on_the_day["tickets"][0]["code"]) | {"code_kind": "ticket"})
    assert [one.reason for one in JournalConflict.objects] == ["used_twice"]
