"""A merchant: who may be paid from wallets, with a ledger account of its own (`merchant:<code>`)."""

from typing import Any

from mongoengine import DateTimeField, Document, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store import paging, transactions
from backend.store.combining import Reads
from models.audit import entry
from models.identity import staff
from models.identity import unit as units
from models.identity.actors import Staff
from models.payments import ledger_account

STATE_ZH = {"active": "正常", "suspended": "暂停收款"}


class Merchant(Document):
    """The id is the code, which the account carries too; `unit` is the county unit that answers for it."""

    meta = {"collection": "merchants", "auto_create_index": False, "indexes": [{"fields": ["unit"]}]}
    id = StringField(primary_key=True)
    name = StringField(required=True)
    unit = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    registered_at = DateTimeField(required=True)


class MerchantExists(Conflict):
    """409: the code is taken."""

    code = "merchant_exists"
    zh = "这个商户编号已登记,请换一个编号。"
    en = "A merchant of this code is registered. Choose another code."


class MerchantSuspended(Conflict):
    """409: it takes no payments at the moment."""

    code = "merchant_suspended"
    zh = "该商户暂停收款,请用其他方式付款或稍后再试。"
    en = "This merchant takes no payments now. Pay another way or later."


def account_of(code: str) -> str:
    """Return the ledger account of a merchant."""
    return f"merchant:{code}"


def register(actor: Staff, code: str, *, name: str, unit: str) -> dict[str, Any]:
    """Register a merchant and open its account.

    Raises:
        UnitUnknown: no active unit answers for it.
        MerchantExists: the code is taken.
    """
    actor.require("ledger.propose")
    transactions.run(lambda session: units.hold({"unit": unit}, session))  # before an account is opened for nobody
    record = {"_id": code, "name": name, "unit": unit, "state": "active", "registered_at": clock.now()}
    line = entry.line(actor.key, "merchant.register", f"merchant:{code}", unit=actor.unit)
    ledger_account.open_account(account_of(code))

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        units.hold({"unit": unit}, session)
        Merchant._get_collection().insert_one(record, session=session)
        entry.write(line, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        raise MerchantExists(fields={"code": [MerchantExists.zh]}) from None
    return record


def seed(code: str, *, name: str, unit: str) -> None:
    """Put a merchant of the county's data unless it is there."""
    ledger_account.open_account(account_of(code))
    record = {"name": name, "unit": unit, "state": "active", "registered_at": clock.now()}
    Merchant._get_collection().update_one({"_id": code}, {"$setOnInsert": record}, upsert=True)


def set_state(actor: Staff, code: str, state: str) -> dict[str, Any]:
    """Let a merchant be paid or not; the same state again changes nothing.

    Raises:
        NotFound: no such merchant.
    """
    actor.require("ledger.propose")
    line = entry.line(actor.key, f"merchant.{state}", f"merchant:{code}", unit=actor.unit)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        guard = {"_id": code, "state": {"$ne": state}}
        if Merchant._get_collection().update_one(guard, {"$set": {"state": state}}, session=session).matched_count:
            entry.write(line, session)

    transactions.run(change)
    return read(code)


_reads = Reads(Merchant._get_collection, {"name": 1, "unit": 1, "state": 1, "registered_at": 1})


def read(code: str) -> dict[str, Any]:
    """Return a merchant.

    Raises:
        NotFound: no such merchant.
    """
    found = _reads.find(code)
    if found is None:
        raise NotFound
    return found


def require_payee(account: str) -> None:
    """Check that wallets may pay into an account: a fund, or a merchant that is not suspended.

    Raises:
        AccountUnknown, MerchantSuspended: they may not.
    """
    kind, _, code = account.partition(":")
    if kind == "fund":
        return
    found = _reads.find(code) if kind == "merchant" else None
    if found is None:
        raise ledger_account.AccountUnknown(fields={"payee": [ledger_account.AccountUnknown.zh]})
    if found["state"] != "active":
        raise MerchantSuspended


def listed(actor: Staff, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of merchants by code."""
    actor.require("ledger.read")
    found, following = paging.page(
        Merchant._get_collection(), {"_id": {"$gte": ""}}, sort=("_id", 1), cursor=cursor, limit=limit
    )
    return [shown(one) for one in found], following


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a merchant as staff see it."""
    told = {"code": found["_id"], **{name: found[name] for name in ("name", "unit", "state")}}
    at = clock.civil(found["registered_at"]).isoformat(timespec="seconds")
    return {**told, "state_zh": STATE_ZH[found["state"]], "account": account_of(found["_id"]), "registered_at": at}
