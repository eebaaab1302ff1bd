"""Goods leave for a buyer, arrive, or come back because nothing left after all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from models.identity.actors import Member
from models.selenium import box, buyer, events, lot, pack, record, shipment
from models.selenium import producer as producer_
from models.selenium.producer import Grower


@dataclass(frozen=True)
class Wanted:
    """What leaves for whom: numbers of boxes, packages of packs, and grams of lots."""

    buyer: ObjectId
    day: date
    boxes: Sequence[str] = ()
    packs: Sequence[Mapping[str, Any]] = ()
    lots: Sequence[Mapping[str, Any]] = ()
    note_no: str = ""


def send(grower: Grower, wanted: Wanted, key: str = "") -> dict[str, Any]:
    """Let boxes, packages and loose produce leave for a buyer; the same request again gives the same shipment.

    Raises:
        BuyerWrong, ShipmentWrong, ContentsWrong, DayWrong: it cannot have left like this.
        BoxMoved, PackagesTaken, PackMoved: some of it is elsewhere.
        LotHeld, LotNotOpen, LotTooSmall: a lot is held or recalled, or less is left of it.
    """
    if again := record.of_key(key):
        return shipment.read(again["shipment"])
    made = _drafted(grower, wanted)
    about = {name: made[own] for name, own in (("boxes", "boxes"), ("lots", "all_lots"), ("packs", "packages"))}
    told = {"boxes": len(made["boxes"]), "grams": sum(one["grams"] for one in made["lots"])}
    told["packages"] = sum(one["count"] for one in made["packs"])
    happened = events.shipping(made, wanted.day, made["parties"])
    about |= {"shipment": made["_id"], "buyer": wanted.buyer, "told": told}
    drafted = record.draft(grower, "shipping", wanted.day, [happened], key=key, **about)

    def effect(session: ClientSession) -> None:
        lot.let_move(made["all_lots"], session)
        box.move(made["boxes"], "packed", "shipped", session, made["_id"])
        for one in made["packs"]:
            pack.take(one, session)
        for one in made["lots"]:
            lot.use(one["lot"], one["grams"], session)
        shipment.insert(made, session)

    return shipment.read(record.keep(drafted, effect)["shipment"])


def _drafted(grower: Grower, wanted: Wanted) -> dict[str, Any]:
    to, boxes = buyer.named(grower, wanted.buyer), _boxes(grower, wanted.boxes)
    parts, loose = box.contents(grower, wanted.packs), _loose(grower, wanted)
    if not (boxes or parts or loose):
        raise shipment.ShipmentWrong
    inside = [one for each in boxes for one in each["contents"]] + parts
    told: dict[str, Any] = {
        "buyer": wanted.buyer,
        "parties": buyer.parties(to),
        "boxes": [one["_id"] for one in boxes],
        "packs": parts,
        "lots": loose,
        "all_lots": sorted({one["lot"] for one in (*inside, *loose)}),
        "packages": sorted({one["pack"] for one in inside}),
        "note_no": wanted.note_no,
        "shipped_on": record.check_day(wanted.day).isoformat(),
    }
    return shipment.record(grower, told | ({"organisation": to["organisation"]} if "organisation" in to else {}))


def _boxes(grower: Grower, numbers: Sequence[str]) -> list[dict[str, Any]]:
    found = list(box.several(numbers).values())
    if len(found) != len(numbers) or any(one["producer"] != grower.producer_id for one in found):
        raise shipment.ShipmentWrong
    return found


def _loose(grower: Grower, wanted: Wanted) -> list[dict[str, Any]]:
    found = lot.several([one["lot"] for one in wanted.lots])
    if len(found) != len(wanted.lots) or any(one["producer"] != grower.producer_id for one in found.values()):
        raise shipment.ShipmentWrong("lots")
    record.check_day(wanted.day, max((one["harvested_on"] for one in found.values()), default=""))
    return [{"lot": one["lot"], "uri": found[one["lot"]]["uri"], "grams": one["grams"]} for one in wanted.lots]


def receive(grower: Grower, number: str) -> dict[str, Any]:
    """Note that a buyer told of the arrival of a shipment; repeating it changes nothing.

    Raises:
        NotFound: no such shipment of the producer.
        ShipmentMoved: it was withdrawn.
    """
    return _received(grower, shipment.own(grower, number))


def receive_own(actor: Member, number: str) -> dict[str, Any]:
    """Confirm the arrival of a shipment to the organisation for which somebody acts; repeating it changes nothing.

    Raises:
        NotFound: no such shipment to the organisation.
        ShipmentMoved: it was withdrawn.
    """
    found = shipment.coming(actor.organisation_id, number)
    sender = producer_.read(found["producer"])
    return _received(Grower(found["producer"], actor.key, producer=sender), found)


def _received(grower: Grower, found: dict[str, Any]) -> dict[str, Any]:
    if found["state"] == "received":
        return found
    day, number = clock.today(), found["_id"]
    about = {"boxes": found["boxes"], "packs": found["packages"], "lots": found["all_lots"]}
    about |= {"shipment": number, "buyer": found["buyer"]}
    happened = events.receiving(found, day, found["parties"])
    drafted = record.draft(grower, "receiving", day, [happened], **about)

    def effect(session: ClientSession) -> None:
        shipment.move(number, "received", session, received_on=day.isoformat())
        box.move(found["boxes"], "shipped", "received", session, number)

    record.keep(drafted, effect)
    return shipment.read(number)


def returned(found: Mapping[str, Any], session: ClientSession) -> None:
    """Bring everything of a shipment back to where it was, within the transaction that withdraws it.

    Raises:
        ShipmentMoved: it was received or withdrawn.
    """
    shipment.move(found["_id"], "withdrawn", session)
    box.move(found["boxes"], "shipped", "packed", session, found["_id"])
    for one in found["packs"]:
        pack.put_back(one, session)
    for one in found["lots"]:
        lot.give_back(one["lot"], one["grams"], session)
