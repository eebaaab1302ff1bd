"""The unified social credit code of an organisation (GB 32100-2015): eighteen characters, the last one checks."""

from backend.errors import BadInput

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DIVISION = slice(2, 8)
_CO_OPERATIVES = "93"
"""Registering authority 9 (market supervision), kind 3: specialised farmers' co-operatives."""


class CreditCodeWrong(BadInput):
    """400: this is no unified social credit code."""

    code = "credit_code_wrong"
    zh = "统一社会信用代码有误,请按营业执照核对 18 位代码。"
    en = "This is no unified social credit code. Compare all 18 characters with the licence."

    def __init__(self) -> None:
        super().__init__(fields={"credit_code": [self.zh]})


def is_right(code: str) -> bool:
    """Tell whether a code has the right form and check character (MOD 31)."""
    if len(code) != LENGTH or any(one not in ALPHABET for one in code):
        return False
    total = sum(ALPHABET.index(one) * pow(3, place, 31) for place, one in enumerate(code[:-1]))
    return ALPHABET[-total % 31] == code[-1]


def parse(text: str) -> str:
    """Return the code that somebody typed, blanks and case put right.

    Raises:
        CreditCodeWrong: it is none.
    """
    code = "".join(text.split()).upper()
    if not is_right(code):
        raise CreditCodeWrong
    return code


def division(code: str) -> str:
    """Return the division of the office that registered the organisation."""
    return code[_DIVISION]


def is_co_operative(code: str) -> bool:
    """Tell whether the code is that of a specialised farmers' co-operative."""
    return code.startswith(_CO_OPERATIVES)
