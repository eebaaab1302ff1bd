"""Identity documents that a person may book, enrol or enter with: form, check digit, masking.

A number is read in one canonical form, so that the blind index of one person's document is always the
same. For the two travel permits that is the holder's lifelong number: the renewal counter that older
cards print behind it changes with every card and is dropped.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from backend import clock
from backend.errors import BadInput

EARLIEST_BIRTH = date(1880, 1, 1)
"""No living holder is older; it is the birth date in the example number of GB 11643."""

_CHECK_CHARACTERS = "10X98765432"
_BODY_LENGTH = 17


class BadDocument(BadInput):
    """400: the document cannot be read; `fields` names the field and holds the Chinese sentence.

    Neither the sentences nor `details` hold the number.
    """

    code = "bad_document"
    zh = "证件信息有误,请核对后再填。"
    en = "The identity document is not valid. Please check it."

    def __init__(self, *, field: str = "number", **details: Any) -> None:
        super().__init__(fields={field: [self.zh.format(**details)]}, **details)


class UnknownDocumentKind(BadDocument):
    """The kind is none of `KINDS`."""

    code = "unknown_document_kind"
    zh = "不支持这种证件,请改用居民身份证、护照、港澳居民来往内地通行证、台胞证或外国人永久居留身份证。"
    en = "This kind of document is not supported."


class WrongLength(BadDocument):
    """The number has too many or too few characters."""

    code = "wrong_document_length"
    zh = "{zh}号码应为 {lengths} 位,请核对是否漏填或多填。"
    en = "The number of this document ({en}) has {lengths} characters."


class WrongForm(BadDocument):
    """The length is right, but a character stands where it cannot."""

    code = "wrong_document_form"
    zh = "{zh}号码格式不对,请对照证件逐位核对。"
    en = "This is not the form of this document's number ({en})."


class WrongCheckDigit(BadDocument):
    """The last character does not follow from those before it: a digit was mistyped."""

    code = "wrong_check_digit"
    zh = "{zh}号码校验不通过,可能有一位填错,请逐位核对。"
    en = "A digit of the number seems to be mistyped ({en})."


class ImpossibleDate(BadDocument):
    """The number holds a birth date that no living person can have."""

    code = "impossible_birth_date"
    zh = "{zh}号码中的出生日期不存在或晚于今天,请核对。"
    en = "The number holds a birth date that cannot be right ({en})."


@dataclass(frozen=True)
class _Kind:
    zh: str
    en: str
    forms: Mapping[int, str]

    @property
    def words(self) -> dict[str, str]:
        return {"zh": self.zh, "en": self.en, "lengths": "/".join(map(str, self.forms))}


# `keep` is the canonical number; `birth` marks a number that also carries a check digit; [0-9] and not \d,
# because \d takes the digits of every script.
_RESIDENT = r"(?P<keep>[1-8][0-9]{5}(?P<birth>[0-9]{8})[0-9]{2}(?P<sex>[0-9])[0-9X])"
_PASSPORT = r"(?P<keep>(?=.*[0-9])[A-Z0-9]+)"
_KINDS = {
    # GB 11643; a first digit of 9 is a foreigner's. Residence permits of Hong Kong, Macao and Taiwan
    # residents carry the same number (areas 81, 82, 83).
    "resident_id": _Kind("居民身份证", "resident identity card", {18: _RESIDENT}),
    # ICAO Doc 9303-4 gives nine places and no minimum; five stops slips of the finger.
    "passport": _Kind("护照", "passport", dict.fromkeys(range(5, 10), _PASSPORT)),
    # Ministry of Public Security, exit-entry administration, 2010-03-10: H or M, eight lifelong digits, and on
    # older cards two more that count the renewals.
    "hk_macao_permit": _Kind(
        "港澳居民来往内地通行证",
        "mainland travel permit for Hong Kong and Macao residents",
        {9: r"(?P<keep>[HM][0-9]{8})", 11: r"(?P<keep>[HM][0-9]{8})[0-9]{2}"},
    ),
    # Eight lifelong digits since 2008-09-25; before, two digits of renewals and, in brackets, the issuer's
    # letter or two digits (China News Service 2008-09-12; Ministry of Public Security notice on the 2015 card).
    "taiwan_permit": _Kind(
        "台湾居民来往大陆通行证",
        "mainland travel permit for Taiwan residents",
        {
            8: r"(?P<keep>[0-9]{8})",
            10: r"(?P<keep>[0-9]{8})[0-9]{2}",
            13: r"(?P<keep>[0-9]{8})[0-9]{2}\([A-Z0-9]\)",
            14: r"(?P<keep>[0-9]{8})[0-9]{2}\([0-9]{2}\)",
        },
    ),
    # National Immigration Administration, rules for the 2023 card: 9, then as GB 11643 with MOD 11-2; the older
    # card has three letters and twelve digits, whose inner form is not published.
    "foreign_permanent_residence": _Kind(
        "外国人永久居留身份证",
        "foreign permanent resident identity card",
        {15: r"(?P<keep>[A-Z]{3}[0-9]{12})", 18: r"(?P<keep>9[0-9]{5}(?P<birth>[0-9]{8})[0-9]{3}[0-9X])"},
    ),
}

KINDS: Mapping[str, str] = {kind: form.zh for kind, form in _KINDS.items()}
"""Each kind of document with its Chinese name."""


@dataclass(frozen=True)
class IdentityDocument:
    """A document whose number has a right form; `repr` shows no personal data.

    `birth_date` and `sex` are known only where the number's published form states them.
    """

    kind: str
    number: str = field(repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: Literal["male", "female"] | None = field(default=None, repr=False)


def parse(kind: str, number: str, *, field: str = "number") -> IdentityDocument:
    """Return the document with its canonical number.

    Full-width characters (NFKC), blanks and lower case are put right; area codes are not looked up, since
    abolished ones stay valid. `field` is the name under which an error reports the number.

    Raises:
        BadDocument: as `UnknownDocumentKind`, `WrongLength`, `WrongForm`, `WrongCheckDigit` or `ImpossibleDate`.
    """
    form = _KINDS.get(kind)
    if form is None:
        raise UnknownDocumentKind(field="kind")
    text = "".join(unicodedata.normalize("NFKC", number).split()).upper()
    if len(text) not in form.forms:
        raise WrongLength(field=field, **form.words)
    match = re.fullmatch(form.forms[len(text)], text)
    if match is None:
        raise WrongForm(field=field, **form.words)
    parts = match.groupdict()
    if "birth" not in parts:
        return IdentityDocument(kind, parts["keep"])
    if check_character(text[:_BODY_LENGTH]) != text[_BODY_LENGTH]:
        raise WrongCheckDigit(field=field, **form.words)
    birth_date = _birth_date(parts["birth"])
    if birth_date is None:
        raise ImpossibleDate(field=field, **form.words)
    return IdentityDocument(kind, parts["keep"], birth_date, _sex(parts.get("sex")))


def check_character(body: str) -> str:
    """Return the check character of the first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) << (_BODY_LENGTH - place) for place, digit in enumerate(body))
    return _CHECK_CHARACTERS[total % len(_CHECK_CHARACTERS)]


