"""A ledger account: whose money it is, how much, and what of it is promised away. Amounts are integers of 分.

    open ──freeze──▶ frozen (takes money, gives none) ──unfreeze──▶ open
      └────────────── close (nothing left) ──▶ closed

The id reads kind and owner: `wallet:<person>`, `fund:seeds-2026`, `clearing:wechat`. What many pay from or into at the
same moment is kept in parts: `fund:seeds-2026` and `fund:seeds-2026#1` to `#7`, all with the same `head`, whose
balances sum to the account's. Only `posting.Books` changes an amount, in the transaction that writes the transfer.
"""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from bson import ObjectId
from mongoengine import Document, IntField, ObjectIdField, StringField
from mongoengine.connection import get_connection
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from backend import personal_data
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding
from backend.store import transactions
from backend.store.combining import DUPLICATE_KEY

COLLECTION = "ledger_accounts"
KIND_ZH = {"wallet": "钱包", "merchant": "商户", "fund": "资金专户", "clearing": "清算账户", "suspense": "待处理账户"}
FLOORED = frozenset({"wallet", "merchant", "fund"})
"""What never gives more than it has. Clearing mirrors money outside, suspense what nobody has explained yet."""
OPENED_BY_USE = frozenset({"wallet", "clearing", "suspense"})
PARTS = {"clearing": 8}
"""Every top-up and every ticket passes through clearing."""
MOST_PARTS = 64
STATE_ZH = {"open": "正常", "frozen": "只收不付", "closed": "已销户"}
_ID = re.compile(r"(wallet|merchant|fund|clearing|suspense):[A-Za-z0-9_.-]{1,64}")


class LedgerAccount(Document):
    """One part of an account. `held_fen` is promised out, `expected_fen` promised in; `mark` names it to auditors."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["head", "part"], "unique": True},
            {"fields": ["kind", "_id"]},
            {"fields": ["person"], "sparse": True},
            {"fields": ["mark"]},
        ],
    }
    id = StringField(primary_key=True)
    head = StringField(required=True)
    part = IntField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    person = ObjectIdField()
    mark = StringField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    balance_fen = IntField(required=True)
    held_fen = IntField(required=True)
    expected_fen = IntField(required=True)
    version = IntField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "钱包余额或在途收付",
        persons=("person",),
        at_deletion="keep",
        because="只含编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 总账、明细账保管 30 年",
        busy=lambda: {"$or": [{name: {"$ne": 0}} for name in ("balance_fen", "held_fen", "expected_fen")]},
    )
)


class AccountUnknown(NotFound):
    """404: there is no such account."""

    code = "ledger_account_unknown"
    zh = "没有找到收款方或付款方账户,请核对后再试。"
    en = "There is no such account. Check the payee."


class AccountNameWrong(Unprocessable):
    """422: this can be no account's id."""

    code = "ledger_account_name_wrong"
    zh = "账户编号的格式不对,例如 merchant:changzhengyuan。"
    en = "This is no account's id. One reads like merchant:changzhengyuan."


class AccountFrozen(Conflict):
    """409: the account gives no money at the moment."""

    code = "ledger_account_frozen"
    zh = "付款账户已冻结,只收不付,请先办理解冻。"
    en = "The paying account is frozen. Have it unfrozen first."


class AccountClosed(Conflict):
    """409: the account was closed."""

    code = "ledger_account_closed"
    zh = "账户已销户,不能再收付款,请更换账户。"
    en = "The account was closed. Use another one."


class AccountNotEmpty(Conflict):
    """409: there is money in it, or promised to or from it."""

    code = "ledger_account_not_empty"
    zh = "账户还有余额或未完成的收付,请先结清再销户。"
    en = "There is money in the account or on its way. Settle it first."


def kind_of(account: str) -> str:
    """Return the kind that an account's id names.

    Raises:
        AccountNameWrong: it is no account's id.
    """
    if not _ID.fullmatch(account):
        raise AccountNameWrong
    return account.partition(":")[0]


def wallet_of(person_id: ObjectId) -> str:
    """Return the id of a person's wallet."""
    return f"wallet:{person_id}"


def person_of(account: str) -> ObjectId | None:
    """Return whose wallet it is, None for an account of no person."""
    kind, _, owner = account.partition(":")
    return ObjectId(owner) if kind == "wallet" and ObjectId.is_valid(owner) else None


def open_account(account: str, *, parts: int | None = None) -> None:
    """Open an account unless it is there, in `parts` parts; more parts than it has are added, none is taken away.

    Raises:
        AccountNameWrong: this can be no account's id.
    """
    kind = kind_of(account)
    wanted = min(parts or PARTS.get(kind, 1), MOST_PARTS)
    there = {one["part"]: one for one in LedgerAccount._get_collection().find({"head": account})}
    state = next(iter(there.values()))["state"] if there else "open"
    lacking = [_part(account, kind, number, state) for number in range(wanted) if number not in there]
    if not lacking:
        return
    try:
        LedgerAccount._get_collection().insert_many(lacking, ordered=False)
    except BulkWriteError as met:
        if any(error["code"] != DUPLICATE_KEY for error in met.details["writeErrors"]):
            raise


