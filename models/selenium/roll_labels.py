"""The labels of a roll: what stands on each, the sheets as files, and all of them as one ZIP."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from bson import ObjectId
from mongoengine import DictField, Document, IntField, ObjectIdField, StringField
from pymongo import ReturnDocument

from backend import personal_data
from backend.codes import product_code
from backend.errors import NotFound
from backend.labels import bundle, layout, sheets, single
from backend.labels.label import Label
from backend.labels.sheets import Part, Plan
from backend.personal_data import Holding
from models.media import chunk
from models.selenium import code, printing, uri

COLLECTION = "selenium_label_parts"
_LONGEST_NUMBER = 6
_ROOM_FOR_THE_CODE = 50
"""Millimetres: on a narrower label the whole code does not fit one line of print that can be read."""


class LabelPart(Document):
    """A sheet of a roll: the file that holds it, and its digest once it is whole."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["roll", "number"]}]}
    id = StringField(primary_key=True)
    roll = StringField(required=True)
    number = IntField(required=True)
    file = ObjectIdField(required=True)
    told = DictField()


personal_data.declare(
    Holding(
        COLLECTION,
        "标签文件",
        via=(("roll", "selenium_rolls"),),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


def plan(roll: dict[str, Any]) -> Plan:
    """Return how the labels of a roll are printed."""
    title, printer = f"{roll['item_zh']} {roll['_id']}", printing.printer(roll.get("printer", {}))
    return Plan(layout.named(roll["sheet"]), title, roll["created_at"], printer=printer, start=roll["start"])


def span(roll: dict[str, Any], part: int) -> range:
    """Return the numbers, from 1, of the labels of a part."""
    found = plan(roll).span(part, roll["count"])
    return range(found.start + 1, found.stop + 1)


def payload(roll: dict[str, Any], text: str) -> str:
    """Return what the code of a label says to a phone."""
    if gtin := roll.get("gtin", ""):
        return product_code.gs1_url(uri.base(), gtin, text)
    return product_code.short_url(uri.base(), text)


def label(roll: dict[str, Any], n: int) -> Label:
    """Return label `n` of a roll."""
    text = code.text(roll, n)
    secret = code.scratch(roll["key_id"], text[: product_code.FORMS[roll["form"]].head]) if roll.get("scratch") else ""
    scratch = (f"刮开验真 {secret[:4]}-{secret[4:]}",) if secret else ()
    if layout.named(roll["sheet"]).width < _ROOM_FOR_THE_CODE:
        return Label(payload(roll, text), (text[:12], text[12:], *scratch, roll["item_zh"]), str(n))
    spaced = "-".join(text[at : at + 6] for at in range(0, len(text), 6))
    return Label(payload(roll, text), (roll["item_zh"], *scratch, f"{roll['_id']} 第 {n} 号"), spaced)


def write_part(roll: dict[str, Any], number: int) -> None:
    """Write a sheet into its file; again gives the same bytes."""
    out, how = BytesIO(), plan(roll)
    told = sheets.write(how, number, roll["count"], (label(roll, n) for n in span(roll, number)), out)
    name = {"_id": f"{roll['_id']}:{number:04d}"}
    kept = {"roll": roll["_id"], "number": number, "file": ObjectId()}
    parts = LabelPart._get_collection()
    found = parts.find_one_and_update(name, {"$setOnInsert": kept}, upsert=True, return_document=ReturnDocument.AFTER)
    chunk.write(found["file"], out.getvalue(), None)
    parts.update_one(name, {"$set": {"told": told.record()}})


def archive(roll: dict[str, Any]) -> Iterator[bytes]:
    """Yield the ZIP of a roll that is ready: sheets, list, manifest."""
    rows = list(LabelPart._get_collection().find({"roll": roll["_id"]}).sort("number", 1))
    files = {one["number"]: one["file"] for one in rows}
    labels = (label(roll, n) for n in range(1, roll["count"] + 1))
    parts = [Part(**one["told"]) for one in rows]
    return bundle.stream(plan(roll), parts, lambda part: chunk.read(files[part.number]), labels)


def picture(roll: dict[str, Any], number: str, kind: str) -> bytes:
    """Return the code of one label of a roll as PNG or SVG, for whoever designs the package.

    Raises:
        NotFound: the roll has no such label.
    """
    n = _counted(number)
    if not 1 <= n <= roll["count"]:
        raise NotFound
    told = payload(roll, code.text(roll, n))
    return (single.png(told) if kind == "png" else single.svg(told)).content


def _counted(number: str) -> int:
    return int(number) if number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER + 1 else 0


def sheet(roll: dict[str, Any], number: str) -> bytes:
    """Return one file of sheets, counted from 1, as PDF.

    Raises:
        NotFound: there is none, or it is not made yet.
    """
    found = LabelPart._get_collection().find_one({"_id": f"{roll['_id']}:{_counted(number) - 1:04d}"})
    if found is None or "told" not in found:
        raise NotFound
    return b"".join(chunk.read(found["file"]))
