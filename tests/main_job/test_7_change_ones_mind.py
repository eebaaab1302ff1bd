"""Paragraph 7, Change one's mind: cancel, refund by the place's dated rule, and the place returns once."""

import itertools
import threading
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.booking import cancel, order, slot
from models.payments import refund
from models.places import place
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.patience import until
from tests.support.phone import Phone


@pytest.fixture
def made(seeded):
    """A slot of nine places the day after tomorrow, 18:00 to 20:00."""
    return slots.make(9)


def refused(answer):
    return answer.status_code, answer.json["code"]


def refunds():
    return list(refund.Refund._get_collection().find())


def follow_refund(phone, order_id, shift_clock):
    """Let minutes pass and the queues work until the refund has ended; return the order as its owner sees it then."""
    minutes = itertools.count(1)

    def ended():
        shift_clock(61 * next(minutes))
        queues.drain()
        return order.read(ObjectId(order_id))["refund"]["state"] in {"succeeded", "abnormal", "closed"}

    until(ended, what="the end of the refund")
    return phone.log_in().order(order_id)


def before(issued, days):
    return (clock.date_of(issued["day"]) - timedelta(days=days)).isoformat()


# By rule


def test_until_the_day_before_all_money_returns(phone, made, travel):
    issued = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"))
    travel(before(issued, 1), "23:58")
    phone.log_in()
    assert phone.order(issued["id"])["refund_if_cancelled_fen"] == 12000
    answer = phone.cancel(issued["id"]).json
    assert (answer["state"], answer["state_zh"]) == ("cancelled", "已取消")
    assert answer["refund"] == {"fen": 12000, "state": "requested"}


def test_on_the_day_nothing_returns_but_the_place_does(phone, made, travel):
    issued = phone.issued(made)
    travel(issued["day"], "00:01")
    phone.log_in()
    assert phone.order(issued["id"])["refund_if_cancelled_fen"] == 0
    assert phone.cancel(issued["id"]).json["refund"] == {"fen": 0, "state": "none"}
    queues.drain()
    assert refunds() == []
    assert slots.left(made) == 9


def test_a_free_order_is_cancelled_without_a_refund(phone):
    free = slots.make(9, place_id="museum")
    issued = phone.issued(free)
    answer = phone.cancel(issued["id"]).json
    assert (answer["state"], answer["refund"]) == ("cancelled", {"fen": 0, "state": "none"})
    assert (slots.left(free), slots.drift(free)) == (9, 0)


ROWS = [
    {"from_days_before": 7, "percent": 100},
    {"from_days_before": 2, "percent": 50},
    {"from_days_before": 1, "percent": 33},
]
TABLE = [(8, 6000), (7, 6000), (6, 3000), (2, 3000), (1, 1980), (0, 0), (-1, 0)]


@pytest.mark.parametrize(("days", "fen"), TABLE)
def test_the_table_of_the_place_decides_by_the_days_left(seeded, days, fen):
    day = clock.today() + timedelta(days=days)
    found = {"day": day.isoformat(), "total_fen": 6000, "terms": {"refund_rows": ROWS}}
    assert cancel.refund_fen(found) == fen


def test_parts_of_a_fen_are_rounded_down(seeded):
    found = {"day": (clock.today() + timedelta(days=1)).isoformat(), "total_fen": 101, "terms": {"refund_rows": ROWS}}
    assert cancel.refund_fen(found) == 33


DATED = [
    {"valid_from": "2026-01-01", "valid_to": "2026-12-31", "rows": ROWS[:1]},
    {"valid_from": "2027-01-01", "valid_to": None, "rows": ROWS[1:]},
]


@pytest.mark.parametrize(
    ("day", "rows"),
    [("2025-12-31", []), ("2026-01-01", ROWS[:1]), ("2026-12-31", ROWS[:1]), ("2027-01-01", ROWS[1:])],
)
def test_the_table_in_force_on_the_day_of_the_visit_goes_into_the_slot(day, rows):
    assert place.terms_on({"refund_versions": DATED}, day)["refund_rows"] == rows


def test_an_order_keeps_the_rule_under_which_it_was_made(phone, made):
    issued = phone.issued(made)
    slot.Slot._get_collection().update_one({"_id": made}, {"$set": {"terms.refund_rows": []}})
    assert phone.order(issued["id"])["refund_if_cancelled_fen"] == 6000
    assert phone.cancel(issued["id"]).json["refund"]["fen"] == 6000


