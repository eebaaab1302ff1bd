"""The calls under /control/ that put cards and deaths, and bring bad luck."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.card_centre.box import Box
from seed.simulators.registers import fault_control, time_of_day
from seed.simulators.registers.wire import Refusal, Request, Response

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
    fault_control.forget(box)
    return {}


def health(box: Box, _told: Record) -> Record:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", **{name: len(table) for name, table in box.state.tables.items()}}


CALLS: dict[tuple[str, str], Callable[[Box, Record], Record]] = {
    ("POST", "/control/cards"): put_card,
    ("DELETE", "/control/cards"): forget,
    ("POST", "/control/changes"): change_card,
    ("POST", "/control/lookups"): look_up,
    ("POST", "/control/deaths"): put_deaths,
    ("GET", "/control/health"): health,
}


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API."""
    return fault_control.answer(CALLS, box, request)
