"""The calls of the bank's customer: hand in a file, ask how far it is, fetch what came back."""

import base64
import hashlib
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from seed.simulators.bank import faults, paper
from seed.simulators.bank.faults import Fault
from seed.simulators.bank.state import State
from seed.simulators.registers import time_of_day
from seed.simulators.registers.faults import Faults
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.wire import Dropped, Refusal, Request, Response, as_json

_PATH = re.compile(r"/bank/v1/files/(?P<file_no>[\w-]{1,40})(?:/returns/(?P<number>\d{1,4}))?", re.ASCII)


@dataclass
class Box:
    """All that one running simulator holds; `calls` counts by put, state and return."""

    state: State
    keys: Keychain
    faults: Faults = field(default_factory=faults.none_yet)
    calls: Counter[str] = field(default_factory=Counter)


def answer(box: Box, request: Request) -> Response:
    """Return the signed answer to a call; `Dropped` when there is to be none."""
    match = _PATH.fullmatch(request.path)
    if match is None or request.method not in ("PUT", "GET"):
        return Refusal(HTTPStatus.BAD_REQUEST, "no_such_path").response()
    call = "put" if request.method == "PUT" else "return" if match["number"] else "state"
    try:
        nonce = box.keys.check(request)
    except Refusal as refusal:
        return refusal.response()
    box.calls[call] += 1
    struck = box.faults.struck(call, names=faults.CALLS)
    _before(struck)
    try:
        with box.state.lock:
            response = _said(box, call, match, request.body)
    except Refusal as refusal:
        response = refusal.response()
    return _sent(box, request, response, nonce, struck)


def _before(struck: dict[str, Fault]) -> None:
    if slow := struck.get("slow"):
        threading.Event().wait(slow.seconds)
    if late := struck.get("timeout"):
        threading.Event().wait(late.seconds)
    if "timeout" in struck or "lost_request" in struck:
        raise Dropped


def _said(box: Box, call: str, match: re.Match[str], body: bytes) -> Response:
    if call == "put":
        return _accept(box, match["file_no"], body)
    found = box.state.files.get(match["file_no"])
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_file")
    if call == "state":
        return as_json(_standing(found))
    number = int(match["number"])
    if not 1 <= number <= len(found["returns"]):
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_return")
    kept = base64.b64decode(found["returns"][number - 1])
    return Response(HTTPStatus.OK, kept, {"Content-Type": "application/octet-stream"})


def _accept(box: Box, file_no: str, body: bytes) -> Response:
    digest = hashlib.sha256(body).hexdigest()
    there = box.state.files.get(file_no)
    if there:
        if there["digest"] != digest:
            raise Refusal(HTTPStatus.CONFLICT, "file_no_used", "another file came with this number")
        return as_json(_standing(there))
    told = paper.read(body)
    if told["file_no"] != file_no:
        raise paper.refuse("file_no")
    found = {**told, "digest": digest, "accepted_at": time_of_day.now(), "results": {}, "returns": []}
    box.state.files[file_no] = found
    if box.state.told["auto"]:
        settle(box, file_no)
    box.state.keep()
    return as_json(_standing(found))


def _standing(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "file_no": found["file_no"],
        "digest": found["digest"],
        "state": "returned" if len(found["results"]) == len(found["lines"]) else "accepted",
        "count": len(found["lines"]),
        "total_fen": found["total_fen"],
        "returns": len(found["returns"]),
    }


def settle(box: Box, file_no: str) -> None:
    """Pay what is not paid yet, and put down the return file, or two where the first is to be partial."""
    found = box.state.files[file_no]
    fresh = [box.state.settle(line) for line in found["lines"] if line["seq"] not in found["results"]]
    if not fresh:
        return
    found["results"] |= {one["seq"]: one for one in fresh}
    struck = box.faults.struck("return", names=faults.RETURNS)
    half = (len(fresh) + 1) // 2
    for part in [fresh[:half], fresh[half:]] if "partial" in struck else [fresh]:
        put_return(found, "result", _told_wrong(part, struck), struck)
    if "twice" in struck:
        put_return(found, "result", fresh, {})


def _told_wrong(results: list[dict[str, Any]], struck: dict[str, Fault]) -> list[dict[str, Any]]:
    told = [dict(one) for one in results]
    if "missing_line" in struck:
        told = told[1:]
    if "altered_amount" in struck and told:
        told[0]["fen"] += 100
    if "other_account" in struck and told:
        told[0]["account"] = told[0]["account"][:-1] + str((int(told[0]["account"][-1]) + 1) % 10)
    if "unknown_line" in struck and told:
        told.append({**told[-1], "seq": "999999", "account": "6217000000000000000"})
    return told


def put_return(found: dict[str, Any], kind: str, results: list[dict[str, Any]], struck: dict[str, Fault]) -> None:
    """Put down one more return file of a payment file."""
    data = paper.write(found["file_no"], len(found["returns"]) + 1, kind, results)
    if "wrong_digest" in struck:
        data = data.replace(b"|S|", b"|F|", 1)
    found["returns"].append(base64.b64encode(data).decode())


def _sent(box: Box, request: Request, response: Response, nonce: str, struck: dict[str, Fault]) -> Response:
    if "lost_answer" in struck:
        raise Dropped
    if "error_500" in struck:
        response = as_json({"code": "system_error"}, HTTPStatus.INTERNAL_SERVER_ERROR)
    if "garbage" in struck:
        response = Response(HTTPStatus.OK, b"\xff\xfe<html>")
    if "unsigned" in struck:
        return response
    box.keys.sign(request, response, nonce)
    if "wrong_signature" in struck:
        response.body += b" "
    return response
