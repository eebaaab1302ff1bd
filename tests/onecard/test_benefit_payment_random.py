"""Whatever the bank answers, in whatever order: lines, payments, files, the bank's accounts and the ledger agree."""

import random
from contextlib import suppress

import pytest

from backend import outbox, runtime
from backend.payout_bank import BankUnknown
from models.benefits import bank_file, hand_in, line, payment_file, repair
from models.benefits.bank_file import FileOpen, NothingToSend
from models.benefits.line import BenefitLine
from tests.office.conftest import admin  # noqa: F401 - a fixture
from tests.onecard import payment_kit as kit
from tests.support.queues import drain

CODES = ("account_closed", "dormant", "name_mismatch", "limit")
FAULTS = ("partial", "twice", "lost_answer", "lost_request", "garbage", "error_500", "wrong_digest", "missing_line")
FUND_FEN = 10_000_000


@pytest.fixture
def staff(client, admin, bank_box):  # noqa: F811 - the fixture imported above
    bank_box.forget()
    yield kit.members(client, admin)
    bank_box.forget()


@pytest.mark.parametrize("seed", range(4))
def test_every_line_is_paid_once_or_not_at_all_and_the_ledger_knows(staff, bank_box, seed):
    dice = random.Random(seed)
    kit.fund(FUND_FEN)
    told = [kit.told(dice.randrange(100, 50_000)) for _ in range(12)]
    for one in told:
        if dice.random() < 0.4:
            bank_box.account(one.account, fails=dice.choice(CODES))
    batch_id = kit.approved(staff, kit.published(staff, *told))
    for _ in range(5):
        _round(staff, bank_box, batch_id, dice)
        kit.agree(batch_id)
    bank_box.clear()
    _round(staff, bank_box, batch_id, dice, calm=True)
    kit.agree(batch_id)
    paid = sum(one.amount_fen for one in BenefitLine.objects(batch=batch_id, state="paid"))
    assert _at_the_bank(bank_box) == paid
    assert kit.in_ledger()["balance_fen"] == FUND_FEN - paid
    assert kit.in_ledger()["held_fen"] == sum(
        sum(one["sums"].values()) for one in payment_file.of_batch(batch_id) if one["state"] in ("ready", "accepted")
    )


def _round(staff, bank_box, batch_id, dice: random.Random, *, calm: bool = False) -> None:
    """Let residents repair, finance open a file, the bank misbehave and take back, and the queue try again."""
    for found in BenefitLine.objects(batch=batch_id, state="failed"):
        if calm or dice.random() < 0.7:
            _repair(found)
    if not calm:
        bank_box.fault(dice.choice(FAULTS), count=1)
    with suppress(FileOpen, NothingToSend):
        bank_file.open_file(staff["finance"].actor(), batch_id)
    drain("reports")
    for made in payment_file.of_batch(batch_id):
        if not calm and dice.random() < 0.3 and made["counts"].get("paid"):
            _take_back(bank_box, made["_id"], dice)
        if calm and made["_id"] in bank_box.files():
            bank_box.again(made["_id"])
        for call in (hand_in.send, hand_in.send, hand_in.ask, hand_in.ask):
            with suppress(BankUnknown, outbox.Later):
                call(made["_id"])
    drain("bills", "notify")


def _repair(found) -> None:
    sealer, account = runtime.current().sealer, kit.account()
    told = {
        "account": sealer.seal("benefit_lines.account", found.id, account),
        "account_index": sealer.blinds("benefit_lines.account", account),
    }
    pushed = line.history("test", "repaired")
    line.move(found.id, repair.REPAIRABLE, "repaired", pushed=pushed, told=told)


def _take_back(bank_box, number: str, dice: random.Random) -> None:
    paid = [seq for seq, one in bank_box.files()[number]["results"].items() if one["state"] == "S"]
    if paid:
        bank_box.reverse(number, dice.choice(paid))


def _at_the_bank(bank_box) -> int:
    """Return what the bank's accounts hold of all files."""
    results = [one for file in bank_box.files().values() for one in file["results"].values()]
    return sum(one["fen"] for one in results if one["state"] == "S")
