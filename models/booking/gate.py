"""Walking in and out: one scan, one answer. The nonce of the signed request makes a repeated scan the same scan.

A ticket is changed by one guarded update; who meets another's change reads again. What was answered is kept, so that a
repeated request hears it again; where that record is missing, the ticket itself knows the scan.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.codes import gate_check
from backend.codes.compact import BadCode
from backend.errors import KeyReused, Unprocessable
from models.booking import gate_answer, gate_code, gate_rule, gate_scan, gate_terms, ticket
from models.booking.gate_answer import Answer, Numbers
from models.booking.gate_code import Code
from models.booking.gate_scan import GateScan
from models.booking.gate_terms import GateTerms
from models.identity.actors import Device
from models.onecard import code_use, holder, verify
from models.onecard.code_use import Use
from models.onecard.verdict import Verdict

__all__ = ["Answer", "GateScan", "scan"]
_TICK = timedelta(milliseconds=1)
_SHOWN_AS = {"used_twice": "already_used", "inside_twice": "already_inside"}


class DirectionWrong(Unprocessable):
    """422: the gate does not let people through that way."""

    code = "gate_direction_wrong"
    zh = "本闸机没有登记这个通行方向,请联系管理员。"
    en = "This gate is not registered for that direction."

    def __init__(self) -> None:
        super().__init__(fields={"direction": [self.zh]})


@dataclass(frozen=True)
class Passing:
    """Somebody at a gate: which gate, which way, when."""

    device: Device
    direction: str
    at: datetime

    @property
    def id(self) -> str:
        """Return the name of the scan."""
        return f"{self.device.device_id}:{self.device.nonce}"

    def scan(self, at: datetime, step: int = 0) -> gate_rule.Scan:
        """Return the scan as a ticket keeps it."""
        device = self.device
        told = {"at": at, "device": device.device_id, "gate": device.name, "nonce": device.nonce}
        return told | {"zone": device.zone, "direction": self.direction} | ({"step": step} if step else {})


def passing(device: Device, direction: str = "") -> Passing:
    """Return who stands at a gate; a gate for both ways lets in unless it says otherwise.

    Raises:
        DirectionWrong: the gate is not for that way.
    """
    ways = ("in", "out") if device.direction == "both" else (device.direction,)
    if direction and direction not in ways:
        raise DirectionWrong
    return Passing(device, direction or ways[0], clock.now())


def scan(device: Device, text: str, direction: str = "") -> Answer:
    """Decide on one scan, and let the ticket have it when it is good. Repeating the request gives the same answer.

    Raises:
        DirectionWrong: the gate does not let people through that way.
        KeyReused: the nonce came with another ticket or code before.
    """
    who = passing(device, direction)
    if gate_check.is_card(text):
        return _by_card(who, text)
    told = gate_scan.told(who.id)
    try:
        code = gate_code.read(text, who.at)
    except BadCode:
        return answered(who, None, told)
    return answered(who, ticket.read(code.ticket), told, code)


def answered(
    who: Passing, found: dict[str, Any] | None, told: dict[str, Any] | None, code: Code | None = None
) -> Answer:
    """Return the answer to a ticket that was shown, as it was told before or as it is decided now.

    Raises:
        KeyReused: the nonce came with another ticket before.
    """
    if told:
        if told.get("ticket") != (found or {}).get("_id") or told.get("direction", "in") != who.direction:
            raise KeyReused
        return _again(who, found, told)
    answer = judge(who, found, code or Code("")) if found else nothing(who, "not_ours")
    note(who, answer)
    return answer


def nothing(who: Passing, result: str, shown_by: str = "") -> Answer:
    """Return the answer to what names no ticket: nobody is held on the way out."""
    return gate_answer.left(shown_by) if who.direction == "out" else gate_answer.without(result)


def _by_card(who: Passing, text: str) -> Answer:
    """Let the holder of a card's venue code through by the ticket that was booked for them.

    The code is used up under the nonce, and so is the ticket: a repeated request finds both as its own.
    """
    device, told = who.device, gate_scan.told(who.id)
    use = Use(device.device_id, device.nonce, text, who.at)
    if not code_use.told(use) and told:
        return _left_before(who, told)
    verdict = verify.verify(
        device.scanner_class,
        text,
        at=use.at,
        device_id=device.device_id,
        nonce=device.nonce,
        online=True,
    )
    if who.direction == "out":
        verdict = _of_whom(verdict)
    elif not verdict.accepted:
        return Answer(verdict.result, verdict.message)
    holder.shown(device, verdict)
    if told:
        return _again(who, ticket.read(told["ticket"]) if "ticket" in told else None, told)
    found = of_person(who, verdict.person_id) if verdict.person_id else None
    answer = judge(who, found, Code(found["_id"], "card")) if found else nothing(who, "no_ticket", "card")
    note(who, answer)
    return answer


def _of_whom(verdict: Verdict) -> Verdict:
    """Return a verdict for the way out: whatever is wrong with a code by now, its holder leaves by it."""
    person = verify.whose(verdict)
    return replace(verdict, result="accepted", person_id=person) if person else verdict


def _left_before(who: Passing, told: dict[str, Any]) -> Answer:
    """Return what was told to who left by a code that was not used up, so that no code can be compared.

    Raises:
        KeyReused: the nonce came with something else before.
    """
    if who.direction != "out" or (told.get("direction"), told.get("shown_by")) != ("out", "card"):
        raise KeyReused
    return _again(who, ticket.read(told["ticket"]) if "ticket" in told else None, told)


def of_person(who: Passing, person: ObjectId) -> dict[str, Any] | None:
    """Return the ticket by which a person stands at a gate."""
    here = who.device
    return ticket.of_person(person, here.place, who.at, who.id, zone=here.zone, direction=who.direction)


def judge(who: Passing, found: dict[str, Any], code: Code) -> Answer:
    """Decide on a ticket that is shown, and let it have the scan when it is good."""
    terms = gate_terms.of(found)
    while True:
        scans = ticket.scans_of(found)
        way = ticket.course(found, scans, terms)
        made = next((one for one in scans if gate_rule.scan_id(one) == who.id), None)
        if made is not None:
            return _passed(found, scans, made, terms, code)
        made = who.scan(_moment(who, scans), code.step)
        if len(scans) >= gate_rule.MOST_SCANS:
            return _full(who, found, made, _numbers(way, made), code)
        if result := _refusal(who, found, code, way, made):
            return gate_answer.about(result, found, made, _numbers(way, made), shown_by=code.shown_by)
        if found["state"] == "void" or _refusal_of_place(who, found):  # on the way out
            return gate_answer.about("exited", found, made, Numbers(0, 0), shown_by=code.shown_by)
        way.go(made)
        if done := ticket.go(found, [*scans, made], way):
            return _passed(done, [*scans, made], made, terms, code)
        found = ticket.read(found["_id"]) or found


def _full(who: Passing, found: dict[str, Any], made: gate_rule.Scan, numbers: Numbers, code: Code) -> Answer:
    """Answer for a ticket that takes no more scans: nobody is let in by it, and whoever is inside may still leave."""
    result = "exited" if who.direction == "out" else _refusal_of_place(who, found) or "entries_used_up"
    return gate_answer.about(result, found, made, numbers, shown_by=code.shown_by)


def _refusal_of_place(who: Passing, found: dict[str, Any]) -> str:
    return "" if found["place"] == who.device.place else "other_place"


def _moment(who: Passing, scans: list[gate_rule.Scan]) -> datetime:
    """Return when a scan is: after all that the ticket has, so that it stays the last however clocks differ."""
    return max([who.at, *(one["at"] + _TICK for one in scans)])


def _passed(
    found: dict[str, Any], scans: list[gate_rule.Scan], made: gate_rule.Scan, terms: GateTerms, code: Code
) -> Answer:
    result = "exited" if made["direction"] == "out" else "admitted"
    numbers = gate_answer.numbers_at(found, scans, made, terms)
    return gate_answer.about(result, found, made, numbers, shown_by=code.shown_by, static=terms.static_code)


def _refusal(who: Passing, found: dict[str, Any], code: Code, way: gate_rule.Course, made: gate_rule.Scan) -> str:
    """Return why somebody may not pass; nobody is held on the way out."""
    if who.direction == "out":
        return ""
    if elsewhere := _refusal_of_place(who, found):
        return elsewhere
    if wrong := _wrong_code(code, way.terms):
        return wrong
    if found["state"] == "void":
        return "released" if found.get("void_reason") == ticket.RELEASED else "cancelled"
    reason = way.refusal(made)[0]
    wrong_time = _wrong_time(who, found)
    if found["state"] == "valid" and wrong_time:
        return wrong_time
    return _SHOWN_AS.get(reason, reason) or wrong_time


def _wrong_code(code: Code, terms: GateTerms) -> str:
    if code.age != "fresh":
        return "code_stale" if code.age == "stale" else "code_ahead"
    return "static_code_refused" if code.shown_by == "static" and terms.static_code == "refuse" else ""


def _wrong_time(who: Passing, found: dict[str, Any]) -> str:
    if clock.civil(who.at).date() != clock.date_of(found["day"]):
        return "other_day"
    return "" if found["enter_from"] <= who.at <= found["enter_until"] else "other_time"


def _numbers(way: gate_rule.Course, made: gate_rule.Scan) -> Numbers:
    return Numbers(way.count(made["zone"]).entries, way.left(made["zone"]))


def _again(who: Passing, found: dict[str, Any] | None, told: dict[str, Any]) -> Answer:
    """Return what was told, with the numbers of then."""
    if found is None or "ticket" not in told:
        return nothing(who, told["result"], told.get("shown_by", ""))
    made = who.scan(told["at"]) | {"zone": told.get("zone", "")}
    numbers = Numbers(told.get("entries", 0), told.get("left"))
    static = gate_terms.of(found).static_code
    return gate_answer.about(
        told["result"],
        found,
        made,
        numbers,
        shown_by=told.get("shown_by", "static"),
        static=static,
        places=told.get("places"),
    )


def note(who: Passing, answer: Answer) -> None:
    """Take down what a gate was told."""
    known = {
        "ticket": answer.ticket,
        "shown_by": answer.shown_by,
        "entries": answer.entries,
        "left": answer.entries_left,
        "places": answer.places_left,
    }
    gate_scan.note(
        {
            "_id": who.id,
            "device": who.device.device_id,
            "place": who.device.place,
            "zone": who.device.zone,
            "direction": who.direction,
            "result": answer.result,
            "at": who.at,
            **{name: value for name, value in known.items() if value not in {None, ""}},
        }
    )
