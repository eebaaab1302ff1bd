"""What a recall would reach: lots, packs, boxes, who received some of it, what is here and what is gone.

Events and our own records (a lot's parents, a pack's lot) are followed in turn until neither tells more, so that goods
packed before events were written are reached as well. Bounded by `MOST` things: `cut` says that there is more.

    forward    everything that came of the lot; its siblings by a shared parent are not in it
    backward   everything that went into it
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from models.epcis import trace
from models.epcis.trace import Reach, Told
from models.selenium import lot, recall_parties, roll, uri
from models.selenium.pack import Pack

MOST = 10_000
_SOURCES = 20
_PARTS = 200
_GRAMS = {"KGM": 1000, "GRM": 1, "TNE": 1_000_000}
_RECEIVED = frozenset({"receiving", "accepting", "arriving"})
_SENT = frozenset({"shipping", "departing", "consigning"})
Document = dict[str, Any]


@dataclass
class Buyer:
    """Who received what: grams by pack or lot; `unknown` when some of it was told without an amount.

    The same goods are told of when they are sent, received and sold: of these the most counts.
    """

    grams: dict[str, int] = field(default_factory=dict)
    unknown: bool = False


@dataclass
class Drawn:
    """What is reached from a lot, and how far away; `roles` of lots."""

    start: Document
    lots: dict[str, Document] = field(default_factory=dict)
    packs: dict[str, Document] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    boxes: dict[str, str] = field(default_factory=dict)
    things: list[str] = field(default_factory=list)
    buyers: dict[str, Buyer] = field(default_factory=dict)
    cut: bool = False


def draw(start: Document, direction: str, most: int = MOST) -> Drawn:
    """Return what a recall of a lot would reach; nothing is written."""
    drawn = Drawn(start)
    if direction != "backward":
        told = _spread(drawn, "forward", most)
        _sort(drawn, told)
        _buyers(drawn, told)
    if direction != "forward":
        _spread(drawn, "backward", most)
    drawn.lots.setdefault(start["_id"], start)
    drawn.roles[start["_id"]] = "start"
    drawn.steps.setdefault(start["uri"], 0)
    return drawn


def name(text: str) -> str:
    """Return the number at the end of a URI of ours."""
    return text.rpartition("/")[2]


def is_party(text: str) -> bool:
    """Tell whether a destination is somebody: places of ours are not."""
    return text.startswith(uri.party("")) or not text.startswith(f"{uri.base()}/")


def _spread(drawn: Drawn, direction: trace.Direction, most: int) -> Reach:
    """Follow events and records in turn until neither tells more; return the events' part."""
    whole, seen = Reach(), set[str]()
    wanted = {drawn.start["uri"]: 0}
    while wanted and not whole.cut:
        told = trace.reach_of(list(wanted), direction, most)
        base = min(wanted.values())
        for one, steps in told.nodes.items():
            whole.nodes.setdefault(one, wanted.get(one, base + steps))
        whole.edges += told.edges
        whole.cut = told.cut or len(whole.nodes) > most
        wanted = _by_records(drawn, direction, whole, seen, most)
    drawn.cut = drawn.cut or whole.cut
    for edge in whole.edges:
        _source(drawn, edge.target, edge.source)
    for one, steps in whole.nodes.items():
        drawn.steps.setdefault(one, steps)
    return whole


def _by_records(drawn: Drawn, direction: str, whole: Reach, seen: set[str], most: int) -> dict[str, int]:
    """Note the lots and packs among what was reached; return what our records tell beyond it."""
    fresh = [one for one in lot.by_uris(list(whole.nodes)) if one["_id"] not in seen]
    for one in fresh:
        drawn.lots.setdefault(one["_id"], one)
        drawn.roles.setdefault(one["_id"], direction)
    numbers = [one["_id"] for one in fresh]
    seen.update(numbers)
    if direction == "backward":
        return _parents(drawn, whole, fresh)
    children = lot.graded_from(numbers, most)
    packs = _packs(drawn, whole, numbers, most)
    for one in children:
        for each in set(one["parents"]) & set(numbers):
            _source(drawn, one["uri"], uri.lot(each))
    for one in packs.values():
        _source(drawn, one["uri"], uri.lot(one["lot"]))
    found = [one["uri"] for one in (*children, *packs.values())]
    return _beyond(whole, found, 1 + max((drawn.steps.get(one["uri"], 0) for one in fresh), default=0))


