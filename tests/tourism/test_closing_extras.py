"""Closing what is booked beside a visit, a guide for example: the visit stays, its price comes back, its owner is told.

And what no route closes: the counter of a day.
"""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.booking import cancel, cancel_extras, close_orders, slot
from models.payments import ledger_verify
from models.places import slot_plan
from tests.main_job.test_3_book import booked, family, refused
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.support.messages import Told
from tests.tourism.money_kit import ended, let_pass, order_of, refunds_of
from tests.tourism.test_closing_tells import notices
from tests.tourism.test_quotas import book_with
from tests.tourism.test_windows import guest, sell, sold, window  # noqa: F401 - a fixture

REASON = "讲解员请假"


@pytest.fixture
def pair(seeded):
    return slots.make(5, days=5), slots.guide(2, place_id=slots.PLACE, days=5)


def paid(phone, visit, guide, people=2):
    made = booked(book_with(phone, visit, family(phone, people), [guide]))
    phone.pay(made)
    assert phone.post(f"/mini/v1/orders/{made['id']}/payment-check").json["state"] == "issued"
    return made


def close(clerk, slot_id):
    answer = clerk.post(f"/office/v1/slots/{slot_id}/close", {"reason": REASON})
    assert answer.status_code == 202, answer.json
    return answer.json


def state(clerk, job):
    found = clerk.get(f"/office/v1/jobs/{job['id']}").json
    return found["state"], found["failures"]


def test_the_visit_stays_and_the_guides_price_comes_back(phone, office, pair, shift_clock):
    visit, guide = pair
    made = paid(phone, visit, guide)
    assert made["total_fen"] == 20000
    job = close(office, guide)
    queues.drain()
    found = phone.order(made["id"])
    assert (found["state"], [one["state"] for one in found["tickets"]]) == ("issued", ["valid"] * 2)
    assert [one["state"] for one in found["extras"]] == ["cancelled"]
    assert [(one["visitors"], one["fen"]) for one in found["partial_refunds"]] == [([], 8000)]
    assert state(office, job) == ("done", [])
    assert (slots.left(visit), slots.left(guide)) == (3, 2)
    assert (slots.drift(visit), slots.drift(guide)) == (0, 0)
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(made))))
    assert [(one["amount_fen"], one["state"]) for one in refunds_of(made)] == [(8000, "succeeded")]
    phone.log_in()
    assert [one["state"] for one in phone.order(made["id"])["partial_refunds"]] == ["succeeded"]
    assert ledger_verify.findings() == []


def test_its_owner_is_told_once_that_the_visit_stays(phone, office, pair):
    made = paid(phone, *pair)
    for _ in range(2):
        close(office, pair[1])
        queues.drain()
    [told] = notices("extra_closed")
    assert (told["about"], told["values"]["reason"], told["values"]["yuan"]) == (made["id"], REASON, "80.00")
    assert notices("slot_closed") == []
    [line] = [one for one in Told(phone).inbox() if one["kind"] == "extra_closed"]
    assert "“讲解员”已取消" in line["text_zh"]
    assert "参观预约照常有效" in line["text_zh"]
    assert len(order_of(made)["parts"]) == 1


def test_who_cancels_the_visit_afterwards_gets_the_rest_and_no_more(phone, office, pair, shift_clock):
    made = paid(phone, *pair)
    close(office, pair[1])
    queues.drain()
    assert phone.order(made["id"])["refund_if_cancelled_fen"] == 12000
    found = phone.cancel(made["id"]).json
    assert (found["state"], found["refund"]["fen"]) == ("cancelled", 12000)
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(made))))
    assert sorted(one["amount_fen"] for one in refunds_of(made)) == [8000, 12000]
    assert (slots.left(pair[0]), slots.left(pair[1])) == (5, 2)
    assert (slots.drift(pair[0]), slots.drift(pair[1])) == (0, 0)


def test_an_order_cancelled_before_its_part_was_asked_for_gives_all_back(phone, office, pair, shift_clock):
    made = paid(phone, *pair)
    close(office, pair[1])
    queues.drain("reports")
    phone.cancel(made["id"])
    let_pass(shift_clock, lambda: len(refunds_of(made)) == 2 and all(map(ended, refunds_of(made))))
    assert sum(one["amount_fen"] for one in refunds_of(made)) == made["total_fen"]


