"""What came of a thing, and what it came from, over splits and merges.

The edges are in the events themselves: inputs before outputs, children before their parent (`keys.py`), under one
index; so an edge cannot be there without its event, and a thousand outputs of a hundred inputs are 1,100 entries.

    forward    lot ──transformation──► packages ──aggregation──► box
    backward   the same arrows against their direction
    both       forward and backward of the one thing, not of all that they touch

An event that was declared wrong joins nothing. Who received what is told by `handed_over`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from models.epcis import keys
from models.epcis.event import DECLARED, Event
from models.epcis.vocabulary import BIZ_STEPS, bare

Direction = Literal["forward", "backward", "both"]
MOST = 10_000
_BEFORE = (keys.INPUT, keys.INPUT_CLASS, keys.CHILD, keys.CHILD_CLASS)
_AFTER = (keys.OUTPUT, keys.OUTPUT_CLASS, keys.PARENT)
_KINDS = {"TransformationEvent": "transformation", "AggregationEvent": "aggregation", "AssociationEvent": "association"}
_COLUMNS = {"_id": 1, "type": 1, "action": 1, "things": 1, "event_time": 1}
_AT_A_TIME = 500
_EACH_LISTED = (keys.LISTED, keys.LISTED_CLASS)
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


@dataclass(frozen=True)
class Edge:
    """Of `source` came `target`, or it went into it; `observed` edges end at a party or place."""

    source: str
    target: str
    kind: str
    event: str
    at: datetime


@dataclass
class Reach:
    """What was reached, by how many steps away; `cut` when there is more than was asked for."""

    nodes: dict[str, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    cut: bool = False


def reach(uri: str, direction: Direction = "both", most: int = MOST) -> Reach:
    """Return everything that a thing reaches, at most `most` things and as many edges.

    A transformation told in several events under one `transformationID` is a node of its own between them.
    """
    return reach_of([uri], direction, most)


def reach_of(uris: Sequence[str], direction: Direction, most: int = MOST) -> Reach:
    """Return everything that some things reach, at most `most` things and as many edges."""
    found = Reach(dict.fromkeys(uris, 0))
    for way in ("forward", "backward") if direction == "both" else (direction,):
        _walk(found, uris, forward=way == "forward", most=most)
    return found


def _walk(found: Reach, uris: Sequence[str], *, forward: bool, most: int) -> None:
    near, far = (_BEFORE, _AFTER) if forward else (_AFTER, _BEFORE)
    frontier, seen, steps = list(uris), set(uris), 0
    while frontier and not found.cut:
        steps += 1
        following: list[str] = []
        for event in _events(frontier, near, found, most):
            here, there = _ends(event, near, set(frontier)), _ends(event, far, None)
            for target in there:
                if target not in seen:
                    seen.add(target)
                    following.append(target)
                    found.nodes.setdefault(target, steps)
            _join(found, event, here, there, forward=forward)
            if len(found.nodes) > most or len(found.edges) > most * 4:
                found.cut = True
                break
        frontier = following


def _events(frontier: list[str], near: tuple[str, ...], found: Reach, most: int) -> Iterator[dict[str, Any]]:
    """Yield the events in which the frontier stands on the near side."""
    collection = Event._get_collection()
    for start in range(0, len(frontier), _AT_A_TIME):
        part = frontier[start : start + _AT_A_TIME]
        wanted = [side + one for one in part for side in (*near, keys.TRANSFORMATION)]
        events = list(collection.find({"things": {"$in": wanted}}, _COLUMNS).limit(most + 1))
        if len(events) > most:
            found.cut = True
        joining = [one for one in events if one["type"] in _KINDS and one.get("action") != "DELETE"]
        wrong = _declared(joining)
        yield from (one for one in joining if one["_id"] not in wrong)


def _declared(events: list[dict[str, Any]]) -> set[str]:
    """Return the ids of what was declared wrong, and of the declarations."""
    ids = [one["_id"] for one in events]
    declarations = {one for one in ids if one.endswith(DECLARED)}
    asked = [one + DECLARED for one in ids if one not in declarations]
    stored = Event._get_collection().find({"_id": {"$in": asked}}, {"_id": 1})
    return declarations | {one["_id"].removesuffix(DECLARED) for one in stored}


def _ends(event: dict[str, Any], side: tuple[str, ...], within: set[str] | None) -> list[str]:
    """Return the things on one side; a transformationID stands on both."""
    sides = (*side, keys.TRANSFORMATION)
    told = [one[len(before) :] for one in event["things"] for before in sides if one.startswith(before)]
    return told if within is None else [one for one in told if one in within]


def _join(found: Reach, event: dict[str, Any], here: Iterable[str], there: list[str], *, forward: bool) -> None:
    kind = _KINDS[event["type"]]
    for one in here:
        for other in there:
            if one != other:
                source, target = (one, other) if forward else (other, one)
                found.edges.append(Edge(source, target, kind, event["_id"], event["event_time"]))


def handed_over(uris: Iterable[str], most: int = MOST) -> list[Edge]:
    """Return to whom and where things went: an `observed` edge to each destination of each event about them."""
    wanted, found = list(uris), list[Edge]()
    collection = Event._get_collection()
    for start in range(0, len(wanted), _AT_A_TIME):
        part = set(wanted[start : start + _AT_A_TIME])
        sides = (*_EACH_LISTED, keys.PARENT, keys.TRANSACTION_PARENT)
        query = {"things": {"$in": [side + one for one in part for side in sides]}}
        events = list(collection.find(query, {**_COLUMNS, "words": 1}).sort("event_time", 1).limit(most))
        wrong = _declared(events)
        for event in events:
            if event["_id"] not in wrong:
                found += _handed(event, sides, part)
    return found[:most]


def _handed(event: dict[str, Any], sides: tuple[str, ...], part: set[str]) -> Iterator[Edge]:
    ends = [told.partition("=")[2] for told in event["words"] if told.startswith("destination:")]
    things = [told[len(side) :] for told in event["things"] for side in sides if told.startswith(side)]
    for one in things:
        if one in part:
            for other in dict.fromkeys(ends):
                yield Edge(one, other, "observed", event["_id"], event["event_time"])


@dataclass(frozen=True)
class Amount:
    """How much of a class of things an event was about; without `uom` it counts pieces."""

    uri: str
    quantity: float
    uom: str = ""


@dataclass(frozen=True)
class Told:
    """What an event tells of amounts, and at which step of business."""

    step: str
    amounts: tuple[Amount, ...]


def amounts(event_ids: Iterable[str]) -> dict[str, Told]:
    """Return the quantities that events tell, by event; where an event tells none, none."""
    wanted, found = list(dict.fromkeys(event_ids)), dict[str, Told]()
    for start in range(0, len(wanted), _AT_A_TIME):
        part = {"_id": {"$in": wanted[start : start + _AT_A_TIME]}}
        for event in Event._get_collection().find(part, {"raw": 1}):
            raw = orjson.loads(event["raw"])
            told = [one for name in _QUANTITIES for one in raw.get(name, ()) if "quantity" in one]
            each = tuple(Amount(one["epcClass"], one["quantity"], one.get("uom", "")) for one in told)
            found[event["_id"]] = Told(bare(BIZ_STEPS, raw.get("bizStep", "")), each)
    return found
