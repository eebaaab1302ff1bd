"""Chinese sentences for the messages that marshmallow gives to single fields."""

import re
from typing import Any

_SENTENCES: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"^Missing data for required field\.$", "此项必填。"),
        (r"^Unknown field\.$", "不认识这个字段,请去掉。"),
        (r"^Field may not be null\.$", "此项不能为空值,没有就不要传。"),
        (r"^Not a valid (string|UUID)\.$", "此项应为文字。"),
        (r"^Not a valid (integer|number)\.$", "此项应为整数。"),
        (r"^Not a valid boolean\.$", "此项应为 true 或 false。"),
        (r"^Not a valid (list|mapping type)\.$", "此项格式不对,请按接口说明填写。"),
        (r"^Not a valid (date|datetime|aware datetime|naive datetime|time)\.$", "日期或时间格式不对,例如 2026-10-01。"),
        (r"^Invalid input type\.$", "应提交一个 JSON 对象。"),
        (r"^Invalid JSON body\.$", "提交的内容不是有效的 JSON。"),
        (r"^Must be one of: (.*)\.$", "只能是其中之一:{0}。"),
        (r"^Length must be between (\d+) and (\d+)\.$", "数量或长度应在 {0} 到 {1} 之间。"),
        (r"^Shorter than minimum length (\d+)\.$", "至少 {0} 个字符。"),
        (r"^Longer than maximum length (\d+)\.$", "最多 {0} 个字符。"),
        (
            r"^Must be greater than or equal to (\S+) and less than or equal to (\S+)\.$",
            "应在 {0} 到 {1} 之间。",
        ),
        (r"^Must be greater than or equal to (\S+)\.$", "不能小于 {0}。"),
        (r"^Must be less than or equal to (\S+)\.$", "不能大于 {0}。"),
        (r"^String does not match expected pattern\.$", "格式不对,请检查后再填。"),
    )
]


def chinese(message: str) -> str:
    """Return the Chinese sentence of a marshmallow message; a sentence already Chinese stays as it is."""
    for pattern, sentence in _SENTENCES:
        if match := pattern.match(message):
            return sentence.format(*match.groups())
    return message if any("\u4e00" <= c <= "\u9fff" for c in message) else "此项填写有误。"


def flatten(messages: Any, language: str, path: str = "") -> dict[str, list[str]]:
    """Turn marshmallow's nested messages into `{"visitors.0.name": [sentence]}`."""
    if isinstance(messages, dict):
        found: dict[str, list[str]] = {}
        for key, value in messages.items():
            part = "" if key in {"json", "query", "_schema"} and not path else str(key)
            found.update(flatten(value, language, f"{path}.{part}".strip(".")))
        return found
    listed = messages if isinstance(messages, list) else [messages]
    return {path or "body": [str(m) if language == "en" else chinese(str(m)) for m in listed]}