def test_closing_the_visits_slot_still_cancels_all_of_it(phone, office, pair, shift_clock):
    made = paid(phone, *pair)
    close(office, pair[0])
    queues.drain()
    found = phone.order(made["id"])
    assert (found["state"], found["refund"]["fen"]) == ("cancelled", 20000)
    assert (slots.left(pair[0]), slots.left(pair[1])) == (5, 2)


def test_an_unpaid_order_keeps_its_visit_and_is_refunded_once_it_is_paid(phone, office, pair, shift_clock):
    """Its sum cannot change while somebody pays it, so the job waits for it and leaves nobody else waiting."""
    visit, guide = pair
    held = booked(book_with(phone, visit, family(phone, 1), [guide]))
    job = close(office, guide)
    queues.drain()
    assert (phone.order(held["id"])["state"], state(office, job)[0]) == ("held", "running")
    phone.pay(held)
    phone.post(f"/mini/v1/orders/{held['id']}/payment-check")
    shift_clock(30)
    queues.drain()
    found = phone.order(held["id"])
    assert (found["state"], [one["fen"] for one in found["partial_refunds"]]) == ("issued", [8000])
    assert state(office, job) == ("done", [])


def test_an_unpaid_order_that_runs_out_keeps_no_closing_waiting(phone, office, pair, shift_clock):
    held = booked(book_with(phone, pair[0], family(phone, 1), [pair[1]]))
    job = close(office, pair[1])
    queues.drain()
    for seconds in (15 * 60 + 1, 15 * 60 + 60):
        shift_clock(seconds)
        queues.drain()
    assert phone.order(held["id"])["state"] == "expired"
    office.log_in()
    assert state(office, job) == ("done", [])
    assert (slots.left(pair[0]), slots.left(pair[1])) == (5, 2)


def test_a_free_visit_with_a_paid_guide_keeps_its_tickets(phone, office, seeded):
    visit, guide = slots.make(5, place_id="museum"), slots.guide()
    made = paid(phone, visit, guide, people=1)
    close(office, guide)
    queues.drain()
    found = phone.order(made["id"])
    assert (found["state"], [one["fen"] for one in found["partial_refunds"]]) == ("issued", [8000])


def test_who_paid_cash_collects_it_at_the_window(window, office, pair):  # noqa: F811
    visit, guide = pair
    extras = [{"slot_id": guide, "ticket_type": "guided_tour"}]
    made = sold(sell(window, visit, guest(), paid_fen=14000, extras=extras))
    close(office, guide)
    queues.drain()
    shown = window.get(f"/office/v1/window-orders/{made['id']}").json
    assert (shown["state"], [(one["fen"], one["state"]) for one in shown["partial_refunds"]]) == (
        "issued",
        [(8000, "to_collect")],
    )
    assert ledger_verify.findings() == []


def test_a_closing_of_a_resource_previews_and_refunds_only_what_it_costs(phone, office, pair):
    visit, guide = pair
    made = paid(phone, visit, guide)
    day = (clock.today() + timedelta(days=5)).isoformat()
    body = {"place_id": slots.PLACE, "first_day": day, "last_day": day, "resource": "guide"}
    told = office.post("/office/v1/closings/preview", body).json
    assert (told["slots"], told["orders"], told["fen"]) == (1, 1, 8000)
    job = office.post("/office/v1/closings", {**body, "reason": REASON})
    assert job.status_code == 202, job.json
    queues.drain()
    assert phone.order(made["id"])["state"] == "issued"
    told = office.get(f"/office/v1/closings/{job.json['id']}").json["refunds"]
    assert (told["fen"], told["requested"] + told["succeeded"]) == (8000, 1)
    whole = office.post("/office/v1/closings/preview", {**body, "resource": ""}).json
    assert (whole["orders"], whole["fen"]) == (1, 12000)


def test_further_hours_of_the_same_court_are_the_booking_itself():
    court = "sports_park.court_1-20261123-1800", "sports_park.court_1-20261123-1900"
    found = {"slot": court[0], "extras": [{"slot": court[1]}, {"slot": "sports_park.guide-20261123-1800"}]}
    assert not cancel_extras.only_beside(found, [court[1]])
    assert not cancel_extras.only_beside(found, [court[0]])
    assert cancel_extras.only_beside(found, ["sports_park.guide-20261123-1800"])


