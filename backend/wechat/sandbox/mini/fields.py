"""The type rules of subscribe-message fields, by the letters of the field's name."""

import re
from typing import Any

DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
HOUR = r"\d{1,2}:\d{2}(:\d{2})?"
MOMENT = rf"({HOUR}|{DAY}( {HOUR})?)"
RULES = {
    "thing": r".{1,20}",
    "number": r"-?[\d.]{1,32}",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e ]{1,32}",
    "time": rf"{MOMENT}( ?~ ?{MOMENT})?",
    "date": rf"{DAY}( {HOUR})?( ?~ ?{MOMENT})?",
    "amount": r"[¥￥$€£]?\d{1,10}(\.\d{1,2})?元?",
    "phone_number": r"[\d+\-() ]{1,17}",
    "car_number": r"[A-Z0-9\u4e00-\u9fff]{1,8}",
    "name": r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .]{1,20}",
    "phrase": r"[\u4e00-\u9fff]{1,5}",
    "const": r".{1,20}",
}
NAME = re.compile(r"([a-z_]+?)(\d+)")


def fault(data: dict[str, Any], keys: list[str] | None) -> str | None:
    """The name of the first field that breaks a rule, or None."""
    missing = [key for key in keys or () if key not in data]
    if missing:
        return missing[0]
    return next((name for name, field in data.items() if not _fits(name, field, keys)), None)


def _fits(name: str, field: Any, keys: list[str] | None) -> bool:
    kind = NAME.fullmatch(name)
    value = field.get("value") if isinstance(field, dict) else None
    if kind is None or kind[1] not in RULES or not isinstance(value, str) or not value.strip():
        return False
    return re.fullmatch(RULES[kind[1]], value) is not None and (keys is None or name in keys)
