"""The store after the storm, compared with the truth: tickets, conflicts, journals, records, numbers inside."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mongoengine.connection import get_db

from bench.gate_truth import PLACE, TicketTruth

WHOLE = "_"
EVERY: dict[str, Any] = {"_id": {"$exists": True}}
QUARANTINE = 500
"""So much of what one device hands in wrongly is kept for staff; there is one thief."""
_MOST_TOLD = 50


def compare(truth: Mapping[str, TicketTruth], stolen: set[str], wrong: list[str]) -> dict[str, int]:
    """Note what differs under `wrong`, and return the figures."""
    db = get_db()
    found = {one["_id"]: one for one in db.tickets.find(EVERY).hint("_id_") if one["_id"] in truth}
    for name, told in truth.items():
        _ticket(found[name], told, wrong)
    conflicts = _conflicts(truth, wrong)
    inside = _records(truth, wrong)
    _journals(truth, conflicts, wrong)
    kept = db.journal_quarantine.count_documents(EVERY, hint="_id_")
    if kept != min(len(stolen), QUARANTINE):
        wrong.append(f"{kept} entries in quarantine, and not {min(len(stolen), QUARANTINE)}")
    states = Counter(one["state"] for one in found.values())
    return {
        **{f"tickets {state}": number for state, number in sorted(states.items())},
        "conflicts": len(conflicts),
        "in quarantine": kept,
        **{f"inside {zone or 'the place'}": number for zone, number in sorted(inside.items())},
    }


def _ticket(found: dict[str, Any], told: TicketTruth, wrong: list[str]) -> None:
    end = told.end()
    state = "void" if told.cancelled else "used" if end.first else "valid"
    zones = {
        PLACE if zone == WHOLE else zone: (one["in"], one["out"], one["inside"])
        for zone, one in found.get("zones", {}).items()
    }
    expected = {zone: (end.entries[zone], end.exits[zone], zone in end.inside) for zone in {*end.entries, *end.exits}}
    first = _name(found.get("first_scan") or {})
    scans = {_name(one) for one in found.get("scans", [])}
    there = (found["state"], zones, first, scans)
    if there != (state, expected, end.first, {one.scan for one in told.known}) and len(wrong) < _MOST_TOLD:
        wrong.append(f"ticket {found['_id']}: {there}, and not {(state, expected, end.first)}")


def _conflicts(truth: Mapping[str, TicketTruth], wrong: list[str]) -> dict[str, tuple[str, str]]:
    expected = {scan: why for told in truth.values() for scan, why in told.conflicts().items()}
    there = {
        one["_id"]: (one["reason"], _name(one["details"].get("other") or {}))
        for one in get_db().journal_conflicts.find(EVERY).hint("_id_")
        if one["state"] == "open"
    }
    for scan in sorted({*expected, *there}):
        if expected.get(scan) != there.get(scan) and len(wrong) < _MOST_TOLD:
            wrong.append(f"conflict {scan}: {there.get(scan)}, and not {expected.get(scan)}")
    return expected


def _records(truth: Mapping[str, TicketTruth], wrong: list[str]) -> Counter[str]:
    """Compare who went through; return the numbers inside by zone."""
    happened = {one.scan: (one.zone, one.way) for told in truth.values() for one in (*told.happened, *told.strange)}
    there = {
        one["_id"]: (one["zone"], one["direction"])
        for one in get_db().gate_scans.find(EVERY).hint("_id_")
        if one["result"] in {"admitted", "exited"}
    }
    if happened != there:
        odd = sorted(set(happened.items()) ^ set(there.items()))
        wrong.append(f"{len(odd)} records of passages differ, first {odd[:2]}")
    inside, really = Counter[str](), Counter[str]()
    for count, passages in ((inside, there), (really, happened)):
        for zone, way in passages.values():
            count[zone] += 1 if way == "in" else -1
    if inside != really:
        wrong.append(f"inside {dict(inside)}, and not {dict(really)}")
    return inside


def _journals(truth: Mapping[str, TicketTruth], conflicts: Mapping[str, Any], wrong: list[str]) -> None:
    happened = {one.scan for told in truth.values() for one in (*told.happened, *told.strange)}
    for one in get_db().journal_entries.find(EVERY).hint("_id_"):
        passed = one["decision"] == "admitted"
        expected = ("conflict" if one["_id"] in conflicts else "applied") if passed else "noted"
        if (one["state"], passed and one["_id"] not in happened) != (expected, False) and len(wrong) < _MOST_TOLD:
            wrong.append(f"entry {one['_id']}: {one['state']} {one.get('reason')}, and not {expected}")


def _name(scan: Mapping[str, Any]) -> str:
    return f"{scan['device']}:{scan['nonce']}" if scan else ""
