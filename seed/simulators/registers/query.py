"""A question to a register: who asks, what is found, and what goes wrong on the way."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from seed.simulators.registers.answers import REGISTERS
from seed.simulators.registers.faults import Fault, Faults
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.state import State
from seed.simulators.registers.wire import Dropped, Refusal, Request, Response, as_json

PREFIX, SUFFIX = "/exchange/v1/", "/query"
HUGE_BYTES = 4 * 1024 * 1024


@dataclass
class Box:
    """All that one running simulator holds; `calls` counts the questions by register."""

    state: State
    keys: Keychain
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)


def answer(box: Box, request: Request) -> Response:
    """Return the signed answer to a question; `Dropped` when there is to be none."""
    register = request.path.removeprefix(PREFIX).removesuffix(SUFFIX)
    if register not in REGISTERS or request.method != "POST":
        return Refusal(HTTPStatus.BAD_REQUEST, "unknown_register").response()
    try:
        nonce = box.keys.check(request)
        asked = request.json()
    except Refusal as refusal:
        return refusal.response()
    box.calls[register] += 1
    struck = box.faults.struck(register, str(asked.get("number", "")))
    _before(struck)
    response = _found(box, register, asked, struck)
    _sign(box, request, response, nonce, struck)
    return response


def _before(struck: dict[str, Fault]) -> None:
    if slow := struck.get("slow"):
        threading.Event().wait(slow.seconds)
    if late := struck.get("timeout"):
        threading.Event().wait(late.seconds)
        raise Dropped


def _found(box: Box, register: str, asked: dict[str, Any], struck: dict[str, Fault]) -> Response:
    if "error_500" in struck:
        return as_json({"code": "system_error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
    if "garbage" in struck:
        return Response(HTTPStatus.OK, b'{"register": "' + b"\xff\xfe<html>")
    if "redirect" in struck:
        return Response(HTTPStatus.FOUND, b"", {"Location": "http://127.0.0.1:9/elsewhere"})
    with box.state.lock:
        record = None if "missing" in struck else REGISTERS[register](box.state, asked)
    if record is None:
        return as_json({"code": "no_record", "register": register}, HTTPStatus.NOT_FOUND)
    if "contradicting" in struck:
        record = _contradicted(record)
    if "other_person" in struck:
        record = _of_another(record)
    if "huge" in struck:
        record = {**record, "remark": "长" * (HUGE_BYTES // 3)}
    return as_json({"register": register, "record": record})


def _contradicted(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record as another office copied it down: another birth date, another address."""
    told = json.loads(json.dumps(record))
    if "birth" in told:
        told["birth"] = f"{int(told['birth'][:4]) - 1}{told['birth'][4:]}"
    if "address" in told:
        told["address"] += "附1"
    return dict(told)


def _of_another(record: dict[str, Any]) -> dict[str, Any]:
    if "children" in record:
        return {**record, "children": [{**one, "birth": "1949-12-31"} for one in record["children"]]}
    if "credit_code" in record:
        return {**record, "credit_code": "91110105MA00000007"}
    return {**record, "number": "110105194912310021"}


def _sign(box: Box, request: Request, response: Response, nonce: str, struck: dict[str, Fault]) -> None:
    if "unsigned" in struck:
        return
    if "replayed" in struck:
        nonce = "0" * 32
    box.keys.sign(request, response, nonce)
    if "wrong_signature" in struck:
        response.body = response.body.replace(b"{", b"{ ", 1)
