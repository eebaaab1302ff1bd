"""A place that closes for some days: who is affected, all money back, resumed after a kill, everybody told."""

from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.entry import AuditEntry
from models.booking import slot as slot_rules
from models.booking.order import Order
from models.messaging.notice import Notice
from models.payments import ledger_verify
from models.payments.refund import Refund
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.patience import until
from tests.support.queues import drain, start_worker
from tests.tourism.money_kit import ended, let_pass, refunds_of

REASON = "暴雨红色预警,景区临时关闭"
MANY = 16


def day(later: int) -> str:
    return (clock.today() + timedelta(days=later)).isoformat()


def span(first: int = 40, last: int = 42, **more) -> dict:
    return {"place_id": "pingshan", "first_day": day(first), "last_day": day(last), **more}


@pytest.fixture
def three(phone):
    """Three paid orders on three days, a free one, and one that is held; two of the days have another slot."""
    made = [slots.make(5, days=later) for later in (40, 41, 42)]
    orders = [phone.issued(one) for one in made]
    orders.append(phone.issued(made[0], (phone.companion("20220101"), "child_6")))
    orders.append(phone.book(made[1], (phone.companion(), "adult"), (phone.companion(), "adult")).json)
    return orders


def close(clerk, body: dict, **more) -> dict:
    answer = clerk.post("/office/v1/closings", {**body, "reason": REASON}, **more)
    assert answer.status_code == 202, answer.json
    return answer.json


def preview(clerk, body: dict) -> dict:
    answer = clerk.post("/office/v1/closings/preview", body)
    assert answer.status_code == 200, answer.json
    return answer.json


