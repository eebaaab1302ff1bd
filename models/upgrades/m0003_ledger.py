"""The ledger learns of every payment and refund of earlier releases, each under the key that its own task would use.

A batch is one transaction: transfers, balances, and on each payment whose money it is. A kill leaves whole batches, and
what was posted is passed over the next time.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from backend.store import transactions
from backend.store.migrations import Step
from models.payments.transfer_record import draft, posted

NUMBER, NAME = 3, "ledger"
CLEARING, UNASSIGNED = "clearing:wechat", "suspense:unassigned"
BATCH = 200
Record = dict[str, Any]


def run(db: Database[Record], step: Step) -> None:
    """Post the receipts, then the refunds; repeating is safe."""
    total = db.payments.estimated_document_count() + db.refunds.estimated_document_count()
    done = 0
    units = {one["_id"]: one.get("unit") for one in db.places.find({}, {"unit": 1}).hint("_id_")}
    for payments in _batches(db.payments.find({"state": "paid"}).hint("_id_")):
        _post(db, [_receipt(one, payee) for one, payee in _payees(db, payments, units)])
        done += len(payments)
        step(done, max(total, done))
    for refunds in _batches(db.refunds.find({"state": "succeeded"}).hint("_id_")):
        _post(db, list(_refunds(db, refunds)))
        done += len(refunds)
        step(done, max(total, done))
    step(max(total, done), max(total, done))


def _batches(found: Any) -> Iterator[list[Record]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _payees(db: Database[Record], payments: list[Record], units: dict[str, str | None]) -> list[tuple[Record, str]]:
    """Return the payments with the account that each is for: that of the unit whose place the order was for."""
    orders = {one["subject"].removeprefix("order:") for one in payments if one["subject"].startswith("order:")}
    ids = [ObjectId(one) for one in orders if ObjectId.is_valid(one)]
    places = {str(one["_id"]): one["place"] for one in db.orders.find({"_id": {"$in": ids}}, {"place": 1})}
    told = []
    for one in payments:
        place = places.get(one["subject"].removeprefix("order:"))
        payee = f"merchant:{units.get(place) or place}" if place else UNASSIGNED
        told.append((one, one.get("payee") or payee))
    return told


def _receipt(one: Record, payee: str) -> Record:
    number = str(one["_id"])
    about = {"payment": number}
    told = {"what": "receipt", "about": about, "reference": number, "happened_at": one["paid_at"]}
    return posted(draft(f"receipt:{number}", CLEARING, payee, one["amount_fen"], **told))


def _refunds(db: Database[Record], refunds: list[Record]) -> Iterator[Record]:
    first = {
        one["_id"]: one for one in db.transfers.find({"_id": {"$in": [f"receipt:{o['payment']}" for o in refunds]}})
    }
    for one in refunds:
        if (receipt := first.get(f"receipt:{one['payment']}")) is None:
            continue
        about = {"payment": str(one["payment"]), "refund": one["_id"]}
        at = one.get("succeeded_at") or one["requested_at"]
        told = {"what": "refund", "about": about, "reference": one["_id"], "happened_at": at}
        made = draft(f"refund:{one['_id']}", receipt["target"], CLEARING, one["amount_fen"], **told)
        yield {**posted(made), "refund_of": receipt["_id"]}


def _post(db: Database[Record], made: list[Record]) -> None:
    known = {one["_id"] for one in db.transfers.find({"_id": {"$in": [one["_id"] for one in made]}}, {"_id": 1})}
    due = [one for one in made if one["_id"] not in known]
    if not due:
        return
    moved: Counter[str] = Counter()
    for one in due:
        moved[one["source"]] -= one["fen"]
        moved[one["target"]] += one["fen"]
    changes = [_change(account, fen) for account, fen in sorted(moved.items())]

    def change(session: ClientSession) -> None:
        db.transfers.insert_many(due, session=session)
        db.ledger_accounts.bulk_write(changes, session=session)
        for one in due:
            if one["what"] == "receipt":
                query = {"_id": ObjectId(one["reference"])}
                db.payments.update_one(query, {"$set": {"payee": one["target"]}}, session=session)
            else:
                counted = {"$inc": {"refunded_fen": one["fen"]}}
                db.transfers.update_one({"_id": one["refund_of"]}, counted, session=session)

    transactions.run(change, client=db.client)


def _change(account: str, fen: int) -> UpdateOne:
    record = {
        "head": account,
        "part": 0,
        "kind": account.partition(":")[0],
        "mark": secrets.token_hex(8),
        "state": "open",
        "held_fen": 0,
        "expected_fen": 0,
    }
    change = {"$inc": {"balance_fen": fen, "version": 1}, "$setOnInsert": record}
    return UpdateOne({"_id": account}, change, upsert=True)