# The refund


def test_the_owner_sees_how_the_refund_ends(phone, made, shift_clock):
    issued = phone.issued(made)
    phone.cancel(issued["id"])
    queues.drain()
    assert phone.order(issued["id"])["refund"] == {"fen": 6000, "state": "requested"}
    assert [one["state"] for one in refunds()] == ["processing"]
    assert follow_refund(phone, issued["id"], shift_clock)["refund"] == {"fen": 6000, "state": "succeeded"}


def test_wechat_is_asked_for_one_refund_of_the_whole_amount(phone, made, sandbox, shift_clock):
    issued = phone.issued(made)
    for _ in range(2):
        phone.cancel(issued["id"])
        queues.drain()
    follow_refund(phone, issued["id"], shift_clock)
    payment = order.Order._get_collection().find_one({"_id": ObjectId(issued["id"])})["payment"]
    (made_there,) = sandbox.call(f"/orders/{payment}")["refunds"]
    assert (made_there["amount"]["refund"], made_there["status"]) == (6000, "SUCCESS")


def test_a_refund_that_the_bank_refuses_is_shown_and_waits_for_a_person(phone, made, sandbox, shift_clock, request):
    issued = phone.issued(made)
    request.addfinalizer(sandbox.clear)
    sandbox.fault("refund_abnormal")
    phone.cancel(issued["id"])
    assert follow_refund(phone, issued["id"], shift_clock)["refund"]["state"] == "abnormal"
    assert [one["_id"] for one in refund.needing_a_person()] == [refunds()[0]["_id"]]


def test_doing_the_queues_work_twice_asks_for_one_refund(phone, made):
    issued = phone.issued(made)
    phone.cancel(issued["id"])
    queues.drain()
    cancel.request_refund(ObjectId(issued["id"]), 6000)
    queues.drain()
    assert [one["amount_fen"] for one in refunds()] == [6000]


def test_money_that_is_kept_is_reported_as_shipped_even_when_the_queue_was_slower_than_the_change_of_mind(
    phone, made, sandbox, travel
):
    issued = phone.issued(made)
    travel(issued["day"], "00:01")
    phone.log_in()
    phone.cancel(issued["id"])
    queues.drain()
    payment = order.read(ObjectId(issued["id"]))["payment"]
    assert sandbox.call(f"/orders/{payment}")["shipping"]


# Once


def test_a_hold_is_cancelled_and_closed_at_wechat(phone, made, sandbox):
    held = phone.book(made).json
    package = phone.post(f"/mini/v1/orders/{held['id']}/payment").json["package"]
    assert phone.cancel(held["id"]).json["state"] == "cancelled"
    assert slots.left(made) == 9
    assert sandbox.pay(package)["status"] == 409


def test_a_hold_that_was_paid_a_moment_ago_is_issued_and_not_cancelled(phone, made):
    held = phone.book(made).json
    phone.pay(held)
    assert refused(phone.cancel(held["id"])) == (409, "order_just_paid")
    assert phone.order(held["id"])["state"] == "issued"
    assert slots.left(made) == 8


@pytest.mark.parametrize("paid", [False, True], ids=["a hold", "an issued order"])
def test_cancelling_twice_gives_the_place_back_once(phone, made, paid):
    found = phone.issued(made) if paid else phone.book(made).json
    first, second = phone.cancel(found["id"]), phone.cancel(found["id"])
    assert (second.status_code, second.json) == (200, first.json)
    assert (slots.left(made), slots.drift(made)) == (9, 0)


@pytest.mark.parametrize("paid", [False, True], ids=["a hold", "an issued order"])
def test_ten_that_cancel_at_once_give_the_place_back_once(phone, made, paid):
    found = phone.issued(made) if paid else phone.book(made).json
    twins = [phone.twin(phone.client.application.test_client()) for _ in range(10)]
    answers = at_once([lambda one=one: one.cancel(found["id"]) for one in twins])
    assert [one.status_code for one in answers] == [200] * 10
    assert {one.json["state"] for one in answers} == {"cancelled"}
    assert (slots.left(made), slots.drift(made)) == (9, 0)
    queues.drain()
    assert len(refunds()) == int(paid)


