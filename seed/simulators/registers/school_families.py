"""Made-up families with a child of school age, who live where they are told to: several kinds, as a county has them."""

import random
from http import HTTPStatus
from typing import Any

from seed.simulators.registers import made_up
from seed.simulators.registers.state import State
from seed.simulators.registers.time_of_day import today
from seed.simulators.registers.wire import Refusal

MOST = 5000
PARENTS_BORN = ("1985-01-01", "1998-12-31")
ELDERS_BORN = ("1955-01-01", "1966-12-31")
KINDS = (("own_home", 62), ("grandparents_home", 14), ("home_only", 9), ("migrant", 12), ("household_only", 3))
"""How a family belongs to a place, and how many of a hundred do."""
TWINS, DISABLED = 0.02, 0.005
Person = dict[str, Any]
Home = dict[str, str]


def add(state: State, told: dict[str, Any]) -> list[dict[str, Any]]:
    """Put `count` families at `addresses`, with a child born in `born`; the same seed gives the same families."""
    homes, born = told.get("addresses"), told.get("born")
    if not homes or not isinstance(born, list) or len(born) != 2:  # noqa: PLR2004 - a first and a last day
        raise Refusal(HTTPStatus.BAD_REQUEST, "addresses_and_born_needed")
    dice = random.Random(told.get("seed"))
    count = min(int(told.get("count", 1)), MOST)
    return [_family(state, dice, dice.choice(homes), (born[0], born[1])) for _ in range(count)]


def _family(state: State, dice: random.Random, home: Home, born: tuple[str, str]) -> dict[str, Any]:
    kind = dice.choices([name for name, _ in KINDS], [weight for _, weight in KINDS])[0]
    parent = _person(state, dice, PARENTS_BORN)
    children = _children(state, dice, born, parent["name"][0])
    _HOUSED[kind](state, dice, home, parent, children)
    for child in children:
        if dice.random() < DISABLED:
            state.add_extras(child, ["disability"], dice)
    return {"kind": kind, "parent": parent, "children": children, "address": home["address"]}


def _person(state: State, dice: random.Random, born: tuple[str, str], family: str = "") -> Person:
    made = made_up.person(dice, born=born, family=family)
    while made["number"] in state.tables["people"]:
        made = made_up.person(dice, born=born, family=family)
    state.tables["people"][made["number"]] = made
    return made


def _children(state: State, dice: random.Random, born: tuple[str, str], family: str) -> list[Person]:
    first = _person(state, dice, born, family)
    if dice.random() >= TWINS:
        return [first]
    return [first, _person(state, dice, (first["birth"], first["birth"]), family)]


def _own_home(state: State, dice: random.Random, home: Home, parent: Person, children: list[Person]) -> None:
    _household(state, dice, home, [(parent, "head"), *((one, "child") for one in children)])
    state.add_property(parent, home, dice)


def _grandparents_home(state: State, dice: random.Random, home: Home, parent: Person, children: list[Person]) -> None:
    elder = _person(state, dice, ELDERS_BORN, parent["name"][0])
    members = [(elder, "head"), (parent, "child"), *((one, "grandchild") for one in children)]
    _household(state, dice, home, members)
    state.add_property(elder, home, dice)


def _home_only(state: State, dice: random.Random, home: Home, parent: Person, children: list[Person]) -> None:
    _household(state, dice, made_up.place(dice), [(parent, "head"), *((one, "child") for one in children)])
    state.add_property(parent, home, dice)


def _migrant(state: State, dice: random.Random, home: Home, parent: Person, children: list[Person]) -> None:
    _household(state, dice, made_up.place(dice), [(parent, "head"), *((one, "child") for one in children)])
    state.tables["residence"][parent["number"]] = {
        "permit_no": f"{dice.randrange(10**12):012d}",
        **home,
        "issued_on": today(),
        "valid_to": f"{int(today()[:4]) + 2}-12-31",
    }
    state.add_extras(parent, ["social_insurance"], dice)


def _household_only(state: State, dice: random.Random, home: Home, parent: Person, children: list[Person]) -> None:
    _household(state, dice, home, [(parent, "head"), *((one, "child") for one in children)])


def _household(state: State, dice: random.Random, home: Home, members: list[tuple[Person, str]]) -> None:
    state.move_in([(one["number"], relation) for one, relation in members], home, dice)


_HOUSED = {
    "own_home": _own_home,
    "grandparents_home": _grandparents_home,
    "home_only": _home_only,
    "migrant": _migrant,
    "household_only": _household_only,
}
