"""GS1 Digital Link URIs: the digits that can be checked, and whether one names a thing or a class of things."""

from dataclasses import dataclass
from functools import lru_cache

from backend.gtin import check_digit

_LENGTHS = {"00": (18,), "01": (8, 12, 13, 14), "402": (17,), "8017": (18,), "8018": (18,)}
_LENGTHS |= {f"{number}": (13,) for number in range(410, 418)}
_WITH_SERIAL = {"253": 13, "255": 13, "8003": 14}
"""The digits up to the check digit; what follows them is a serial part."""
_KEYS = frozenset(_LENGTHS) | frozenset(_WITH_SERIAL)
_ORDER = ("22", "10", "21")
_REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Link:
    """A key with its digits, and the application identifiers after it in their order."""

    key: str
    digits: str
    qualifiers: tuple[str, ...]

    @property
    def digits_agree(self) -> bool:
        """Tell whether the key has its length and its check digit."""
        return _agree(self.key, self.digits)

    @property
    def in_order(self) -> bool:
        """Tell whether lot and serial stand in the order that the standard fixes."""
        told = [one for one in self.qualifiers if one in _ORDER]
        return len(told) < 2 or told == sorted(set(told), key=_ORDER.index)  # noqa: PLR2004 - one is in order

    @property
    def is_class(self) -> bool:
        """Tell whether it names trade items without the serial number of one."""
        return self.key == "01" and "21" not in self.qualifiers

    @property
    def is_instance(self) -> bool:
        """Tell whether it names one trade item by its serial number."""
        return self.key == "01" and "21" in self.qualifiers


def read(uri: str) -> Link | None:
    """Return what a web address says as a Digital Link, None when it has no key that can be checked."""
    if not uri.startswith("http"):
        return None
    parts = uri.partition("?")[0].split("/")[3:]
    for place, key in enumerate(parts[:-1]):
        if key in _KEYS and parts[place + 1].isdecimal():
            return Link(key, parts[place + 1], tuple(parts[place + 2 :: 2]))
    return None


@lru_cache(_REMEMBERED)
def _agree(key: str, digits: str) -> bool:
    if not digits.isascii():
        return False
    if length := _WITH_SERIAL.get(key):
        digits = digits[:length]
        return len(digits) == length and check_digit(digits[:-1]) == digits[-1]
    return len(digits) in _LENGTHS[key] and check_digit(digits[:-1]) == digits[-1]
