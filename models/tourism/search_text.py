"""How a text can be found: its letters, the readings of its characters, and the terms that the index keeps of it.

A term is the beginning of what follows a letter or a syllable: up to three letters (`h`), six letters of pinyin (`p`)
or three initials (`i`). So one equality finds every text in which a query may lie; `search_match` then looks exactly.
Facts have pairs of letters only (`f`). Every reading of a character counts: 都 is du and dou.
"""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

# All readings of a character are asked, never those of a phrase, whose table would cost each process 40 MB.
os.environ["PYPINYIN_NO_PHRASES"] = "true"

import pypinyin

HANZI, PINYIN, INITIALS, FACT = "h", "p", "i", "f"
LONGEST = {HANZI: 3, PINYIN: 6, INITIALS: 3, FACT: 2}
MOST_READINGS = 5
MOST_SPELLINGS = 16
_SYLLABLE = 6
_TONES = {"\u0300", "\u0301", "\u0304", "\u030c"}


class Unit(NamedTuple):
    """A character with its readings, or a run of Latin letters or digits that reads as itself."""

    start: int
    end: int
    readings: tuple[str, ...]


def is_hanzi(letter: str) -> bool:
    """Tell whether a letter is a Chinese character."""
    return "\u3400" <= letter <= "\u9fff" or letter == "〇" or "\U00020000" <= letter <= "\U000323af"


@lru_cache(maxsize=16_384)
def readings(letter: str) -> tuple[str, ...]:
    """Return the readings of a character without tones, the commonest first; ü is v."""
    told = pypinyin.pinyin(letter, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore")
    plain = dict.fromkeys(one for one in (told[0] if told else ()) if one.isascii() and one.isalpha())
    return tuple(islice(plain, MOST_READINGS))


@lru_cache(maxsize=16_384)
def letters(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the letters and digits of a text, lower case and without anything between, and where each stands."""
    found: list[tuple[str, int]] = []
    for position, letter in enumerate(text):
        plain = unicodedata.normalize("NFKC", letter).lower()
        found += [(one, position) for one in plain if one.isalnum()]
    return "".join(one for one, _ in found), tuple(position for _, position in found)


@lru_cache(maxsize=16_384)
def units(text: str) -> tuple[Unit, ...]:
    """Return what a text reads as, unit by unit; what has no reading is passed over."""
    found: list[Unit] = []
    plain, positions = letters(text)
    for letter, position in zip(plain, positions, strict=True):
        if is_hanzi(letter):
            if known := readings(letter):
                found.append(Unit(position, position + 1, known))
        elif letter.isascii():
            last = found[-1] if found else None
            if last and last.end == position and _continues(last.readings[0], letter, text[last.start]):
                found[-1] = Unit(last.start, position + 1, (last.readings[0] + letter,))
            else:
                found.append(Unit(position, position + 1, (letter,)))
    return tuple(found)


def _continues(run: str, letter: str, first: str) -> bool:
    """Tell whether a letter goes on with a run: digits with digits, Latin letters with such, none with a character."""
    return run[-1].isdigit() == letter.isdigit() and not is_hanzi(first)


def spelling(query: str) -> str:
    """Return the letters of a query in pinyin: no tones, no spaces, ü as v."""
    marked = unicodedata.normalize("NFD", query.lower().replace("u:", "v"))
    bare = unicodedata.normalize("NFC", "".join(one for one in marked if one not in _TONES)).replace("ü", "v")
    plain = letters(bare)[0]
    toned = any(one.isalpha() for one in plain) and all(
        before.isalpha() and one in "12345" for before, one in zip("1" + plain, plain, strict=False) if one.isdigit()
    )
    return "".join(one for one in plain if not (toned and one.isdigit()))


def spellings(query: str) -> list[str]:
    """Return the ways to spell a query with characters in it, all readings of the first ones."""
    parts: list[Sequence[str]] = [readings(one) or ("",) if is_hanzi(one) else (one,) for one in letters(query)[0]]
    return list(dict.fromkeys("".join(one) for one in islice(product(*parts), MOST_SPELLINGS)))


def terms(names: Sequence[str], facts: Sequence[str]) -> list[str]:
    """Return the terms under which the names and facts of one thing are found, sorted."""
    found = {term for name in names for term in _name_terms(name)}
    for fact in facts:
        plain = letters(fact)[0]
        found |= {FACT + plain[n : n + 2] for n in range(len(plain) - 1)}
    return sorted(found)


def _name_terms(name: str) -> Iterator[str]:
    plain = letters(name)[0]
    for start in range(len(plain)):
        yield from (HANZI + plain[start : start + n] for n in range(1, LONGEST[HANZI] + 1))
    read = units(name)
    for start in range(len(read)):
        ahead = read[start : start + _SYLLABLE]
        yield from _beginnings(PINYIN, [one.readings for one in ahead])
        yield from _beginnings(INITIALS, [tuple({r[0]: r for r in one.readings}) for one in ahead])


def _beginnings(kind: str, parts: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the beginnings of every joining of the parts, as long as terms of a kind may be."""
    joined, most = {""}, LONGEST[kind]
    for part in parts:
        joined = {(one + more)[:most] for one in joined for more in part}
        if all(len(one) == most for one in joined):
            break
    for one in joined:
        yield from (kind + one[:n] for n in range(1, len(one) + 1))


def begin(kind: str, text: str) -> str:
    """Return the term under which whatever contains `text` is found."""
    return kind + text[: LONGEST[kind]]
