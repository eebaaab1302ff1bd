"""Tickets that gates let in without network, handed in later: the earliest entry counts, the rest is for the staff.

What happened at the gate is a fact, so nothing here refuses a visitor. Where it does not agree with the ticket, a
conflict says why: used twice, used though cancelled (with the money that went back), used outside its hours.
"""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.codes.compact import BadCode
from backend.errors import NotFound
from models.booking import gate, order, ticket
from models.devices import journal
from models.devices.journal import Settled


@journal.settles("ticket")
def settle(entry: dict[str, Any], session: ClientSession | None) -> Settled:
    """Use the ticket that an entry names at the moment at which the gate let its holder in."""
    try:
        found = ticket.read(ticket.identify(entry["code"]), session=session)
    except BadCode as error:
        return Settled("refused", error.reason)
    if found is None:
        return Settled("refused", "unknown_ticket")
    if found["place"] != entry["place"]:
        return Settled("refused", "other_place", found["person"], found["_id"])
    return use(entry, found, session)


def use(entry: dict[str, Any], found: dict[str, Any], session: ClientSession | None) -> Settled:
    """Let an entry count for the ticket `found`; what does not agree with it is a conflict."""
    reason, details = _used(entry, found, session)
    gate.note_late(entry, found, session)
    return Settled("conflict" if reason else "applied", reason, found["person"], found["_id"], details)


def _used(entry: dict[str, Any], found: dict[str, Any], session: ClientSession | None) -> tuple[str, dict[str, Any]]:
    """Let the scan count; return why it is a conflict, empty when it is none."""
    scan = {
        "at": entry["at"],
        "device": entry["device"],
        "gate": entry["gate"],
        "nonce": entry["nonce"],
        "offline": True,
    }
    if found["state"] == "void":
        return "cancelled", {"scan": _told(scan), **_money(found)}
    first = found.get("first_scan") or {}
    if _same(first, scan):
        return "", {}
    if not first or scan["at"] < first["at"]:
        ticket.use_late(found["_id"], scan, session)
    if first:
        counts = "this" if scan["at"] < first["at"] else "other"
        return "used_twice", {"scan": _told(scan), "other": _told(first), "counts": counts}
    if not found["enter_from"] <= scan["at"] <= found["enter_until"]:
        window = {name: _moment(found[name]) for name in ("enter_from", "enter_until")}
        return "other_time", {"scan": _told(scan), **window}
    return "", {}


def _same(first: dict[str, Any], scan: dict[str, Any]) -> bool:
    return all(first.get(name) == scan[name] for name in ("device", "nonce"))


def _money(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the ticket had cost, and what went back for its whole order and when."""
    try:
        whole = order.read(found["order"])
    except NotFound:
        return {}
    cancelled = next((line["at"] for line in reversed(whole["history"]) if line["what"] == "cancelled"), None)
    told = {
        "price_fen": whole["visitors"][found["number"]]["price_fen"],
        "refund_fen": whole.get("refund", {}).get("fen", 0),
        "order": str(found["order"]),
    }
    return told | ({"cancelled_at": _moment(cancelled)} if cancelled else {})


def _told(scan: dict[str, Any]) -> dict[str, Any]:
    same = {name: scan[name] for name in ("device", "gate", "nonce")}
    return {**same, "at": _moment(scan["at"]), "offline": bool(scan.get("offline"))}


def _moment(at: datetime) -> str:
    return clock.civil(at).isoformat(timespec="seconds")
