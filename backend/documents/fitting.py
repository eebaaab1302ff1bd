"""Text in a given width: shrunk and cut for one line, or broken into lines by the rules of Chinese typesetting.

No line begins with closing punctuation, none ends with an opening bracket (CLREQ, section 3.1); Latin words and numbers
stay whole unless one is wider than the line.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import floor

from backend.documents import font

ELLIPSIS = "…"
_NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕〗〙］｝”’％‰℃·…—～,.;:?!)]}%")
_NOT_LAST = frozenset("（《〈「『【〔〖〘［｛“‘([{¥￥$")
_UNIT = re.compile(r"[!-~\u00a1-\u024f]+|\s|.", re.DOTALL)
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Fitted:
    """One line: what is written, how large, how wide it becomes."""

    text: str
    size: float
    width: float


@lru_cache(maxsize=4096)
def fit(text: str, width: float, size: float, least: float) -> Fitted:
    """Return a line that is at most `width` millimetres wide.

    Too long, its letters are shrunk by tenths of a point down to `least`; still too long, it is cut and ends in `…`.
    """
    line = font.clean(text).strip()
    natural = font.width(line, size)
    if natural <= width:
        return Fitted(line, size, natural)
    shrunk = floor(size * width / natural * _TENTHS) / _TENTHS
    if shrunk >= least:
        return Fitted(line, shrunk, font.width(line, shrunk))
    return _cut(line, width, least)


def _cut(line: str, width: float, size: float) -> Fitted:
    total = font.width(ELLIPSIS, size)
    for number, char in enumerate(line):
        total += font.width(char, size)
        if total > width:
            told = line[:number].rstrip() + ELLIPSIS
            return Fitted(told, size, font.width(told, size))
    return Fitted(line + ELLIPSIS, size, total)


def wrap(text: str, width: float, size: float) -> list[str]:
    """Return the lines of a text; its own line ends are kept, an empty text is one empty line."""
    return [
        line for part in re.split(r"\r\n|[\r\n\u2028\u2029]", text) for line in _lines(font.clean(part), width, size)
    ]


def _lines(text: str, width: float, size: float) -> list[str]:
    lines, line, used = [], "", 0.0
    for unit in _units(text):
        wide = font.width(unit, size)
        if line and used + font.width(unit.rstrip(), size) > width:
            lines.append(line.rstrip())
            line, used = "", 0.0
            if unit.isspace():
                continue
        while wide > width and len(unit) > 1 and font.width(unit.rstrip(), size) > width:
            fits = _most(unit, width, size)
            lines.append(unit[:fits])
            unit = unit[fits:]  # noqa: PLW2901 - the rest of a word wider than the line goes on as a unit
            wide = font.width(unit, size)
        line, used = line + unit, used + wide
    return [*lines, line.rstrip()]


def _units(text: str) -> list[str]:
    """Return the parts between which a line may break."""
    units: list[str] = []
    for part in _UNIT.findall(text):
        glued = units and not units[-1].isspace() and (part[0] in _NOT_FIRST or units[-1][-1] in _NOT_LAST)
        if glued and not part.isspace():
            units[-1] += part
        else:
            units.append(part)
    return units


def _most(unit: str, width: float, size: float) -> int:
    used = 0.0
    for number, char in enumerate(unit):
        used += font.width(char, size)
        if used > width:
            return max(1, number)
    return len(unit)
