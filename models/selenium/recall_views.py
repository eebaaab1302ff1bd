"""Recalls as they are read: by the office, by growers, by everybody. Plain dicts; an access line before persons."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from backend import clock, jobs
from backend.store import paging
from models.audit import access_line
from models.identity import account
from models.identity.actors import Staff
from models.messaging.notice import Notice
from models.selenium import (
    lot,
    pack,
    producer,
    recall,
    recall_item,
    recall_parties,
    recall_reach,
    recall_return,
    verdict,
)
from models.selenium.office_views import PURPOSE
from models.selenium.producer import Grower
from models.selenium.recall import Recall
from models.selenium.recall_reach import Drawn

Page = tuple[list[dict[str, Any]], str | None]
SHOWN_AT_ONCE = 200
_MANY = {"box": "boxes"}
_FIELDS = ("lots",)
_TIMES = ("drawn_at", "start_by", "started_at", "reached_at", "done_by", "closed_at")


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a recall."""
    same = ("lot", "lot_uri", "product", "product_zh", "village", "village_zh", "direction", "level", "reason", "state")
    told: dict[str, Any] = {name: found[name] for name in (*same, "by_grower", "cut", "counts")} | {
        "id": found["_id"],
        "producer_name": found["shown_name"],
        "direction_zh": recall.DIRECTION_ZH[found["direction"]],
        "level_zh": recall.LEVEL_ZH[found["level"]],
        "reason_zh": recall.REASON_ZH[found["reason"]],
        "state_zh": recall.STATE_ZH[found["state"]],
        "returned_grams": found["returned_grams"],
        "destroyed_grams": found["destroyed_grams"],
        "open_grams": recall_return.open_grams(found),
        **{name: time(found[name]) for name in _TIMES if name in found},
    }
    if "approval" in found:
        told["approval_id"] = str(found["approval"])
    if "job" in found:
        job = jobs.read(found["job"])
        told |= {"parts": max(job["total"], job["done"]), "parts_done": job["done"]}
    return told | ({"short": found["short"], "short_zh": recall.SHORT_ZH[found["short"]]} if "short" in found else {})


def time(at: Any) -> str:
    """Return a moment as it goes on the wire."""
    return clock.civil(at).isoformat(timespec="seconds")


