"""A command to the centre: who sends it, what it does, and what goes wrong on the way.

A command is carried out once for its `request_id`; asked again, the centre gives the answer that it gave.
"""

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from seed.simulators.card_centre.box import Box, CardFault
from seed.simulators.card_centre.state import LIVE, Record, State
from seed.simulators.registers.faults import Fault
from seed.simulators.registers.wire import Dropped, Refusal, Request, Response, as_json

PREFIX, SUFFIX = "/exchange/v1/card_", "/query"
PAGE = 50
STOPS = {
    "report_loss": (("issued", "active", "frozen"), "lost"),
    "freeze": (("issued", "active"), "frozen"),
    "cancel": (LIVE, "cancelled"),
    "activate": (("issued", "active"), "active"),
}
"""The commands that only change the status: from which, to which."""
Struck = dict[str, Fault]


class Declined(Exception):
    """The command is refused for a reason of the trade."""


def _issue(state: State, told: Record) -> Record:
    if state.live_card_of(told["id_number"]):
        raise Declined("has_card")
    return state.make_card(told["id_number"], told["name"])


def _replace(state: State, told: Record) -> Record:
    old = _card(state, told)
    if old["status"] not in LIVE:
        raise Declined("state_wrong")
    old |= {"status": "replaced", "electronic": "unsigned"}
    return state.make_card(old["id_number"], old["name"])


def _sign_on(state: State, told: Record) -> Record:
    card = _card(state, told)
    if card["status"] not in ("issued", "active"):
        raise Declined("state_wrong")
    card["electronic"] = "signed"
    return dict(card)


def _unfreeze(state: State, told: Record) -> Record:
    card = _card(state, told)
    if card["status"] not in ("lost", "frozen"):
        raise Declined("state_wrong")
    card["status"] = told["to"]
    return dict(card)


def _stop(state: State, told: Record) -> Record:
    card, (before, after) = _card(state, told), STOPS[told["command"]]
    if card["status"] not in before:
        raise Declined("state_wrong")
    card["status"] = after
    return dict(card)


def _card(state: State, told: Record) -> Record:
    found = state.tables["cards"].get(told.get("number", ""))
    if found is None:
        raise LookupError
    return cast("Record", found)


WORK: dict[str, Callable[[State, Record], Record]] = {
    "issue": _issue,
    "replace": _replace,
    "sign_on": _sign_on,
    "unfreeze": _unfreeze,
    **dict.fromkeys(STOPS, _stop),
}


def answer(box: Box, request: Request) -> Response:
    """Return the signed answer to a command or a question; `Dropped` when there is to be none."""
    command = request.path.removeprefix(PREFIX).removesuffix(SUFFIX)
    if command not in (*WORK, "state", "deaths") or request.method != "POST":
        return Refusal(HTTPStatus.BAD_REQUEST, "unknown_command").response()
    try:
        nonce = box.keys.check(request)
        told = request.json()
    except Refusal as refusal:
        return refusal.response()
    box.calls[command] += 1
    struck = box.faults.struck(command, str(told.get("number", told.get("id_number", ""))))
    if slow := struck.get("slow"):
        threading.Event().wait(slow.seconds)
    response = _answered(box, command, told, struck)
    if late := struck.get("timeout"):
        threading.Event().wait(late.seconds)
        raise Dropped
    box.keys.sign(request, response, nonce)
    if "wrong_signature" in struck:
        response.body = response.body.replace(b"{", b"{ ", 1)
    return response


def _answered(box: Box, command: str, told: Record, struck: Struck) -> Response:
    broken = {
        "error_500": as_json({"code": "system_error"}, HTTPStatus.INTERNAL_SERVER_ERROR),
        "garbage": Response(HTTPStatus.OK, b'{"record": "' + b"\xff\xfe<html>"),
        "unknown_card": as_json({"code": "no_record"}, HTTPStatus.NOT_FOUND),
    }
    if name := next((one for one in broken if one in struck), ""):
        return broken[name]
    if refuse := struck.get("refuse"):
        return _refused(cast("CardFault", refuse).reason)
    with box.state.lock:
        try:
            record = _carried_out(box.state, command, told, struck)
            box.state.keep()
        except LookupError:
            return as_json({"code": "no_record"}, HTTPStatus.NOT_FOUND)
        except Declined as declined:
            return _refused(str(declined))
    return as_json({"record": record})


def _refused(reason: str) -> Response:
    return as_json({"record": {"result": "refused", "reason": reason}})


def _carried_out(state: State, command: str, told: Record, struck: Struck) -> Record:
    if command == "deaths":
        return _deaths(state, told)
    held = state.live_card_of(told["id_number"]) if command == "state" and "id_number" in told else None
    before = dict(held or state.tables["cards"].get(told.get("number", ""), {}))
    if command == "state":
        return _shown(before if "stale" not in struck else {**before, "status": "active"}) if before else _none()
    done = state.tables["requests"].get(told["request_id"])
    if done is not None and "duplicate" not in struck:
        return cast("Record", done)
    if done is not None or "duplicate" in struck:
        if done is None:
            state.tables["requests"][told["request_id"]] = _shown(WORK[command](state, {**told, "command": command}))
        raise Declined("duplicate_request")
    record = WORK[command](state, {**told, "command": command})
    if "stale" in struck and before:
        record |= {"status": before["status"], "electronic": before["electronic"]}
    state.tables["requests"][told["request_id"]] = _shown(record)
    return _shown(record)


def _none() -> Record:
    raise LookupError


def _shown(card: Record) -> Record:
    names = ("number", "status", "electronic", "bank", "bank_tail", "ready_on")
    return {"result": "done", **{name: card[name] for name in names}}


def _deaths(state: State, told: Record) -> Record:
    entries: list[dict[str, Any]] = state.tables["deaths"].get(told["day"], [])
    first = (int(told["page"]) - 1) * PAGE
    pages = max(1, -(-len(entries) // PAGE))
    return {"result": "done", "day": told["day"], "pages": pages, "items": entries[first : first + PAGE]}
