"""The calls under /control/ that open accounts, let time pass and bring bad luck."""

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.bank import counter, paper
from seed.simulators.bank.counter import Box
from seed.simulators.registers import fault_control
from seed.simulators.registers.wire import Refusal, Request, Response


def set_account(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Say whose an account is, and what fails about it; what is not said stays as it is."""
    number = told.get("number")
    if not isinstance(number, str) or not number.isdigit() or told.get("fails", "") not in paper.WORDS:
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_account", f"fails: {', '.join(filter(None, paper.WORDS))}")
    with box.state.lock:
        account = box.state.accounts.setdefault(number, {"balance_fen": 0})
        account |= {name: told[name] for name in ("name", "fails", "most_fen") if name in told}
        box.state.keep()
        return {"number": number, **account}


def look_up(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Return an account as the bank holds it."""
    return {"balance_fen": 0, **box.state.accounts.get(str(told.get("number")), {})}


def set_mode(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Pay at once (`auto`), or only when told by /control/settlements."""
    with box.state.lock:
        box.state.told["auto"] = bool(told.get("auto", True))
        box.state.keep()
    return {"auto": box.state.told["auto"]}


def settle(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Pay a file now."""
    with box.state.lock:
        found = _file(box, told)
        counter.settle(box, found["file_no"])
        box.state.keep()
        return {"returns": len(found["returns"])}


def reverse(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Take back payments that went out (冲正), with a return file of their own."""
    with box.state.lock:
        found = _file(box, told)
        wanted = [found["results"].get(seq) for seq in told.get("seqs", [])]
        if not wanted or any(one is None or one["state"] != "S" for one in wanted):
            raise Refusal(HTTPStatus.CONFLICT, "not_paid")
        taken_back = [box.state.reverse(one) for one in wanted]
        found["results"] |= {one["seq"]: one for one in taken_back}
        counter.put_return(found, "reversal", taken_back, {})
        box.state.keep()
        return {"returns": len(found["returns"])}


def give_again(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Put all results of a file that stand into one more return file."""
    with box.state.lock:
        found = _file(box, told)
        results = [one for one in found["results"].values() if one["state"] != "R"]
        counter.put_return(found, "result", results, {})
        box.state.keep()
        return {"returns": len(found["returns"])}


def list_files(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return the files that were accepted, without their return files' bytes."""
    names = ("file_no", "batch_no", "payer", "total_fen", "lines", "digest", "results")
    return {"files": [{name: one[name] for name in names} for one in box.state.files.values()]}


def returned(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Return the bytes of a return file, as a clerk would get them by hand."""
    number = int(told.get("number", 1))
    kept = _file(box, told)["returns"]
    if not 1 <= number <= len(kept):
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_return")
    return {"text": base64.b64decode(kept[number - 1]).decode(paper.ENCODING), "base64": kept[number - 1]}


def _file(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = box.state.files.get(str(told.get("file_no")))
    if found is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "no_such_file")
    return found


def forget(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Forget accounts, files, faults and counts."""
    box.state.forget()
    fault_control.forget(box)
    return {}


def health(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", "accounts": len(box.state.accounts), "files": len(box.state.files)}


CALLS: dict[tuple[str, str], Callable[[Box, dict[str, Any]], dict[str, Any]]] = {
    ("POST", "/control/accounts"): set_account,
    ("POST", "/control/lookups"): look_up,
    ("POST", "/control/mode"): set_mode,
    ("POST", "/control/settlements"): settle,
    ("POST", "/control/reversals"): reverse,
    ("POST", "/control/again"): give_again,
    ("GET", "/control/files"): list_files,
    ("DELETE", "/control/files"): forget,
    ("POST", "/control/returns"): returned,
    ("GET", "/control/health"): health,
}


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API."""
    return fault_control.answer(CALLS, box, request)
