"""What the public page says of each place: word and shape beside every colour, number and its time, what is free."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from backend import clock
from models.crowd.level import LEVEL_ZH

MOST = 80
REFRESH_SECONDS = 30
WHOLE_DAY = ("00:00", "23:59")
SHAPES = {"green": "●", "amber": "▲", "red": "■", "unknown": "?"}
LEGEND = " ".join(f"{SHAPES[level]} {LEVEL_ZH[level]}" for level in SHAPES)


def told(items: Iterable[dict[str, Any]], free: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the places as the page shows them; `free` are the next slots that have places left."""
    return [
        {
            "level": one["level"],
            "shape": SHAPES[one["level"]],
            "level_zh": one["level_zh"],
            "name": one["name"],
            "lines": [
                line for line in (_number(one), _reading(one), *_booking(one, free.get(one["place_id"]))) if line
            ],
        }
        for one in items
    ]


def _number(one: dict[str, Any]) -> str:
    if "inside" not in one:
        return ""
    about = "约 " if one["estimate"] else ""
    load = f",占承载量 {one['load_percent']:.0f}%" if "load_percent" in one else ""
    return f"在园 {about}{one['inside']} 人{load}"


def _reading(one: dict[str, Any]) -> str:
    if "inside" in one:
        return f"{one['at'][11:16]} 的数据({_age(one['age_seconds'])})"
    if "last_at" in one:
        return f"现场数据中断,最近一次 {one['last_at'][5:16].replace('T', ' ')}"
    return "尚无现场数据"


def _age(seconds: int) -> str:
    return "刚刚" if seconds < 60 else f"{seconds // 60} 分钟前"  # noqa: PLR2004 - seconds of a minute


def _booking(one: dict[str, Any], slot: dict[str, Any] | None) -> list[str]:
    stopped = ["当日门票暂停预约"] if one["sales_stopped"] else []
    if slot is None or (stopped and slot["day"] == clock.today().isoformat()):
        return stopped
    hours = "全天" if (slot["start"], slot["end"]) == WHOLE_DAY else f" {slot['start']}–{slot['end']}"
    when = _day(clock.date_of(slot["day"])) + hours
    return [*stopped, f"最近可约:{when},余 {slot['left']} 个名额"]


def _day(day: date) -> str:
    ahead = (day - clock.today()).days
    return ("今天", "明天", "后天")[ahead] if ahead < 3 else f"{day.month}月{day.day}日"  # noqa: PLR2004 - as the words
