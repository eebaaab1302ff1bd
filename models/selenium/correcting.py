"""A grower withdraws an own record that was wrong: its events are declared wrong, and what it did is undone.

What others rely on already is not undone: then the refusal says what has to be withdrawn before, or why it stays.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.errors import Conflict
from backend.store import transactions
from models.selenium import box, boxing, lot, pack, record, shipment, shipping
from models.selenium.certification import Certification
from models.selenium.commitment import CommittedGrams
from models.selenium.producer import Grower

Undo = Callable[[Mapping[str, Any], ClientSession], None]


class NotUndone(Conflict):
    """409: what the record says cannot be undone."""

    code = "record_final"
    zh = "拆箱、签收和包装件的售出登记不能撤回;如有差错,请联系所在乡镇农业服务机构。"
    en = (
        "Opening a box, receiving, and the sale of a pack cannot be withdrawn. Ask the agricultural office of the town."
    )


def withdraw(grower: Grower, record_id: ObjectId) -> dict[str, Any]:
    """Withdraw a record; repeating it changes nothing.

    Raises:
        NotFound: no such record of the producer.
        NotUndone, LotUsed, BoxMoved, ShipmentMoved, PackMoved, PackagesTaken: it cannot be undone.
        RecordChanged: it was corrected meanwhile.
    """
    found = record.own(grower, record_id)
    if found["state"] == "corrected":
        return found
    if found["kind"] == "packing":
        pack.void(grower, found["packs"][0])
        return record.own(grower, record_id)
    undo, wrong = _undo(found), record.correction(grower, found)

    def change(session: ClientSession) -> None:
        wrong.store(session)
        undo(found, session)

    transactions.run(change)
    return record.own(grower, record_id)


def _undo(found: Mapping[str, Any]) -> Undo:
    if found["kind"] == "selling" and found.get("packs"):
        raise NotUndone
    if (undo := UNDO.get(found["kind"])) is None:
        raise NotUndone
    return undo


def _nothing(_found: Mapping[str, Any], _session: ClientSession) -> None:
    """A record of what was seen or done has no effect on what there is."""


def _harvest(found: Mapping[str, Any], session: ClientSession) -> None:
    _gone(found["producer"], found["lots"][0], session)


def _gone(producer: ObjectId, number: str, session: ClientSession) -> None:
    committed = {"_id": number, "grams": {"$gt": 0}}
    certified = {"producer": producer, "lots": number, "state": {"$nin": ["refused", "withdrawn"]}}
    if CommittedGrams._get_collection().find_one(committed, session=session):
        raise lot.LotUsed
    if Certification._get_collection().find_one(certified, {"_id": 1}, session=session):
        raise lot.LotUsed
    lot.empty(number, session)


def _grading(found: Mapping[str, Any], session: ClientSession) -> None:
    for number in found["told"]["made"]:
        _gone(found["producer"], number, session)
    for number, grams in found["told"]["taken"].items():
        lot.give_back(number, grams, session)


def _boxing(found: Mapping[str, Any], session: ClientSession) -> None:
    boxing.emptied(box.read(found["boxes"][0]), session)


def _shipping(found: Mapping[str, Any], session: ClientSession) -> None:
    shipping.returned(shipment.read(found["shipment"]), session)


def _selling(found: Mapping[str, Any], session: ClientSession) -> None:
    lot.give_back(found["lots"][0], found["told"]["grams"], session)


UNDO: dict[str, Undo] = {
    "input": _nothing,
    "sampling": _nothing,
    "harvest": _harvest,
    "grading": _grading,
    "boxing": _boxing,
    "shipping": _shipping,
    "selling": _selling,
}
