"""Search by characters, pinyin, initials, aliases and facts: 田岩, tianyan and lty find 罗田岩.

A search reads at most `MOST` records by name and `MOST_FACTS` by facts, by rank, whatever there is in the store.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from backend import geo
from backend.store.paging import BadCursor
from models.tourism import search_guide, search_match, search_text
from models.tourism.search_match import Match, Query
from models.tourism.search_term import SearchTerm

MOST = 400
MOST_FACTS = 100
MOST_SUGGESTIONS = 3
SIMILAR = 0.5
_PIECE = 3
_FIELDS = dict.fromkeys(("kind", "ref", "name", "aliases", "type", "town", "geo", "facts", "rank"), 1)
Found = dict[str, Any]
Ranked = list[tuple[Match, Found]]


@dataclass(frozen=True)
class Asked:
    """A search: text, kind of thing, position of the asker (WGS-84), and which page."""

    text: str
    kind: str | None = None
    near: tuple[float, float] | None = None
    cursor: str | None = None
    limit: int = 20


def find(asked: Asked) -> dict[str, Any]:
    """Return a page of what fits best, and spellings to try instead when nothing does.

    Raises:
        BadCursor: the cursor names nothing that this search finds.
    """
    query = search_match.read(asked.text)
    if not query.plain:
        return {"items": [], "next": None, "suggestions": []}
    ranked = _exact(query, asked) or _forgiven(query, asked)
    ranked.sort(key=lambda one: _order(one[0], one[1], asked.near))
    start = _after(ranked, asked.cursor)
    page = ranked[start : start + asked.limit]
    more = start + asked.limit < len(ranked)
    return {
        "items": [_shown(match, found, asked.near) for match, found in page],
        "next": page[-1][1]["_id"] if more else None,
        "suggestions": [] if ranked else _suggestions(query, asked.kind),
    }


def _exact(query: Query, asked: Asked) -> Ranked:
    """Return what fits as it was typed: by name, and where that leaves room, by facts."""
    wanted = [search_text.begin(search_text.HANZI, query.plain)]
    if query.latin or query.mixed:
        wanted += [search_text.begin(search_text.PINYIN, one) for one in query.spelled]
    if query.latin and query.spelled:
        wanted.append(search_text.begin(search_text.INITIALS, query.spelled[0]))
    found = _read(wanted, asked.kind, MOST)
    if len(found) < MOST and len(query.plain) > 1:
        known = {one["_id"] for one in found}
        by_fact = _read([search_text.begin(search_text.FACT, query.plain)], asked.kind, MOST_FACTS)
        found += [one for one in by_fact if one["_id"] not in known]
    return _ranked(query, found, forgiving=False)


def _forgiven(query: Query, asked: Asked) -> Ranked:
    """Return what sounds alike, or is one letter away."""
    wanted = {search_text.begin(search_text.PINYIN, one) for one in query.spelled} | _pieces(query)
    return _ranked(query, _read(sorted(wanted), asked.kind, MOST), forgiving=True)


def _pieces(query: Query) -> set[str]:
    """Return the terms of every three letters: one wrong letter leaves a syllable whose beginning is right."""
    if not query.latin or len("".join(query.spelled)) < search_match.SHORTEST_TYPO:
        return set()
    spelled = query.spelled[0]
    return {search_text.PINYIN + spelled[n : n + _PIECE] for n in range(len(spelled) - _PIECE + 1)}


def _read(terms: list[str], kind: str | None, most: int) -> list[Found]:
    condition: dict[str, Any] = {"terms": {"$in": terms}} | ({"kind": kind} if kind else {})
    return list(SearchTerm._get_collection().find(condition, _FIELDS).sort("rank", 1).limit(most))


def _ranked(query: Query, found: list[Found], *, forgiving: bool) -> Ranked:
    """Return what fits when looked at exactly, and is shown now."""
    looked = [(match, one) for one in found if (match := search_match.best(query, one, forgiving=forgiving))]
    shown = search_guide.still_shown(one for _, one in looked)
    return [(match, one) for match, one in looked if one["_id"] in shown]


def _order(match: Match, found: Found, near: tuple[float, float] | None) -> tuple[Any, ...]:
    away = _distance(found, near) if near else None
    return (*match.grade, float("inf") if away is None else away, found["rank"], found["_id"])


def _distance(found: Found, near: tuple[float, float]) -> float | None:
    at = found.get("geo")
    return geo.distance_m(*near, at["lon"], at["lat"]) if at else None


def _after(ranked: Ranked, cursor: str | None) -> int:
    if cursor is None:
        return 0
    for number, (_, found) in enumerate(ranked, start=1):
        if found["_id"] == cursor:
            return number
    raise BadCursor(fields={"cursor": [BadCursor.zh]})


def _shown(match: Match, found: Found, near: tuple[float, float] | None) -> dict[str, Any]:
    shown = {"kind": found["kind"], "id": found["ref"], "name": found["name"], "matched": match.word}
    shown |= {name: found[name] for name in ("type", "town") if found.get(name)}
    if near and (away := _distance(found, near)) is not None:
        shown["distance_m"] = round(away)
    return {**shown, "highlights": match.highlights}


def _suggestions(query: Query, kind: str | None) -> list[str]:
    """Return the names whose letters or spelling come nearest, none when all are far."""
    pieces = (query.spelled[0] if query.spelled else query.plain) if query.latin else query.plain
    sign, size = (search_text.PINYIN, 2) if query.latin else (search_text.HANZI, 1)
    wanted = {sign + pieces[n : n + size] for n in range(len(pieces) - size + 1)}
    told = []
    found = _read(sorted(wanted), kind, MOST)
    shown = search_guide.still_shown(found)
    for one in (one for one in found if one["_id"] in shown):
        own = "".join(unit.readings[0] for unit in search_text.units(one["name"])) if query.latin else one["name"]
        told.append((-SequenceMatcher(None, pieces, own, autojunk=False).ratio(), one["rank"], one["name"]))
    return [name for ratio, _, name in sorted(told) if -ratio >= SIMILAR][:MOST_SUGGESTIONS]
