"""What an elder reads in big type: a few lines of at most twenty characters, without words of the trade.

They say what the summary says; nothing is decided here. A line that a title makes too long ends with an ellipsis.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from backend import clock

LONGEST = 20
MOST = 5
FRESH = timedelta(days=7)
"""A value that is older says nothing about today."""
OUTSIDE_ZH = {
    ("blood_pressure", "high"): "血压偏高,请按时吃药",
    ("blood_pressure", "low"): "血压偏低,起身要慢",
    ("heart_rate", "high"): "心跳偏快,请歇一歇",
    ("heart_rate", "low"): "心跳偏慢,请告诉村医",
    ("oxygen_saturation", "low"): "血氧偏低,请联系村医",
    ("temperature", "high"): "您在发烧,请联系村医",
    ("temperature", "low"): "体温偏低,注意保暖",
    ("respiratory_rate", "high"): "呼吸偏快,请联系村医",
    ("respiratory_rate", "low"): "呼吸偏慢,请联系村医",
    ("fasting_glucose", "high"): "血糖偏高,少吃甜食",
    ("fasting_glucose", "low"): "血糖偏低,先吃点东西",
    ("random_glucose", "high"): "血糖偏高,少吃甜食",
    ("random_glucose", "low"): "血糖偏低,先吃点东西",
    ("hba1c", "high"): "近来血糖偏高,去看医生",
    ("weight", "high"): "体重偏高,多走动",
    ("weight", "low"): "体重偏低,吃好三餐",
}
WITHIN_ZH = {
    "blood_pressure": "血压正常,请保持",
    "fasting_glucose": "血糖正常,请保持",
    "random_glucose": "血糖正常,请保持",
    "temperature": "体温正常",
    "oxygen_saturation": "血氧正常",
    "heart_rate": "心跳正常",
}
ACT_ZH = "请马上联系村医"
NOTHING_ZH = "今天没有新的提醒"
EMPTY_ZH = "还没有测量记录"


def lines(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, str]]:
    """Return the lines for a summary's items by part: what to do first, then how things are."""
    told = [*_findings(parts.get("findings", ())), *_vitals(parts.get("vitals", ())), *_due(parts.get("next_due", ()))]
    if medicines := sum(1 for one in parts.get("medication", ()) if not one.get("detail", {}).get("none_known")):
        told.append(("calm", f"要吃 {medicines} 种药"))
    urgent_first = sorted(told, key=lambda one: ("act", "attention", "calm").index(one[0]))
    if not urgent_first:
        urgent_first = [("calm", NOTHING_ZH if parts.get("vitals") else EMPTY_ZH)]
    unlike = list(dict.fromkeys((tone, short(text)) for tone, text in urgent_first))
    return [{"text_zh": text, "tone": tone} for tone, text in unlike[:MOST]]


def short(text: str) -> str:
    """Return a line of at most twenty characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _findings(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [("act", ACT_ZH) for one in found if one.get("severity") in {"urgent", "emergency"}]


def _vitals(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    for one in found:
        if clock.now() - datetime.fromisoformat(one["at"]) > FRESH:
            continue
        outside = next((each["outside"] for each in one.get("ranges", ()) if each["outside"]), "")
        if (one["word"], outside) in OUTSIDE_ZH:
            told.append(("attention", OUTSIDE_ZH[one["word"], outside]))
        elif one.get("ranges") and one["word"] in WITHIN_ZH:
            told.append(("calm", WITHIN_ZH[one["word"]]))
        else:
            told.append(("calm", f"{one['title_zh']} {one['value_zh']}"))
    return told


def _due(found: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    told = []
    for one in found:
        day = date.fromisoformat(one["due_on"])
        late = day < clock.today()
        told.append(("attention" if late else "calm", f"{day.month}月{day.day}日 {one['title_zh']}"))
    return told[:2]
