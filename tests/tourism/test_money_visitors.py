"""Some visitors of an order do not come: their tickets, places, claims and money, one part after another."""

import itertools
import threading
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.entry import AuditEntry
from models.booking import cancel, cancel_visitors, order, refund_parts
from models.booking.order import Order
from models.booking.slot import Slot
from models.booking.ticket import Ticket
from models.devices.revocation import Revocation
from models.payments.payment import Payment
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.queues import drain
from tests.tourism.money_kit import ended, let_pass, order_of, payment_of, refunds_of


@pytest.fixture
def made(seeded):
    """A slot of nine places the day after tomorrow, 18:00 to 20:00."""
    return slots.make(9)


@pytest.fixture
def family(phone, made):
    """An issued order of two grown-ups and a child whose ticket is free."""
    visitors = [(phone.me, "adult"), (phone.companion(), "adult"), (phone.companion("20220101"), "child_6")]
    return phone.issued(made, *visitors)


def leave(phone, found: dict, *numbers: int):
    return phone.post(f"/mini/v1/orders/{found['id']}/cancel", {"visitors": list(numbers)})


def refused(answer):
    return answer.status_code, answer.json["code"]


def states(found: dict) -> list[str]:
    return [one["state"] for one in Ticket._get_collection().find({"order": ObjectId(found["id"])}).sort("_id", 1)]


def test_one_visitor_leaves_and_the_others_keep_their_tickets(phone, made, family):
    answer = leave(phone, family, 1)
    assert answer.status_code == 200, answer.json
    assert (answer.json["state"], answer.json["refund_if_cancelled_fen"]) == ("issued", 6000)
    assert [one["state"] for one in answer.json["visitors"]] == ["booked", "cancelled", "booked"]
    assert [one["number"] for one in answer.json["visitors"]] == [0, 1, 2]
    assert answer.json["partial_refunds"] == [{"visitors": [1], "fen": 6000, "state": "requested"}]
    assert states(family) == ["valid", "void", "valid"]
    assert (slots.left(made), slots.drift(made)) == (7, 0)


def test_gates_without_network_hear_of_the_ticket(phone, family):
    leave(phone, family, 1)
    (entry,) = Revocation._get_collection().find({"_id": {"$regex": f"^ticket:{family['id']}"}})
    assert (entry["key"], entry["reason"]) == (f"{family['id']}-1", "cancelled")


def test_the_money_of_a_part_comes_back_under_a_number_of_its_own(phone, family, sandbox, shift_clock):
    leave(phone, family, 1)
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(family))))
    (part,) = refunds_of(family)
    assert (part["_id"], part["amount_fen"]) == (f"{payment_of(family)}-v1", 6000)
    assert phone.log_in().order(family["id"])["partial_refunds"][0]["state"] == "succeeded"
    (there,) = sandbox.call(f"/orders/{payment_of(family)}")["refunds"]
    assert (there["out_refund_no"], there["amount"]["refund"], there["status"]) == (part["_id"], 6000, "SUCCESS")
    assert order_of(family)["history"][-1]["part"] == "v1"


def test_who_left_may_book_again_and_who_stays_may_not(phone, made, family):
    second = family["visitors"][1]
    assert second["price_fen"] == 6000
    companions = [one["id"] for one in phone.get("/mini/v1/companions").json["items"]]
    leave(phone, family, 1)
    answers = [phone.book(made, (one, "adult")) for one in companions if one != phone.me]
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert refused(phone.book(made)) == (409, "visitor_already_booked")


def test_the_last_visitor_who_leaves_ends_the_order(phone, made, family, shift_clock):
    for number in (1, 2, 0):
        assert leave(phone, family, number).status_code == 200
    found = phone.order(family["id"])
    assert (found["state"], found["refund"]) == ("cancelled", {"fen": 6000, "state": "requested"})
    assert {one["state"] for one in found["visitors"]} == {"cancelled"}
    assert (slots.left(made), slots.drift(made)) == (9, 0)
    let_pass(shift_clock, lambda: len(refunds_of(family)) == 2 and all(map(ended, refunds_of(family))))
    assert {one["_id"].rpartition("-")[2]: one["amount_fen"] for one in refunds_of(family)} == {
        "v1": 6000,
        "order": 6000,
    }
    assert Payment._get_collection().find_one({"_id": payment_of(family)})["refunded_fen"] == family["total_fen"]


