"""A transfer: an amount from one account to another, written once under its key. Amounts are integers of 分.

    post ────▶ posted ──refund (in parts, never more than it)        `transfer.py`
    hold ────▶ pending ──▶ posted | posted_part | voided | expired   `transfer_hold.py`

Transfer and accounts change in one transaction, so a kill leaves both or neither, and the balances sum to 0 at every
moment that anybody can read. The key is the id: the same key with the same content is the same transfer, with another
content it is refused.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import orjson
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, outbox, personal_data
from backend.errors import BadInput, CityError, Conflict, NotFound
from backend.personal_data import Holding
from backend.store import transactions
from models.payments import closed_day, ledger_account, ledger_limit
from models.payments.posting import Books, Missing

T = TypeVar("T")
COLLECTION = "transfers"
LONGEST_KEY = 200
LARGEST_FEN = 10**13
STATE_ZH = {
    "pending": "待确认",
    "posted": "已入账",
    "posted_part": "部分入账",
    "voided": "已撤销",
    "expired": "已过期",
}
outbox.carried_by(COLLECTION)


class Transfer(Document):
    """`happened_at` is when it happened, `posted_at` when the ledger learned of it; a hold has no `posted_at`.

    `reference` is the number at the other side of a clearing account, `statement` the statement it must appear on.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["accounts", "-at", "-_id"]},
            {"fields": ["posted_at", "_id"]},
            {"fields": ["persons"], "sparse": True},
            {"fields": ["statement", "_id"], "sparse": True},
            {"fields": ["reference"], "sparse": True},
            {"fields": ["refund_of"], "sparse": True},
            {"fields": ["state", "until"], "partialFilterExpression": {"state": "pending"}, "name": "pending"},
            outbox.INDEX,
        ],
    }
    id = StringField(primary_key=True)
    source = StringField(required=True)
    target = StringField(required=True)
    accounts = ListField(StringField())
    persons = ListField(ObjectIdField())
    fen = IntField(required=True, min_value=1)
    what = StringField(required=True)
    about = DictField()
    body = BinaryField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    hold = BooleanField()
    at = DateTimeField(required=True)
    happened_at = DateTimeField(required=True)
    posted_at = DateTimeField()
    reference = StringField()
    statement = StringField()
    refund_of = StringField()
    refunded_fen = IntField()
    of_hold = StringField()
    voided_by = StringField()
    until = DateTimeField()
    giving = ListField()
    taking = ListField()
    posted_fen = IntField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "钱包收付记录",
        persons=("persons",),
        at_deletion="keep",
        because="只含编号和金额; 会计档案管理办法(财政部、国家档案局令第 79 号)附表一: 原始凭证、明细账保管 30 年",
    )
)


class KeyReused(Conflict):
    """409: the key came with another content before."""

    code = "transfer_key_reused"
    zh = "这笔业务编号已用于另一笔转账,请核对后换一个编号再提交。"
    en = "This key was used for another transfer. Use a new one."


class AmountWrong(BadInput):
    """400: no amount that can be transferred."""

    code = "transfer_amount_wrong"
    zh = "金额须为大于 0 的整数(分)。"
    en = "The amount is a whole number of fen above 0."


class SameAccount(Conflict):
    """409: from an account to itself."""

    code = "transfer_same_account"
    zh = "付款方和收款方不能是同一个账户。"
    en = "Payer and payee are the same account."