def progress(clerk, job: dict) -> dict:
    answer = clerk.get(f"/office/v1/closings/{job['id']}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_preview_says_who_is_affected_and_changes_nothing(manager, phone, three):
    found = preview(manager, span())
    assert found == {"slots": 3, "orders": 5, "visitors": 6, "free_orders": 1, "unpaid_orders": 1, "fen": 18000}
    assert {phone.order(one["id"])["state"] for one in three} == {"issued", "held"}
    assert preview(manager, span(41, 41))["orders"] == 2
    assert preview(manager, span(start="08:00", end="18:00"))["slots"] == 0


def test_visitors_who_left_before_are_not_counted(manager, phone, seeded):
    order = phone.issued(slots.make(5, days=40), (phone.me, "adult"), (phone.companion(), "adult"))
    phone.post(f"/mini/v1/orders/{order['id']}/cancel", {"visitors": [1]})
    found = preview(manager, span())
    assert (found["orders"], found["visitors"], found["fen"]) == (1, 1, 6000)


def test_closing_stops_sales_and_gives_all_money_back(manager, phone, three, shift_clock):
    job = close(manager, span())
    assert (job["state"], job["total"]) == ("running", 5)
    assert phone.book(three[0]["slot_id"]).json["code"] == "slot_closed"
    drain()
    found = progress(manager, job)
    assert (found["state"], found["done"], found["failures"]) == ("done", 5, [])
    assert (found["refunds"]["fen"], found["refunds"]["requested"]) == (18000, 3)
    let_pass(shift_clock, lambda: all(ended(one) for order in three[:3] for one in refunds_of(order)))
    manager.log_in()
    told = progress(manager, job)["refunds"]
    assert (told["succeeded"], told["requested"], told["trouble"], told["fen"]) == (3, 0, 0, 18000)
    assert {Order._get_collection().find_one({"_id": ObjectId(one["id"])})["state"] for one in three} == {"cancelled"}
    for order in three:
        assert (slots.left(order["slot_id"]), slots.drift(order["slot_id"])) == (5, 0)
    assert ledger_verify.findings() == []


def test_who_had_booked_is_told_once(manager, three):
    job = close(manager, span())
    drain()
    drain()
    told = get_notices(job)
    assert len(told) == 5
    assert {REASON in one["values"]["reason"] for one in told} == {True}


def get_notices(job: dict):
    found = Notice._get_collection().find({"key": {"$gte": "place_closed:", "$lt": "place_closed;"}})
    return [one for one in found if one["key"].endswith(job["id"])]


def test_a_visitor_who_left_before_keeps_what_the_rule_gave_and_the_rest_comes_back_whole(manager, phone, travel):
    made = slots.make(5, days=1, start=20 * 60)
    order = phone.issued(made, (phone.me, "adult"), (phone.companion(), "adult"))
    travel(order["day"], "00:05")
    phone.log_in()
    manager.log_in()
    phone.post(f"/mini/v1/orders/{order['id']}/cancel", {"visitors": [1]})
    close(manager, span(0, 0))
    drain()
    found = phone.order(order["id"])
    assert (found["refund"]["fen"], found["partial_refunds"][0]["fen"]) == (6000, 0)


def test_an_order_on_which_somebody_walked_in_is_named_for_a_person(manager, phone, client, travel):
    order = phone.issued(slots.make(5, days=40))
    travel(order["day"], "18:30")
    assert Gate(client, slots.PLACE).scan(order["tickets"][0]["code"]).json["result"] == "admitted"
    manager.log_in()
    job = close(manager, span(0, 0))
    drain("reports")
    assert progress(manager, job)["failures"][0]["reason"] == "ticket_used"


def test_the_same_closing_sent_twice_is_one_job_and_two_at_once_refund_once(manager, office, phone, three):
    assert close(manager, span(), key="k") == close(manager, span(), key="k")
    at_once([partial(close, manager, span()), partial(close, office, span())])
    drain("reports", "checkout")
    assert Refund._get_collection().count_documents({"_id": {"$gt": ""}}) == 3
    assert [one["action"] for one in AuditEntry._get_collection().find({"object": "place:pingshan"})] == [
        "place.close"
    ] * 3


def test_one_resource_may_close_alone(manager, phone, seeded):
    whole, court = slots.make(5, days=40), slots.make(5, days=40, resource="court_1")
    close(manager, span(resource="court_1"))
    assert (slot_rules.read(whole)["state"], slot_rules.read(court)["state"]) == ("open", "closed")
    close(manager, span(resource=""))
    assert slot_rules.read(whole)["state"] == "closed"


@pytest.mark.parametrize(
    "change",
    [{"first_day": "2020-01-01"}, {"last_day": "2020-01-01"}, {"first_day": "x"}, {"start": "25:00"}, {"end": "00:00"},
     {"start": "12:00", "end": "12:00"}, {"place_id": 1}, {"x": 1}, {"reason": " "}, {"reason": "x" * 201}],
)  # fmt: skip
def test_an_odd_closing_is_a_bad_request_and_closes_nothing(manager, three, change):
    answer = manager.post("/office/v1/closings", {**span(), "reason": REASON, **change})
    assert answer.status_code == 400, answer.json
    assert slot_rules.read(three[0]["slot_id"])["state"] == "open"


def test_too_many_days_are_refused_and_places_of_others_not_found(manager, seeded):
    assert manager.post("/office/v1/closings/preview", span(0, 31)).json["code"] == "closing_span_wrong"
    for path, more in (("/preview", {}), ("", {"reason": REASON})):
        assert manager.post(f"/office/v1/closings{path}", {**span(), "place_id": "museum", **more}).status_code == 404
        assert manager.post(f"/office/v1/closings{path}", {**span(), "place_id": "é", **more}).status_code == 404
    assert manager.get("/office/v1/closings/x").status_code == 404


@pytest.mark.usefixtures("brief_transactions")
def test_the_job_goes_on_where_a_killed_worker_left_it(manager, phone, seeded, environment, shift_clock):
    made = [slots.make(MANY, days=later) for later in (40, 41)]
    orders = [phone.issued(made[n % 2], (phone.companion(), "adult")) for n in range(MANY)]
    job = close(manager, span())
    worker = start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "reports")
    try:
        until(lambda: progress(manager, job)["done"] >= 2, what="the first orders")
    finally:
        worker.kill()
        worker.wait(10)
    assert 2 <= progress(manager, job)["done"] < MANY
    shift_clock(61)
    drain("reports")
    drain("checkout", "push")
    found = progress(manager, job)
    assert (found["state"], found["failures"], found["refunds"]["fen"]) == ("done", [], MANY * 6000)
    assert {phone.order(one["id"])["state"] for one in orders} == {"cancelled"}
    refunds = list(Refund._get_collection().find({"_id": {"$gt": ""}}))
    assert [one["amount_fen"] for one in refunds] == [6000] * MANY
    assert [slots.drift(one) for one in made] == [0, 0]
    assert len({str(one["key"]) for one in get_notices(job)}) == MANY
