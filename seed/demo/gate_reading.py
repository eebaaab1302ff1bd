"""How a gate of the demonstration reads what it is shown, by nothing but what it remembers (docs/codes.md)."""

import hashlib
import hmac
import struct
from base64 import b64decode
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend import clock
from backend.codes import compact, gate_check, rotating
from backend.codes.code_kinds import Checked, GateKeys

TICKET = 0x54
_TICKET_FORM = struct.Struct(">12sB4sHHHBB4s")
_EPOCH = date(2020, 1, 1)
_RULE: dict[str, Any] = {"enter_early_minutes": 30, "static_code": "accept"}
_ONCE: dict[str, Any] = {"most_entries": 1, "again": "after_exit", "ticket_types": []}
_PRINTED_GAP = 300
_MATCH_BYTES = 8


@dataclass(frozen=True)
class Read:
    """A code as the gate read it: `once` may come once, `about` is what can be revoked, `ticket` counts its entries."""

    result: str
    kind: str = ""
    once: str = ""
    about: tuple[str, str] = ("", "")
    ends: float = 0.0
    offset_seconds: int = 0
    ticket: str = ""
    step: int = 0
    code: str = ""
    look: bool = False
    zone_rule: dict[str, Any] | None = None


class Reader:
    """`state` is what the gate keeps on its disk, `documents` today's list, which it keeps in memory only."""

    def __init__(self, state: dict[str, Any], documents: dict[str, Any]) -> None:
        self._state, self._documents = state, documents

    def read(self, code: str, at: float, direction: str) -> Read:
        """Return what a code is worth at an instant."""
        found = self._ticket(code, at, direction) or self._card(code, at)
        return self._remembered(found, at, direction)

    def document(self, kind: str, number: str, at: float, direction: str) -> Read:
        """Return what a document is worth, by today's list."""
        key = b64decode(self._documents.get("key", ""))
        match = hmac.digest(key, f"{kind}:{number}".encode(), "sha256")[:_MATCH_BYTES].hex() if key else ""
        item = self._fitting(self._documents.get("by_match", {}).get(match, {}), at)
        if item is None or clock.civil(_moment(at)).date().isoformat() != self._documents.get("day"):
            return Read("no_ticket", "ticket_document", code="?")
        opens, closes = (datetime.fromisoformat(item[name]).timestamp() for name in ("enter_from", "enter_until"))
        ticket = item["ticket"]
        read = Read("accepted", "ticket_document", ticket, ("ticket", ticket), closes, ticket=ticket)
        read = replace(read, code=f"{ticket}:{match}", zone_rule=_ONCE)
        if direction == "in":
            start = clock.civil(datetime.fromtimestamp(closes, UTC))
            rule = self._rule(lambda one: one["end"] == start.hour * 60 + start.minute)
            read = self._zone(read, rule, item["ticket_class"])
            if read.result == "accepted" and not opens <= at <= closes:
                return replace(read, result="other_time")
        return self._remembered(read, at, direction)

    def _fitting(self, items: dict[str, dict[str, Any]], at: float) -> dict[str, Any] | None:
        """Return which of the day's tickets of a person to take: one that holds, whose hours it is."""

        def unfit(one: dict[str, Any]) -> tuple[bool, bool]:
            opens, closes = (datetime.fromisoformat(one[name]).timestamp() for name in ("enter_from", "enter_until"))
            return f"ticket:{one['ticket']}" in self._state["revoked"], not opens <= at <= closes

        return min(items.values(), key=unfit, default=None)

    def _remembered(self, found: Read, at: float, direction: str) -> Read:
        if found.result != "accepted" or direction == "out":
            return found
        if ":".join(found.about) in self._state["revoked"]:
            return replace(found, result="revoked")
        if found.ticket:
            return self._entries(found)
        if self._state["used"].get(found.once, 0.0) > at:
            return replace(found, result="replayed")
        return found

    def _entries(self, found: Read) -> Read:
        """Compare with the entries that this gate has seen; those at other gates come out when all hand in."""
        seen, rule = self._state["passed"].get(found.ticket, {}), found.zone_rule or _ONCE
        entries, most = seen.get("entries", 0), rule["most_entries"]
        if most and entries >= most:
            return replace(found, result="already_used" if most == 1 else "entries_used_up")
        if seen.get("inside") and rule["again"] == "after_exit" and self._state["device"].get("direction") == "both":
            return replace(found, result="already_inside")
        return replace(found, result="code_used") if found.step and found.step in seen.get("steps", []) else found

    def _ticket(self, code: str, at: float, direction: str) -> Read | None:
        try:
            drawn = rotating.read(code, self._ticket_keys()) if rotating.is_drawn(code) else None
            payload = compact.verify(drawn.signed if drawn else code, self._public("ticket"), TICKET)
        except compact.BadCode:
            return None
        if len(payload) != _TICKET_FORM.size:
            return None
        order, number, place, day, start, end, *_ = _TICKET_FORM.unpack(payload)
        ticket, civil = f"{order.hex()}-{number}", _EPOCH + timedelta(days=day)
        closes = clock.at(civil, end).timestamp()
        read = Read("accepted", "ticket", ticket, ("ticket", ticket), closes, ticket=ticket, zone_rule=_ONCE)
        if place != hashlib.blake2b(self._state["device"]["place"].encode(), digest_size=4).digest():
            return replace(read, result="other_place")
        if direction == "out":
            return read
        if drawn and (age := rotating.age(drawn.step, at)) != "fresh":
            return replace(read, result=f"code_{age}")
        read = replace(read, step=drawn.step if drawn else 0)
        return self._hours(read, civil, (start, end), at)

    def _hours(self, read: Read, civil: date, hours: tuple[int, int], at: float) -> Read:
        if clock.civil(_moment(at)).date() != civil:
            return replace(read, result="other_day")
        starts = [one for one in self._state["rules"] if one["start"] == hours[0]]
        rule = next((one for one in starts if one["end"] == hours[1]), starts[0] if starts else _RULE)
        opens = clock.at(civil, hours[0] - rule["enter_early_minutes"]).timestamp()
        if not opens <= at <= read.ends:
            return replace(read, result="other_time")
        if not read.step and rule["static_code"] == "refuse":
            return replace(read, result="static_code_refused")
        return self._zone(replace(read, look=not read.step and rule["static_code"] == "inspect"), rule, "")

    def _zone(self, read: Read, rule: dict[str, Any], ticket_class: str) -> Read:
        """Give the rule of the gate's own zone. No code says its ticket type, so a limited zone needs network."""
        own, told = self._state["device"].get("zone", ""), rule.get("zones")
        zone = next((one for one in told or [] if one["code"] == own), _ONCE if told is None or not own else None)
        if zone is None:
            return replace(read, result="zone_not_included")
        if zone["ticket_types"] and ticket_class not in zone["ticket_types"]:
            return replace(read, result="zone_not_included" if ticket_class else "zone_needs_network")
        return replace(read, zone_rule=zone)

    def _rule(self, fits: Any) -> dict[str, Any]:
        return next((one for one in self._state["rules"] if fits(one)), _RULE)

    def _card(self, code: str, at: float) -> Read:
        found: Checked = gate_check.check(code, self._gate_keys(), datetime.fromtimestamp(at, UTC))
        handle = found.handle.hex()
        once, kind = f"{handle}:{found.kind}:{found.step}", found.kind
        ends = at + (_PRINTED_GAP if found.medium == "printed" else 3600)  # a printed card is the same each time
        return Read(found.result, kind, once, ("credential", handle), ends, found.offset_seconds)

    def _ticket_keys(self) -> dict[int, bytes]:
        return {one["key_id"]: b64decode(one["key"]) for one in self._state["ticket_keys"]}

    def _gate_keys(self) -> GateKeys:
        dynamic: dict[int, dict[str, bytes]] = {}
        for one in self._state["secret"]:
            dynamic.setdefault(one["key_id"], {})[one["kind"]] = b64decode(one["key"])
        return GateKeys(self._state["device"]["scanner_class"], dynamic, self._public("card"))

    def _public(self, use: str) -> dict[int, Ed25519PublicKey]:
        told = [one for one in self._state["keys"] if one["use"] == use]
        return {one["key_id"]: Ed25519PublicKey.from_public_bytes(b64decode(one["public_key"])) for one in told}


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