def draft(
    key: str,
    source: str,
    target: str,
    fen: int,
    *,
    what: str,
    about: dict[str, Any],
    happened_at: datetime | None = None,
    reference: str = "",
    statement: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Return a transfer that is not stored yet.

    Raises:
        AmountWrong, SameAccount, ledger_account.AccountNameWrong: there can be no such transfer.
    """
    require_sound(key, source, target, fen)
    content = {"source": source, "target": target, "fen": fen, "what": what, "about": about, **more}
    now = clock.now()
    clear = {"reference": reference, "statement": statement}
    owners = [one for one in (ledger_account.person_of(source), ledger_account.person_of(target)) if one]
    return {
        "_id": key,
        **content,
        "accounts": [source, target],
        **({"persons": owners} if owners else {}),
        "body": hashlib.sha256(orjson.dumps(content | clear, option=orjson.OPT_SORT_KEYS, default=str)).digest(),
        "at": now,
        "happened_at": happened_at or now,
        **{name: value for name, value in clear.items() if value},
    }


def require_sound(key: str, source: str, target: str, fen: int) -> None:
    """Check that there can be such a transfer.

    Raises:
        AmountWrong, SameAccount, ledger_account.AccountNameWrong: there can be none.
    """
    if isinstance(fen, bool) or not isinstance(fen, int) or not 0 < fen <= LARGEST_FEN:
        raise AmountWrong(fields={"amount_fen": [AmountWrong.zh]})
    if not 0 < len(key) <= LONGEST_KEY:
        raise ValueError("a key has 1 to 200 characters")
    ledger_account.kind_of(source)
    ledger_account.kind_of(target)
    if source == target:
        raise SameAccount


def posted(made: dict[str, Any]) -> dict[str, Any]:
    """Return a draft as a transfer that moves its amount; `enter` says when."""
    return {**made, "state": "posted", "posted_at": made["at"], "refunded_fen": 0}


def enter(made: Sequence[dict[str, Any]], session: ClientSession) -> None:
    """Let transfers enter the ledger at the moment of their transaction, however long they waited for it."""
    moment = closed_day.open_moment(session)
    for one in made:
        one["posted_at"] = moment


def books_of(accounts: Sequence[str], session: ClientSession) -> Books:
    """Return the books of a transaction with these accounts loaded."""
    ceiling = cache(lambda: int(ledger_limit.of("wallet", clock.today(), session)["fen"]))
    books = Books(session, ceiling)
    books.load(accounts)
    return books


def in_books(change: Callable[[ClientSession], T]) -> T:
    """Run a transaction on accounts; those that open by their first use are opened on the way.

    Raises:
        AccountUnknown: one of them has to be opened by somebody.
    """
    try:
        return transactions.run(change)
    except Missing as missing:
        for account in missing.accounts:
            if ledger_account.kind_of(account) not in ledger_account.OPENED_BY_USE:
                raise ledger_account.AccountUnknown from None
            ledger_account.open_account(account)
    return transactions.run(change)


def once(made: dict[str, Any], change: Callable[[ClientSession], Any]) -> dict[str, Any]:
    """Run the transaction that stores `made`, or return the transfer that has its key.

    Raises:
        KeyReused: the key came with another content.
    """
    if known := find(made["_id"]):
        return same(known, made)
    try:
        outcome = in_books(change)
    except DuplicateKeyError:
        if known := confirmed(made["_id"]):
            return same(known, made)
        raise
    if isinstance(outcome, CityError):
        raise outcome
    return made


def same(known: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """Return the transfer that has the key already.

    Raises:
        KeyReused: with another content.
    """
    if known["body"] != made["body"]:
        raise KeyReused
    return known


def find(key: str, session: ClientSession | None = None) -> dict[str, Any] | None:
    """Return the transfer of a key, None when there is none."""
    return Transfer._get_collection().find_one({"_id": key}, session=session)


def confirmed(key: str) -> dict[str, Any] | None:
    """Return what `find` does, but wait for a change that is committed and that the majority has not confirmed yet.

    Who met the key of such a transfer, or a hold that it ended, would not find it by a read of the majority's data.
    """
    return transactions.run(lambda session: find(key, session))


def read(key: str) -> dict[str, Any]:
    """Return the transfer of a key.

    Raises:
        NotFound: there is none.
    """
    found = find(key)
    if found is None:
        raise NotFound
    return found
