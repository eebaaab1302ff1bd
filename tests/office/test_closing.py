"""Closing a slot: sales stop at once, a job cancels its orders and gives the money back, with progress and resume."""

from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.entry import AuditEntry
from models.booking import slot as slot_rules
from models.booking.order import Order
from models.payments.refund import Refund
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.support.patience import until
from tests.support.queues import drain, start_worker

REASON = {"reason": "暴雨红色预警,景区临时关闭"}
MANY = 18


@pytest.fixture
def slot(seeded):
    return slots.make(30)


@pytest.fixture
def companions(phone):
    return [phone.companion() for _ in range(MANY)]


def close(clerk, slot: str, **more) -> dict:
    answer = clerk.post(f"/office/v1/slots/{slot}/close", REASON, **more)
    assert answer.status_code == 202, answer.json
    return answer.json


def progress(clerk, job: dict) -> dict:
    return clerk.get(f"/office/v1/jobs/{job['id']}").json


def ended_refund(phone, order: dict, shift_clock) -> dict:
    """Let minutes pass until the refund of an order has ended; return it as the order's owner sees it."""
    minutes = iter(range(2, 600, 2))

    def ended():
        shift_clock(60 * next(minutes))
        drain("checkout")
        refund = phone.order(order["id"])["refund"]
        return refund if refund["state"] not in {"requested", "processing"} else None

    return until(ended, what="the end of the refund")


def states(slot: str) -> list[str]:
    return [one["state"] for one in Order._get_collection().find({"takes.slot": slot})]


def test_a_closed_slot_sells_nothing_from_that_moment(manager, phone, slot):
    close(manager, slot)
    answer = phone.book(slot)
    assert (answer.status_code, answer.json["code"]) == (409, "slot_closed")
    assert phone.slot(slot)["state"] == "closed"


def test_closing_cancels_every_order_and_gives_all_money_back(manager, phone, slot, shift_clock):
    paid = phone.issued(slot)
    held = phone.book(slot, (phone.companion(), "adult")).json
    free = phone.issued(slot, (phone.companion("20220101"), "child_6"))
    job = close(manager, slot)
    assert (job["state"], job["done"], job["total"], job["slot_id"]) == ("running", 0, 3, slot)
    drain("reports", "checkout")
    ended = progress(manager, job)
    assert (ended["state"], ended["done"], ended["failures"]) == ("done", 3, [])
    assert ended["finished_at"] >= ended["started_at"]
    assert {phone.order(one["id"])["state"] for one in (paid, held, free)} == {"cancelled"}
    assert ended_refund(phone, paid, shift_clock) == {"fen": 6000, "state": "succeeded"}
    assert Refund._get_collection().count_documents({"_id": {"$gt": ""}}) == 1
    assert slots.left(slot) == 30
    assert slots.drift(slot) == 0


def test_all_money_returns_even_where_the_rule_of_the_place_gives_none(manager, phone, seeded, travel):
    today = slots.make(5, days=0, start=22 * 60)
    order = phone.issued(today)
    assert order["refund_if_cancelled_fen"] < order["total_fen"]
    close(manager, today)
    drain("reports", "checkout")
    assert phone.order(order["id"])["refund"]["fen"] == order["total_fen"]


def test_an_order_on_which_somebody_walked_in_is_named_for_a_person(manager, phone, slot, travel):
    order, other = phone.issued(slot), phone.issued(slot, (phone.companion(), "adult"))
    gate = Gate(phone.client, "pingshan")
    travel(order["day"], "18:30")
    assert gate.scan(order["tickets"][0]["code"]).json["result"] == "admitted"
    manager.log_in()
    job = close(manager, slot)
    drain("reports")
    ended = progress(manager, job)
    assert (ended["state"], ended["done"]) == ("done", 2)
    assert ended["failures"] == [{"item": order["id"], "reason": "ticket_used"}]
    assert sorted(states(slot)) == ["cancelled", "issued"]
    assert other["id"]


def test_the_history_of_a_cancelled_order_names_who_closed_the_slot(manager, phone, slot):
    order = phone.issued(slot)
    close(manager, slot)
    drain("reports")
    history = manager.get(f"/office/v1/orders/{order['id']}").json["history"]
    assert (history[-1]["what"], history[-1]["who"]) == ("cancelled", f"staff:{manager.id}")


def test_the_same_closing_sent_twice_is_one_job(manager, phone, slot):
    phone.issued(slot)
    first, second = close(manager, slot, key="k"), close(manager, slot, key="k")
    assert first == second
    assert AuditEntry._get_collection().count_documents({"object": f"slot:{slot}"}) == 1


