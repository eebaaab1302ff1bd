"""Who had booked hears of a closed slot and of money that came back, once; no booking under way is left out."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from backend.errors import OutsideFailure
from models.booking import cancel, cancel_visitors, checkout, issuing, order, slot, sweeper, takes
from models.booking.order import Order
from tests.support import queues, slots
from tests.support.messages import Told
from tests.tourism.money_kit import ended, let_pass, payment_of, refunds_of

REASON = "暴雨红色预警"


def close(clerk, made):
    answer = clerk.post(f"/office/v1/slots/{made}/close", {"reason": REASON})
    assert answer.status_code == 202, answer.json
    return answer.json


def notices(kind):
    return list(get_db().notices.find({"key": {"$gte": f"{kind}:", "$lt": f"{kind};"}}).sort("_id", 1))


def test_the_owner_of_an_order_of_a_closed_slot_is_told_why_once(office, phone):
    made = slots.make(5, days=5)
    issued = phone.issued(made)
    job = close(office, made)
    queues.drain()
    close(office, made)
    queues.drain()
    [told] = notices("slot_closed")
    assert (told["about"], told["values"]["reason"], told["urgent"]) == (issued["id"], REASON, False)
    assert told["key"].endswith(f"{issued['id']}:{job['id']}")
    [line] = [one for one in Told(phone).inbox() if one["kind"] == "slot_closed"]
    assert REASON in line["text_zh"]


def test_who_visits_within_a_day_is_told_in_the_night_too(office, phone):
    made = slots.make(5, days=0, start=22 * 60)
    phone.book(made)
    close(office, made)
    queues.drain()
    assert [one["urgent"] for one in notices("slot_closed")] == [True]


def test_a_closed_place_wakes_only_those_who_visit_soon(office, phone):
    soon, late = slots.make(5, days=0, start=22 * 60), slots.make(5, days=6)
    for made in (soon, late):
        assert phone.book(made).status_code == 201
    days = {"first_day": clock.today().isoformat(), "last_day": (clock.today() + timedelta(days=6)).isoformat()}
    answer = office.post("/office/v1/closings", {"place_id": slots.PLACE, **days, "reason": REASON})
    assert answer.status_code == 202, answer.json
    queues.drain()
    assert {one["values"]["day"]: one["urgent"] for one in notices("place_closed")} == {
        clock.today().isoformat(): True,
        days["last_day"]: False,
    }


def test_who_is_told_is_told_with_the_write_that_cancels(office, phone, monkeypatch):
    """A kill right after the cancelling loses no word: it lies with the order."""
    made = slots.make(5)
    issued = phone.issued(made)
    close(office, made)

    class Killed(BaseException):
        pass

    real = cancel.cancel

    def die(*args, **more):
        real(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(cancel, "cancel", die)
        with pytest.raises(Killed):
            queues.drain("reports")
    assert phone.order(issued["id"])["state"] == "cancelled"
    queues.drain("push")
    assert [one["about"] for one in notices("slot_closed")] == [issued["id"]]


def test_a_booking_that_was_under_way_when_the_slot_closed_is_cancelled_too(office, phone, monkeypatch, shift_clock):
    """It took its place before, and stores its order after the job has looked for orders."""
    made = slots.make(5)
    real, seen = order.insert, []

    def slow(record):
        job = close(office, made)
        queues.drain("reports")
        seen.append(office.get(f"/office/v1/jobs/{job['id']}").json["state"])
        real(record)

    with monkeypatch.context() as patched:
        patched.setattr(order, "insert", slow)
        found = phone.book(made).json
    shift_clock(5)
    queues.drain("reports")
    assert (seen, phone.order(found["id"])["state"]) == (["running"], "cancelled")
    assert (slots.left(made), slots.drift(made)) == (5, 0)


def test_a_hold_of_a_process_that_died_keeps_no_closing_waiting_for_ever(office, phone, shift_clock):
    made = slots.make(5)
    issued = phone.issued(made)
    takes.take_all([slot.Take(made, 1)], ObjectId())
    job = close(office, made)
    queues.drain("reports")
    assert phone.order(issued["id"])["state"] == "issued"
    shift_clock(70)
    sweeper.sweep()
    shift_clock(80)
    queues.drain("reports")
    assert office.get(f"/office/v1/jobs/{job['id']}").json["state"] == "done"
    assert phone.order(issued["id"])["state"] == "cancelled"


def test_who_pays_while_the_slot_closes_is_cancelled_with_all_money(office, phone, sandbox):
    made = slots.make(5)
    held = phone.book(made).json
    phone.post(f"/mini/v1/orders/{held['id']}/payment")
    sandbox.fault("close_races_pay", count=1)
    job = close(office, made)
    queues.drain("reports")
    assert office.get(f"/office/v1/jobs/{job['id']}").json["failures"] == []
    found = phone.order(held["id"])
    assert (found["state"], found["refund"]["fen"]) == ("cancelled", 6000)
    assert (slots.left(made), slots.drift(made)) == (5, 0)


def test_an_order_of_a_closed_slot_waits_for_wechat_and_is_not_left_out(office, phone, monkeypatch, shift_clock):
    made = slots.make(5)
    issued = phone.issued(made)
    job = close(office, made)
    real, calls = cancel.cancel, []

    class Away(OutsideFailure):
        code = "away"

    def away(*args, **more):
        calls.append(args)
        if len(calls) == 1:
            raise Away
        return real(*args, **more)

    monkeypatch.setattr(cancel, "cancel", away)
    queues.drain("reports")
    shift_clock(5)
    queues.drain("reports")
    assert phone.order(issued["id"])["state"] == "cancelled"
    assert office.get(f"/office/v1/jobs/{job['id']}").json["failures"] == []


def test_a_free_order_that_is_issued_at_the_moment_of_cancelling_is_cancelled(phone, monkeypatch):
    made = slots.make(5, place_id="museum")
    with monkeypatch.context() as patched:
        patched.setattr(issuing, "issue", lambda *_args, **_more: False)
        held = phone.book(made).json
    real = checkout.release

    def late(order_id, *args, **more):
        issuing.issue(order_id)
        return real(order_id, *args, **more)

    monkeypatch.setattr(checkout, "release", late)
    assert phone.cancel(held["id"]).json["state"] == "cancelled"
    assert (slots.left(made), slots.drift(made)) == (5, 0)


# Money that came back


def test_a_refund_that_arrived_is_told_once_with_its_amount(phone, shift_clock):
    issued = phone.issued(slots.make(5, days=20))
    phone.cancel(issued["id"])
    let_pass(shift_clock, lambda: all(ended(one) for one in refunds_of(issued)))
    cancel.refund_changed(ObjectId(issued["id"]))
    queues.drain()
    [told] = notices("refund_done")
    assert (told["about"], told["values"]["yuan"]) == (issued["id"], "60.00")
    phone.log_in()
    [line] = [one for one in Told(phone).inbox() if one["kind"] == "refund_done"]
    assert "已退款 60.00 元" in line["text_zh"]


def test_each_visitor_who_left_is_told_of_alone(phone, shift_clock):
    issued = phone.issued(slots.make(5, days=20), (phone.me, "adult"), (phone.companion(), "adult"))
    phone.post(f"/mini/v1/orders/{issued['id']}/cancel", {"visitors": [1]})
    queues.drain()
    phone.cancel(issued["id"])
    let_pass(shift_clock, lambda: all(ended(one) for one in refunds_of(issued)))
    cancel_visitors.part_changed(ObjectId(issued["id"]), "v1")
    queues.drain()
    assert [one["values"]["yuan"] for one in notices("refund_done")] == ["60.00", "60.00"]


def test_a_refund_that_a_person_must_look_after_is_not_told_as_arrived(phone, sandbox, shift_clock):
    issued = phone.issued(slots.make(5, days=20))
    sandbox.fault("refund_abnormal", count=1)
    phone.cancel(issued["id"])
    let_pass(shift_clock, lambda: all(ended(one) for one in refunds_of(issued)))
    queues.drain()
    assert [one["state"] for one in refunds_of(issued)] == ["abnormal"]
    assert notices("refund_done") == []
    assert Order._get_collection().find_one({"_id": ObjectId(issued["id"])})["payment"] == payment_of(issued)
