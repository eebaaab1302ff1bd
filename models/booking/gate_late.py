"""Tickets that gates let through without network, handed in later: the earliest counts, the rest is for the staff.

What happened at the gate is a fact, so nothing here refuses a visitor. All scans of a ticket, those of before and this
one, are read again in the order of their instants (`gate_rule`): what does not agree with the ticket is a conflict that
says why. So an entry may make a conflict of another one that was fine before, and end one that was open.
"""

from datetime import datetime
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.codes import dynamic
from backend.codes.compact import BadCode
from backend.errors import CityError, NotFound
from models.booking import gate_code, gate_rule, gate_scan, gate_terms, no_show, order, ticket
from models.booking.gate_rule import Wrong
from models.devices import journal
from models.devices.journal import Beside, Settled

_CLOCK_STEPS = int(journal.CLOCK_TOLERANCE.total_seconds() // dynamic.STEP_SECONDS)
"""By so many steps a drawn code may lie off the moment at which the gate says that it took it."""


class Meanwhile(CityError):
    """Aborts the transaction: the ticket changed under it. The entry waits for the next try."""

    code = "ticket_changed_meanwhile"


@journal.settles("ticket")
def settle(entry: dict[str, Any], session: ClientSession | None) -> Settled:
    """Let a ticket have the scan that an entry tells of, at the moment at which the gate let its holder through."""
    try:
        code = gate_code.read(entry["code"], entry["at"], more=_CLOCK_STEPS)
    except BadCode as error:
        return without(entry, error.reason, session)
    found = ticket.read(code.ticket, session=session)
    if found is None:
        return without(entry, "unknown_ticket", session)
    if found["place"] != entry["place"]:
        return without(entry, "other_place", session, found)
    if code.age != "fresh" and (entry.get("direction") or "in") == "in":
        return Settled("refused", f"code_{code.age}", found["person"], found["_id"])
    return use(entry, found, session, step=code.step)


def without(
    entry: dict[str, Any], reason: str, session: ClientSession | None, found: dict[str, Any] | None = None
) -> Settled:
    """Settle an entry for which no ticket of its place stands: in it is not acknowledged, out it is a fact."""
    about = (found["person"], found["_id"]) if found else ()
    if entry.get("direction") != "out" or entry["scanner_class"] != "venue":
        return Settled("refused", reason, *about)
    gone = {name: entry[name] for name in ("_id", "place", "device", "at")}
    ids = {"ticket": found["_id"]} if found else {}
    gate_scan.note_late(
        {**gone, **ids, "zone": entry.get("zone") or "", "direction": "out", "result": "exited"}, session
    )
    return Settled("applied", "", *about)


def use(entry: dict[str, Any], found: dict[str, Any], session: ClientSession | None, *, step: int = 0) -> Settled:
    """Let the ticket `found` have the scan of an entry; what does not agree with it is a conflict.

    Only gates of places read tickets: what a scanner of another class hands in uses none up.
    """
    if entry["scanner_class"] != "venue":
        return Settled("refused", "wrong_scanner", found["person"], found["_id"])
    scan = _scan(entry, step)
    _note(entry, scan, found, session)
    if found["state"] == "void":
        if scan["direction"] != "in":
            return Settled("applied", "", found["person"], found["_id"])
        no_show.was_there(found["person"], found["place"], found["day"], session)
        released = found.get("void_reason") == ticket.RELEASED
        told = {"scan": _told(scan)} if released else {"scan": _told(scan), **_money(found)}
        return Settled("conflict", "released" if released else "cancelled", found["person"], found["_id"], told)
    return _read_again(scan, found, session)


def _read_again(scan: gate_rule.Scan, found: dict[str, Any], session: ClientSession | None) -> Settled:
    """Read all scans of a ticket with this one, keep what they come to, and tell what has changed for the others."""
    scans, terms, name = ticket.scans_of(found), gate_terms.of(found), gate_rule.scan_id(scan)
    before = _wrong(ticket.course(found, scans, terms), found)
    known = any(gate_rule.scan_id(one) == name for one in scans)
    if not known and len(scans) >= gate_rule.MOST_SCANS:
        return Settled("conflict", "too_many_scans", found["person"], found["_id"], {"scan": _told(scan)})
    every = scans if known else [*scans, scan]
    way = ticket.course(found, every, terms)
    if not known and ticket.go(found, every, way, session=session) is None:
        raise Meanwhile
    after = _wrong(way, found)
    changed = {one: after.get(one) for one in before | after if one != name and before.get(one) != after.get(one)}
    beside = [_beside(one, told, every) for one, told in changed.items()]
    reason, details = after.get(name, ("", {}))
    person, ticket_id = found["person"], found["_id"]
    return Settled("conflict" if reason else "applied", reason, person, ticket_id, details, tuple(beside))


def _scan(entry: dict[str, Any], step: int) -> gate_rule.Scan:
    told = {name: entry[name] for name in ("at", "device", "gate", "nonce")}
    way = {"zone": entry.get("zone") or "", "direction": entry.get("direction") or "in"}
    return {**told, **way, "offline": True} | ({"step": step} if step else {})


def _wrong(way: gate_rule.Course, found: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return reason and details of what does not agree with the ticket, by scan."""
    return {gate_rule.scan_id(one.scan): (one.reason, _details(one, found)) for one in way.wrong}


def _details(one: Wrong, found: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"scan": _told(one.scan)}
    if one.other:
        return {**told, "other": _told(one.other), "counts": "other"}
    if one.reason == "other_time":
        return told | {name: _moment(found[name]) for name in ("enter_from", "enter_until")}
    return told


def _beside(name: str, told: tuple[str, dict[str, Any]] | None, scans: list[gate_rule.Scan]) -> Beside:
    scan = next(one for one in scans if gate_rule.scan_id(one) == name)
    reason, details = told or ("", {})
    return Beside(name, scan["device"], scan["at"], "ticket", reason, details)


def _note(entry: dict[str, Any], scan: gate_rule.Scan, found: dict[str, Any], session: ClientSession | None) -> None:
    told = {name: scan[name] for name in ("device", "zone", "direction", "at")}
    result = "exited" if scan["direction"] == "out" else "admitted"
    record = {"_id": entry["_id"], "place": entry["place"], "ticket": found["_id"], "result": result, **told}
    gate_scan.note_late(record, session)


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
    optional = {"zone": scan["zone"]} if scan.get("zone") else {}
    return {**same, **optional, "at": _moment(scan["at"]), "offline": bool(scan.get("offline"))}


def _moment(at: datetime) -> str:
    return clock.civil(at).isoformat(timespec="seconds")
