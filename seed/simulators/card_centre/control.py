"""The calls under /control/ that put cards and deaths, and bring bad luck."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.card_centre.box import Box
from seed.simulators.registers import time_of_day
from seed.simulators.registers.wire import Refusal, Request, Response, as_json

Record = dict[str, Any]


def put_card(box: Box, told: Record) -> Record:
    """Put a card that another place issued."""
    with box.state.lock:
        made = box.state.make_card(told["id_number"], told.get("name", "某人"))
        box.state.keep()
    return made


def change_card(box: Box, told: Record) -> Record:
    """Change what the centre holds of a card, as another office might have."""
    with box.state.lock:
        found = box.state.tables["cards"].get(told.get("number", ""))
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "no_such_card")
        found |= told.get("record", {})
        box.state.keep()
        return dict(found)


def look_up(box: Box, told: Record) -> Record:
    """Return the cards of a person, the latest last."""
    every = box.state.tables["cards"].values()
    return {"cards": [one for one in every if one["id_number"] == told.get("id_number")]}


def put_deaths(box: Box, told: Record) -> Record:
    """Put entries on the list of a day, today where none is told."""
    day = told.get("day", time_of_day.today())
    with box.state.lock:
        entries = box.state.tables["deaths"].setdefault(day, [])
        entries += told.get("items", [])
        box.state.keep()
    return {"day": day, "entries": len(entries)}


def forget(box: Box, _told: Record) -> Record:
    """Forget all cards, commands and deaths, and take back all faults."""
    box.state.forget()
    box.faults.clear()
    box.calls.clear()
    return {}


def set_faults(box: Box, told: Record) -> Record:
    """Set one fault, or several as `faults`."""
    for fault in told.get("faults", [told]):
        box.faults.add(fault)
    return show_faults(box, told)


def clear_faults(box: Box, told: Record) -> Record:
    """Take back all faults."""
    box.faults.clear()
    return show_faults(box, told)


def show_faults(box: Box, _told: Record) -> Record:
    """Return what is set, and how often each fault struck."""
    return {"faults": box.faults.shown()}


def calls(box: Box, _told: Record) -> Record:
    """Return how often each command came."""
    return {"calls": dict(box.calls)}


def health(box: Box, _told: Record) -> Record:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", **{name: len(table) for name, table in box.state.tables.items()}}


CALLS: dict[tuple[str, str], Callable[[Box, Record], Record]] = {
    ("POST", "/control/cards"): put_card,
    ("DELETE", "/control/cards"): forget,
    ("POST", "/control/changes"): change_card,
    ("POST", "/control/lookups"): look_up,
    ("POST", "/control/deaths"): put_deaths,
    ("POST", "/control/faults"): set_faults,
    ("GET", "/control/faults"): show_faults,
    ("DELETE", "/control/faults"): clear_faults,
    ("GET", "/control/calls"): calls,
    ("GET", "/control/health"): health,
}


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API."""
    call = CALLS.get((request.method, request.path))
    if call is None:
        return Refusal(HTTPStatus.NOT_FOUND, "no_such_path").response()
    try:
        return as_json(call(box, request.json()))
    except Refusal as refusal:
        return refusal.response()