def _parents(drawn: Drawn, whole: Reach, fresh: list[Document]) -> dict[str, int]:
    for one in fresh:
        for each in one["parents"]:
            _source(drawn, one["uri"], uri.lot(each))
    parents = lot.several(list({each for one in fresh for each in one["parents"]}))
    return _beyond(whole, (one["uri"] for one in parents.values()), 1)


def _packs(drawn: Drawn, whole: Reach, lots: list[str], most: int) -> dict[str, Document]:
    """Note the packs of lots, and those that events name, each with its URI; void ones are no goods."""
    named = [number for one in whole.nodes if (number := name(one)).startswith("P") and number not in drawn.packs]
    query = {"$or": [{"lot": {"$in": lots}}, {"_id": {"$in": named}}]}
    rows = [one for one in Pack._get_collection().find(query).limit(most) if one["_id"] not in drawn.packs]
    rolls = {"_id": {"$in": list({one["roll"] for one in rows})}}
    gtins = {one["_id"]: one.get("gtin", "") for one in roll.Roll._get_collection().find(rolls, {"gtin": 1})}
    found = {
        one["_id"]: one | {"uri": uri.pack(one["_id"], gtins.get(one["roll"], ""))}
        for one in rows
        if one["state"] != "void"
    }
    drawn.packs |= found
    return found


def _beyond(whole: Reach, found: Iterable[str], steps: int) -> dict[str, int]:
    return {text: steps for text in found if text not in whole.nodes}


def _source(drawn: Drawn, target: str, source: str) -> None:
    sources = drawn.sources[name(target)]
    if name(source) not in sources and len(sources) < _SOURCES:
        sources.append(name(source))


def _sort(drawn: Drawn, told: Reach) -> None:
    """Tell boxes and other things apart from lots and packs."""
    taken, box = {*drawn.lots, *drawn.packs}, uri.box("")
    for one in told.nodes:
        if one.startswith(box):
            drawn.boxes[name(one)] = one
        elif name(one) not in taken:
            drawn.things.append(one)


def _buyers(drawn: Drawn, told: Reach) -> None:
    """Note who received what, by the amounts that the events tell."""
    inside = [one for one in told.edges if one.kind == "aggregation" and one.target in drawn.boxes.values()]
    handed = trace.handed_over([*told.nodes], MOST)
    drawn.cut = drawn.cut or len(handed) >= MOST
    amounts = trace.amounts([one.event for one in (*inside, *handed)])
    contents: dict[str, dict[str, int]] = defaultdict(dict)
    for one in inside:
        _add(contents[one.target], _grams(drawn, amounts.get(one.event), one.source))
    own = {uri.party(one["producer"]) for one in drawn.lots.values()}
    behind = recall_parties.behind({one.target for one in handed})
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for event, source, target in dict.fromkeys((one.event, one.source, behind[one.target]) for one in handed):
        if is_party(target) and target not in own:
            got = contents.get(source) or _grams(drawn, amounts.get(event), source)
            buyer = drawn.buyers.setdefault(target, Buyer())
            buyer.unknown = buyer.unknown or not any(got.values())
            _add(sums[target, _step(amounts, event)], got or {name(source): 0})
    for (party, _), got in sums.items():
        grams = drawn.buyers[party].grams
        for number, much in got.items():
            grams[number] = max(grams.get(number, 0), min(much, _most(drawn, number)))


def _step(amounts: dict[str, Told], event: str) -> str:
    step = amounts[event].step if event in amounts else ""
    return "sent" if step in _SENT else "received" if step in _RECEIVED else "sold"


def _add(sums: dict[str, int], more: dict[str, int]) -> None:
    for number, grams in more.items():
        sums[number] = sums.get(number, 0) + grams


def _most(drawn: Drawn, number: str) -> int:
    known = drawn.packs.get(number) or drawn.lots.get(number)
    return int(known["grams"]) if known else 0


