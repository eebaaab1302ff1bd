"""Moving amounts between accounts: at once, back again, or promised first (`transfer_hold.py`).

Posts of one moment share a transaction, so that what many pay into is written once for all of them
(`docs/decisions/0024-ledger.md`).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from backend.errors import CityError, Conflict, NotFound
from backend.store.combining import DUPLICATE_KEY, Combiner
from models.payments.ledger_account import AccountUnknown
from models.payments.transfer_hold import expire_hold, hold, post_hold, void_hold
from models.payments.transfer_record import (
    KeyReused,
    Transfer,
    books_of,
    confirmed,
    draft,
    enter,
    find,
    in_books,
    once,
    posted,
    read,
    same,
)

__all__ = ["KeyReused", "Transfer", "expire_hold", "find", "hold", "post", "post_hold", "read", "refund", "void_hold"]


class RefundExceeds(Conflict):
    """409: more would go back than was transferred."""

    code = "refund_exceeds_transfer"
    zh = "退款累计超过原交易金额,请核对可退金额。"
    en = "The refunds would be more than the transfer."


def post(
    key: str,
    source: str,
    target: str,
    fen: int,
    *,
    what: str,
    about: dict[str, Any],
    session: ClientSession | None = None,
    follow: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Move an amount at once, and return the transfer; `more` is what `draft` takes besides.

    `follow` is the outbox entry of what follows it, sent in the same write.
    With a `session` it becomes part of the caller's transaction, whose accounts must have been opened.

    Raises:
        KeyReused: the key came with another content.
        InsufficientFunds, WalletFull, AccountFrozen, AccountClosed, AccountUnknown: nothing was moved.
    """
    made = _followed(posted(draft(key, source, target, fen, what=what, about=about, **more)), follow)
    if session is None:
        return _post_in_company(made)
    if known := find(key, session):
        return same(known, made)
    (outcome,) = _post_group([made], session)
    if isinstance(outcome, CityError):
        raise outcome
    return outcome


def _followed(made: dict[str, Any], follow: dict[str, Any] | None) -> dict[str, Any]:
    return {**made, "outbox": [follow]} if follow else made


def _post_in_company(made: dict[str, Any]) -> dict[str, Any]:
    try:
        moved: dict[str, Any] = _posts.run(0, made)
    except CityError:
        if known := confirmed(made["_id"]):  # it was moved before, and would be refused today
            return same(known, made)
        raise
    return moved


def _post_all(_key: Any, made: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any] | BaseException]:
    """Post all in one transaction; where one meets its key again or no account, each for itself."""
    try:
        outcomes = in_books(partial(_post_group, made))
    except (DuplicateKeyError, AccountUnknown):
        return [_alone(one) for one in made]
    return [_heard(one, told) for one, told in zip(made, outcomes, strict=True)]


def _heard(made: dict[str, Any], told: dict[str, Any] | CityError) -> dict[str, Any] | CityError:
    """Return what is told of a transfer: a refusal only where its key moved nothing before."""
    known = confirmed(made["_id"]) if isinstance(told, CityError) else None
    if known is None:
        return told
    try:
        return same(known, made)
    except KeyReused as refusal:
        return refusal


def _alone(made: dict[str, Any]) -> dict[str, Any] | BaseException:
    try:
        return once(made, lambda session: _post_group([made], session)[0])
    except Exception as failure:  # noqa: BLE001 - the outcome of this one, told to who asked for it
        return failure


_posts: Combiner[dict[str, Any]] = Combiner(_post_all)


def _post_group(made: Sequence[dict[str, Any]], session: ClientSession) -> list[dict[str, Any] | CityError]:
    """Move what can be moved, in the order they came; a refusal concerns its own transfer only."""
    books = books_of([account for one in made for account in one["accounts"]], session)
    enter(made, session)
    outcomes: list[dict[str, Any] | CityError] = []
    for one in made:
        try:
            books.move(one["source"], one["target"], one["fen"])
            outcomes.append(one)
        except CityError as refusal:
            outcomes.append(refusal)
    if moved := [one for one in outcomes if isinstance(one, dict)]:
        _insert(moved, session)
        books.write()
    return outcomes


def _insert(moved: list[dict[str, Any]], session: ClientSession) -> None:
    try:
        Transfer._get_collection().insert_many(moved, session=session)
    except BulkWriteError as met:
        raise DuplicateKeyError("key met again", DUPLICATE_KEY) from met


def refund(
    key: str,
    transfer_id: str,
    fen: int,
    *,
    what: str = "refund",
    to: str = "",
    about: dict[str, Any] | None = None,
    follow: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Move an amount of a posted transfer back, and return the transfer that did; `follow` is as of `post`.

    `to` names the account that it goes to where it does not return to the one it came from.

    Raises:
        NotFound: no such transfer.
        RefundExceeds: all refunds together would be more than it.
        KeyReused, InsufficientFunds, WalletFull, AccountFrozen, AccountClosed: nothing was moved.
    """
    first = read(transfer_id)
    if first.get("hold"):
        raise NotFound
    told = {"what": what, "about": about or {}, "refund_of": transfer_id, **more}
    made = _followed(posted(draft(key, first["target"], to or first["source"], fen, **told)), follow)
    guard = {"_id": transfer_id, "$expr": {"$lte": [{"$add": ["$refunded_fen", fen]}, "$fen"]}}

    def change(session: ClientSession) -> None:
        books = books_of(made["accounts"], session)
        enter([made], session)
        Transfer._get_collection().insert_one(made, session=session)
        counted = Transfer._get_collection().update_one(guard, {"$inc": {"refunded_fen": fen}}, session=session)
        if not counted.matched_count:
            raise RefundExceeds
        books.move(made["source"], made["target"], fen)
        books.write()

    return once(made, change)
