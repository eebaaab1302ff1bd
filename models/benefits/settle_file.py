"""The end of a payment file: when every payment is final, the ledger moves what was paid and lets the rest go.

What is to be posted is fixed by the guarded move to `settled`; the posting follows by the outbox under its own key. A
payment that the bank takes back later (冲正) goes back to the fund against that posting.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.benefits import close, money, payment, payment_file, return_file
from models.benefits.payment import BenefitPayment
from models.benefits.payment_file import BenefitFile
from models.payments import bank_statement

MOST_REVERSALS = 2000


def settle(number: str) -> bool:
    """Settle a file of which every payment is final; return whether this call did."""
    follow = (outbox.entry("bills", "benefits.post_file", file=number),)
    asking = outbox.entry("bills", "benefits.ask_bank", file=number)
    now = clock.now()

    def change(session: ClientSession) -> bool:
        found = payment_file.read(number, session)
        if found["state"] not in ("ready", "accepted") or found["counts"].get("waiting"):
            return False
        told = {"state": "settled", "settled_at": now, "posted_fen": found["sums"].get("paid", 0)}
        told |= {} if found.get("accepted_at") else {"accepted_at": now}
        # Of a file whose answer was lost the return was the first word: from here on the bank is asked as well.
        more = (asking,) if found["state"] == "ready" else ()
        return bool(payment_file.move(number, (found["state"],), told, follow=(*follow, *more), session=session))

    done = transactions.run(change)
    if done:
        outbox.wake("bills")
    close.follow(payment_file.read(number)["batch"])
    return done


def post(number: str) -> None:
    """Post a settled file, once however often it is called."""
    found = payment_file.read(number)
    if found["state"] != "settled" or found.get("transfer"):
        return
    if not found["posted_fen"]:
        money.let_go(f"benefit:{number}:let-go", found["hold"])
        return
    made = money.pay(number, found["hold"], found["posted_fen"])
    payment_file.move(number, ("settled",), {"transfer": made})
    reconcile(number)


def reconcile(number: str) -> None:
    """Compare what the bank said that it paid of a file, and took back, with what the ledger has of it."""
    taken_back = payment.of_file(number, most=MOST_REVERSALS, state="reversed")
    booked = [one for one in taken_back if one.get("transfer")]
    never = sum(one["amount_fen"] for one in taken_back) - sum(one["amount_fen"] for one in booked)
    stated = sum(one.get("stated_fen", 0) for one in return_file.of_file(number)) - never
    lines = [(number, stated, "paid")] if stated else []
    lines += [(money.reversal_of(number, one["seq"]), -one["amount_fen"], "paid") for one in booked]
    bank_statement.reconcile(number, lines)


def follow_reversals(number: str, reversed_: Sequence[Mapping[str, Any]], session: ClientSession) -> None:
    """Name in the transaction of reversals what the ledger has to book; before the posting there is nothing."""
    if not reversed_ or payment_file.read(number, session)["state"] != "settled":
        return
    entries = [outbox.entry("bills", "benefits.book_reversal", payment=one["_id"]) for one in reversed_]
    push = {"$push": {"outbox": {"$each": entries}}}
    BenefitFile._get_collection().update_one({"_id": number}, push, session=session)


def book_reversal(payment_id: str) -> None:
    """Give a reversed payment back to its fund, once.

    Raises:
        outbox.Later: the file is not posted yet.
    """
    collection = BenefitPayment._get_collection()
    found = collection.find_one({"_id": payment_id})
    assert found is not None
    file = payment_file.read(found["file"])
    if "transfer" not in file:
        raise outbox.Later(5)
    made = money.give_back(file["_id"], found["seq"], file["transfer"], found["amount_fen"])
    collection.update_one({"_id": payment_id}, {"$set": {"transfer": made}})
    reconcile(file["_id"])
