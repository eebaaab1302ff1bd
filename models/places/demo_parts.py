"""Which parts of what a place sells are still made up for the demonstration."""

from collections.abc import Mapping
from typing import Any

from backend import clock

PARTS_ZH = {
    "opening": "开放时间",
    "closing": "闭馆规则",
    "slots": "时段方案",
    "ticket_types": "门票价格",
    "daily_caps": "日限额",
}


def concerns(told: Mapping[str, Any]) -> bool:
    """Tell whether a change is of such a part."""
    return bool(PARTS_ZH.keys() & told.keys())


def of(found: Mapping[str, Any]) -> list[str]:
    """Return the parts that are made up, as they hold from today on."""
    return [name for name in PARTS_ZH if _is_made_up(found.get(name))]


def _is_made_up(part: Any) -> bool:
    if isinstance(part, list):
        today = clock.today().isoformat()
        return any(one.get("demo") for one in _newest(part) if (one.get("valid_to") or "9999-12-31") >= today)
    return bool((part or {}).get("demo"))


def _newest(part: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each ticket type the version that began last; of other rows all."""
    newest = {one.get("code") or number: one for number, one in enumerate(part)}
    return list(newest.values())
