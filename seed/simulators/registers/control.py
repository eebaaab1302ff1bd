"""The calls under /control/ that make people up, change their records and bring bad luck."""

import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.registers.query import Box
from seed.simulators.registers.state import REGISTERS, STATUSES
from seed.simulators.registers.wire import Refusal, Request, Response, as_json

MOST_FAMILIES = 1000
_dice = random.Random()


def add_people(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Put a person, made up as far as nothing is told, with records `with` further registers."""
    dice = random.Random(told["seed"]) if "seed" in told else _dice
    with box.state.lock:
        made = box.state.add_person(told, dice)
        box.state.add_extras(made, told.get("with", []), dice)
        box.state.keep()
    return made


def add_families(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Put `count` families of `size`; the same seed gives the same."""
    dice = random.Random(told.get("seed"))
    count = min(int(told.get("count", 1)), MOST_FAMILIES)
    with box.state.lock:
        made = [box.state.add_family(dice, int(told.get("size", 4))) for _ in range(count)]
        box.state.keep()
    return {"families": made}


def change_record(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Merge `record` into what a register holds under `key`; without `record` take it out."""
    register, key = told.get("register"), told.get("key")
    if register not in ("people", *REGISTERS) or not isinstance(key, str):
        raise Refusal(HTTPStatus.BAD_REQUEST, "register_and_key_needed")
    with box.state.lock:
        table = box.state.tables[register]
        if "record" in told:
            table[key] = {**table.get(key, {}), **told["record"]}
        else:
            table.pop(key, None)
        box.state.keep()
        return dict(table.get(key, {}))


def look_up(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Return what all registers hold of a person."""
    number = told.get("number", "")
    tables = box.state.tables
    return {
        "person": box.state.person(number),
        "household": box.state.household_of(number),
        "property": [one for one in tables["property"].values() if number in str(one["owners"])],
        "business": [one for one in tables["business"].values() if number in str(one["legal_person"])],
        **{name: tables[name].get(number) for name in ("residence", "social_insurance", "death", *STATUSES)},
    }


def forget(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Empty all registers and take back all faults."""
    box.state.forget()
    box.faults.clear()
    box.calls.clear()
    return {}


def set_faults(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Set one fault, or several as `faults`."""
    for fault in told.get("faults", [told]):
        box.faults.add(fault)
    return show_faults(box, told)


def clear_faults(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Take back all faults."""
    box.faults.clear()
    return show_faults(box, told)


def show_faults(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return what is set, and how often each fault struck."""
    return {"faults": box.faults.shown()}


def calls(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return how often each register was asked."""
    return {"calls": dict(box.calls)}


def health(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", **{name: len(table) for name, table in box.state.tables.items()}}


CALLS: dict[tuple[str, str], Callable[[Box, dict[str, Any]], dict[str, Any]]] = {
    ("POST", "/control/people"): add_people,
    ("DELETE", "/control/people"): forget,
    ("POST", "/control/families"): add_families,
    ("POST", "/control/records"): change_record,
    ("POST", "/control/lookups"): look_up,
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
