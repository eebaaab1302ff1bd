"""The code of one package: short, without a count to be read off, and not to be made up without the key.

    short  2 characters key · 8 serial (40 bits) · 12 tag (60 bits) · 1 check    /t/{23 characters}
    gs1    8 characters key (4 bits) and serial (36 bits) · 8 tag (40 bits)      /01/{gtin}/21/{16 characters}

The serial is a counter that went through a keyed Feistel network: neighbours look unrelated, and no two meet. The tag
is an HMAC over domain, version, form, key, serial and scope; the scope says whose product the package holds, so that a
code cannot be moved to another one. The check character is no secret: it tells a slip of the hand from a code made up.
Characters are Crockford's, read in either case, with O for 0, I and L for 1, and hyphens anywhere.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DOMAIN, VERSION = b"product-code", 1
MOST_KEY_ID = 15
ROUNDS = 10
SCRATCH_CHARACTERS = 8
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_BITS = 5
_LONGEST = 64
_FIELD = 0b100101
"""x^5 + x^2 + 1, by which the check character is counted."""


class NoCode(ValueError):
    """The text has not the form of a code."""


class CheckWrong(NoCode):
    """The text has the form of a code, but a character of it is another one."""


@dataclass(frozen=True)
class Form:
    """How a code is cut: `head` characters for key and serial, `tag` for the tag, and whether a check follows."""

    name: str
    head: int
    serial_bits: int
    tag: int
    checked: bool

    @property
    def length(self) -> int:
        """Return how many characters a code has."""
        return self.head + self.tag + self.checked

    @property
    def most(self) -> int:
        """Return how many serials a key has."""
        return 1 << self.serial_bits


SHORT = Form("short", 10, 40, 12, checked=True)
GS1 = Form("gs1", 8, 36, 8, checked=False)
FORMS = {form.name: form for form in (SHORT, GS1)}
_BY_LENGTH = {form.length: form for form in FORMS.values()}


@dataclass(frozen=True)
class Read:
    """What a code says. `head` names the package; the tag proves nothing before it was compared."""

    form: Form
    text: str
    key_id: int
    serial: int

    @property
    def head(self) -> str:
        """Return key and serial as characters: how the store knows the package."""
        return self.text[: self.form.head]

    @property
    def tag(self) -> str:
        """Return the characters of the tag."""
        return self.text[self.form.head : self.form.head + self.form.tag]


def gtin_scope(gtin: str) -> str:
    """Return the scope of packages with a GTIN."""
    return f"gtin:{gtin}"


def item_scope(product: str, producer: str) -> str:
    """Return the scope of packages without one."""
    return f"item:{product}/{producer}"


def short_url(base: str, text: str) -> str:
    """Return what the label of a package without a GTIN says; scheme and host stay lower case for all phones."""
    return f"{base}/t/{text}"


def gs1_url(base: str, gtin: str, text: str) -> str:
    """Return what the label of a package with a GTIN says: GS1 Digital Link."""
    return f"{base}/01/{gtin}/21/{text}"


def read(text: str) -> Read:
    """Read a code as it was scanned or typed.

    Raises:
        CheckWrong: it has a check character, which does not fit.
        NoCode: it is no code.
    """
    plain = text.replace("-", "").upper() if text.isascii() and len(text) <= _LONGEST else ""
    form = _BY_LENGTH.get(len(plain))
    if form is None or any(letter not in _VALUES for letter in plain):
        raise NoCode
    values = [_VALUES[letter] for letter in plain]
    if form.checked and _check(values[:-1]) != values[-1]:
        raise CheckWrong
    head = 0
    for value in values[: form.head]:
        head = head << _BITS | value
    key_id, serial = divmod(head, form.most)
    return Read(form, "".join(ALPHABET[value] for value in values), key_id, serial)


@dataclass(frozen=True)
class ProductKeys:
    """Master keys by id; the highest that is not retired issues, all verify."""

    masters: Mapping[int, bytes] = field(repr=False)
    retired: frozenset[int] = frozenset()

    @property
    def current(self) -> int:
        """Return the id of the key that issues."""
        return max(set(self.masters) - self.retired)

    @cached_property
    def _keys(self) -> dict[tuple[int, str], bytes]:
        uses = ("serial", "tag", "scratch")
        told = [(key_id, use, master) for key_id, master in self.masters.items() for use in uses]
        return {(key_id, use): _digest(master, DOMAIN, use.encode()) for key_id, use, master in told}

    def issue(self, form: Form, key_id: int, counter: int, scope: str) -> str:
        """Return the code of the package with a counter; the same arguments give the same code.

        Raises:
            ValueError: the key has given out all its serials.
        """
        if not 0 <= counter < form.most:
            raise ValueError(counter)
        serial = _permuted(self._keys[key_id, "serial"], counter, form.serial_bits)
        text = _letters(key_id * form.most + serial, form.head) + self._tag(form, key_id, serial, scope)
        return text + ALPHABET[_check([_VALUES[letter] for letter in text])] if form.checked else text

    def counter(self, told: Read) -> int | None:
        """Return the counter behind a serial, None without its key."""
        key = self._keys.get((told.key_id, "serial"))
        return None if key is None else _permuted(key, told.serial, told.form.serial_bits, back=True)

    def wrong(self, told: Read, scope: str) -> int:
        """Return how many characters of the tag are wrong, in a time that does not tell which; an unknown key: all."""
        known = (told.key_id, "tag") in self._keys
        key_id = told.key_id if known else self.current
        expected = self._tag(told.form, key_id, told.serial, scope)
        differing = sum(left != right for left, right in zip(expected, told.tag, strict=True))
        if known and hmac.compare_digest(expected, told.tag):
            return 0
        return differing if known else told.form.tag

    def scratch(self, key_id: int, head: str) -> str:
        """Return the secret under the scratch layer of a package: 40 bits of their own."""
        digest = _digest(self._keys[key_id, "scratch"], DOMAIN, head.encode())
        return _letters(int.from_bytes(digest[:5]), SCRATCH_CHARACTERS)

    def _tag(self, form: Form, key_id: int, serial: int, scope: str) -> str:
        told = bytes((VERSION, form.serial_bits, key_id)) + serial.to_bytes(5) + scope.encode()
        digest = _digest(self._keys[key_id, "tag"], DOMAIN, told)
        return _letters(int.from_bytes(digest) >> 256 - form.tag * _BITS, form.tag)


def _digest(key: bytes, domain: bytes, told: bytes) -> bytes:
    return hmac.digest(key, domain + b"\x00" + told, "sha256")


def _letters(number: int, many: int) -> str:
    return "".join(ALPHABET[number >> _BITS * place & 31] for place in reversed(range(many)))


def _permuted(key: bytes, number: int, bits: int, *, back: bool = False) -> int:
    """Return the other end of a balanced Feistel network over `bits` bits."""
    half = bits // 2
    mask = (1 << half) - 1
    left, right = number >> half, number & mask
    for turn in reversed(range(ROUNDS)) if back else range(ROUNDS):
        if back:
            left, right = right ^ _mixed(key, bits, turn, left) & mask, left
        else:
            left, right = right, left ^ _mixed(key, bits, turn, right) & mask
    return left << half | right


def _mixed(key: bytes, bits: int, turn: int, half: int) -> int:
    return int.from_bytes(hmac.digest(key, bytes((bits, turn)) + half.to_bytes(3), "sha256")[:4])


def _check(values: list[int]) -> int:
    """Return the check value: it finds each wrong character, and each two that changed places."""
    total = 0
    for value in values:
        total = _doubled(total ^ value)
    return total


def _doubled(value: int) -> int:
    value <<= 1
    return value ^ _FIELD if value > 31 else value  # noqa: PLR2004 - five bits
