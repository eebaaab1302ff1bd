"""What each register says when it is asked about a person's number, or about a credit code."""

from collections.abc import Callable
from typing import Any

from seed.simulators.registers.state import STATUSES, State

Record = dict[str, Any]


def household(state: State, asked: Record) -> Record | None:
    """Return the person's entry with the whole household."""
    number = asked.get("number", "")
    home = state.household_of(number)
    if home is None:
        return None
    me = state.person(number)
    members = [{**state.person(one["number"]), "relation": one["relation"]} for one in home["members"]]
    head = next(one for one in members if one["relation"] == "head")
    gone = state.tables["people"][number].get("cancelled")
    return {
        **{name: me[name] for name in ("number", "name", "birth", "sex")},
        **{name: value for name, value in home.items() if name != "members"},
        "head": {"name": head["name"], "number": head["number"]},
        "members": [{name: one[name] for name in ("name", "number", "relation", "birth")} for one in members],
        **({"cancelled": gone} if gone else {}),
    }


def residence(state: State, asked: Record) -> Record | None:
    """Return the residence permit."""
    return _with_person(state, asked, state.tables["residence"].get(asked.get("number", "")))


def property_(state: State, asked: Record) -> Record | None:
    """Return the certificates of which the person owns a share."""
    number = asked.get("number", "")
    every = state.tables["property"].values()
    owned = [one for one in every if any(owner["number"] == number for owner in one["owners"])]
    return {"number": number, "certificates": owned} if owned else None


def business(state: State, asked: Record) -> Record | None:
    """Return the firms that a person answers for, or the one with a credit code."""
    if "credit_code" in asked:
        found = state.tables["business"].get(asked["credit_code"])
        return {"credit_code": asked["credit_code"], "entities": [found]} if found else None
    number = asked.get("number", "")
    owned = [one for one in state.tables["business"].values() if one["legal_person"]["number"] == number]
    return {"number": number, "entities": owned} if owned else None


def social_insurance(state: State, asked: Record) -> Record | None:
    """Return the insurances."""
    return _with_person(state, asked, state.tables["social_insurance"].get(asked.get("number", "")))


def death(state: State, asked: Record) -> Record | None:
    """Return the entry of a death."""
    found = state.tables["death"].get(asked.get("number", ""))
    return {"number": asked["number"], **found} if found else None


def military(state: State, asked: Record) -> Record | None:
    """Return yes or no with its last day, and nothing of the person."""
    found = state.tables["military"].get(asked.get("number", ""))
    return {"number": asked["number"], **found} if found else None


def _status(register: str) -> Callable[[State, Record], Record | None]:
    def found(state: State, asked: Record) -> Record | None:
        return _with_person(state, asked, state.tables[register].get(asked.get("number", "")))

    return found


def _with_person(state: State, asked: Record, found: Record | None) -> Record | None:
    if found is None:
        return None
    me = state.person(asked["number"])
    return {"number": me["number"], "name": me["name"], "birth": me["birth"], **found}


REGISTERS: dict[str, Callable[[State, Record], Record | None]] = {
    "household": household,
    "residence": residence,
    "property": property_,
    "business": business,
    "social_insurance": social_insurance,
    "death": death,
    **{register: _status(register) for register in STATUSES},
    "military": military,
}