def _part(account: str, kind: str, number: int, state: str) -> dict[str, Any]:
    owner = person_of(account)
    return {
        "_id": f"{account}#{number}" if number else account,
        "head": account,
        "part": number,
        "kind": kind,
        **({"person": owner} if owner else {}),
        "mark": secrets.token_hex(8),
        "state": state,
        "balance_fen": 0,
        "held_fen": 0,
        "expected_fen": 0,
        "version": 0,
    }


def parts(accounts: Iterable[str], session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return the parts of accounts, each account's in order."""
    query = {"head": {"$in": sorted(set(accounts))}}
    return list(LedgerAccount._get_collection().find(query, session=session).sort([("head", 1), ("part", 1)]))


def read(account: str) -> dict[str, Any]:
    """Return an account as one: the sums over its parts of one moment.

    Raises:
        AccountUnknown: it was never opened.
    """
    with get_connection().start_session(snapshot=True) as session:
        found = parts([account], session)
    if not found:
        raise AccountUnknown
    return _summed(found)


def several(accounts: Iterable[str]) -> list[dict[str, Any]]:
    """Return accounts as `read` does, those that are there, all of one moment."""
    by_head: dict[str, list[dict[str, Any]]] = {}
    with get_connection().start_session(snapshot=True) as session:
        for one in parts(accounts, session):
            by_head.setdefault(one["head"], []).append(one)
    return [_summed(found) for found in by_head.values()]


def _summed(found: list[dict[str, Any]]) -> dict[str, Any]:
    names = ("balance_fen", "held_fen", "expected_fen")
    sums = {name: sum(one[name] for one in found) for name in names}
    first = found[0]
    same = {"_id": first["head"], "kind": first["kind"], "state": first["state"], "mark": first["mark"]}
    return {**same, "parts": len(found), **sums, "available_fen": sums["balance_fen"] - sums["held_fen"]}


def total() -> dict[str, int]:
    """Return how much all accounts hold together at one moment: the balances sum to 0, or the ledger is broken."""
    with get_connection().start_session(snapshot=True) as session:
        sums = {"_id": None, **{name: {"$sum": f"${name}"} for name in ("balance_fen", "held_fen", "expected_fen")}}
        every: list[dict[str, Any]] = [{"$match": {"kind": {"$in": list(KIND_ZH)}}}, {"$group": sums}]
        found: dict[str, Any] = next(LedgerAccount._get_collection().aggregate(every, session=session), {})
    return {name: int(found.get(name, 0)) for name in ("balance_fen", "held_fen", "expected_fen")}


def freeze(account: str, session: ClientSession) -> None:
    """Let an account take money and give none."""
    _set_state(account, "open", "frozen", session)


def unfreeze(account: str, session: ClientSession) -> None:
    """Let a frozen account give money again."""
    _set_state(account, "frozen", "open", session)


def _set_state(account: str, before: str, after: str, session: ClientSession) -> None:
    guard = {"head": account, "state": before}
    LedgerAccount._get_collection().update_many(guard, {"$set": {"state": after}}, session=session)


def close(account: str) -> None:
    """Close an account in which nothing is left and nothing is under way; closing again changes nothing.

    Raises:
        AccountUnknown: it was never opened.
        AccountNotEmpty: something is left.
    """
    transactions.run(lambda session: close_within(account, session))


def close_within(account: str, session: ClientSession) -> None:
    """Close an account within a transaction, as `close` does."""
    known = parts([account], session)
    if not known:
        raise AccountUnknown
    guard = {"head": account, "balance_fen": 0, "held_fen": 0, "expected_fen": 0}
    shut = {"$set": {"state": "closed"}, "$inc": {"version": 1}}
    done = LedgerAccount._get_collection().update_many(guard, shut, session=session)
    if done.matched_count < len(known):
        raise AccountNotEmpty


def named(account: str) -> str:
    """Return the id of the account that staff name, a wallet by its mark.

    Raises:
        AccountUnknown: no wallet has this mark.
    """
    kind, _, mark = account.partition(":")
    if kind != "wallet":
        return account
    found = LedgerAccount._get_collection().find_one({"mark": mark, "kind": "wallet"}, {"head": 1})
    if found is None:
        raise AccountUnknown
    return str(found["head"])


def marks(accounts: Iterable[str]) -> dict[str, str]:
    """Return how auditors see accounts: a wallet by its random mark, so that a proof names no person."""
    wallets = [one for one in accounts if one.startswith("wallet:")]
    query = {"_id": {"$in": sorted(set(wallets))}}
    found = LedgerAccount._get_collection().find(query, {"mark": 1})
    return {one["_id"]: f"wallet:{one['mark']}" for one in found}
