"""A single code as the office sees it: what it is, and what happened to it. Plain dicts."""

from typing import Any

from backend import clock
from models.audit import entry
from models.identity.actors import Staff
from models.selenium import pack, unbound, verdict
from models.selenium.code_office import REASON_ZH, Asked
from models.selenium.code_views import seen

MARK_ZH = {"frozen": "已冻结", "void": "已作废"}
WHAT_ZH = {
    "roll.order": "申请标签",
    "roll.lost": "整卷报失",
    "roll.found": "报失解除",
    "roll.void": "未用标签作废",
    "pack.bind": "绑定批次",
    "pack.active": "激活",
    "pack.sold": "登记售出",
    "pack.frozen": "包装批冻结",
    "pack.void": "包装批作废",
    "code.freeze": "单码冻结",
    "code.release": "单码解除冻结",
    "code.void": "单码作废",
    "scan.first": "首次查验",
    "scratch.first": "刮刮码首次验证",
}
MOST_LINES = 50


def shown(actor: Staff, asked: Asked) -> dict[str, Any]:
    """Return what a code is, with its history, newest first."""
    seen(actor, [asked.roll["producer"]])
    stored, mark = asked.stored, asked.stored.get("mark", {})
    told: dict[str, Any] = {"code": asked.told.text, "head": asked.told.head, "roll": asked.roll["_id"]}
    told |= {name: asked.roll[name] for name in ("product_zh", "item_zh", "season")}
    told |= {"verdict": asked.verdict.kind, "verdict_zh": verdict.ZH[asked.verdict.kind]}
    if stored:
        told |= {"label": stored["n"], "scans": stored.get("scans", 0), "scratch_tries": stored.get("scratch_tries", 0)}
    if mark:
        reason = {**REASON_ZH, **unbound.REASON_ZH}[mark["reason"]]
        told |= {"mark": mark["state"], "mark_zh": MARK_ZH[mark["state"]], "reason_zh": reason}
    if found := asked.verdict.found:
        told |= {"pack": found["_id"], "lot": found["lot"], "pack_state_zh": pack.STATE_ZH[found["state"]]}
    return told | {"history": _history(asked)}


def _history(asked: Asked) -> list[dict[str, Any]]:
    objects = [f"roll:{asked.roll['_id']}", f"code:{asked.told.head}"]
    objects += [f"pack:{asked.verdict.found['_id']}"] if asked.verdict.found else []
    lines = [one for name in objects for one in entry.listed(about=name, cursor=None, limit=MOST_LINES)[0]]
    told = [_line(one) for one in lines if _concerns(one, asked.stored.get("n", 0))]
    told += [_moment(asked.stored[name], what) for name, what in _SCANS if name in asked.stored]
    return sorted(told, key=lambda one: one["at"], reverse=True)


_SCANS = (("first_scan", "scan.first"), ("scratch_opened", "scratch.first"))


def _concerns(line: dict[str, Any], n: int) -> bool:
    details = line["details"]
    return details["first"] <= n <= details["last"] if "first" in details else True


def _line(line: dict[str, Any]) -> dict[str, Any]:
    told = {"at": f"{line['at'][:19]}{line['at'][-6:]}", "what": line["action"]}
    told |= {"what_zh": WHAT_ZH.get(line["action"], line["action"])}
    reason = {**REASON_ZH, **unbound.REASON_ZH}.get(line["details"].get("reason", ""))
    return told | ({"unit": line["unit"]} if line["unit"] else {}) | ({"reason_zh": reason} if reason else {})


def _moment(at: Any, what: str) -> dict[str, Any]:
    return {"at": clock.civil(at).isoformat(timespec="seconds"), "what": what, "what_zh": WHAT_ZH[what]}
