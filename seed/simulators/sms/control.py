"""The calls under /control/ that set numbers and limits, give receipts and bring bad luck."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.registers import fault_control
from seed.simulators.registers.wire import Refusal, Request, Response
from seed.simulators.sms import receipts
from seed.simulators.sms.desk import Box

LIMITS = ("callback", "auto", "day_cap", "thirty_seconds")


def set_number(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Say what happens to messages of a number: `blacklist`, `absent`, or nothing."""
    number, fate = told.get("number"), told.get("fate", "")
    if not isinstance(number, str) or fate not in ("", "blacklist", "absent"):
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_number", "fate: blacklist, absent")
    with box.state.lock:
        box.state.told["numbers"][number] = fate
        box.state.keep()
    return {"number": number, "fate": fate}


def set_template(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Say how many parameters a template has, or that it is refused."""
    with box.state.lock:
        kept = {"parameters": told.get("parameters"), "refused": bool(told.get("refused"))}
        box.state.told["templates"][str(told.get("template_id"))] = kept
        box.state.keep()
    return kept


def set_limits(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Set callback, `auto` receipts, and the limits of a number."""
    with box.state.lock:
        box.state.told |= {name: told[name] for name in LIMITS if name in told}
        box.state.keep()
    return {name: box.state.told[name] for name in LIMITS}


def give_receipt(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Decide on a message and push its receipt; `pushed` false leaves it to be pulled."""
    found = box.state.of(str(told.get("serial")))
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_message")
    with box.state.lock:
        receipts.decide(box, found, str(told.get("status", "")), str(told.get("reason", "")))
        box.state.keep()
    return {"answered": receipts.push(box, found) if told.get("pushed", True) else 0}


def messages(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return all accepted messages."""
    return {"messages": box.state.messages}


def forget(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Forget messages, numbers, templates, limits, faults and counts."""
    box.state.forget()
    fault_control.forget(box)
    return {}


def health(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", "messages": len(box.state.messages)}


CALLS: dict[tuple[str, str], Callable[[Box, dict[str, Any]], dict[str, Any]]] = {
    ("POST", "/control/numbers"): set_number,
    ("POST", "/control/templates"): set_template,
    ("POST", "/control/limits"): set_limits,
    ("POST", "/control/receipts"): give_receipt,
    ("GET", "/control/messages"): messages,
    ("DELETE", "/control/messages"): forget,
    ("GET", "/control/health"): health,
}


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API."""
    return fault_control.answer(CALLS, box, request)
