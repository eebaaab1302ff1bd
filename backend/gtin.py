"""GS1 numbers of trade items: 8, 12, 13 or 14 digits with a check digit, kept as 14."""

from backend.errors import BadInput

LENGTHS = (8, 12, 13, 14)
LONGEST = 14


class GtinWrong(BadInput):
    """400: this is no GTIN."""

    code = "gtin_wrong"
    zh = "商品条码(GTIN)有误,请核对条码下方的数字。"
    en = "This is no GTIN. Compare the digits below the bar code."

    def __init__(self) -> None:
        super().__init__(fields={"gtin": [self.zh]})


def check_digit(body: str) -> str:
    """Return the check digit of the digits before it (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def is_right(text: str) -> bool:
    """Tell whether a text is a GTIN with the right check digit."""
    digits = text.isascii() and text.isdecimal() and len(text) in LENGTHS
    return digits and check_digit(text[:-1]) == text[-1] and text.strip("0") != ""


def parse(text: str) -> str:
    """Return a GTIN as 14 digits.

    Raises:
        GtinWrong: it is none.
    """
    if not is_right(text):
        raise GtinWrong
    return text.rjust(LONGEST, "0")


def has_prefix(gtin: str, prefix: str) -> bool:
    """Tell whether a GTIN of 14 digits was given out under a company prefix."""
    return bool(prefix) and gtin[1:].startswith(prefix)
