"""What growers do, and recalls, as EPCIS events: the only place that builds them.

    harvest    the lot begins                      ObjectEvent ADD, commissioning
    input      something was put on plots          ObjectEvent OBSERVE of the plots, what it was as extension
    sampling   a sample of a lot                   ObjectEvent OBSERVE, sampling
    grading    lots become lots                    TransformationEvent
    packing    a lot becomes packages              TransformationEvent; packages are traced by their pack
    boxing     packages go into a box              AggregationEvent ADD, and DELETE when it is opened
    shipping   boxes, packages, lots to a buyer    ObjectEvent OBSERVE, shipping; receiving when they arrive
    selling    packages or a loose lot             ObjectEvent OBSERVE, retail_selling
    recall     a lot is recalled                   ObjectEvent OBSERVE, disposition recalled

What was wrong is declared wrong by `declared_wrong`; an event is never changed.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from backend import clock
from models.epcis.event import Event
from models.selenium import uri

Given = Mapping[str, Any]
_NOON = 12 * 60
_KG = "KGM"


def context() -> dict[str, str]:
    """Return the prefixes of what our events say beyond the standard."""
    return {uri.PREFIX: uri.namespace()}


def harvest(goods: Given, plots: Sequence[Given]) -> dict[str, Any]:
    """Return the event of a lot that was harvested from plots."""
    place = plots[0]["_id"] if len(plots) == 1 else goods["producer"]
    day = date.fromisoformat(goods["harvested_on"])
    about = {
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "quantityList": [_weight(goods["uri"], goods["grams"])],
        "bizLocation": {"id": uri.place(goods["producer"])},
        "ilmd": {
            f"{uri.PREFIX}:product": goods["product"],
            f"{uri.PREFIX}:harvestedOn": goods["harvested_on"],
            f"{uri.PREFIX}:plots": [uri.place(one["_id"]) for one in plots],
        },
    }
    return _event("ObjectEvent", day, place, about)


def field_input(day: date, plots: Sequence[Any], told: Given) -> dict[str, Any]:
    """Return the event of an input that was put on plots; what it was stands in extension fields."""
    about: dict[str, Any] = {"action": "OBSERVE", "epcList": [uri.place(one) for one in plots]}
    named = {"input": "input", "name": "name", "amount": "amount", "unit": "unit", "target": "target"}
    named |= {"interval_days": "safetyIntervalDays", "registration": "registration"}
    about |= {f"{uri.PREFIX}:{name}": told[own] for own, name in named.items() if own in told}
    return _event("ObjectEvent", day, plots[0], about)


def sampling(goods: Given, day: date, grams: int) -> dict[str, Any]:
    """Return the event of a sample that the grower took of a lot."""
    about = {"action": "OBSERVE", "bizStep": "sampling", "quantityList": [_weight(goods["uri"], grams)]}
    return _event("ObjectEvent", day, goods["producer"], about)


def grading(taken: Mapping[str, int], made: Sequence[Given], day: date) -> dict[str, Any]:
    """Return the event of lots that became others; `taken` maps URIs to grams."""
    about = {
        "bizStep": "creating_class_instance",
        "inputQuantityList": [_weight(one, grams) for one, grams in taken.items()],
        "outputQuantityList": [_weight(one["uri"], one["grams"]) for one in made],
    }
    return _event("TransformationEvent", day, made[0]["producer"], about)


def packing(made: Given, goods: Given, gtin: str) -> dict[str, Any]:
    """Return the event of packages that were filled from a lot and labelled: the pack stands for them all."""
    about = {
        "bizStep": "packing",
        "inputQuantityList": [_weight(goods["uri"], made["grams"])],
        "outputQuantityList": [_count(uri.pack(made["_id"], gtin), made["last"] - made["first"] + 1)],
    }
    return _event("TransformationEvent", clock.civil(made["bound_at"]).date(), made["producer"], about)


def boxing(box: Given, day: date, *, opened: bool = False) -> dict[str, Any]:
    """Return the event of packages that went into a box, or came out of it."""
    about = {
        "action": "DELETE" if opened else "ADD",
        "bizStep": "unpacking" if opened else "packing",
        "parentID": uri.box(box["_id"]),
        "childQuantityList": _counts(box["contents"]),
    }
    return _event("AggregationEvent", day, box["producer"], about)


def shipping(shipment: Given, day: date, to: Sequence[str]) -> dict[str, Any]:
    """Return the event of a shipment that leaves for a buyer."""
    words = {"bizStep": "shipping", "disposition": "in_transit"}
    return _event("ObjectEvent", day, shipment["producer"], _moved(shipment, to) | words)


def receiving(shipment: Given, day: date, to: Sequence[str]) -> dict[str, Any]:
    """Return the event of a shipment that has arrived."""
    words = {"bizStep": "receiving", "disposition": "in_progress"}
    return _event("ObjectEvent", day, shipment["buyer"], _moved(shipment, to) | words)


def _moved(shipment: Given, to: Sequence[str]) -> dict[str, Any]:
    listed = _counts(shipment["packs"]) + [_weight(one["uri"], one["grams"]) for one in shipment["lots"]]
    about: dict[str, Any] = {
        "action": "OBSERVE",
        "bizTransactionList": [{"type": "desadv", "bizTransaction": uri.shipment(shipment["_id"])}],
        **_ends(shipment["producer"], to),
    }
    if shipment["boxes"]:
        about["epcList"] = [uri.box(one) for one in shipment["boxes"]]
    return about | ({"quantityList": listed} if listed else {})


def selling(producer: Any, day: date, listed: Sequence[Given], to: Sequence[str] = ()) -> dict[str, Any]:
    """Return the event of a sale; `listed` comes of `packages` and `loose`."""
    about: dict[str, Any] = {"action": "OBSERVE", "bizStep": "retail_selling", "disposition": "retail_sold"}
    about |= {"quantityList": list(listed)} | (_ends(producer, to) if to else {})
    return _event("ObjectEvent", day, producer, about)


def packages(pack_uri: str, count: int) -> dict[str, Any]:
    """Return packages of a pack as an event counts them."""
    return _count(pack_uri, count)


def loose(lot_uri: str, grams: int) -> dict[str, Any]:
    """Return grams of a lot as an event weighs them."""
    return _weight(lot_uri, grams)


def recalled(recall: Given, item: Given) -> dict[str, Any]:
    """Return the event of a lot that a recall reached; the same each time, so that it is stored once."""
    return {
        "type": "ObjectEvent",
        "eventID": uuid.uuid5(uuid.NAMESPACE_URL, f"{item['uri']}#{recall['_id']}").urn,
        "eventTime": _text(recall["started_at"]),
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "bizStep": "holding",
        "disposition": "recalled",
        "quantityList": [_weight(item["uri"], item["grams"])],
        f"{uri.PREFIX}:recall": recall["_id"],
    }


def _ends(producer: Any, to: Sequence[str]) -> dict[str, Any]:
    """Return from whom to whom: the buyer of the address book owns, the organisation behind it possesses."""
    kinds = ("owning_party", "possessing_party")
    return {
        "sourceList": [{"type": "owning_party", "source": uri.party(producer)}],
        "destinationList": [
            {"type": kind, "destination": one} for kind, one in zip(kinds, dict.fromkeys(to), strict=False)
        ],
    }


def declared_wrong(event_ids: Iterable[str], corrective: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the declarations that stored events were wrong; `corrective` are those that say it right."""
    told: dict[str, Any] = {"declarationTime": _text(clock.now())}
    told |= {"reason": "incorrect_data", "correctiveEventIDs": list(corrective)} if corrective else {}
    told |= {} if corrective else {"reason": "did_not_occur"}
    stored = Event._get_collection().find({"_id": {"$in": list(event_ids)}}, {"raw": 1})
    return [{**orjson.loads(one["raw"]), "errorDeclaration": told} for one in stored]


def _event(kind: str, day: date, place: Any, about: Mapping[str, Any]) -> dict[str, Any]:
    at = clock.now() if day >= clock.today() else clock.at(day, _NOON)
    offset = clock.civil(at).isoformat()[-6:]
    head = {"type": kind, "eventTime": _text(at), "eventTimeZoneOffset": offset}
    return {**head, "readPoint": {"id": uri.place(place)}, **about}


def _text(at: datetime) -> str:
    return clock.civil(at).isoformat(timespec="milliseconds")


def _weight(thing: str, grams: int) -> dict[str, Any]:
    return {"epcClass": thing, "quantity": grams / 1000, "uom": _KG}


def _count(thing: str, number: int) -> dict[str, Any]:
    return {"epcClass": thing, "quantity": number}


def _counts(contents: Iterable[Given]) -> list[dict[str, Any]]:
    summed: dict[str, int] = {}
    for one in contents:
        summed[one["uri"]] = summed.get(one["uri"], 0) + one["count"]
    return [_count(thing, number) for thing, number in summed.items()]
