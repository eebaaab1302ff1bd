"""What offices type into cells, read exactly: full-width digits, Excel's own dates, money by decimals, not floats."""

import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl.utils.datetime import from_excel

LONGEST_CELL = 5_000
_MOST_DIGITS = 15
"""Excel keeps no more digits of a number; longer codes must be typed as text."""
# Full-width signs start formulas too.
_FORMULA = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2})(?::00)?|[点时](?:(\d{1,2})分?)?)")
_MONEY = re.compile(r"[¥]?\s*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*元?")
_DAYS = range(1, 2_958_466)
_MINUTES_A_DAY = 1440


class CellWrong(Exception):
    """A cell has no value; `args[0]` tells the person what to do."""


class Formula:
    """Stands for a cell that holds a formula or an error: what it shows is not what it holds."""


def plain(raw: Any) -> Any:
    """Return a raw cell with its text trimmed; the apostrophe that an export put before a formula sign is gone.

    Raises:
        CellWrong: a formula, a text with control characters, or one that is too long.
    """
    if raw is Formula:
        raise CellWrong("单元格是公式或错误值,请改为直接填写的值(复制后“选择性粘贴—数值”)。")
    if not isinstance(raw, str):
        return raw
    told = raw.strip()
    if len(told) > LONGEST_CELL:
        raise CellWrong(f"内容太长,最多 {LONGEST_CELL} 个字。")
    if _FORMULA.match(told):
        told = told[1:]
    if any(unicodedata.category(one) in {"Cc", "Cs", "Co", "Cn"} and one != "\n" for one in told):
        raise CellWrong("含有不可见的控制字符,请重新填写。")
    return told


def text(told: Any) -> str:
    """Return a cell as text; a whole number keeps its digits.

    Raises:
        CellWrong: a number whose digits Excel does not keep, a date, or a truth value.
    """
    if isinstance(told, str):
        return told
    if isinstance(told, bool):
        return "是" if told else "否"
    if isinstance(told, int | float) and float(told).is_integer():
        digits = str(int(told))
        if len(digits) > _MOST_DIGITS:
            raise CellWrong("数字过长,Excel 会丢失末尾几位;请把该列设为“文本”格式后重新填写。")
        return digits
    if isinstance(told, float):
        return repr(told)
    raise CellWrong("请把该列设为“文本”格式后重新填写。")


def integer(told: Any) -> int:
    """Return a whole number.

    Raises:
        CellWrong: it is none.
    """
    if isinstance(told, float) and told.is_integer():
        return int(told)
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    if isinstance(told, str) and re.fullmatch(r"[0-9]{1,12}", unicodedata.normalize("NFKC", told)):
        return int(unicodedata.normalize("NFKC", told))
    raise CellWrong("应为整数。")


def fen(told: Any) -> int:
    """Return an amount typed in 元 as 分, exactly.

    Raises:
        CellWrong: no amount, or parts of a 分.
    """
    if isinstance(told, str):
        found = _MONEY.fullmatch(unicodedata.normalize("NFKC", told))
        digits = found[1].replace(",", "") if found else ""
    else:
        digits = "" if isinstance(told, bool) or not isinstance(told, int | float) else repr(told)
    try:
        amount = Decimal(digits) * 100
    except InvalidOperation:
        raise CellWrong("应为以元为单位的金额,例如 12.50。") from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise CellWrong("金额最多两位小数。")
    return int(amount)


def day(told: Any) -> str:
    """Return a day as YYYY-MM-DD: typed as text, or Excel's own date or its serial number.

    Raises:
        CellWrong: it is none.
    """
    if isinstance(told, int | float) and not isinstance(told, bool) and told in _DAYS:
        told = from_excel(told)
    if isinstance(told, datetime):
        told = told.date()
    if isinstance(told, date):
        return told.isoformat()
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", told)) if isinstance(told, str) else None
    if found:
        year, *rest = (int(part) for part in found.groups() if part)
        try:
            return date(year, rest[0], rest[1]).isoformat()
        except ValueError:
            pass
    raise CellWrong("应为日期,例如 2026-11-24。")


def minute_of_day(told: Any) -> str:
    """Return a time of the day as HH:MM: typed as text, or Excel's own time or its fraction of a day.

    Raises:
        CellWrong: it is none.
    """
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < 1:
        minutes = round(told * _MINUTES_A_DAY) % _MINUTES_A_DAY
        told = time(minutes // 60, minutes % 60)
    if isinstance(told, time):
        return told.isoformat("minutes")
    found = _TIME.fullmatch(unicodedata.normalize("NFKC", told)) if isinstance(told, str) else None
    if found:
        try:
            return time(int(found[1]), int(found[2] or found[3] or 0)).isoformat("minutes")
        except ValueError:
            pass
    raise CellWrong("应为时间,例如 08:30。")
