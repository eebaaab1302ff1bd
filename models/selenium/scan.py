"""What a scan shows: the verdict, and of a package what it is, from where, what was found in it, and who looked."""

from datetime import datetime
from typing import Any

from backend import clock
from models.selenium import commitment, pack_papers, scratch, story, verdict
from models.selenium.scratch import ScratchLocked
from models.selenium.verdict import Verdict

SHAPES = {"green": "√", "amber": "?", "red": "×"}
TOLD = verdict.COUNTED | {"not_active"}
MANY_SCANS = 20
"""So often one package is hardly looked at by one household."""
BANNER_ZH = {
    "recalled": (
        "停止食用、停止销售,家中剩余的也不要吃。",
        "留好包装和标签,持包装到购买处退货;不便退货的,拨打 12345。",
        "食用后身体不适的,请就医并保留病历。",
    ),
    "frozen": ("暂不食用、暂停销售,等候核查结果。", "留好包装和标签。", "食用后身体不适的,请就医并拨打 12345。"),
}
"""What to do with goods that are recalled or under examination."""


def look(text: str, gtin: str = "") -> dict[str, Any]:
    """Return what the page says about a code, and count the scan of one that is on the market."""
    return shown(verdict.look(text, gtin, count=True))


def shown(found: Verdict) -> dict[str, Any]:
    """Return a verdict as the page shows it."""
    level = verdict.LEVEL.get(found.kind, "red")
    told: dict[str, Any] = {"kind": found.kind, "level": level, "shape": SHAPES[level], "title": verdict.ZH[found.kind]}
    told |= {"advice": verdict.BECAUSE_ZH.get(found.reason, verdict.ADVICE_ZH[found.kind])}
    if found.found and found.kind in TOLD:
        told |= _package(found)
    if found.counted and "scans" in found.record:
        told |= {"scans": found.record["scans"], "first_scan": _moment(found.record["first_scan"])}
        told["many"] = found.record["scans"] > MANY_SCANS
    return told


def _package(found: Verdict) -> dict[str, Any]:
    """Return what the page says of a package that was made."""
    certificates = pack_papers.certificates(found.found)
    told: dict[str, Any] = {"facts": _facts(found.found), "certificates": certificates}
    told |= {"commitments": pack_papers.commitments(found.found), "commitment_zh": commitment.TITLE_ZH}
    told |= {"timeline": _timeline(found.found, certificates), "scratch": _has_scratch(found)}
    return told | {"banner": BANNER_ZH.get(found.kind, ()) if found.reason not in verdict.BECAUSE_ZH else ()}


def _has_scratch(found: Verdict) -> bool:
    return found.counted and bool(found.found and found.found["the_roll"].get("scratch"))


def open_scratch(text: str, gtin: str, secret: str) -> dict[str, Any]:
    """Return what the page says after the scratch code was typed in; looking at it counts no scan."""
    found = verdict.look(text, gtin)
    if not _has_scratch(found):
        return shown(found)
    try:
        opened = scratch.open_one(found.head, found.key_id, secret)
    except ScratchLocked as locked:
        return shown(found) | {"scratch_locked": locked.zh}
    told = {"scratch_right": opened.right, "scratch_left": opened.left}
    return shown(found) | told | ({"scratch_first": _moment(opened.first)} if opened.first else {})


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    labels, lot = found["the_roll"], found["the_lot"]
    told = [("产品", labels["product_zh"]), ("规格", f"{labels['item_zh']}({_weight(labels['net_grams'])})")]
    told += [("等级", lot["grade"])] if lot.get("grade") else []
    told += [("生产者", found["the_producer"]["shown_name"]), ("产地", found["village_zh"]), ("批次", found["lot"])]
    return told


def _timeline(found: dict[str, Any], certificates: list[dict[str, Any]]) -> list[tuple[str, str]]:
    steps = story.lately(found, tuple(one["report_date"] for one in certificates))
    return [(one["zh"] + (f"({one['place_zh']})" if one["place_zh"] else ""), one["day"]) for one in steps]


def _weight(grams: int) -> str:
    return f"{grams / 1000:g} 公斤" if grams >= 1000 else f"{grams} 克"  # noqa: PLR2004 - a kilogram


def _moment(at: datetime) -> str:
    return f"{clock.civil(at):%Y-%m-%d %H:%M}"