def give_back_unguarded(order_id, slot_id, all_have_looked):
    """Cancel as one must not: look at the state, then save both."""
    found = order.Order._get_collection().find_one({"_id": order_id})
    if found["state"] != "held":
        return
    all_have_looked.wait(20)
    order.Order._get_collection().update_one({"_id": order_id}, {"$set": {"state": "cancelled"}})
    slot.Slot._get_collection().update_one({"_id": slot_id}, {"$inc": {"left": 1}})


def test_ten_that_cancel_at_once_without_the_guard_give_the_place_back_too_often(phone, made):
    held, all_have_looked = ObjectId(phone.book(made).json["id"]), threading.Barrier(10)
    at_once([lambda: give_back_unguarded(held, made, all_have_looked)] * 10)
    assert slots.left(made) > 9


def test_a_used_ticket_cannot_be_cancelled_nor_the_other_tickets_of_its_order(phone, made, client, travel):
    issued = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"))
    travel(issued["day"], "18:30")
    phone.log_in()
    gate = Gate(client, slots.PLACE)
    assert gate.scan(issued["tickets"][0]["code"]).json["result"] == "admitted"
    assert refused(phone.cancel(issued["id"])) == (409, "ticket_used")
    assert [one["state"] for one in phone.order(issued["id"])["tickets"]] == ["used", "valid"]
    assert gate.scan(issued["tickets"][1]["code"]).json["result"] == "admitted"
    assert slots.left(made) == 7


def test_a_ticket_that_is_scanned_and_cancelled_at_once_is_either_used_or_cancelled(phone, made, client, travel):
    app = client.application
    visitors = [(phone.companion(), "adult") for _ in range(6)]
    issued = [phone.issued(made, one) for one in visitors]
    travel(issued[0]["day"], "18:30")
    phone.log_in()
    gates = [Gate(app.test_client(), slots.PLACE) for _ in issued]
    scans = [lambda g=g, o=o: g.scan(o["tickets"][0]["code"]) for g, o in zip(gates, issued, strict=True)]
    cancels = [lambda o=o: phone.twin(app.test_client()).cancel(o["id"]) for o in issued]
    answers = at_once(scans + cancels)
    results = [one.json["result"] for one in answers[:6]]
    assert [one.status_code for one in answers[6:]] == [409 if one == "admitted" else 200 for one in results]
    assert slots.left(made) == 9 - results.count("admitted")


def test_a_cancelled_or_expired_order_cannot_be_paid(phone, made, shift_clock):
    first = phone.book(made).json
    phone.cancel(first["id"])
    second = phone.book(made).json
    shift_clock(15 * 60 + 1)
    queues.drain()
    for one, state in ((first, "cancelled"), (second, "expired")):
        answer = phone.post(f"/mini/v1/orders/{one['id']}/payment")
        assert refused(answer) == (409, "order_state_wrong")
        assert phone.order(one["id"])["state"] == state


def test_an_expired_order_cannot_be_cancelled(phone, made, shift_clock):
    held = phone.book(made).json
    shift_clock(15 * 60 + 1)
    queues.drain()
    assert refused(phone.cancel(held["id"])) == (409, "order_state_wrong")
    assert slots.left(made) == 9


def test_nobody_cancels_the_order_of_another(phone, made, client, sandbox):
    issued = phone.issued(made)
    other = Phone(client, sandbox).log_in()
    assert refused(other.cancel(issued["id"])) == (404, "not_found")
    assert phone.order(issued["id"])["state"] == "issued"


@pytest.mark.parametrize("order_id", ["x", "0" * 24, "$ne"])
def test_what_is_no_order_cannot_be_cancelled(phone, order_id):
    assert refused(phone.cancel(order_id)) == (404, "not_found")


def test_the_history_of_an_order_tells_who_did_what(phone, made, shift_clock):
    issued = phone.issued(made)
    phone.cancel(issued["id"])
    follow_refund(phone, issued["id"], shift_clock)
    history = order.Order._get_collection().find_one({"_id": ObjectId(issued["id"])})["history"]
    assert [one["what"] for one in history] == ["held", "issued", "cancelled", "refund_succeeded"]
    assert [one["who"].split(":")[0] for one in history] == ["resident", "system", "resident", "system"]