def test_two_closings_at_once_take_the_guide_out_once(phone, office, manager, pair):
    made = paid(phone, *pair)
    for clerk in (office, manager):
        close(clerk, pair[1])
    at_once([lambda: cancel_extras.cancel_extras(ObjectId(made["id"]), [pair[1]], "x") for _ in range(6)])
    queues.drain()
    assert [one["fen"] for one in order_of(made)["parts"]] == [8000]
    assert (slots.left(pair[1]), slots.drift(pair[1])) == (2, 0)


def test_cancelling_a_visitor_and_the_guide_at_once_pays_each_back_once(phone, office, pair, shift_clock):
    made = paid(phone, *pair)
    at_once(
        [
            lambda: phone.post(f"/mini/v1/orders/{made['id']}/cancel", {"visitors": [1]}),
            lambda: cancel_extras.cancel_extras(ObjectId(made["id"]), [pair[1]], "x"),
        ]
    )
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(made))))
    assert sorted(one["fen"] for one in order_of(made)["parts"]) == [6000, 8000]
    assert sorted(one["amount_fen"] for one in refunds_of(made)) == [6000, 8000]
    assert (slots.left(pair[0]), slots.left(pair[1])) == (4, 2)
    assert (slots.drift(pair[0]), slots.drift(pair[1])) == (0, 0)


# Kills


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kind", ["slot", "place"])
@pytest.mark.parametrize("turn", [1, 2])
def test_a_kill_behind_the_cancelling_leaves_nobody_untold(phone, office, seeded, monkeypatch, kind, turn):
    """In the first turn over the orders or in the second one, which takes what the first could not."""
    visit = slots.make(5, days=5)
    made = phone.issued(visit)
    if kind == "slot":
        close(office, visit)
    else:
        day = made["day"]
        office.post("/office/v1/closings", {"place_id": slots.PLACE, "first_day": day, "last_day": day, "reason": "雨"})
    real, calls = cancel.cancel, []

    def die(*args, **more):
        calls.append(args)
        if len(calls) < turn:
            raise cancel.TicketUsed
        real(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(cancel, "cancel", die)
        with pytest.raises(Killed):
            queues.drain("reports")
    assert order_of(made)["state"] == "cancelled"
    queues.drain()
    told = [*notices("slot_closed"), *notices("place_closed")]
    assert [one["about"] for one in told] == [made["id"]]


def test_a_kill_behind_taking_the_guide_out_leaves_nobody_untold(phone, office, pair, monkeypatch):
    made = paid(phone, *pair)
    close(office, pair[1])
    real = cancel_extras.cancel_extras

    def die(*args, **more):
        real(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(cancel_extras, "cancel_extras", die)
        with pytest.raises(Killed):
            queues.drain("reports")
    queues.drain()
    assert [one["about"] for one in notices("extra_closed")] == [made["id"]]
    assert [one["fen"] for one in order_of(made)["parts"]] == [8000]


def test_a_job_of_an_earlier_release_goes_on_where_it_stood(phone, office, seeded):
    visit = slots.make(5, days=5)
    first = phone.issued(visit)
    job = close(office, visit)
    get_db().jobs.update_one({"_id": ObjectId(job["id"])}, {"$set": {"position": str(ObjectId(b"\0" * 12))}})
    queues.drain()
    assert phone.order(first["id"])["state"] == "cancelled"
    assert state(office, job) == ("done", [])


# The counter of a day


def test_the_counter_of_a_day_is_no_slot_to_close(phone, office, seeded):
    day = (clock.today() + timedelta(days=5)).isoformat()
    counter = slot.day_id(slots.PLACE, day)
    slot.open_up(slot_plan.day_record(slots.PLACE, day, 9))
    made = phone.issued(slots.make(5, days=5, counters=[counter]))
    before = get_db().audit_entries.count_documents({"object": f"slot:{counter}"})
    answer = office.post(f"/office/v1/slots/{counter}/close", {"reason": REASON})
    assert refused(answer) == (409, "slot_is_day_counter")
    assert "场所关闭" in answer.json["message"]
    queues.drain()
    assert (phone.order(made["id"])["state"], slot.read(counter)["state"]) == ("issued", "open")
    assert get_db().audit_entries.count_documents({"object": f"slot:{counter}"}) == before


def test_a_closing_tells_apart_what_is_near(seeded):
    near = {"day": clock.today().isoformat(), "start": 22 * 60}
    assert close_orders.is_near(near)
    assert not close_orders.is_near({**near, "day": (clock.today() + timedelta(days=3)).isoformat()})
