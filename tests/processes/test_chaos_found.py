"""What chaos runs and the look at their traces found, each kept as a small test of one interleaving."""

import pytest
from bson import ObjectId

from backend import clock, outbox
from models.booking import cancel, checkout, issuing, order, ticket
from models.booking.order import Order
from models.booking.slot import Slot
from models.payments.payment import Payment
from models.payments.refund import Refund


def test_two_claims_in_one_millisecond_get_different_entries_of_a_document(store, monkeypatch):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    entries = [outbox.entry("push", "first"), outbox.entry("push", "second")]
    Order._get_collection().insert_one({"_id": ObjectId(), "slot": "s", "state": "issued", "outbox": entries})
    claimed = [outbox._claim("orders", "push")[1]["task"] for _ in range(2)]
    assert claimed == ["first", "second"]


@pytest.fixture
def late(phone):
    """An order that expired, whose payment came all the same, in a slot that is sold out."""
    made = ObjectId(phone.book(phone.free_slot("pingshan")).json["id"])
    phone.post(f"/mini/v1/orders/{made}/payment")
    checkout.release(made, "expired", "test")
    paid = {"$set": {"state": "paid", "transaction_id": "4200", "outbox": []}}
    Payment._get_collection().update_one({"_id": order.read(made)["payment"]}, paid)
    places_left(made, 0)
    return made


def places_left(made, left):
    Slot._get_collection().update_one({"_id": order.read(made)["slot"]}, {"$set": {"left": left}})


def test_an_order_revived_while_another_worker_gives_up_is_not_refunded(late, monkeypatch):
    decide = order.refund_late

    def after_a_place_came_free(*args, **named):
        monkeypatch.setattr(order, "refund_late", decide)
        places_left(late, 5)
        assert issuing.paid(late) == "revived"
        return decide(*args, **named)

    monkeypatch.setattr(order, "refund_late", after_a_place_came_free)
    assert issuing.paid(late) == "issued"
    assert [one["state"] for one in ticket.of_order(late)] == ["valid"]
    assert "refund" not in order.read(late)
    assert order.read(late)["outbox"][0]["task"] != "booking.request_refund"


def test_an_order_whose_refund_is_decided_is_not_revived_by_a_worker_that_read_it_before(late):
    read_before = order.read(late)
    assert issuing.paid(late) == "refunded"
    places_left(late, 5)
    assert issuing._revive(read_before) is False
    cancel.request_refund(late, order.read(late)["refund"]["fen"])
    found = order.read(late)
    assert (found["state"], ticket.of_order(late)) == ("expired", [])
    assert [one["amount_fen"] for one in Refund._get_collection().find({"payment": found["payment"]})] == [6000]
