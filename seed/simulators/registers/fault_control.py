"""The calls under /control/ that every simulator has: bad luck, and how often it was called."""

from collections import Counter
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from seed.simulators.registers.faults import Faults
from seed.simulators.registers.wire import Refusal, Request, Response, as_json

Told = dict[str, Any]


class Box(Protocol):
    """What any running simulator holds; `calls` counts what was asked of it."""

    faults: Faults
    calls: Counter[str]


def set_faults(box: Box, told: Told) -> Told:
    """Set one fault, or several as `faults`."""
    for fault in told.get("faults", [told]):
        box.faults.add(fault)
    return show_faults(box, told)


def clear_faults(box: Box, told: Told) -> Told:
    """Take back all faults."""
    box.faults.clear()
    return show_faults(box, told)


def show_faults(box: Box, _told: Told) -> Told:
    """Return what is set, and how often each fault struck."""
    return {"faults": box.faults.shown()}


def calls(box: Box, _told: Told) -> Told:
    """Return how often each thing was asked."""
    return {"calls": dict(box.calls)}


def forget(box: Box) -> None:
    """Take back all faults, and count anew."""
    box.faults.clear()
    box.calls.clear()


CALLS: dict[tuple[str, str], Callable[[Any, Told], Told]] = {
    ("POST", "/control/faults"): set_faults,
    ("GET", "/control/faults"): show_faults,
    ("DELETE", "/control/faults"): clear_faults,
    ("GET", "/control/calls"): calls,
}


def answer(own: Mapping[tuple[str, str], Callable[[Any, Told], Told]], box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API: one of the simulator's `own`, or of those above."""
    path = request.method, request.path
    call = own.get(path) or CALLS.get(path)
    if call is None:
        return Refusal(HTTPStatus.NOT_FOUND, "no_such_path").response()
    try:
        return as_json(call(box, request.json()))
    except Refusal as refusal:
        return refusal.response()