def test_closing_without_a_key_is_refused(manager, slot):
    answer = manager.call("POST", f"/office/v1/slots/{slot}/close", REASON, **{"Idempotency-Key": ""})
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")
    assert slot_rules.read(slot)["state"] == "open"


def test_two_who_close_at_once_give_the_money_back_once(manager, office, phone, slot):
    order = phone.issued(slot)
    jobs = at_once([partial(close, manager, slot), partial(close, office, slot)])
    drain("reports", "checkout")
    assert {progress(office, job)["state"] for job in jobs} == {"done"}
    assert Refund._get_collection().count_documents({"payment": Order.objects(id=order["id"]).get().payment}) == 1
    assert slots.left(slot) == 30


def test_a_reopened_slot_sells_again_and_what_was_cancelled_stays_so(manager, phone, slot):
    order = phone.issued(slot)
    close(manager, slot)
    drain("reports")
    answer = manager.post(f"/office/v1/slots/{slot}/reopen")
    assert (answer.status_code, answer.json["state"], answer.json["left"]) == (200, "open", 30)
    assert phone.order(order["id"])["state"] == "cancelled"
    assert phone.book(slot).status_code == 201


def test_reopening_an_open_slot_changes_nothing(manager, slot):
    assert manager.post(f"/office/v1/slots/{slot}/reopen").json["state"] == "open"


def test_a_slot_of_a_past_day_is_neither_closed_nor_reopened(manager, slot, travel):
    travel((clock.today() + timedelta(days=3)).isoformat())
    manager.log_in()
    for path, body in (("close", REASON), ("reopen", {})):
        answer = manager.post(f"/office/v1/slots/{slot}/{path}", body)
        assert (answer.status_code, answer.json["code"]) == (409, "slot_past")


@pytest.mark.usefixtures("brief_transactions")
def test_the_job_goes_on_where_a_killed_worker_left_it(manager, phone, companions, seeded, environment, shift_clock):
    slot = slots.make(MANY)
    for companion in companions:
        phone.issued(slot, (companion, "adult"))
    job = close(manager, slot)
    worker = start_worker({**environment, "MONGODB_URI": seeded.settings.mongodb_uri}, "reports")
    try:
        until(lambda: progress(manager, job)["done"] >= 2, what="the first orders")
    finally:
        worker.kill()
        worker.wait(10)
    left = progress(manager, job)
    assert left["state"] == "running"
    assert 2 <= left["done"] < MANY
    assert "issued" in states(slot)
    assert drain("reports") == 0
    shift_clock(61)
    drain("reports")
    drain("checkout")
    ended = progress(manager, job)
    assert (ended["state"], ended["failures"]) == ("done", [])
    assert MANY - 1 <= ended["done"] <= MANY  # what was cancelled at the kill may have gone uncounted
    assert states(slot) == ["cancelled"] * MANY
    refunds = list(Refund._get_collection().find({"_id": {"$gt": ""}}))
    assert [one["amount_fen"] for one in refunds] == [6000] * MANY
    assert slots.left(slot) == MANY
    assert slots.drift(slot) == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], {"reason": ""}, {"reason": "  "}, {"reason": "x" * 201}, {"reason": None}, {"reason": 1},
     {"reason": "x", "refund": False}],
)  # fmt: skip
def test_an_odd_closing_is_a_bad_request_and_closes_nothing(manager, slot, body):
    assert manager.post(f"/office/v1/slots/{slot}/close", body).status_code == 400
    assert slot_rules.read(slot)["state"] == "open"


@pytest.mark.parametrize("name", ["nothing", "%00", "$where", "é", "pingshan-20261124-2500"])
@pytest.mark.parametrize("path", ["close", "reopen"])
def test_an_unknown_slot_is_not_found(manager, name, path):
    assert manager.post(f"/office/v1/slots/{name}/{path}", REASON if path == "close" else {}).status_code == 404


@pytest.mark.parametrize("job", ["0" * 24, "x", "%00", "é"])
def test_an_unknown_job_is_not_found(manager, job):
    assert manager.get(f"/office/v1/jobs/{job}").status_code == 404


def test_the_job_of_another_unit_is_not_found(manager, office, seeded):
    slot = slots.make(5, place_id="museum")
    job = close(office, slot)
    assert manager.get(f"/office/v1/jobs/{job['id']}").status_code == 404
    assert office.get(f"/office/v1/jobs/{job['id']}").status_code == 200
    assert ObjectId.is_valid(job["id"])
