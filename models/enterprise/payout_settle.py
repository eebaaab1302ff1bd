"""The end of a batch at the bank: when every payment is final, the ledger moves what was paid and lets the rest go.

    fund ─promise─▶ held ─what was paid─▶ clearing:bank (money that has left through the bank, to the firms' accounts)

What is to be posted is fixed by the guarded move to `settled`; the posting follows by the outbox under its own key. A
payment that the bank takes back later (冲正) goes back to the fund against that posting.
"""

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.enterprise import payout, payout_payment, payout_return
from models.enterprise.payout_payment import FirmPayment
from models.payments import bank_promise, bank_statement

WHAT = "enterprise_reversal"


def settle(number: str) -> bool:
    """Settle a batch of which every payment is final; return whether this call did."""
    follow = outbox.entry("bills", "enterprise.post_payout", payout=number)
    asking = outbox.entry("bills", "enterprise.ask_bank", payout=number)
    now = clock.now()

    def change(session: ClientSession) -> bool:
        found = payout.read(number, session)
        if found["state"] not in ("ready", "accepted") or found["counts"].get("waiting"):
            return False
        told = {"state": "settled", "settled_at": now, "posted_fen": found["sums"].get("paid", 0)}
        told |= {} if found.get("accepted_at") else {"accepted_at": now}
        # Of a file whose answer was lost the return was the first word: from here on the bank is asked as well.
        more = (asking,) if found["state"] == "ready" else ()
        return bool(payout.move(number, (found["state"],), told, follow=(follow, *more), session=session))

    done = transactions.run(change)
    if done:
        outbox.wake("bills")
    return done


def post(number: str) -> None:
    """Post a settled batch, once however often it is called."""
    found = payout.read(number)
    if found["state"] != "settled" or found.get("transfer"):
        return
    if not found["posted_fen"]:
        bank_promise.let_go(f"enterprise:{number}:let-go", found["hold"])
        return
    made = bank_promise.pay(f"enterprise:{number}:paid", number, found["hold"], found["posted_fen"])
    payout.move(number, ("settled",), {"transfer": made})
    reconcile(number)


def reconcile(number: str) -> None:
    """Compare what the bank paid of a file, and took back, with what the ledger has of it."""
    taken_back = [one for one in payout_payment.of_payout(number) if one["state"] == "reversed"]
    booked = [one for one in taken_back if one.get("transfer")]
    never = sum(one["amount_fen"] for one in taken_back) - sum(one["amount_fen"] for one in booked)
    stated = sum(one["stated_fen"] for one in payout_return.of_payout(number)) - never
    lines = [(number, stated, "paid")] if stated else []
    lines += [(bank_promise.reversal_of(number, one["seq"]), -one["amount_fen"], "paid") for one in booked]
    bank_statement.reconcile(number, lines)


def book_reversal(payment_id: str) -> None:
    """Give a reversed payment back to its fund, once.

    Raises:
        outbox.Later: the batch is not posted yet.
    """
    payments = FirmPayment._get_collection()
    found = payments.find_one({"_id": payment_id})
    assert found is not None
    batch = payout.read(found["payout"])
    if "transfer" not in batch:
        raise outbox.Later(5)
    key = f"enterprise:{payment_id}:back"
    made = bank_promise.give_back(key, batch["_id"], found["seq"], batch["transfer"], found["amount_fen"], what=WHAT)
    payments.update_one({"_id": payment_id}, {"$set": {"transfer": made}})
    reconcile(batch["_id"])
