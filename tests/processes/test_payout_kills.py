"""Finance pays firms in batches while API, worker and bank are killed: each firm's account gets its money once."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import wsgi  # noqa: F401 - registers every document
from backend import clock, outbox
from deploy.stack import Stack
from models.enterprise import offer, policy
from models.enterprise.offer import Offer
from models.enterprise.payout import Payout
from models.enterprise.payout_payment import FirmPayment
from models.enterprise.policy import Policy
from models.identity.approval import Approval
from models.payments import ledger_account
from models.payments.transfer import Transfer
from tests.enterprise import payout_kit as kit
from tests.processes.killed import kill, waking_service
from tests.support.bank import BankBox
from tests.support.patience import until
from tests.support.remote import PatientClient

pytestmark = [pytest.mark.processes, pytest.mark.soak]
KILLS = ("worker", "api worker", "worker", "bank", "worker", "api", "worker")
ROUNDS, FIRMS = 12, 8
BUDGET = 10**9
DONE = {"settled", "released"}
TOLD = {
    "title": "规上纺织服装企业扩产奖励",
    "category": "工业",
    "source": {"title": "演示文件"},
    "valid_from": "2026-01-01",
    "money": {"kind": "fixed", "fen": kit.EACH},
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with waking_service(tmp_path_factory.mktemp("payouts")) as stack:
        made = policy.record(kit.CODE, TOLD, unit_code="industry_information")
        Policy._get_collection().insert_one(made | {"state": "open", "budget_fen": BUDGET, "left_fen": BUDGET})
        kit.fund(BUDGET)
        yield stack


class Finance:
    """Two of finance: one proposes whatever is payable, the other agrees; `told` are the batches acknowledged."""

    def __init__(self, base: str) -> None:
        self.clients = [PatientClient(base, seconds=120) for _ in range(2)]
        self.first, self.second = (kit.finance(one) for one in self.clients)
        self.told: list[str] = []

    def pay(self, over: threading.Event) -> None:
        """Let firms confirm and pay them, a batch a round, until all kills are over."""
        while len(self.told) < ROUNDS or not over.is_set():
            kit.crowd(FIRMS)
            answer = self.first.post(f"{kit.PATH}/payouts", {"reason": "公示期满无异议"})
            assert answer.status_code == 201, answer.json
            agreed = self.second.post(f"/office/v1/approvals/{answer.json['approval_id']}/approve")
            assert agreed.status_code in {200, 409}, agreed.json
            self.told.append(answer.json["number"])
            over.wait(1)


def settled_batches() -> int:
    return Payout._get_collection().count_documents({"state": "settled"})


def test_each_firm_is_paid_once_when_api_worker_and_bank_are_killed(stack):
    dice, over, finance = random.Random(5), threading.Event(), Finance(stack.base)
    with ThreadPoolExecutor(1) as together:
        paying = together.submit(finance.pay, over)
        try:
            for what in KILLS:
                enough = settled_batches() + 1
                until(
                    lambda enough=enough: leases_run_out() or settled_batches() >= enough or paying.done(),
                    seconds=90,
                    pause=1,
                    what=f"a batch before: {what}",
                )
                kill(stack, what, dice, worker="worker-slow")
        finally:
            over.set()
        paying.result(180)
    until(all_settled, seconds=120, pause=0.5, what="the bank's answers and the ledger")
    whole(stack, finance)


def leases_run_out() -> None:
    """Let what the killed workers held come again at once, and not after a minute; asking the bank has its own pace."""
    held = {"task": {"$ne": "enterprise.ask_bank"}, "tries": {"$gt": 0}}
    for carrier in (Payout, Approval):
        late = {"outbox": {"$elemMatch": {"queue": {"$in": ["bills", "trust"]}, **held}}}
        change = {"$set": {"outbox.$[held].due": clock.now()}}
        filters = [{f"held.{name}": value for name, value in held.items()}]
        carrier._get_collection().update_many(late, change, array_filters=filters)
    for queue in ("trust", "bills"):
        outbox.wake(queue)


def all_settled() -> bool:
    """Tell whether every batch has ended and is posted."""
    leases_run_out()
    found = list(Payout._get_collection().find({"policy": kit.CODE}, {"state": 1, "transfer": 1}))
    return all(one["state"] == "released" or one.get("transfer") for one in found)


def whole(stack: Stack, finance: Finance) -> None:
    """Check that bank, payments, offers and ledger agree: each firm has its amount once."""
    assert sum(one.broken for one in finance.clients) > 0, "the kills hit nobody"
    batches: list[dict[str, Any]] = list(Payout._get_collection().find({"policy": kit.CODE}))
    assert {one["_id"] for one in batches} == set(finance.told), "a batch was lost or doubled"
    assert {one["state"] for one in batches} == {"settled"}
    box = BankBox(stack.folder / "bank")
    box.base = stack.env["BANK_BASE"]
    offers = list(Offer._get_collection().find({"policy": kit.CODE}))
    assert len(offers) == len(batches) * FIRMS
    assert [one for one in offers if one["state"] != "paid"] == []
    assert {box.balance(offer.account_of(one)["number"]) for one in offers} == {kit.EACH}
    assert FirmPayment._get_collection().count_documents({"payout": {"$gte": ""}}) == len(offers)
    assert kit.in_fund() == (BUDGET - len(offers) * kit.EACH, 0)
    moved = list(Transfer._get_collection().find({"accounts": kit.FUND, "of_hold": {"$exists": True}}))
    assert sorted(one["reference"] for one in moved) == sorted(finance.told)
    assert ledger_account.total()["balance_fen"] == 0
