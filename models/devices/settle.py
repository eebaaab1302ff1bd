"""Settling what scanners handed in: each entry once, each on its own, by whoever knows its kind of code."""

from datetime import datetime
from typing import Any

import structlog
from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, metrics, runtime
from backend.errors import CityError
from backend.store import transactions
from models.devices import conflict, journal
from models.devices.journal import COLLECTION, Beside, Handler, JournalEntry, Settled

log = structlog.get_logger()

BATCH = 500


class NotAllSettled(CityError):
    """Some entries of an upload wait for another try."""

    code = "journal_not_all_settled"


class _SettledBefore(CityError):
    """Aborts the transaction of who came second."""


def upload(upload_id: ObjectId) -> None:
    """Settle what one upload brought; repeating it settles what is left.

    Raises:
        NotAllSettled: a handler failed; the others were settled.
    """
    known = journal.handlers()
    query = {"upload": upload_id, "state": "waiting"}
    unknown = {**query, "code_kind": {"$nin": sorted(known)}}
    JournalEntry._get_collection().update_many(unknown, {"$set": {"state": "unsettled"}})
    _each(JournalEntry._get_collection().find(query).sort("at", 1))


def waiting_kinds() -> None:
    """Settle entries that were stored before anybody knew their kind.

    Raises:
        NotAllSettled: a handler failed; the others were settled.
    """
    query = {"state": "unsettled", "code_kind": {"$in": sorted(journal.handlers())}}
    _each(JournalEntry._get_collection().find(query).sort("at", 1).limit(BATCH))


def _each(found: Any) -> None:
    failed = 0
    for one in found:
        handler = journal.handlers().get(one["code_kind"])
        if handler is None:
            continue
        try:
            _settle(one, handler)
        except Exception as error:  # noqa: BLE001 - whatever one handler raises, the other entries must be settled
            failed += 1
            metrics.ALARMS.labels("journal_entry_failed").inc()
            reason = error.code if isinstance(error, CityError) else type(error).__name__
            log.warning("journal_entry_failed", entry=one["_id"], kind=one["code_kind"], error=reason)
    if failed:
        raise NotAllSettled


def _settle(found: dict[str, Any], handler: Handler) -> None:
    code = runtime.current().sealer.open(f"{COLLECTION}.code", found["_id"], found["code"])
    opened, at = {**found, "code": code}, clock.now()

    def change(session: ClientSession) -> None:
        entries = JournalEntry._get_collection()
        guard = {"_id": found["_id"], "state": {"$in": ["waiting", "unsettled"]}}
        # Written before the handler runs: of two workers the second one ends here, before it has done anything.
        if not entries.update_one(guard, {"$set": {"settled_at": at}}, session=session).matched_count:
            raise _SettledBefore
        told = handler(opened, session)
        about = _about(told)
        changes = {"state": told.state, "reason": told.reason, **about}
        entries.update_one({"_id": found["_id"]}, {"$set": changes}, session=session)
        if told.state == "conflict":
            conflict.open_for(found, {"reason": told.reason, "details": told.details, **about}, at, session)
        for one in told.beside:
            _restate(one, found, about, at, session)

    try:
        transactions.run(change)
    except _SettledBefore:
        log.info("journal_entry_settled_before", entry=found["_id"])


def _restate(one: Beside, found: dict[str, Any], about: dict[str, Any], at: datetime, session: ClientSession) -> None:
    """Make a conflict of another scan, or end the one that it was; one that came online has no entry, only that."""
    state = "conflict" if one.reason else "applied"
    settled = {"_id": one.entry, "state": {"$in": ["applied", "conflict"]}}
    changes = {"$set": {"state": state, "reason": one.reason}}
    known = JournalEntry._get_collection().find_one_and_update(settled, changes, session=session)
    if one.reason:
        online = {name: getattr(one, name) for name in ("device", "at", "code_kind")}
        conflict.open_for(
            known or found | online | {"_id": one.entry},
            {"reason": one.reason, "details": one.details, **about},
            at,
            session,
        )
    else:
        conflict.close_within(one.entry, conflict.BY_ITSELF, at, session)


def _about(told: Settled) -> dict[str, Any]:
    told_of = {"person": told.person, "ticket": told.ticket}
    return {name: value for name, value in told_of.items() if value}
