"""What the store knows about the people of some lines: one query a kind of thing for a thousand lines, none for one.

Nothing is asked of a register here; what is missing or out of date is named, and `ask` sees to it before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.identity_documents import BadDocument, IdentityDocument, parse
from models.benefits import item as items
from models.benefits import line
from models.benefits.batch import BenefitBatch
from models.benefits.line import BenefitLine, Opened
from models.identity.person import Person
from models.onecard.card import Card
from models.registers import fact, inquiry, timeline
from models.registers.fact import Fact, Stated
from models.registers.subject import Subject

SOURCES = ("household", "death")
"""The registers whose answer every line needs, and a fresh one."""
KINDS = ("person.name", "death.date", "household.number")
COUNTED = ("ok", "to_confirm", "approved", "sent", "paid", "failed", "repaired", "resent")
"""The states in which a line takes its share of what a household may get."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """What one run of the checks is about. `kinds` are the facts that the item's rule reads besides."""

    batch: Mapping[str, Any]
    item: Mapping[str, Any]
    day: date
    exclusive: tuple[str, ...]
    periods: tuple[str, ...]
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What is known of the person of one line."""

    opened: Opened = field(repr=False)
    document: IdentityDocument | None = field(repr=False)
    person: ObjectId | None
    stated: Mapping[str, Sequence[Stated]] = field(repr=False)
    stale: tuple[str, ...]
    cards: Sequence[Row] = field(repr=False)
    others: Sequence[Row] = field(repr=False)
    shares_account: bool
    household: tuple[bytes, ...] = field(repr=False)


def of_lines(scope: Scope, rows: Sequence[Row]) -> list[About]:
    """Return what is known about each of some lines, in their order."""
    opened = [line.opened(row) for row in rows]
    documents = [_document(one.number) for one in opened]
    looked = _Looked(scope, rows, documents)
    return [looked.about(row, told, one) for row, told, one in zip(rows, opened, documents, strict=True)]


class _Looked:
    """What was found for some lines together, to be handed out line by line."""

    def __init__(self, scope: Scope, rows: Sequence[Row], documents: Sequence[IdentityDocument | None]) -> None:
        self._persons = _persons(documents)
        ids = sorted(set(self._persons.values()))
        self._stated, self._fresh, self._cards = _stated(ids, scope), _fresh(ids), _cards(ids)
        self._others, self._shared = _others(scope, rows), _shared_accounts(scope, rows)

    def about(self, row: Row, told: Opened, document: IdentityDocument | None) -> About:
        """Return what is known about one line."""
        person = self._persons.get(document.number) if document else None
        near = {one["_id"]: one for blind in row["number_index"] for one in self._others.get(blind, ())}
        others = [one for one in near.values() if one["_id"] != row["_id"]]
        shares = not self._shared.isdisjoint(row.get("account_index", ()))
        if person is None:
            return About(told, document, None, {}, (), (), others, shares, ())
        known, fresh = self._stated.get(person, {}), self._fresh.get(person, set())
        stale = tuple(source for source in SOURCES if source not in fresh)
        cards = self._cards.get(person, [])
        return About(told, document, person, known, stale, cards, others, shares, _household(known))


def _document(number: str) -> IdentityDocument | None:
    try:
        return parse("resident_id", number)
    except BadDocument:
        return None


def _persons(documents: Iterable[IdentityDocument | None]) -> dict[str, ObjectId]:
    """Return the ids of the persons known by these documents, by number."""
    sealer = runtime.current().sealer
    blinds: dict[bytes, str] = {}
    for one in documents:
        if one:
            blinds |= dict.fromkeys(sealer.blinds("persons.document", f"{one.kind}:{one.number}"), one.number)
    query = {"document_index": {"$in": list(blinds)}}
    found = Person._get_collection().find(query, {"document_index": 1}) if blinds else ()
    return {blinds[blind]: one["_id"] for one in found for blind in one["document_index"] if blind in blinds}


def _stated(ids: Sequence[ObjectId], scope: Scope) -> dict[ObjectId, dict[str, list[Stated]]]:
    """Return what the registers said that holds on the day, by person and kind."""
    query = {"person": {"$in": list(ids)}, "kind": {"$in": sorted({*KINDS, *scope.kinds})}}
    rows: dict[tuple[ObjectId, str], list[Row]] = defaultdict(list)
    unread = {"line": 0, "disputes": 0, "open": 0}
    for row in Fact._get_collection().find(query, unread) if ids else ():
        rows[row["person"], row["kind"]].append(row)
    told: dict[ObjectId, dict[str, list[Stated]]] = defaultdict(dict)
    for (person, kind), some in rows.items():
        holding = timeline.holding(some, scope.day.isoformat())
        told[person][kind] = [fact.opened(dict(one)) for one in holding]
    return told


def _fresh(ids: Sequence[ObjectId]) -> dict[ObjectId, set[str]]:
    """Return which registers answered lately about whom."""
    wanted = [inquiry.inquiry_id(source, Subject(person=one)) for one in ids for source in SOURCES]
    now, told = clock.now(), defaultdict(set)
    shown = {"person": 1, "source": 1, "fresh_until": 1}
    found = inquiry.Inquiry._get_collection().find({"_id": {"$in": wanted}}, shown) if wanted else ()
    for one in found:
        if inquiry.is_fresh(one, now):
            told[one["person"]].add(one["source"])
    return told


def _cards(ids: Sequence[ObjectId]) -> dict[ObjectId, list[Row]]:
    """Return the cards of persons, the newest first."""
    told: dict[ObjectId, list[Row]] = defaultdict(list)
    shown = {"person": 1, "live": 1, "state": 1, "stop": 1, "before_death": 1}
    found = Card._get_collection().find({"person": {"$in": list(ids)}}, shown).sort("_id", -1) if ids else ()
    for one in found:
        told[one["person"]].append(one)
    return told


def _others(scope: Scope, rows: Sequence[Row]) -> dict[bytes, list[Row]]:
    """Return the lines of the same people in the same time, of this item and of those that exclude it."""
    blinds = [blind for row in rows for blind in row["number_index"]]
    query = {
        "number_index": {"$in": blinds},
        "item": {"$in": sorted({scope.item["code"], *scope.exclusive})},
        "period": {"$in": list(scope.periods)},
    }
    shown = {"number_index": 1, "item": 1, "period": 1, "batch": 1, "state": 1, "amount_fen": 1}
    found = [one for one in BenefitLine._get_collection().find(query, shown) if one["state"] in line.LIVE]
    over = _cancelled({one["batch"] for one in found} - {scope.batch["_id"]})
    told: dict[bytes, list[Row]] = defaultdict(list)
    for one in found:
        if one["batch"] not in over:
            for blind in one["number_index"]:
                told[blind].append(one)
    return told


def _cancelled(batches: Iterable[ObjectId]) -> set[ObjectId]:
    query = {"_id": {"$in": sorted(batches)}, "state": "cancelled"}
    return {one["_id"] for one in BenefitBatch._get_collection().find(query, {"_id": 1})}


def _shared_accounts(scope: Scope, rows: Sequence[Row]) -> set[bytes]:
    """Return the accounts that stand at several people of the batch."""
    blinds = [blind for row in rows for blind in row.get("account_index", ())]
    holders: dict[bytes, set[bytes]] = defaultdict(set)
    query = {"batch": scope.batch["_id"], "account_index": {"$in": blinds}}
    shown = {"account_index": 1, "number_index": 1, "state": 1}
    for one in BenefitLine._get_collection().find(query, shown) if blinds else ():
        if one["state"] in line.LIVE:
            for blind in one["account_index"]:
                holders[blind].add(one["number_index"][0])
    return {blind for blind, people in holders.items() if len(people) > 1}


def _household(known: Mapping[str, Sequence[Stated]]) -> tuple[bytes, ...]:
    told = known.get("household.number", ())
    number = next((one.value["number"] for one in told if not one.absent), "")
    return tuple(runtime.current().sealer.blinds("benefit_lines.household", number)) if number else ()


def given_before(scope: Scope, households: Iterable[bytes], before: ObjectId) -> dict[bytes, int]:
    """Return what other lines of this item and period give to households, by the blind index.

    Of this batch these are the lines before; of another one all, because they may have been checked first.
    """
    query = {
        "household": {"$in": list(households)},
        "item": scope.item["code"],
        "period": scope.batch["period"],
        "$or": [{"batch": {"$ne": scope.batch["_id"]}}, {"_id": {"$lt": before}}],
        "state": {"$in": list(COUNTED)},
    }
    shown = {"household": 1, "amount_fen": 1, "batch": 1}
    found = list(BenefitLine._get_collection().find(query, shown)) if query["household"]["$in"] else []
    over = _cancelled({one["batch"] for one in found} - {scope.batch["_id"]})
    given: dict[bytes, int] = defaultdict(int)
    for one in found:
        if one["batch"] not in over:
            for blind in one["household"]:
                given[blind] += one["amount_fen"]
    return given


def periods_touching(kind: str, period: str) -> tuple[str, ...]:
    """Return all periods of every kind that share a day with this one: a month lies in its season and its year."""
    first, following = items.days(kind, period)
    last = following.toordinal() - 1
    months = sorted({date.fromordinal(day).strftime("%Y-%m") for day in range(first.toordinal(), last + 1)})
    seasons = sorted({f"{one[:4]}-Q{(int(one[5:]) + 2) // 3}" for one in months})
    return (period[:4], *seasons, *months)
