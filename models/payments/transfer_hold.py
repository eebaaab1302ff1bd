"""Holds: an amount that is promised, and moved, given up or over later.

hold ──▶ pending ──post_hold──▶ posted | posted_part     (a transfer of its own moves the money)
             ├──void_hold──▶ voided
             └──expire_hold (its time is over)──▶ expired
"""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from models.payments.posting import Books
from models.payments.transfer_record import (
    STATE_ZH,
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


class AmountAboveHold(Conflict):
    """409: more than was promised."""

    code = "amount_above_hold"
    zh = "金额超过预留的金额,请核对后再试。"
    en = "This is more than was held."


class HoldEnded(Conflict):
    """409: the hold was posted, voided or has expired."""

    code = "hold_ended"
    zh = "这笔预留{state_zh},不能再办理,请重新发起。"
    en = "This hold has ended ({state}). Begin again."


def hold(
    key: str,
    source: str,
    target: str,
    fen: int,
    *,
    what: str,
    about: dict[str, Any],
    until: datetime,
    follow: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Promise an amount until a moment: the payer cannot spend it, and the payee's limit keeps room for it.

    `follow` is the outbox entry that ends it where that takes more than letting go.

    Raises:
        KeyReused, InsufficientFunds, WalletFull, AccountFrozen, AccountClosed, AccountUnknown: nothing was promised.
    """
    made = draft(key, source, target, fen, what=what, about=about, **more)
    over = follow or outbox.entry("checkout", "payments.expire_hold", due=until, hold=key)
    made |= {"state": "pending", "hold": True, "until": until, "posted_fen": 0, "outbox": [over]}

    def change(session: ClientSession) -> None:
        books = books_of(made["accounts"], session)
        giving, taking = books.promise(source, target, fen)
        Transfer._get_collection().insert_one({**made, "giving": giving, "taking": taking}, session=session)
        books.write()

    once(made, change)
    return read(key)


def post_hold(key: str, hold_id: str, fen: int | None = None, **more: Any) -> dict[str, Any]:
    """Move what was promised, or only `fen` of it, and let go of the rest; return the transfer that moved it.

    Raises:
        NotFound: no such hold.
        HoldEnded: it was posted, voided, or its time is over.
        AmountAboveHold, KeyReused, AccountFrozen, AccountClosed: nothing was moved.
    """
    promised = _read_hold(hold_id)
    moved = promised["fen"] if fen is None else fen
    told = {"what": promised["what"], "about": promised["about"], "of_hold": hold_id, **more}
    made = posted(draft(key, promised["source"], promised["target"], moved, **told))
    if known := find(key):
        return same(known, made)
    if moved > promised["fen"]:
        raise AmountAboveHold
    state = "posted" if moved == promised["fen"] else "posted_part"

    def change(session: ClientSession) -> None:
        books = books_of(made["accounts"], session)
        enter([made], session)
        Transfer._get_collection().insert_one(made, session=session)
        _end_hold(promised, state, moved, books)

    return once(made, change)


def void_hold(key: str, hold_id: str) -> dict[str, Any]:
    """Let go of what was promised, and return the hold; voiding again under the same key changes nothing.

    Raises:
        NotFound: no such hold.
        HoldEnded: it was posted, has expired, or was voided under another key.
    """
    promised = _read_hold(hold_id)
    if promised["state"] == "voided" and promised.get("voided_by") == key:
        return promised
    try:
        in_books(lambda session: _end_hold(promised, "voided", 0, _books(promised, session), voided_by=key))
    except HoldEnded:
        if (confirmed(hold_id) or promised).get("voided_by") != key:
            raise
    return read(hold_id)


def expire_hold(hold_id: str) -> bool:
    """Let go of a promise whose time is over; return whether this call did it."""
    promised = _read_hold(hold_id)
    if promised["state"] != "pending" or clock.civil(promised["until"]) > clock.now():
        return False
    try:
        in_books(lambda session: _end_hold(promised, "expired", 0, _books(promised, session)))
    except HoldEnded:
        return False
    return True


def _read_hold(hold_id: str) -> dict[str, Any]:
    found = read(hold_id)
    if not found.get("hold"):
        raise NotFound
    return found


def _books(promised: dict[str, Any], session: ClientSession) -> Books:
    return books_of(promised["accounts"], session)


def _end_hold(promised: dict[str, Any], state: str, fen: int, books: Books, **more: Any) -> None:
    """End a hold, once: the guard lets one call through, and a posting only while the hold's time is not over."""
    guard: dict[str, Any] = {"_id": promised["_id"], "state": "pending"}
    if fen:
        guard["until"] = {"$gt": clock.now()}
    change = {"$set": {"state": state, "posted_fen": fen, "outbox": [], **more}}
    if not Transfer._get_collection().update_one(guard, change, session=books.session).matched_count:
        now = Transfer._get_collection().find_one({"_id": promised["_id"]}, session=books.session) or promised
        ended = "expired" if now["state"] == "pending" else now["state"]
        raise HoldEnded(state=ended, state_zh=STATE_ZH[ended])
    books.keep(promised["source"], promised["target"], fen, giving=promised["giving"], taking=promised["taking"])
    books.write()


def overdue(before: datetime, *, most: int = 500) -> list[dict[str, Any]]:
    """Return pending holds whose time was over before a moment."""
    query = {"state": "pending", "until": {"$lt": before}}
    return list(Transfer._get_collection().find(query, {"what": 1}).sort("until", 1).limit(most))