def test_cancelling_the_rest_gives_back_what_is_left_of_the_money(phone, made, family):
    leave(phone, family, 0)
    answer = phone.cancel(family["id"]).json
    assert (answer["state"], answer["refund"]["fen"]) == ("cancelled", 6000)
    drain()
    assert sum(one["amount_fen"] for one in refunds_of(family)) == 12000
    assert (slots.left(made), slots.drift(made)) == (9, 0)


def test_a_part_that_was_not_asked_for_when_the_order_ended_is_asked_for_all_the_same(phone, family):
    leave(phone, family, 0)
    assert order_of(family)["outbox"][-1]["task"] == "booking.request_part"
    phone.cancel(family["id"])
    assert [one["task"] for one in order_of(family)["outbox"]] == ["booking.request_refund", "booking.request_parts"]
    drain()
    assert sorted(one["_id"].rpartition("-")[2] for one in refunds_of(family)) == ["order", "v0"]


def test_the_same_request_again_changes_nothing(phone, made, family):
    first, second = leave(phone, family, 1), leave(phone, family, 1)
    assert (second.status_code, second.json) == (200, first.json)
    drain()
    leave(phone, family, 1)
    drain()
    assert (len(refunds_of(family)), slots.left(made), slots.drift(made)) == (1, 7, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"visitors": [3]}, "visitor_number_wrong"),
        ({"visitors": [0, 9]}, "visitor_number_wrong"),
        ({"visitors": []}, "bad_input"),
        ({"visitors": [-1]}, "bad_input"),
        ({"visitors": ["0"]}, "bad_input"),
        ({"visitors": [True]}, "bad_input"),
        ({"visitors": [0.5]}, "bad_input"),
        ({"visitors": None}, "bad_input"),
        ({"people": [0]}, "bad_input"),
    ],
)
def test_odd_visitors_are_a_bad_request_and_change_nothing(phone, made, family, body, code):
    answer = phone.post(f"/mini/v1/orders/{family['id']}/cancel", body)
    assert refused(answer) == (400, code)
    assert (states(family), slots.left(made)) == (["valid"] * 3, 6)


def test_a_hold_is_not_divided(phone, made):
    held = phone.book(made, (phone.me, "adult"), (phone.companion(), "adult")).json
    assert refused(leave(phone, held, 1)) == (409, "order_state_wrong")
    assert leave(phone, held, 0, 1).json["state"] == "cancelled"
    assert slots.left(made) == 9


def test_nobody_cancels_a_visitor_of_another(phone, family, client, sandbox):
    other = type(phone)(client, sandbox).log_in()
    assert refused(leave(other, family, 0)) == (404, "not_found")
    assert states(family) == ["valid"] * 3


# What a place asks for


def test_children_do_not_stay_alone_where_the_place_says_so(phone, made):
    Slot._get_collection().update_one({"_id": made}, {"$set": {"terms.guardian_required": True}})
    child = (phone.companion("20220101"), "child_6")
    found = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"), child)
    assert leave(phone, found, 0).status_code == 200
    assert refused(leave(phone, found, 1)) == (409, "visitor_needs_guardian")
    assert leave(phone, found, 1, 2).json["state"] == "cancelled"


def test_elsewhere_they_may(phone, family):
    assert leave(phone, family, 0, 1).json["state"] == "issued"


def test_what_was_not_taken_by_the_visitor_is_cancelled_as_a_whole(phone, made, family):
    Order._get_collection().update_one({"_id": ObjectId(family["id"])}, {"$set": {"places": 1}})
    assert refused(leave(phone, family, 0)) == (409, "order_not_by_visitor")