def _grams(drawn: Drawn, told: Told | None, wanted: str) -> dict[str, int]:
    """Return the grams of a pack or lot by what an event tells."""
    found: dict[str, int] = {}
    number = name(wanted)
    for one in told.amounts if told else ():
        if one.uri == wanted and one.uom:
            _add(found, {number: round(one.quantity * _GRAMS.get(one.uom, 0))})
        elif one.uri == wanted and number in drawn.packs:
            _add(found, {number: round(one.quantity * net_grams(drawn.packs[number]))})
    return found


def net_grams(found: Document) -> float:
    """Return what one package of a pack weighs."""
    return float(found["grams"] / packages(found))


def packages(found: Document) -> int:
    """Return how many packages a pack has."""
    return int(found["last"] - found["first"] + 1)


def was(found: Document) -> str:
    """Return the state of a pack before it was frozen."""
    return str(found.get("frozen_from") or found["state"]) if found["state"] == "frozen" else str(found["state"])


def gone(drawn: Drawn) -> dict[str, int]:
    """Return how many grams of each pack and lot are gone: sold, or handed to somebody."""
    handed: dict[str, int] = defaultdict(int)
    for buyer in drawn.buyers.values():
        for number, grams in buyer.grams.items():
            handed[number] += grams
    found = {
        number: one["grams"] if was(one) == "sold" else min(one["grams"], handed[number])
        for number, one in drawn.packs.items()
    }
    loose = {number: min(one["grams"], handed[number]) for number, one in _forward(drawn).items()}
    return found | loose


def counts(drawn: Drawn) -> dict[str, int]:
    """Return the figures of what is reached."""
    ahead, away = _forward(drawn), gone(drawn)
    left = sum(one["left_grams"] for one in ahead.values())
    unsold = sum(one["grams"] - away[number] for number, one in drawn.packs.items())
    return {
        "lots": len(ahead),
        "source_lots": len(drawn.lots) - len(ahead),
        "packs": len(drawn.packs),
        "packages": sum(packages(one) for one in drawn.packs.values()),
        "boxes": len(drawn.boxes),
        "things": len(drawn.things),
        "buyers": len(drawn.buyers),
        "left_grams": left,
        "unsold_grams": unsold,
        "gone_grams": sum(away.values()),
    }


def _forward(drawn: Drawn) -> dict[str, Document]:
    return {number: one for number, one in drawn.lots.items() if drawn.roles[number] != "backward"}


def items(drawn: Drawn) -> Iterator[Document]:
    """Yield what is reached as the documents of a recall, not stored yet."""
    away = gone(drawn)
    for number, one in drawn.lots.items():
        same = {field: one[field] for field in ("uri", "producer", "product", "grams", "left_grams")}
        told = {"kind": "lot", "name": number, **same, "role": drawn.roles[number], "was": one["state"]}
        yield told | _away(drawn, one["uri"]) | {"gone_grams": away.get(number, 0)}
    for number, one in drawn.packs.items():
        same = {field: one[field] for field in ("uri", "producer", "lot", "roll", "first", "last", "grams")}
        told = {"kind": "pack", "name": number, **same, "was": was(one)}
        told |= {"packages": packages(one), "gone_grams": away[number], "role": "forward"}
        yield told | _away(drawn, one["uri"])
    for number, text in drawn.boxes.items():
        yield {"kind": "box", "name": number, "uri": text, "role": "forward"} | _away(drawn, text)
    for text in drawn.things:
        yield {"kind": "thing", "name": text, "uri": text, "role": "forward"} | _away(drawn, text)
    for text, buyer in drawn.buyers.items():
        parts = sorted(buyer.grams)[:_PARTS]
        told = {"kind": "buyer", "name": text, "uri": text, "role": "forward", "steps": 0, "parts": parts}
        yield told | {"grams": sum(buyer.grams.values()), "amounts_unknown": buyer.unknown}


def _away(drawn: Drawn, text: str) -> Document:
    return {"steps": drawn.steps.get(text, 0), "sources": drawn.sources.get(name(text), [])}
