"""A no-show (爽约): a free ticket that nobody used, so that its place was given on. And what follows when that repeats.

    stands ──a gate tells later that they were there──▶ undone
       └──staff find a good reason──▶ lifted

So many that stand within so many days limit a person: for a while no free booking online, at any place; the window
still serves them. Nothing but the marks is stored of it, so a mark that is undone ends the limit that hung on it. The
figures are rule parameters; where they are not set, nobody is limited.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents, paging
from backend.store.combining import Combiner
from models.rules import facts, parameters

COLLECTION = "no_shows"
CODES = ("no_show_most", "no_show_within_days", "no_show_limit_days", "no_show_exempt_bands", "no_show_kept_days")
MOST_READ = 50
"""Of one person's marks; more than any rule counts."""
STATE_ZH = {"stands": "有效", "undone": "已撤销(核实已到场)", "lifted": "已由工作人员解除"}


class NoShow(Document):
    """The id is that of the ticket. `reason` is why the staff lifted it; `forget_at` comes from the rule's figures."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person", "-at"]},
            {"fields": ["place", "day", "_id"]},
            {"fields": ["forget_at"], "expireAfterSeconds": 0},
        ],
    }
    id = StringField(primary_key=True)
    person = ObjectIdField(required=True)
    place = StringField(required=True)
    day = StringField(required=True)
    at = DateTimeField(required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    by = StringField()
    reason = BinaryField()
    forget_at = DateTimeField(required=True)


personal_data.declare(
    Holding(COLLECTION, "爽约记录", persons=("person",), sealed=(Sealed("reason"),), traces=("place", "day", "at"))
)


class OnlineLimited(Conflict):
    """409: one of the visitors may not book free tickets online for a while."""

    code = "booking_limited"
    zh = (
        "有游客因 {count} 次预约后未到场,{until} 前不能在线预约免费门票;仍可到现场窗口办理。"
        "如有异议,请在“我的爽约记录”中申诉,或持身份证到游客中心。"
    )
    en = (
        "After {count} no-shows one visitor may not book free tickets online until {until}; the ticket window still "
        "serves them. Object under “my no-shows” or at the visitor centre."
    )


@dataclass(frozen=True)
class Rule:
    """`most` no-shows within `within` limit for `limit`; visitors of the age bands `exempt` get no marks."""

    most: int
    within: timedelta
    limit: timedelta
    exempt: frozenset[str]
    kept: timedelta


@dataclass(frozen=True)
class Limited:
    """Until when a person is limited, and by how many no-shows."""

    until: datetime
    count: int


def rule_on(day: date) -> Rule | None:
    """Return the rule of a day, None where its figures are not set."""
    found = parameters.in_force(CODES, day)
    if len(found) < len(CODES):
        return None
    most, within, limit, exempt, kept = (facts.decode(found[code]["value"]) for code in CODES)
    days = [timedelta(days=float(one)) for one in (within, limit, kept)]
    return Rule(int(most), days[0], days[1], frozenset(exempt), max(days[2], days[0] + days[1]))


def limited(marks: Sequence[datetime], rule: Rule, now: datetime) -> Limited | None:
    """Return what follows from the instants of the marks that stand: the limit of the last that made one."""
    for last in sorted(marks, reverse=True):
        if last + rule.limit <= now:
            return None
        count = sum(last - rule.within < one <= last for one in marks)
        if count >= rule.most:
            return Limited(last + rule.limit, count)
    return None


def of(persons: Iterable[ObjectId]) -> dict[ObjectId, Limited]:
    """Return who of these persons is limited now."""
    asked = frozenset(persons)
    marks: dict[ObjectId, list[datetime]] = _marks.run(0, asked) if asked else {}
    rule = rule_on(clock.today()) if marks else None
    if rule is None:
        return {}
    told = {person: limited(found, rule, clock.now()) for person, found in marks.items()}
    return {person: one for person, one in told.items() if one}


def _find(_key: Any, asked: Sequence[frozenset[ObjectId]]) -> list[dict[ObjectId, list[datetime]]]:
    """Return the marks of the persons of many bookings in one query: every booking of a free ticket asks."""
    persons = sorted(frozenset().union(*asked))
    query = {"person": {"$in": persons}, "state": "stands"}
    found = NoShow._get_collection().find(query, {"person": 1, "at": 1}).limit(MOST_READ * len(persons))
    by_person: dict[ObjectId, list[datetime]] = {}
    for one in found:
        by_person.setdefault(one["person"], []).append(one["at"])
    return [{person: by_person[person] for person in some if person in by_person} for some in asked]


_marks: Combiner[frozenset[ObjectId]] = Combiner(_find)


def require_allowed(persons: Iterable[ObjectId]) -> None:
    """Check that persons may book free tickets online. A limit begins at an instant: who was admitted before it, was.

    Raises:
        OnlineLimited: one of them may not for a while.
    """
    if found := of(persons):
        longest = max(found.values(), key=lambda one: one.until)
        until = f"{clock.civil(longest.until):%Y-%m-%d %H:%M}"
        raise OnlineLimited(
            count=longest.count,
            until=until,
            fields={"visitors": [OnlineLimited.zh.format(count=longest.count, until=until)]},
        )


def refusal(lines: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of the visitors of an order may not have their free ticket."""
    return bool(of(one["person"] for one in lines if not one["price_fen"]))


def record(tickets: Iterable[Mapping[str, Any]], rule: Rule | None, at: datetime, session: ClientSession) -> int:
    """Mark the holders of released tickets, in the transaction that releases them; return how many were marked."""
    if rule is None:
        return 0
    marks = [
        {
            "_id": one["_id"],
            **{name: one[name] for name in ("person", "place", "day")},
            "at": at,
            "state": "stands",
            "forget_at": at + rule.kept,
        }
        for one in tickets
        if one["age_band"] not in rule.exempt
    ]
    if marks:
        NoShow._get_collection().insert_many(marks, session=session)
    return len(marks)


def was_there(person: ObjectId, place: str, day: str, session: ClientSession | None) -> bool:
    """Undo the marks of a person whom a gate had let in that day, as it tells later; return whether there were any.

    Nobody is punished for a gate without network: that they came in counts, whenever it becomes known.
    """
    query = {"person": person, "place": place, "day": day, "state": "stands"}
    change = {"$set": {"state": "undone", "by": "system:gate"}}
    return bool(NoShow._get_collection().update_many(query, change, session=session).modified_count)


def read(mark: str) -> dict[str, Any]:
    """Return a mark.

    Raises:
        NotFound: no such mark.
    """
    return documents.one(NoShow, {"_id": mark})


def lift(mark: str, by: str, reason: str, session: ClientSession) -> bool:
    """Lift a mark for a reason; return whether it stood."""
    sealed = runtime.current().sealer.seal("no_shows.reason", mark, reason)
    change = {"$set": {"state": "lifted", "by": by, "reason": sealed}}
    guard = {"_id": mark, "state": "stands"}
    return bool(NoShow._get_collection().update_one(guard, change, session=session).matched_count)


def of_person(person: ObjectId) -> list[dict[str, Any]]:
    """Return a person's marks, newest first."""
    return list(NoShow._get_collection().find({"person": person}).sort("at", -1).limit(MOST_READ))


def of_place(place: str, day: str, *, cursor: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the marks of a place and day, by ticket, and the cursor of the next.

    Raises:
        BadCursor: the cursor was not made by this list.
    """
    query = {"place": place, "day": day}
    return paging.page(NoShow._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=paging.MOST)
