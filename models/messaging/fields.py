"""The field limits of subscribe messages, checked before anything is sent: by the letters of a field's name.

From WeChat's page of parameter limits (订阅消息参数值内容限制说明). A `thing` that is too long is shortened with an
ellipsis; anything else that does not fit would say something else when cut, so a person must look.
"""

import re
from collections.abc import Mapping

from backend.errors import Unprocessable

THING = 20
_DAY = r"(\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2})"
_HOUR = r"\d{1,2}:\d{2}(:\d{2})?"
_MOMENT = rf"({_HOUR}|{_DAY}( {_HOUR})?)"
RULES = {
    "thing": rf".{{1,{THING}}}",
    "number": r"-?\d{1,32}|-?(?=[\d.]{3,32}$)\d+\.\d+",
    "letter": r"[A-Za-z]{1,32}",
    "symbol": r"[^\w\s]{1,5}",
    "character_string": r"[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?",
    "time": rf"{_MOMENT}( ?~ ?{_MOMENT})?",
    "date": rf"{_DAY}( {_HOUR})?( ?~ ?{_MOMENT})?",
    "amount": r"[¥￥$€£]?\d{1,10}(\.\d{1,2})?元?",
    "phone_number": r"[\d+\-() ]{1,17}",
    "car_number": r"[A-Z0-9一-鿿]{1,8}",
    "name": r"[一-鿿·]{1,10}|[A-Za-z .]{1,20}",
    "phrase": r"[一-鿿]{1,5}",
    "const": r".{1,20}",
}
"""What each type takes. Digits and letters are ASCII."""
_NAME = re.compile(r"([a-z_]+?)([1-9]\d?)", re.ASCII)
_BLANK = re.compile(r"\s+")


class FieldUnfit(Unprocessable):
    """422: a value breaks the rule of its field, and may not be shortened; `field` names it."""

    code = "message_field_unfit"
    zh = "消息字段 {field} 的内容不符合微信模板的类型限制,请修改模板字段的对应关系。"
    en = "What stands in field {field} does not fit its type. Change the template's fields."

    def __init__(self, field: str) -> None:
        super().__init__(field=field, fields={field: [self.zh.format(field=field)]})
        self.field = field


def kind_of(name: str) -> str | None:
    """Return the type of a field by its name (`thing1` is a `thing`), None for a name that WeChat has not."""
    told = _NAME.fullmatch(name)
    return told[1] if told and told[1] in RULES else None


def fitted(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a message as WeChat takes them.

    Raises:
        FieldUnfit: one does not fit and may not be shortened.
    """
    return {name: _fitted(name, value) for name, value in fields.items()}


def _fitted(name: str, value: str) -> str:
    kind, text = kind_of(name), _BLANK.sub(" ", value).strip()
    if kind is None:
        raise FieldUnfit(name)
    if kind == "thing":
        text = shortened(text, THING)
    if re.fullmatch(RULES[kind], text, re.ASCII if kind != "symbol" else 0) is None:
        raise FieldUnfit(name)
    return text


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
