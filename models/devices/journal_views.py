"""The journal as staff see it: ids, times, codes of kinds and reasons, sums; no code, no name. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from backend import clock, runtime
from backend.money import yuan
from backend.store import paging
from models.devices import conflict, journal, quarantine
from models.identity.actors import Staff

OPERATION = "journal.read"
REASON_ZH = {
    "": "",
    "used_twice": "同一张票两次入园",
    "entries_used_up": "入园次数超过票面规定",
    "inside_twice": "未出园又再次入园",
    "zone_not_included": "票种不含该区域",
    "too_many_scans": "同一张票的过闸记录过多",
    "code_used": "同一动态码两次入园",
    "code_stale": "动态码已过期",
    "code_ahead": "动态码时间晚于过闸时间",
    "document_unknown": "证件名单中没有对应的票",
    "no_ticket": "持卡人当天没有本景点的预约",
    "fare_owed": "钱包余额不足,车费待补",
    "cancelled": "已取消的票离线入园",
    "released": "超时未到而释放的票离线入园",
    "other_time": "离线入园时间不在票面时段内",
    "other_place": "不是本景点的票",
    "unknown_ticket": "没有这张票",
    "not_ours": "不是本平台的码",
    "wrong_format": "码内容不完整",
    "wrong_kind": "码种不对",
    "unknown_key": "签发密钥未知或已停用",
    "bad_signature": "码的签名不对",
    "replayed": "同一个码重复使用",
    "revoked": "凭证已作废",
    "expired": "码已过期",
    "wrong_scanner": "码不能在这类终端使用",
    "limit_reached": "打印卡使用过于频繁",
    "clock_off": "码的时间与终端时间不符",
    "card_not_active": "社会保障卡不在可用状态",
    "idempotency_key_reused": "同一流水号已用于另一个码",
    "too_late": "补传太晚,已无法核对是否重复用码",
    "online_only": "付款码须联网核验,离线收款不予认可",
    "bus_line_unknown": "终端登记的线路不存在",
    "bus_fare_missing": "线路在乘车当天没有登记票价",
}
Listed = tuple[list[dict[str, Any]], str | None]


def entries(actor: Staff, *, state: str, cursor: str | None, limit: int) -> Listed:
    """Return a page of the journal in one state, newest first."""
    return _page(actor, journal.JournalEntry, {"state": state}, _entry, cursor=cursor, limit=limit)


def flagged(actor: Staff, *, flag: str, cursor: str | None, limit: int) -> Listed:
    """Return a page of the entries whose time is doubtful for one reason, newest first."""
    query = {"flagged": True, "flags": flag}
    return _page(actor, journal.JournalEntry, query, _entry, cursor=cursor, limit=limit)


def conflicts(actor: Staff, *, state: str, cursor: str | None, limit: int) -> Listed:
    """Return a page of conflicts, newest first."""
    return _page(actor, conflict.JournalConflict, {"state": state}, shown_conflict, cursor=cursor, limit=limit)


def quarantined(actor: Staff, *, cursor: str | None, limit: int) -> Listed:
    """Return a page of what could not be read, newest first; without its content."""
    return _page(actor, quarantine.Quarantined, {}, _quarantined, cursor=cursor, limit=limit, by="received_at")


def _page(
    actor: Staff, kind: Any, query: Mapping[str, Any], show: Any, *, cursor: str | None, limit: int, by: str = "at"
) -> Listed:
    actor.require(OPERATION)
    units = actor.units_for(OPERATION)
    scope = dict(query) if units is None else {**query, "unit": {"$in": sorted(units)}}
    found, following = paging.page(kind._get_collection(), scope, sort=(by, -1), cursor=cursor, limit=limit)
    return [show(one) for one in found if actor.covers(OPERATION, unit=one["unit"], area=one["area"])], following


def _where(found: dict[str, Any]) -> dict[str, Any]:
    return {"id": found["_id"], "device": found["device"], "place_id": found["place"], "unit": found["unit"]}


def _reason(found: dict[str, Any]) -> dict[str, str]:
    reason = found.get("reason") or ""
    return {"reason": reason, "reason_zh": REASON_ZH.get(reason, reason)}


def _entry(found: dict[str, Any]) -> dict[str, Any]:
    same = {name: found.get(name) or "" for name in ("code_kind", "decision", "gate_reason", "zone", "direction")}
    optional = {"ticket": found["ticket"]} if "ticket" in found else {}
    return {
        **_where(found),
        **same,
        **optional,
        "at": _time(found["at"]),
        "told_at": _time(found["told_at"]),
        "received_at": _time(found["received_at"]),
        "offset_seconds": found["offset_seconds"],
        "flags": found.get("flags", []),
        "state": found["state"],
        "state_zh": journal.STATE_ZH[found["state"]],
        **_reason(found),
    }


def shown_conflict(found: dict[str, Any]) -> dict[str, Any]:
    """Return a conflict as staff see it, with the note of who settled it."""
    told: dict[str, Any] = {
        **_where(found),
        **{name: found[name] for name in ("code_kind", "ticket", "details") if name in found},
        **_reason(found),
        "happened_zh": _happened(found),
        "at": _time(found["at"]),
        "opened_at": _time(found["opened_at"]),
        "state": found["state"],
        "state_zh": conflict.STATE_ZH[found["state"]],
    }
    if found["state"] == "open":
        return told
    told |= {"settled_by": found["settled_by"], "settled_at": _time(found["settled_at"])}
    if decision := found.get("decision"):
        told |= {"decision": decision, "decision_zh": conflict.DECISION_ZH[decision]}
    if "note" not in found:
        return told
    note = runtime.current().sealer.open(f"{conflict.COLLECTION}.note", found["_id"], found["note"])
    return {**told, "note": note}


def _happened(found: dict[str, Any]) -> str:
    """Return in a sentence what happened at the gates, as far as the details tell of it."""
    details = found.get("details") or {}
    if not (scan := details.get("scan")):
        return ""
    told = f"{_at_gate(scan)}放行"
    if other := details.get("other"):
        return f"{told};此前 {_at_gate(other)}已放行,以较早的一次为准。"
    if found.get("reason") == "released":
        return (
            f"{told};该票此前因超过入园时限已释放(免费票,不涉及退款)。闸机证实本人到场,爽约记录已自动撤销;"
            "名额可能已给他人,请核对在园人数,无误后按“情况属实,予以放行”处理。"
        )
    if "refund_fen" in details:
        return f"{told},该票此前已取消,整单已退 {yuan(details['refund_fen'])} 元。"
    return f"{told}。"


def _at_gate(scan: Mapping[str, Any]) -> str:
    how = "离线" if scan.get("offline") else "联网"
    return f"{scan['at'][5:16].replace('T', ' ')} {scan['gate']}({how})"


def _quarantined(found: dict[str, Any]) -> dict[str, Any]:
    reason = found["reason"]
    told = {"reason": reason, "reason_zh": quarantine.REASON_ZH[reason]}
    return {**_where(found), **told, "received_at": _time(found["received_at"])}


def _time(at: Any) -> str:
    return clock.civil(at).isoformat(timespec="seconds")
