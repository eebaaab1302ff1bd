"""The bank misbehaves, processes end anywhere, many propose at once: each firm is paid once, and all is named."""

import io
from contextlib import suppress

import pytest
from pymongo.errors import OperationFailure

from backend import outbox, payout_file
from backend.payout_bank import BankUnknown
from models.enterprise import (
    offer,
    payout,
    payout_apply,
    payout_payment,
    payout_propose,
    payout_send,
    payout_settle,
)
from models.enterprise.offer import Offer
from models.enterprise.payout import Payout
from models.enterprise.payout_payment import FirmPayment
from models.enterprise.payout_propose import NothingToPay
from models.identity import approval
from models.identity.approval import Approval
from models.payments import bank_link, bank_promise
from tests.enterprise import payout_kit as kit
from tests.enterprise.kit import OFFICE
from tests.support.crowd import at_once
from tests.support.queues import drain


@pytest.fixture
def policy(clerk, manager, garments):
    kit.opened(clerk, manager, garments)
    kit.fund(20_000_000)
    return kit.CODE


def upload(by, number: str, data: bytes):
    form = {"file": (io.BytesIO(data), "return.txt")}
    headers = {"Authorization": f"Bearer {by.token}"}
    return by.client.post(f"{OFFICE}/payouts/{number}/returns", data=form, headers=headers)


def paid_once(bank, offers) -> None:
    """Check that every firm's account has its amount exactly once, and that all books agree."""
    for one in offers:
        assert bank.balance(offer.account_of(offer.read(one))["number"]) == kit.EACH
    kit.agree()


def test_a_lost_answer_is_asked_about_and_nothing_is_sent_twice(finance, bank, policy):
    offers = kit.crowd(3)
    number = kit.agreed(*finance)
    bank.fault("lost_answer", count=1, call="put")
    with pytest.raises(BankUnknown):
        payout_send.send(number)
    assert payout.read(number)["state"] == "ready"
    drain("bills")
    assert kit.read(finance[0], number)["state"] == "settled"
    paid_once(bank, offers)


def test_the_same_return_again_changes_nothing_and_another_one_is_refused(finance, bank, policy):
    offers = kit.crowd(2)
    number = kit.sent(*finance)["number"]
    data = bank.returned(number)
    assert upload(finance[0], number, data).status_code == 200
    assert len(kit.read(finance[0], number)["returns"]) == 1
    broken = upload(finance[0], number, data.replace(b"|S|", b"|F|", 1))
    assert (broken.status_code, broken.json["code"]) == (422, "return_file_refused")
    assert upload(finance[0], number, b"").status_code == 422
    paid_once(bank, offers)


@pytest.mark.parametrize(("fault", "what"), [("altered_amount", "amount_differs"), ("missing_line", "missing")])
def test_what_does_not_fit_is_named_and_settled_by_hand(finance, bank, policy, fault, what):
    kit.crowd(2)
    number = kit.agreed(*finance)
    bank.fault(fault, count=1)
    drain("bills")
    told = kit.read(finance[0], number)
    (found,) = told["differences"]
    assert (told["state"], found["what"]) == ("accepted", what)
    paper = {"outcome": "paid", "evidence": "HD20261124-0017", "seq": found["seq"]}
    done = finance[0].post(f"{OFFICE}/payouts/{number}/resolutions", paper)
    assert (done.status_code, done.json["state"]) == (200, "settled")
    twice = finance[0].post(f"{OFFICE}/payouts/{number}/resolutions", paper)
    assert (twice.status_code, twice.json["code"]) == (409, "enterprise_payment_not_open")
    drain("bills")
    assert kit.in_fund() == (19_000_000, 0)
    kit.agree()


def test_what_the_bank_takes_back_goes_back_to_the_fund_and_waits_for_an_account(finance, bank, policy):
    kit.crowd(2)
    number = kit.sent(*finance)["number"]
    assert kit.in_fund() == (19_000_000, 0)
    bank.reverse(number, "000001")
    with suppress(outbox.Later):
        payout_send.ask(number)
    drain("bills")
    assert kit.states() == {"offered": 1, "failed": 1, "paid": 1}
    assert kit.in_fund() == (19_500_000, 0)
    payments = finance[0].get(f"{OFFICE}/payouts/{number}/payments").json["items"]
    assert [one["state"] for one in payments] == ["reversed", "paid"]
    kit.agree()


