"""Buyers, boxes and shipments as growers see them, deliveries as buyers do: plain dicts; and the delivery note."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from bson import ObjectId

from backend import clock
from backend.documents.document import Document
from backend.documents.table import Column
from backend.identity_documents import mask_phone
from backend.store import paging
from models.selenium import box, buyer, producer, shipment, uri
from models.selenium.box import Box
from models.selenium.buyer import Buyer
from models.selenium.grower_views import Page
from models.selenium.producer import Grower
from models.selenium.shipment import Shipment


def buyer_shown(found: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """Return a buyer; the phone is masked unless one looks at this buyer alone."""
    number = buyer.phone_of(found)
    told = {"id": str(found["_id"]), "kind": found["kind"], "kind_zh": buyer.KIND_ZH[found["kind"]]}
    told |= {"name": buyer.name_of(found), "state": found["state"]}
    told |= {"phone": number if whole else mask_phone(number)} if number else {}
    told |= {"credit_code": found["credit_code"]} if "credit_code" in found else {}
    return told | {"registered": "organisation" in found}


def buyers(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's address book, oldest first."""
    query = {"producer": grower.producer_id, "state": "kept"}
    found, following = paging.page(Buyer._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [buyer_shown(one, whole=False) for one in found], following


def box_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a box with what is in it."""
    told = {"id": found["_id"], "uri": uri.box(found["_id"]), "packed_on": found["packed_on"], "state": found["state"]}
    told |= {"packs": _parts(found["contents"]), "state_zh": box.STATE_ZH[found["state"]]}
    told |= {"shipment": found["shipment"]} if "shipment" in found else {}
    return told | {"created_at": _moment(found)}


def boxes(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's boxes, newest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Box._get_collection(), query, sort=("created_at", -1), cursor=cursor, limit=limit)
    return [box_shown(one) for one in found], following


def _parts(contents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = ("pack", "lot", "count", "first", "last")
    return [{name: one[name] for name in names if name in one} for one in contents]


def _moment(found: Mapping[str, Any]) -> str:
    return clock.civil(found["created_at"]).isoformat(timespec="seconds")


def shipment_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a shipment with what is in it."""
    same = ("boxes", "note_no", "shipped_on", "state")
    told = {name: found[name] for name in same} | {"id": found["_id"], "buyer": str(found["buyer"])}
    told |= {"packs": _parts(found["packs"]), "created_at": _moment(found)}
    told |= {"lots": [{"lot": one["lot"], "grams": one["grams"]} for one in found["lots"]]}
    told |= {"received_on": found["received_on"]} if "received_on" in found else {}
    return told | {"state_zh": shipment.STATE_ZH[found["state"]]}


def shipments(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's shipments, newest first."""
    query, newest = {"producer": grower.producer_id}, ("created_at", -1)
    found, following = paging.page(Shipment._get_collection(), query, sort=newest, cursor=cursor, limit=limit)
    return [shipment_shown(one) for one in found], following


def delivery_shown(found: dict[str, Any], sender: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shipment as its buyer sees it."""
    told = {name: found[name] for name in ("note_no", "shipped_on", "state")} | {"id": found["_id"]}
    told |= {"from_zh": sender["shown_name"], "boxes": len(found["boxes"])}
    told |= {"packages": sum(one["count"] for one in found["packs"])}
    told |= {"grams": sum(one["grams"] for one in found["lots"])}
    told |= {"received_on": found["received_on"]} if "received_on" in found else {}
    return told | {"state_zh": shipment.STATE_ZH[found["state"]]}


def deliveries(organisation_id: ObjectId, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the shipments to an organisation, newest first."""
    query = {"organisation": organisation_id, "state": {"$ne": "withdrawn"}}
    newest = ("created_at", -1)
    found, following = paging.page(Shipment._get_collection(), query, sort=newest, cursor=cursor, limit=limit)
    senders = producer.several([one["producer"] for one in found])
    return [delivery_shown(one, senders[one["producer"]]) for one in found], following


def delivery(found: dict[str, Any]) -> dict[str, Any]:
    """Return one shipment as its buyer sees it."""
    return delivery_shown(found, producer.read(found["producer"]))


def note(grower: Grower, found: dict[str, Any]) -> bytes:
    """Return the delivery note of a shipment as a PDF, with the buyer's name: it travels with the goods."""
    to, out = buyer.read_own(grower, found["buyer"]), BytesIO()
    running = f"送货单 {found['note_no']}"
    with Document(out, title="送货单", created=clock.now(), running=running) as page:
        page.heading("送货单", align="center")
        if found["state"] == "withdrawn":
            page.paragraph("本单已撤回", size=14, bold=True, align="center")
        rows = [
            ("送货单号", found["note_no"]),
            ("发货人", grower.producer["shown_name"]),
            ("收货人", buyer.name_of(to)),
            ("发货日期", found["shipped_on"]),
        ]
        page.table([Column("项目"), Column("内容", 3)], rows)
        goods = [("箱", one, "") for one in found["boxes"]]
        goods += [("包装批", one["pack"], f"{one['count']} 件") for one in found["packs"]]
        goods += [("散货批次", one["lot"], f"{one['grams'] / 1000:g} 公斤") for one in found["lots"]]
        page.table([Column("类别"), Column("编号", 2), Column("数量")], goods)
        page.paragraph("收货人签字:                    日期:")
    return out.getvalue()
