"""What the tests of paying benefits share: members of finance, a batch whose publicity is over, money in its fund."""

import itertools
import uuid
from collections import Counter

from bson import ObjectId

from backend import clock, identity_documents
from backend.store import transactions
from models.benefits import batch, bulk_move, item, line, payment_file, progress, publicity
from models.benefits.batch import BenefitBatch
from models.benefits.bulk_move import LineMove
from models.benefits.item import Told
from models.benefits.line import BenefitLine, Collected
from models.benefits.payment import BenefitPayment
from models.benefits.progress import Turn
from models.identity import person
from models.identity.actors import System
from models.payments import ledger_account, transfer
from tests.office.conftest import on_duty
from tests.support.phone import resident_id
from tests.support.queues import drain

TOWN = "town_360731100"
FUND = "fund:farmland"
OFFICE = "/office/v1/benefits"
_accounts = itertools.count(1)


def account() -> str:
    """Return an account's number that nobody used in this run, with a right check digit."""
    body = f"6217{next(_accounts):014d}"
    digits = [int(digit) * (1 if place % 2 else 2) for place, digit in enumerate(reversed(body))]
    total = sum(one - 9 if one > 9 else one for one in digits)
    return body + str(-total % 10)


def members(client, admin) -> dict:
    """Return who works on a batch: the town's clerk, the department, two of finance and the counter."""
    wanted = {
        "town": ("benefit_clerk", TOWN),
        "department": ("benefit_manager", "agriculture_rural"),
        "finance": ("finance_clerk", "finance"),
        "second": ("finance_clerk", "finance"),
        "counter": ("counter_clerk", TOWN),
    }
    return {
        name: on_duty(client, f"benefit-{name}", lambda role=role, unit=unit: admin.hire(role, unit=unit))
        for name, (role, unit) in wanted.items()
    }


def person_of(number: str) -> ObjectId:
    return person.find(identity_documents.parse("resident_id", number))["_id"]


def fund(fen: int) -> None:
    """Put money into the fund, as the treasury does."""
    ledger_account.open_account(FUND)
    transfer.post(f"test:{uuid.uuid4().hex}", "suspense:treasury", FUND, fen, what="allocation", about={})


def told(
    fen: int = 10_000, *, number: str = "", name: str = "张三丰", whose=None, bank: str | None = None
) -> Collected:
    return Collected(name, number or resident_id(), account() if bank is None else bank, fen, person=whose)


def published(staff: dict, *lines: Collected, period: str = "", within=None):
    """Return a batch whose publicity is over; the checks are another part's.

    `within` is called with the batch while it is public, and what it returns is returned as well.
    """
    item.seed(
        "kit_farmland",
        Told("耕地地力保护补贴", "agriculture_rural", "year", FUND, "财农〔2016〕26号", "2016-01-01"),
        [],
    )
    year = period or str(clock.today().year)
    part = BenefitBatch.objects(item="kit_farmland", period=year, unit=TOWN).count() + 1
    found = progress.create(staff["town"].actor(), "kit_farmland", year, TOWN, part)
    rows = [line.add(found, one, by=staff["town"].actor().key)[0] for one in lines]
    progress.submit(staff["town"].actor(), found["_id"])
    to_ok = [LineMove(one, "ok", line.history("system:benefits", "checked")) for one in rows]
    transactions.run(lambda session: bulk_move.write(found["_id"], to_ok, session))
    batch.move(found["_id"], ("collecting",), "checked")
    publicity.publish(staff["department"].actor(), found["_id"], leave_out_unsettled=False)
    more = within(found["_id"]) if within else None
    over = Turn("published_in_full", "publicity_done", ("in_publicity",))
    progress.leave(System("benefits"), batch.read(found["_id"]), over)
    return (found["_id"], more) if within else found["_id"]


def proposed(staff: dict, batch_id: ObjectId) -> str:
    answer = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "公示期满无异议"})
    assert answer.status_code == 201, answer.json
    return answer.json["approval_id"]


def approved(staff: dict, batch_id: ObjectId) -> ObjectId:
    """Let finance propose and a second member approve."""
    answer = staff["second"].post(f"/office/v1/approvals/{proposed(staff, batch_id)}/approve")
    assert answer.status_code == 200, answer.json
    drain("trust")
    assert batch.read(batch_id)["state"] == "approved"
    return batch_id


def opened(staff: dict, batch_id: ObjectId) -> str:
    """Open the next file and fill it, without handing it in; return its number."""
    answer = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/files")
    assert answer.status_code == 202, answer.json
    drain("reports")
    return answer.json["file_no"]


def sent(staff: dict, batch_id: ObjectId) -> str:
    """Open, fill and hand in the next file, and apply what comes back."""
    number = opened(staff, batch_id)
    drain("bills", "notify")
    return number


def payment(staff: dict, batch_id: ObjectId) -> dict:
    """Return how the payment of a batch stands, as finance sees it."""
    answer = staff["finance"].get(f"{OFFICE}/batches/{batch_id}/payment")
    assert answer.status_code == 200, answer.json
    return answer.json


def states(batch_id: ObjectId) -> Counter:
    return Counter(one.state for one in BenefitLine.objects(batch=batch_id))


def agree(batch_id: ObjectId) -> None:
    """Check that lines, payments, files, the batch's sums and the ledger say the same of a batch."""
    found = batch.read(batch_id)
    lines = list(BenefitLine.objects(batch=batch_id))
    counted = Counter(one.state for one in lines)
    assert {state: n for state, n in found["counts"].items() if n} == dict(counted)
    paid = sum(one.amount_fen for one in lines if one.state == "paid")
    payments = list(BenefitPayment.objects(file__in=[one["_id"] for one in payment_file.of_batch(batch_id)]))
    assert sum(one.amount_fen for one in payments if one.state == "paid") == paid
    live = Counter(one.line for one in payments if one.live)
    assert all(number == 1 for number in live.values())
    assert {one.id for one in lines if one.state in ("sent", "resent", "paid")} == set(live)
    assert ledger_account.total()["balance_fen"] == 0


def in_ledger(batch_fund: str = FUND) -> dict[str, int]:
    names = ("balance_fen", "held_fen", "available_fen")
    found = ledger_account.read(batch_fund)
    return {name: found[name] for name in names}
