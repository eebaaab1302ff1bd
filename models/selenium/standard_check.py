"""Is it selenium-rich? By several standards side by side: the same orange passes one and fails another.

Bounds belong to the range. A row on dry matter judges a fresh sample only with its moisture; nothing is rounded on the
way. Whatever cannot be told is said to be so, with the reason, and never counts as passed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from backend.errors import Unprocessable
from models.selenium import standard

OUTCOME_ZH = {
    "pass": "符合",
    "below": "低于下限,不符合",
    "above": "高于上限,不符合",
    "organic_low": "有机硒占比不足,不符合",
    "cannot_judge": "无法判定",
    "not_covered": "不适用该产品",
    "not_in_force": "当日不在有效期内",
}
REASON_ZH = {
    "unread": "尚未取得该标准的指标,不能判定",
    "moisture": "该标准以干物质计,缺少水分含量",
    "basis": "该标准以产品(鲜样)计,缺少水分含量",
    "organic": "该标准要求有机硒占比,缺少检测结果",
}
PER_UNIT_UG = {"mg/kg": 1000, "µg/kg": 1, "µg/100g": 10, "mg/100g": 10_000}
"""How many µg/kg one of a unit is."""
WHOLE = 1000


class SeleniumWrong(Unprocessable):
    """422: the content is no number of whole µg/kg within reason."""

    code = "selenium_wrong"
    zh = "含量应为不超过 100000 mg/kg 的数,并按 GB/T 8170 修约到 0.001 mg/kg(1 µg/kg)。"
    en = "The content is a number of up to 100000 mg/kg, rounded to 0.001 mg/kg."

    def __init__(self, field: str = "value") -> None:
        super().__init__(fields={field: [self.zh]})


@dataclass(frozen=True)
class Measured:
    """What a laboratory found: total selenium, its basis, and, where measured, moisture and the organic share."""

    se_ug: int
    basis: str = "fresh"
    moisture_permille: int | None = None
    organic_permille: int | None = None


def micrograms(value: str, unit: str, field: str = "value") -> int:
    """Return a content in whole µg/kg.

    Raises:
        SeleniumWrong: it is no number, negative, too large, or finer than 1 µg/kg.
    """
    try:
        told = Decimal(value) * PER_UNIT_UG[unit]
    except (InvalidOperation, KeyError):
        raise SeleniumWrong(field) from None
    if not told.is_finite() or not 0 <= told <= standard.MOST_UG or told != told.to_integral_value():
        raise SeleniumWrong(field)
    return int(told)


def in_mg(ug: int | None) -> str | None:
    """Return µg/kg as mg/kg with three decimals, as standards print them."""
    return None if ug is None else str(Decimal(ug).scaleb(-3).quantize(Decimal("0.001")))


def side_by_side(
    found: Iterable[dict[str, Any]], measured: Measured, group: str, day: date, item_zh: str = ""
) -> list[dict[str, Any]]:
    """Return what each standard says of a product on a day, each with its edition and the row that judged it."""
    return [judge(one, measured, group, day, item_zh) for one in found]


def judge(found: dict[str, Any], measured: Measured, group: str, day: date, item_zh: str = "") -> dict[str, Any]:
    """Return the verdict of one standard; it holds the row and the table's day, so that it stays what it was."""
    told: dict[str, Any] = {"standard": found["_id"], "number": found["number"], "day": day.isoformat()}
    if not standard.in_force(found, day):
        return told | {"outcome": "not_in_force"}
    table = standard.table(found, day)
    if table is None:
        return told | {"outcome": "cannot_judge", "reason": "unread"}
    rows = [one for one in table["rows"] if one["group"] == group and one["item_zh"] in {"", item_zh}]
    told |= {"table_from": table["valid_from"], "confidence": table["confidence"]}
    if not rows:
        return told | {"outcome": "not_covered"}
    row = _best(rows, measured)
    return told | {"row": row} | _by_row(row, measured)


def _best(rows: list[dict[str, Any]], measured: Measured) -> dict[str, Any]:
    """Return the row that fits best: the narrowest, and of those the one of the sample's own basis."""
    return max(rows, key=lambda one: (one["item_zh"] != "", one["basis"] == measured.basis))


def _by_row(row: dict[str, Any], measured: Measured) -> dict[str, Any]:  # noqa: PLR0911 - one line an outcome
    lower, upper, organic = row["lower_ug"], row["upper_ug"], row["organic_percent"]
    if lower is None and upper is None:
        return {"outcome": "cannot_judge", "reason": "unread"}
    content = _on(row["basis"], measured)
    if content is None:
        return {"outcome": "cannot_judge", "reason": "moisture" if row["basis"] == "dry" else "basis"}
    if lower is not None and content < lower:
        return {"outcome": "below"}
    if upper is not None and content > upper:
        return {"outcome": "above"}
    if organic is None:
        return {"outcome": "pass"}
    if measured.organic_permille is None:
        return {"outcome": "cannot_judge", "reason": "organic"}
    return {"outcome": "pass" if measured.organic_permille > organic * 10 else "organic_low"}


def _on(basis: str, measured: Measured) -> Fraction | None:
    """Return the content on a basis, None where that needs the moisture and nobody measured it."""
    if basis == measured.basis:
        return Fraction(measured.se_ug)
    if measured.moisture_permille is None or not 0 <= measured.moisture_permille < WHOLE:
        return None
    dry = Fraction(WHOLE - measured.moisture_permille, WHOLE)
    return measured.se_ug / dry if basis == "dry" else measured.se_ug * dry