def test_shares_and_the_daily_limit_get_their_places_back(phone, seeded):
    made, day = slots.make(9), "pingshan-day"
    counter = {"_id": day, "place": "pingshan", "resource": "", "day": "2000-01-01", "start": -1, "end": 0}
    counter |= {"kind": "day", "quota": 20, "left": 20, "state": "open", "pending": {}}
    Slot._get_collection().insert_one(counter)
    shares = {"individual": {"quota": 5, "left": 5}}
    Slot._get_collection().update_one({"_id": made}, {"$set": {"counters": [day], "shares": shares}})
    Slot._get_collection().update_one({"_id": made}, {"$set": {"classes.$[].share": "individual"}})
    found = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"))
    held = Slot._get_collection().find_one({"_id": made})
    assert (held["left"], held["shares"]["individual"]["left"]) == (7, 3)
    leave(phone, found, 1)
    left = Slot._get_collection().find_one({"_id": made})
    assert (left["left"], left["shares"]["individual"]["left"]) == (8, 4)
    assert Slot._get_collection().find_one({"_id": day})["left"] == 19
    assert (slots.drift(made), slots.drift(day)) == (0, 0)
    phone.cancel(found["id"])
    assert (slots.left(made), slots.left(day), slots.drift(made)) == (9, 20, 0)


# Money


ODD = {"visitors": [{"price_fen": fen} for fen in (101, 101, 101)], "total_fen": 303}


@pytest.mark.parametrize("order_of_leaving", itertools.permutations([101, 101, 202]))
def test_however_a_party_is_split_the_parts_sum_to_what_all_at_once_gives(order_of_leaving):
    found = {"total_fen": 404, "parts": []}
    for base in order_of_leaving:
        fen = refund_parts.fen_of(found, base, 33)
        assert fen >= 0
        found["parts"].append({"base_fen": base, "percent": 33, "fen": fen})
    assert refund_parts.given_fen(found) == 404 * 33 // 100


def test_parts_of_other_percentages_are_rounded_for_themselves():
    found = {"total_fen": 303, "parts": [{"base_fen": 101, "percent": 50, "fen": 50}]}
    assert refund_parts.fen_of(found, 101, 33) == 33
    assert refund_parts.undecided_fen(found) == 202
    assert refund_parts.fen_of(found, 101, 50) == 51


def test_on_the_day_places_return_and_no_money(phone, made, family, travel):
    travel(family["day"], "00:01")
    phone.log_in()
    answer = leave(phone, family, 1).json
    assert answer["partial_refunds"] == [{"visitors": [1], "fen": 0, "state": "none"}]
    drain()
    assert (refunds_of(family), slots.left(made)) == ([], 7)


def test_never_more_than_was_paid_goes_back(phone, family):
    leave(phone, family, 0)
    drain()
    for name, fen in (("v9", 6001), ("v8", 12000)):
        part = {"part": name, "visitors": [], "fen": fen, "state": "requested", "base_fen": 0, "percent": 0}
        Order._get_collection().update_one({"_id": ObjectId(family["id"])}, {"$push": {"parts": part}})
        with pytest.raises(cancel.refund.RefundTooLarge):
            cancel_visitors.request_part(ObjectId(family["id"]), name)
    assert Payment._get_collection().find_one({"_id": payment_of(family)})["refunded_fen"] == 6000


# At once


def test_two_visitors_who_leave_at_once_both_leave(phone, made, family):
    twins = [phone.twin(phone.client.application.test_client()) for _ in range(2)]
    answers = at_once([partial(leave, one, family, number) for number, one in enumerate(twins)])
    assert [one.status_code for one in answers] == [200, 200]
    assert states(family) == ["void", "void", "valid"]
    drain()
    assert sorted(one["amount_fen"] for one in refunds_of(family)) == [6000, 6000]
    assert (slots.left(made), slots.drift(made)) == (8, 0)


