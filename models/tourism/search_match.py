"""How well one thing fits a query, and where: the exact look at what the index found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.tourism.search_text import Unit, is_hanzi, letters, spelling, spellings, units

EXACT, PREFIX, ALIAS, INSIDE, BY_PINYIN, BY_INITIALS, TYPO, FACT = range(8)
WORDS = ("name", "prefix", "alias", "inside", "pinyin", "initials", "typo", "fact")
SHORTEST_TYPO = 5
"""Letters that a spelling needs before one wrong letter is forgiven."""
MOST_FACT_MARKS = 2
Span = tuple[int, int]


@dataclass(frozen=True)
class Query:
    """What was asked: its letters, and the ways to spell it in pinyin."""

    plain: str
    spelled: tuple[str, ...]

    @property
    def latin(self) -> bool:
        """Tell whether it was typed without characters."""
        return not any(is_hanzi(one) for one in self.plain)

    @property
    def characters(self) -> frozenset[str]:
        """Return the characters in it, which a mixed query wants as they are."""
        return frozenset(one for one in self.plain if is_hanzi(one))

    @property
    def mixed(self) -> bool:
        """Tell whether it has both characters and Latin letters."""
        return not self.latin and any(one.isascii() and one.isalpha() for one in self.plain)


@dataclass(frozen=True)
class Match:
    """How well it fits (smaller is better) and what to mark: `[{field, text, ranges}]`."""

    grade: tuple[int, int]
    highlights: list[dict[str, Any]]

    @property
    def word(self) -> str:
        """Return the name of the kind of match."""
        return WORDS[self.grade[0]]


def read(text: str) -> Query:
    """Return a query ready to be matched."""
    plain = letters(text)[0]
    latin = not any(is_hanzi(one) for one in plain)
    spelled = (spelling(text),) if latin else tuple(spellings(text))
    return Query(plain, tuple(one for one in spelled if one))


def best(query: Query, found: dict[str, Any], *, forgiving: bool = False) -> Match | None:
    """Return the best match of a thing, None when it does not fit; `forgiving` takes sound-alikes, a wrong letter."""
    names = [("name", found["name"]), *(("alias", one) for one in found.get("aliases", ()))]
    matches = [match for field, text in names if (match := _name(query, field, text, forgiving=forgiving))]
    if matches:
        return min(matches, key=lambda one: one.grade)
    known = [(field, found[field]) for field in ("type", "town") if found.get(field)]
    return _facts(query, [*known, *(("fact", one) for one in found.get("facts", ()))])


def _name(query: Query, field: str, text: str, *, forgiving: bool) -> Match | None:
    alias = field == "alias"
    if found := _letters(query.plain, text):
        where, span = found
        grade = (EXACT, PREFIX, INSIDE)[where]
        return _match(ALIAS if alias and grade < INSIDE else grade, where + alias, field, text, span)
    if query.latin or query.mixed or forgiving:
        if query.mixed and not query.characters <= set(letters(text)[0]):
            return None
        for spelled in query.spelled:
            if told := _sounds(spelled, units(text), typing=query.latin or query.mixed):
                return _match(BY_PINYIN, 2 * told[0] + alias, field, text, told[1])
    return _short_or_wrong(query, field, text, forgiving=forgiving) if query.latin and query.spelled else None


def _short_or_wrong(query: Query, field: str, text: str, *, forgiving: bool) -> Match | None:
    """Return the match of a Latin query by initials, or of a long one with a letter wrong."""
    spelled, fine = query.spelled[0], int(field == "alias")
    if told := _initials(spelled, units(text)):
        return _match(BY_INITIALS, 2 * told[0] + fine, field, text, told[1])
    if forgiving and len(spelled) >= SHORTEST_TYPO and (wrong := _nearly(spelled, units(text))):
        return _match(TYPO, fine, field, text, wrong)
    return None


def _match(grade: int, fine: int, field: str, text: str, span: Span) -> Match:
    return Match((grade, fine), [{"field": field, "text": text, "ranges": [list(span)]}])


def _letters(wanted: str, text: str) -> tuple[int, Span] | None:
    """Return 0 for the whole text, 1 for its beginning, 2 for inside, and where."""
    plain, positions = letters(text)
    at = plain.find(wanted)
    if at < 0:
        return None
    where = 0 if plain == wanted else 1 if at == 0 else 2
    return where, (positions[at], positions[at + len(wanted) - 1] + 1)


def _facts(query: Query, facts: Sequence[tuple[str, str]]) -> Match | None:
    if len(query.plain) <= 1:
        return None
    marks = [
        {"field": field, "text": text, "ranges": [list(told[1])]}
        for field, text in facts
        if (told := _letters(query.plain, text))
    ]
    return Match((FACT, 0), marks[:MOST_FACT_MARKS]) if marks else None


def _sounds(wanted: str, read: Sequence[Unit], *, typing: bool) -> tuple[int, Span] | None:
    """Find a spelling from the beginning of a syllable on; who is `typing` letters may end within one."""
    for start in range(len(read)):
        if end := _reach(wanted, read, start, typing=typing):
            whole = start == 0 and end == len(read)
            return 0 if whole else 1 if start == 0 else 2, (read[start].start, read[end - 1].end)
    return None


def _reach(wanted: str, read: Sequence[Unit], start: int, *, typing: bool) -> int:
    """Return the unit before which a spelling that begins at `start` ends, 0 when it does not fit."""
    left = {wanted}
    for number in range(start, len(read)):
        following = set()
        for rest in left:
            for reading in read[number].readings:
                if reading.startswith(rest) and (typing or reading == rest):
                    return number + 1
                if rest.startswith(reading):
                    following.add(rest[len(reading) :])
        if not following:
            return 0
        left = following
    return 0


def _initials(wanted: str, read: Sequence[Unit]) -> tuple[int, Span] | None:
    for start in range(len(read) - len(wanted) + 1):
        part = read[start : start + len(wanted)]
        if all(any(r[0] == letter for r in one.readings) for one, letter in zip(part, wanted, strict=True)):
            where = 0 if len(part) == len(read) else 1 if start == 0 else 2
            return where, (part[0].start, part[-1].end)
    return None


def _nearly(wanted: str, read: Sequence[Unit]) -> Span | None:
    """Find a stretch of whole syllables that is one letter away."""
    for start in range(len(read)):
        for end, told in _joined(read, start, len(wanted) + 1):
            if one_edit(wanted, told):
                return read[start].start, read[end - 1].end
    return None


def _joined(read: Sequence[Unit], start: int, most: int) -> Iterator[tuple[int, str]]:
    """Yield the spellings of stretches from a unit on, in the commonest readings and those with another first one."""
    for first in read[start].readings:
        told = first
        yield start + 1, told
        for number in range(start + 1, len(read)):
            told += read[number].readings[0]
            if len(told) > most:
                break
            yield number + 1, told


def one_edit(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter wrong, missing, too many, or by two neighbours exchanged."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) != len(other):
        longer, shorter = sorted((one, other), key=len, reverse=True)
        return longer[at + 1 :] == shorter[at:]
    swapped = one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped == other[at:]