def age_on(birth_date: date, day: date) -> int:
    """Return the age in completed years on a civil day.

    Someone born on 29 February completes a year on 28 February of a common year: where the last month lacks
    the corresponding day, its last day counts (民法典, article 202).

    Raises:
        ValueError: `day` lies before the birth.
    """
    if day < birth_date:
        message = "the day lies before the birth"
        raise ValueError(message)
    years = day.year - birth_date.year
    try:
        birthday = birth_date.replace(year=day.year)
    except ValueError:
        birthday = date(day.year, 2, 28)
    return years if day >= birthday else years - 1


def _birth_date(digits: str) -> date | None:
    try:
        birth_date = date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return None
    return birth_date if EARLIEST_BIRTH <= birth_date <= clock.today() else None


def _sex(digit: str | None) -> Literal["male", "female"] | None:
    if digit is None:
        return None
    return "male" if int(digit) % 2 else "female"


# The commoner family names of two characters, where a given name follows.
_COMPOUND_NAME = re.compile(
    "(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|令狐|宇文|长孙|慕容|司徒|夏侯|端木|百里|南宫|澹台|独孤|闻人)(?=.)"
)
_TAIL = 4
_AREA = 6
_MOBILE = re.compile(r"(?:\+?86)?(?P<head>1[0-9]{2})[0-9]{4}(?P<tail>[0-9]{4})")


def mask(kind: str, number: str, keep: Literal["tail", "handler"] = "tail") -> str:
    """Return the number with stars: its last four characters stay, for a handler also a resident id's area code.

    Never more than half of a number stays, save for the handler's ten of eighteen.
    """
    if keep == "handler" and kind == "resident_id" and len(number) > _BODY_LENGTH:
        return number[:_AREA] + "*" * (len(number) - _AREA - _TAIL) + number[-_TAIL:]
    return _tail_only(number)


def mask_name(name: str) -> str:
    """Return the family name and a star for each character after it; a name of one character becomes a star."""
    match = _COMPOUND_NAME.match(name)
    shown = match.end() if match else int(len(name) > 1)
    return name[:shown] + "*" * (len(name) - shown)


def mask_phone(phone: str) -> str:
    """Return a mobile number as 138****1234, whatever its prefix and blanks; of any other, its tail only."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", phone))
    match = _MOBILE.fullmatch(text)
    return f"{match['head']}****{match['tail']}" if match else _tail_only(text)


def _tail_only(text: str) -> str:
    shown = min(_TAIL, len(text) // 2)
    return "*" * (len(text) - shown) + text[len(text) - shown :]