def test_a_contested_number_is_released_by_the_banks_paper(finance, bank, policy):
    offers = kit.crowd(1)
    number = kit.agreed(*finance)
    other = payout_file.write(number, number, "x", "x", [payout_file.Order(1, "6217000000000000000", "x", 1)])
    bank_link.current().hand_in(number, other)
    drain("bills")
    assert kit.read(finance[0], number)["state"] == "contested"
    path = f"{OFFICE}/payouts/{number}/release"
    for _ in range(2):
        told = finance[0].post(path, {"evidence": "HD20261124-0018"})
        assert (told.status_code, told.json["state"]) == (200, "released")
    assert kit.in_fund() == (20_000_000, 0)
    kit.sent(*finance)
    paid_once(bank, offers)


def proposals(finance, how_many: int) -> int:
    actor = finance[0].actor()

    def propose() -> int:
        try:
            return int(payout_propose.propose(actor, kit.CODE, "公示期满无异议")["lines"])
        except NothingToPay:
            return 0

    return sum(at_once([propose] * how_many))


def test_many_who_propose_at_once_take_each_offer_once(finance, policy):
    kit.crowd(30)
    assert proposals(finance, 8) == 30
    assert Payout._get_collection().count_documents({"policy": kit.CODE}) == 1
    assert FirmPayment._get_collection().count_documents({"payout": {"$gte": ""}}) == 30


def test_without_guard_and_index_the_same_rush_takes_offers_twice(finance, policy, monkeypatch):
    kit.crowd(30)
    collection = FirmPayment._get_collection()
    collection.drop_index("one_live_payment")
    monkeypatch.setattr(payout_propose, "taken", lambda offers, _number, _session: len(offers))
    try:
        assert proposals(finance, 8) > 30
    finally:
        collection.delete_many({})
        index = {"unique": True, "partialFilterExpression": {"live": True}, "name": "one_live_payment"}
        collection.create_index("offer", **index)


class Killed(BaseException):
    """The process ends here."""


PLACES = [
    (bank_promise, "promise"),
    (payout_propose, "content"),
    (payout, "move"),
    (approval, "finish"),
    (payout_send, "accept"),
    (payout_send, "_fetched"),
    (payout_apply, "move"),
    (payout, "count"),
    (payout_payment, "write"),
    (payout_settle, "settle"),
    (payout_settle, "reconcile"),
    (bank_promise, "pay"),
]


def cut(monkeypatch, module, name: str, when: str) -> list:
    """Let a function end its process once, before or after what it does."""
    target, left = getattr(module, name), [1]

    def ending(*arguments, **named):
        if left and when == "before":
            left.pop()
            raise Killed
        done = target(*arguments, **named)
        if left:
            left.pop()
            raise Killed
        return done

    monkeypatch.setattr(module, name, ending)
    return left


def on(call) -> None:
    """Go on with what the queue would call again."""
    with suppress(Killed, outbox.Later):
        call()


@pytest.mark.parametrize("place", PLACES, ids=lambda one: f"{one[0].__name__.rpartition('.')[2]}.{one[1]}")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_write_heals_when_the_function_is_called_again(finance, bank, policy, monkeypatch, place, when):
    offers = kit.crowd(3)
    made = kit.proposed(finance[0])
    number = made["number"]
    assert finance[1].post(f"/office/v1/approvals/{made['approval_id']}/approve").status_code == 200
    left = cut(monkeypatch, *place, when)
    for _ in range(3):
        for call in (
            lambda: payout_propose.carry_out(number),
            lambda: payout_send.send(number),
            lambda: payout_send.ask(number),
            lambda: payout_settle.settle(number),
            lambda: payout_settle.post(number),
        ):
            on(call)
    monkeypatch.undo()
    assert left == []
    found = payout.read(number)
    assert (found["state"], found["counts"]["paid"], kit.in_fund()) == ("settled", 3, (18_500_000, 0))
    assert Approval.objects(id=found["approval"]).get().outcome == "approved"
    paid_once(bank, offers)


@pytest.mark.parametrize("name", ["write", "of_payout"])
def test_a_kill_while_offers_are_given_back_heals(finance, policy, monkeypatch, name):
    kit.crowd(3)
    made = kit.proposed(finance[0])
    with monkeypatch.context() as broken:
        cut(broken, payout_payment, name, "before")
        with pytest.raises(Killed):
            payout_propose.give_up(made["number"])
    assert kit.states()["in_batch"] == 3
    payout_propose.give_up(made["number"])
    payout_propose.give_up(made["number"])
    assert (kit.states()["payable"], kit.in_fund()) == (3, (20_000_000, 0))
    kit.agree()


def test_the_store_itself_lets_no_offer_be_live_in_two_payments(finance, policy):
    kit.crowd(1)
    kit.agreed(*finance)
    one = FirmPayment._get_collection().find_one({"payout": {"$gte": ""}})
    with pytest.raises(OperationFailure):
        FirmPayment._get_collection().insert_one({**one, "_id": "other", "payout": "other"})
    assert Offer._get_collection().count_documents({"policy": kit.CODE, "state": "in_batch"}) == 1