def test_a_visitor_who_leaves_while_all_leave_gets_the_money_once(phone, made, family):
    twins = [phone.twin(phone.client.application.test_client()) for _ in range(6)]
    some = [partial(leave, one, family, 0) for one in twins[:3]]
    answers = at_once([*some, *(partial(one.cancel, family["id"]) for one in twins[3:])])
    assert {(one.status_code, one.json.get("code")) for one in answers} == {(200, None)}
    assert phone.order(family["id"])["state"] == "cancelled"
    drain()
    assert sum(one["amount_fen"] for one in refunds_of(family)) == 12000
    assert (slots.left(made), slots.drift(made)) == (9, 0)


def test_whoever_is_scanned_while_leaving_is_inside_or_gone(phone, made, client, travel):
    app = client.application
    pairs = [phone.issued(made, (phone.companion(), "adult"), (phone.companion(), "adult")) for _ in range(4)]
    travel(pairs[0]["day"], "18:30")
    phone.log_in()
    gates = [Gate(app.test_client(), slots.PLACE) for _ in pairs]
    scans = [partial(gate.scan, one["tickets"][0]["code"]) for gate, one in zip(gates, pairs, strict=True)]
    away = [partial(leave, phone.twin(app.test_client()), one, 0) for one in pairs]
    answers = at_once([*scans, *away])
    inside = [one.json["result"] == "admitted" for one in answers[:4]]
    assert [one.status_code for one in answers[4:]] == [409 if one else 200 for one in inside]
    assert slots.left(made) == 1 + inside.count(False)
    assert slots.drift(made) == 0


def leave_unguarded(order_id, slot_id, all_have_looked):
    """Cancel a visitor as one must not: look, then save."""
    found = order.read(order_id)
    all_have_looked.wait(20)
    if not found["visitors"][0].get("cancelled"):
        Order._get_collection().update_one({"_id": order_id}, {"$set": {"visitors.0.cancelled": {"part": "v0"}}})
        Slot._get_collection().update_one({"_id": slot_id}, {"$inc": {"left": 1}})


def test_without_the_guard_a_place_returns_too_often(phone, made, family):
    all_have_looked = threading.Barrier(6)
    at_once([partial(leave_unguarded, ObjectId(family["id"]), made, all_have_looked)] * 6)
    assert slots.left(made) > 7


def test_a_used_ticket_stays_and_the_other_visitor_may_leave(phone, made, client, travel):
    found = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"))
    travel(found["day"], "18:30")
    phone.log_in()
    assert Gate(client, slots.PLACE).scan(found["tickets"][0]["code"]).json["result"] == "admitted"
    assert refused(leave(phone, found, 0)) == (409, "ticket_used")
    assert leave(phone, found, 1).json["state"] == "issued"
    assert states(found) == ["used", "void"]
    assert refused(phone.cancel(found["id"])) == (409, "ticket_used")


# The office


def test_staff_of_the_place_cancel_a_visitor_who_calls(phone, manager, made, family):
    body = {"visitors": [1], "reason": "visitor_asked"}
    answer = manager.post(f"/office/v1/orders/{family['id']}/cancel", body)
    assert answer.status_code == 200, answer.json
    assert [one["state"] for one in answer.json["visitors"]] == ["booked", "cancelled", "booked"]
    assert answer.json["history"][-1]["visitors"] == [1]
    (line,) = AuditEntry._get_collection().find({"object": f"order:{family['id']}"})
    assert (line["action"], line["details"]) == ("order.cancel", {"reason": "visitor_asked", "visitors": [1]})
    whole = manager.post(f"/office/v1/orders/{family['id']}/cancel", {"reason": "visitor_asked"})
    assert whole.json["state"] == "cancelled"
    assert phone.order(family["id"])["refund"]["fen"] == 6000


def test_staff_of_another_unit_do_not_find_the_order(phone, manager, seeded):
    found = phone.issued(slots.make(5, place_id="museum"))
    answer = manager.post(f"/office/v1/orders/{found['id']}/cancel", {"reason": "visitor_asked"})
    assert refused(answer) == (404, "not_found")
    assert clock.today().isoformat() < found["day"]
    assert phone.order(found["id"])["state"] == "issued"