def office_shown(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a recall to a member of the staff, who is noted as its reader."""
    _seen(actor, [found["producer"]])
    return shown(found)


def office(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the recalls of lots in the actor's area, by village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
    """
    actor.require("recall.read")
    query = producer.areas(actor, "recall.read") or {"village": {"$gt": ""}}
    found, following = paging.page(Recall._get_collection(), query, sort=("village", 1), cursor=cursor, limit=limit)
    _seen(actor, [one["producer"] for one in found])
    return [shown(one) for one in found], following


def own(grower: Grower, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the recalls of the producer's lots, newest first; drawings of the office are not shown."""
    mine = {"producer": grower.producer_id}
    query = mine | {"$or": [{"by_grower": True}, {"state": {"$in": list(recall.PUBLIC)}}]}
    found, following = paging.page(Recall._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def preview(drawn: Drawn, reader: ObjectId | None = None) -> dict[str, Any]:
    """Return what would be reached: the figures of all, and of each kind the first two hundred."""
    rows = list(recall_reach.items(drawn))
    some = {kind: [one for one in rows if one["kind"] == kind][:SHOWN_AT_ONCE] for kind in recall_item.KIND_ZH}
    told = {_MANY.get(kind, f"{kind}s"): items_shown(each, reader) for kind, each in some.items()}
    return {"lot": drawn.start["_id"], "cut": drawn.cut, "counts": recall_reach.counts(drawn), **told}


def office_preview(actor: Staff, drawn: Drawn) -> dict[str, Any]:
    """Return what would be reached to a member of the staff, who is noted as its reader."""
    _seen(actor, [one["producer"] for one in drawn.lots.values()])
    return preview(drawn)


def items(
    found: dict[str, Any], kind: str | None, *, cursor: str | None, limit: int, reader: ObjectId | None = None
) -> Page:
    """Return a page of what a recall reaches."""
    rows, following = recall_item.page(found["_id"], kind, cursor=cursor, limit=limit)
    return items_shown(rows, reader), following


def office_items(actor: Staff, found: dict[str, Any], kind: str | None, *, cursor: str | None, limit: int) -> Page:
    """Return a page of what a recall reaches to a member of the staff, who is noted as its reader."""
    rows, following = recall_item.page(found["_id"], kind, cursor=cursor, limit=limit)
    _seen(actor, [one["producer"] for one in rows if one.get("producer")])
    return items_shown(rows), following


def items_shown(rows: Sequence[dict[str, Any]], reader: ObjectId | None = None) -> list[dict[str, Any]]:
    """Return things that a recall reaches, with the names of who has to do with them, and the state of lots today."""
    growers = producer.several([one["producer"] for one in rows if one.get("producer")])
    names = recall_parties.names([one["uri"] for one in rows if one["kind"] == "buyer"], reader)
    lots = lot.several([one["name"] for one in rows if one["kind"] == "lot"])
    return [_item(one, growers, names, lots) for one in rows]


def _item(
    one: dict[str, Any], growers: dict[ObjectId, Any], names: dict[str, str], lots: dict[str, Any]
) -> dict[str, Any]:
    same = ("kind", "name", "uri", "role", "steps", "product", "lot", "roll", "first", "last", "packages", "grams")
    more = ("left_grams", "gone_grams", "sources", "parts", "returned_grams", "destroyed_grams", "told")
    told = {name: one[name] for name in (*same, *more) if name in one}
    told |= {"kind_zh": recall_item.KIND_ZH[one["kind"]], "role_zh": recall_item.ROLE_ZH[one["role"]]}
    if one["kind"] == "buyer":
        told |= {"party_name": names.get(one["uri"], ""), "amounts_unknown": bool(one.get("amounts_unknown"))}
    elif one.get("producer") in growers:
        told["producer_name"] = growers[one["producer"]]["shown_name"]
    if one["kind"] in {"lot", "pack"}:
        words = lot.STATE_ZH if one["kind"] == "lot" else pack.STATE_ZH
        told |= {"was": one["was"], "was_zh": words[one["was"]]}
    if one["name"] in lots:
        told |= {"lot_state": lots[one["name"]]["state"], "lot_state_zh": lot.STATE_ZH[lots[one["name"]]["state"]]}
    if outcome := one.get("outcome"):
        told |= {"outcome": outcome, "outcome_zh": recall_item.OUTCOME_ZH[outcome]}
    return told


def receipts(actor: Staff, found: dict[str, Any], *, cursor: str | None, limit: int) -> Page:
    """Return a page of the notices of a recall, by which channel each came; the access line is stored before."""
    query = {"about": found["_id"]}
    rows, following = paging.page(Notice._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    persons = account.persons_of([one["account"] for one in rows])
    access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=["notices.channels"])
    return receipts_shown(rows), following


def receipts_shown(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return notices with the party that each went to."""
    told = []
    for one in rows:
        channels = [{"channel": name, "state": kept["state"]} for name, kept in sorted(one["channels"].items())]
        told.append(
            {
                "buyer_id": one["key"].rpartition(":")[2],
                "at": time(one["at"]),
                "state": one["state"],
                "channels": channels,
            }
        )
    return told


def returns_shown(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what came back of a recall."""
    same = ("buyer", "returned_grams", "destroyed_grams", "day")
    rows = recall_return.of_recall(found["_id"])
    return [{name: one[name] for name in same} | {"at": time(one["at"])} for one in rows]


def public(*, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the recalls that everybody may read of, newest first."""
    query = {"state": {"$in": list(recall.PUBLIC)}}
    found, following = paging.page(Recall._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [public_shown(one) for one in found], following


def public_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a recall as everybody reads it: what, whose, since when, what to do."""
    lots = [one["name"] for one in recall_item.each(found["_id"], "lot") if _is_recalled(found, one)]
    return {
        "number": found["_id"],
        "product_zh": found["product_zh"],
        "lots": lots[:SHOWN_AT_ONCE],
        "lots_more": max(0, len(lots) - SHOWN_AT_ONCE),
        "producer_name": found["shown_name"],
        "village_zh": found["village_zh"],
        "level_zh": recall.LEVEL_ZH[found["level"]],
        "reason_zh": recall.REASON_ZH[found["reason"]],
        "state": found["state"],
        "state_zh": recall.STATE_ZH[found["state"]],
        "started_on": clock.civil(found["started_at"]).date().isoformat(),
        **({"closed_on": clock.civil(found["closed_at"]).date().isoformat()} if "closed_at" in found else {}),
        "advice_zh": verdict.ADVICE_ZH["recalled"],
    }


def _is_recalled(found: dict[str, Any], one: dict[str, Any]) -> bool:
    others = found["by_grower"] and one["producer"] != found["producer"]
    return one["role"] != "backward" and not others


def _seen(actor: Staff, producers: list[ObjectId]) -> None:
    """Record that natural persons were looked at; an organisation's data are public."""
    persons = sorted({one["person"] for one in producer.several(producers).values() if one.get("person")})
    access_line.record(actor, purpose=PURPOSE, subjects=persons, fields=_FIELDS)


def office_report(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return a recall whose report goes to a member of the staff: who grew or received something is noted before."""
    producers = {one["producer"] for one in recall_item.each(found["_id"]) if one.get("producer")}
    _seen(actor, sorted(producers))
    return found
