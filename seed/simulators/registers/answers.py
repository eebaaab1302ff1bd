"""What each register says when it is asked about a person's number, or about a credit code."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from seed.simulators.registers import firms
from seed.simulators.registers.state import STATUSES, State

Record = dict[str, Any]
PAGE, ADULT = 200, 16
GUARDIANS = {"child": ("head", "spouse"), "grandchild": ("child",)}
"""Who of a household are taken for the parents, by what the child is to its head."""


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
    owned = state.naming("property", number)
    return {"number": number, "certificates": owned} if owned else None


def business(state: State, asked: Record) -> Record | None:
    """Return the firms that a person answers for, or the one with a credit code."""
    if "credit_code" in asked:
        found = state.tables["business"].get(asked["credit_code"])
        return {"credit_code": asked["credit_code"], "entities": [found]} if found else None
    number = asked.get("number", "")
    owned = state.naming("business", number)
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


def _of_firm(register: str) -> Callable[[State, Record], Record | None]:
    def found(state: State, asked: Record) -> Record | None:
        told = state.tables[register].get(asked.get("credit_code", ""))
        return dict(told) if told else None

    return found


def _with_person(state: State, asked: Record, found: Record | None) -> Record | None:
    if found is None:
        return None
    me = state.person(asked["number"])
    return {"number": me["number"], "name": me["name"], "birth": me["birth"], **found}


def household_children(state: State, asked: Record) -> Record:
    """Return a page of the children born in a span, each once for every household that lists it.

    Pages follow a digest, so that the word for the next page tells nothing about anybody.
    """
    after = asked.get("after") or ""
    born = (str(asked.get("born_from", "")), str(asked.get("born_to", "")))
    following = sorted((mark, one) for mark, one in _children(state, born) if mark > after)
    some = following[:PAGE]
    more = len(following) > PAGE
    return {"children": [_listed(state, *one) for _, one in some], "next": some[-1][0] if more else None}


def _children(state: State, born: tuple[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for household_no, home in state.tables["household"].items():
        for member in home["members"]:
            me = state.tables["people"].get(member["number"], {"birth": ""})
            if born[0] <= me["birth"] <= born[1] and "cancelled" not in me:
                mark = hashlib.sha256(f"{member['number']}:{household_no}".encode()).hexdigest()[:32]
                yield mark, (member["number"], household_no)


def _listed(state: State, number: str, household_no: str) -> Record:
    me, home = state.person(number), state.tables["household"][household_no]
    mine = next(one["relation"] for one in home["members"] if one["number"] == number)
    grown = str(int(me["birth"][:4]) - ADULT)
    near = [one for one in home["members"] if one["relation"] in GUARDIANS.get(mine, ())]
    above = [one for one in near if state.person(one["number"])["birth"][:4] <= grown]
    return {
        **{name: me[name] for name in ("number", "name", "birth")},
        "guardians": [
            {"number": one["number"], "name": state.person(one["number"])["name"], "relation": one["relation"]}
            for one in above
        ],
        **{name: home[name] for name in ("address", "village_code")},
        "household_no": household_no,
    }


REGISTERS: dict[str, Callable[[State, Record], Record | None]] = {
    "household": household,
    "residence": residence,
    "property": property_,
    "business": business,
    "social_insurance": social_insurance,
    "death": death,
    **{register: _status(register) for register in STATUSES},
    "military": military,
    **{register: _of_firm(register) for register in firms.REGISTERS},
    "household_children": household_children,
}
