"""Money back beyond the rule: two of the finance staff, once, and never more than was paid."""

import itertools
from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.booking import goodwill
from models.booking import order as order_model
from models.booking.order import Order
from models.identity import approval
from models.payments.payment import Payment
from models.payments.refund import Refund
from tests.office.conftest import on_duty
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.queues import drain


@pytest.fixture
def clerks(client, admin):
    """Two finance clerks."""
    return [
        on_duty(client, f"finance-{number}", lambda: admin.hire("finance_clerk", unit="finance")) for number in (1, 2)
    ]


@pytest.fixture
def order(phone, clerks, travel):
    """A paid order of a day that is over, so that its rule is settled."""
    made = phone.issued(slots.make(5, days=1))
    travel((clock.today() + timedelta(days=2)).isoformat(), "10:00")
    for clerk in clerks:
        clerk.log_in()
    return made


def propose(clerk, order_id: str, fen: int):
    body = {"order_id": order_id, "fen": fen, "reason": "景区当日停电"}
    return clerk.post("/office/v1/refunds/proposals", body)


def approve(clerk, answer):
    return clerk.post(f"/office/v1/approvals/{answer.json['id']}/approve")


def refunds(order_id: str) -> list[dict]:
    payment = Order._get_collection().find_one({"_id": ObjectId(order_id)})["payment"]
    return list(Refund._get_collection().find({"payment": payment}))


def test_money_goes_back_when_another_clerk_agrees(clerks, order, travel):
    first, second = clerks
    answer = propose(first, order["id"], 4000)
    assert (answer.status_code, answer.json["details"]["fen"]) == (201, 4000)
    assert approve(first, answer).json["code"] == "own_proposal"
    drain("checkout")
    assert refunds(order["id"]) == []
    assert approve(second, answer).status_code == 200
    minutes = itertools.count(1)

    def succeeded() -> bool:
        drain("checkout")
        travel(clock.today().isoformat(), f"10:{next(minutes):02d}")
        return refunds(order["id"])[0]["state"] == "succeeded"

    until(succeeded, what="the refund")
    (refund,) = refunds(order["id"])
    assert (refund["amount_fen"], refund["_id"].endswith(f"-g{answer.json['id']}")) == (4000, True)
    history = Order._get_collection().find_one({"_id": ObjectId(order["id"])})["history"]
    assert [(one["who"], one["refund_fen"]) for one in history if one["what"] == "goodwill_refund"] == [
        (second.actor().key, 4000)
    ]
    assert approval.read(ObjectId(answer.json["id"]))["outcome"] == "done"


def test_two_who_agree_at_once_pay_once(clerks, order, admin, app):
    third = admin.log_in().hire("finance_clerk", unit="finance")
    answer = propose(clerks[0], order["id"], 6000)
    twins = [one.twin(app.test_client()) for one in (clerks[1], third)]
    assert sorted(one.status_code for one in at_once([partial(approve, one, answer) for one in twins])) == [200, 409]
    drain("checkout")
    assert len(refunds(order["id"])) == 1


def test_more_than_was_paid_never_goes_back(clerks, order):
    first, second = clerks
    assert propose(first, order["id"], order["total_fen"] + 1).json["code"] == "refund_exceeds_payment"
    both = [propose(first, order["id"], order["total_fen"]), propose(second, order["id"], order["total_fen"])]
    for clerk, answer in zip((second, first), both, strict=True):
        assert approve(clerk, answer).status_code == 200
    drain("checkout")
    assert sum(one["amount_fen"] for one in refunds(order["id"])) == order["total_fen"]
    paid = Payment._get_collection().find_one({"subject": f"order:{order['id']}"})
    assert paid["refunded_fen"] == paid["amount_fen"]
    outcomes = {approval.read(ObjectId(one.json["id"]))["outcome"] for one in both}
    assert outcomes == {"done", "refund_exceeds_payment"}


def test_an_order_that_can_still_be_cancelled_takes_the_rule(clerks, phone):
    made = phone.issued(slots.make(5, days=5))
    answer = propose(clerks[0], made["id"], 100)
    assert (answer.status_code, answer.json["code"]) == (409, "order_not_settled")


def test_an_order_that_was_never_paid_has_nothing_to_give_back(clerks, phone):
    made = phone.book(slots.make(5, days=5)).json
    phone.cancel(made["id"])
    assert propose(clerks[0], made["id"], 100).json["code"] == "order_not_settled"


@pytest.mark.parametrize(("fen", "status"), [(0, 400), (-1, 400), (1.5, 400), ("100", 400), (10**12, 400), (True, 400)])
def test_odd_amounts_are_bad_requests(clerks, order, fen, status):
    assert propose(clerks[0], order["id"], fen).status_code == status


def test_nobody_else_proposes_and_an_unknown_order_is_not_found(clerks, manager, order):
    manager.log_in()
    assert propose(manager, order["id"], 100).status_code == 403
    assert propose(clerks[0], "0" * 24, 100).status_code == 404


def test_a_kill_after_the_refund_was_asked_for_still_writes_it_into_the_order(clerks, order, monkeypatch):
    first, second = clerks
    answer = propose(first, order["id"], 1000)
    approve(second, answer)
    approval_id = ObjectId(answer.json["id"])
    with monkeypatch.context() as cut:
        cut.setattr(order_model, "note", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            goodwill.refund_approved(approval_id)
    for _ in range(2):
        goodwill.refund_approved(approval_id)
    history = Order._get_collection().find_one({"_id": ObjectId(order["id"])})["history"]
    assert [one["refund_fen"] for one in history if one["what"] == "goodwill_refund"] == [1000]
    assert len(refunds(order["id"])) == 1
