"""The calls under /control/ that make people up, change their records and bring bad luck."""

import random
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from seed.simulators.registers import fault_control, school_families
from seed.simulators.registers.query import Box
from seed.simulators.registers.state import REGISTERS, STATUSES
from seed.simulators.registers.wire import Refusal, Request, Response

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


def add_school_families(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Put `count` families with a child `born` within two days, at `addresses`; the same seed gives the same."""
    with box.state.lock:
        made = school_families.add(box.state, told)
        box.state.keep()
    return {"families": made}


def add_firms(box: Box, told: dict[str, Any]) -> dict[str, Any]:
    """Put a firm with what the registers about firms hold of it, made up as far as nothing is told."""
    dice = random.Random(told["seed"]) if "seed" in told else _dice
    with box.state.lock:
        made = box.state.add_firm(told, dice)
        box.state.keep()
    return made


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
    fault_control.forget(box)
    return {}


def health(box: Box, _told: dict[str, Any]) -> dict[str, Any]:
    """Return that it is alive, and how much there is."""
    return {"status": "ok", **{name: len(table) for name, table in box.state.tables.items()}}


CALLS: dict[tuple[str, str], Callable[[Box, dict[str, Any]], dict[str, Any]]] = {
    ("POST", "/control/people"): add_people,
    ("DELETE", "/control/people"): forget,
    ("POST", "/control/families"): add_families,
    ("POST", "/control/school-families"): add_school_families,
    ("POST", "/control/firms"): add_firms,
    ("POST", "/control/records"): change_record,
    ("POST", "/control/lookups"): look_up,
    ("GET", "/control/health"): health,
}


def answer(box: Box, request: Request) -> Response:
    """Return the answer to a call of the control API."""
    return fault_control.answer(CALLS, box, request)
