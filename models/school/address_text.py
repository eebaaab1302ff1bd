"""Addresses as people write them: which street, which house number (门牌号).

The number counts only where it follows the street's name at once: in 长征大道88号金色家园12栋 it is 88, and in
长征大道金色家园12号 the 12 is that of the estate, which says nothing about the street.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

LONGEST = 200
LEAST_STREET = 2
MOST_STREET = 30
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN = "零〇一二两三四五六七八九十百"
_BEFORE = r"(?P<number>[0-9]{1,5}|[" + _HAN + r"]{1,7})"
_SUFFIX = r"(?:[-之](?P<suffix>[0-9]{1,3}))?"
_AFTER = r"号(?:[-附之](?P<after>[0-9]{1,3}|[" + _HAN + r"]{1,5})号?)?"
_NUMBER = re.compile(_BEFORE + _SUFFIX + _AFTER)
_ATTACHED = re.compile(r"(?P<number>[0-9]{1,5})附(?P<suffix>[0-9]{1,3})号")
_REMARK = re.compile(r"\([^()]{0,60}\)|【[^【】]{0,60}】|\[[^\[\]]{0,60}\]")


@dataclass(frozen=True)
class Parsed:
    """A street and a house number; `suffix` is what follows it in 12-3, 12号附3 or 12之3, "" for none."""

    street: str
    number: int
    suffix: str = ""

    @property
    def odd(self) -> bool:
        """Tell whether the house stands on the odd side."""
        return self.number % 2 == 1

    @property
    def label(self) -> str:
        """Return the number as standard addresses hold it: 12 or 12-3."""
        return f"{self.number}-{self.suffix}" if self.suffix else str(self.number)


def normal(text: str) -> str:
    """Return an address without spaces, remarks in brackets and full-width signs."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST])
    plain = re.sub(r"[\s,。;:、·]+", "", plain.replace("號", "号"))
    plain = re.sub(r"[‐‑‒–—―−ー](?=[0-9])", "-", plain)
    return _REMARK.sub("", plain)


def parse(text: str, streets: Collection[str]) -> Parsed | None:
    """Return the longest known street of an address that a house number follows, None where there is none."""
    plain = normal(text)
    best: Parsed | None = None
    for before, number, suffix in _numbers(plain):
        street = _street(before, streets)
        if street and (best is None or len(street) > len(best.street)):
            best = Parsed(street, number, suffix)
    return best


def endings(text: str) -> list[str]:
    """Return what may be a street's name in an address: everything that ends where a house number begins."""
    told: dict[str, None] = {}
    for before, _number, _suffix in _numbers(normal(text)):
        for length in range(LEAST_STREET, min(len(before), MOST_STREET) + 1):
            told[before[-length:]] = None
    return list(told)


def _street(before: str, streets: Collection[str]) -> str:
    for length in range(min(len(before), MOST_STREET), LEAST_STREET - 1, -1):
        if before[-length:] in streets:
            return before[-length:]
    return ""


def _numbers(plain: str) -> list[tuple[str, int, str]]:
    """Return what stands before each house number, the number and its suffix.

    A Chinese numeral may belong to the street (三门里十二号): each of its endings is tried.
    """
    told = []
    for found in (*_NUMBER.finditer(plain), *_ATTACHED.finditer(plain)):
        groups = found.groupdict()
        suffix = _plain(groups.get("suffix") or groups.get("after") or "")
        number = groups["number"]
        starts = range(len(number)) if not number.isdecimal() else (0,)
        for skipped in starts:
            value = value_of(number[skipped:])
            if value:
                told.append((_before(plain[: found.start("number") + skipped]), value, suffix))
    return told


def _before(plain: str) -> str:
    for word in ("第", "门牌号", "门牌"):
        plain = plain.removesuffix(word)
    return plain


def _plain(suffix: str) -> str:
    value = value_of(suffix) if suffix else None
    return str(value) if value else ""


def value_of(numeral: str) -> int | None:
    """Return a number written in digits or, up to 999, in Chinese (一百零三, 二十, 一〇三).

    What is no number is None, and so is nought.
    """
    if numeral.isdecimal():
        return int(numeral) or None
    if numeral and all(sign in _DIGITS for sign in numeral):
        return int("".join(str(_DIGITS[sign]) for sign in numeral)) or None if len(numeral) <= 3 else None  # noqa: PLR2004
    found = re.fullmatch(
        r"(?:([一二两三四五六七八九])百)?(零)?(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?", numeral
    )
    if found is None:
        return None
    hundreds, gap, tens, ten, ones = found.groups()
    if (gap and not ones) or (hundreds and ones and not (gap or ten)):
        return None
    value = 100 * _DIGITS[hundreds] if hundreds else 0
    value += (10 * (_DIGITS[tens] if tens else 1)) if ten else 0
    return value + (_DIGITS[ones] if ones else 0) or None
