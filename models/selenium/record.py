"""A record of production (生产记录): what a grower did on which day, with the events that say so to everybody else.

    kept ──withdraw, replace──▶ corrected      (final; its events are declared wrong)

Record, events and what the deed changes are stored all or none by `keep`. A record that carries the key of a request
is kept once, however often the request comes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, personal_data, runtime
from backend.errors import Conflict, NotFound, Unprocessable
from backend.personal_data import Holding, Sealed
from backend.store import transactions
from models.audit import entry
from models.epcis import capture
from models.selenium import events, seasons, uri
from models.selenium.producer import Grower

COLLECTION = "selenium_records"
_SOURCE = "selenium_records.source"
KIND_ZH = {
    "input": "投入品使用",
    "harvest": "采收",
    "sampling": "抽样送检",
    "grading": "分级",
    "packing": "包装赋码",
    "boxing": "装箱",
    "unboxing": "拆箱",
    "shipping": "发货",
    "receiving": "签收",
    "selling": "销售",
}
STATE_ZH = {"kept": "有效", "corrected": "已更正"}
FURTHEST_DAYS = 366


class Record(Document):
    """What the deed was about stands in lists, so that it is found from a lot, a plot, a pack; the rest in `told`.

    `season` is that of its lot, or the quarter of the year for what is about none or several; `key` is the digest of
    the request that made it.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            ["producer", "-day", "-_id"],
            {"fields": ["lots", "kind"]},
            {"fields": ["plots", "-day"]},
            {"fields": ["packs", "kind"]},
            {"fields": ["boxes"]},
            {"fields": ["key"], "unique": True, "partialFilterExpression": {"key": {"$exists": True}}},
        ],
    }
    producer = ObjectIdField(required=True)
    kind = StringField(choices=tuple(KIND_ZH), required=True)
    day = StringField(required=True)
    season = StringField(required=True)
    place_zh = StringField(required=True)
    lots = ListField(StringField())
    plots = ListField(ObjectIdField())
    packs = ListField(StringField())
    boxes = ListField(StringField())
    shipment = StringField()
    buyer = ObjectIdField()
    told = DictField()
    source = BinaryField()
    events = ListField(StringField())
    state = StringField(choices=tuple(STATE_ZH), required=True)
    replaced_by = ObjectIdField()
    corrected_at = DateTimeField()
    corrected_by = StringField()
    key = StringField()
    created_at = DateTimeField(required=True)
    created_by = StringField(required=True)


personal_data.declare(
    Holding(
        COLLECTION,
        "生产记录(投入品、采收、分级、包装、发货、销售)",
        via=(("producer", "producers"),),
        sealed=(Sealed("source"),),
        traces=("day", "place_zh", "created_by", "corrected_by"),
        at_deletion="restrict",
        because="农产品生产记录须依法留存(农产品质量安全法第二十七条)。",
    )
)


class DayWrong(Unprocessable):
    """422: the day lies in the future, too far back, or before the harvest."""

    code = "record_day_wrong"
    zh = "日期不能晚于今天、早于一年前,也不能早于该批次的采收日期。"
    en = "The day cannot be later than today, more than a year ago, or before the harvest of the lot."

    def __init__(self) -> None:
        super().__init__(fields={"day": [self.zh]})


class RecordChanged(Conflict):
    """409: the record was corrected meanwhile."""

    code = "record_changed"
    zh = "该记录刚被更正,请刷新后再看。"
    en = "This record was corrected a moment ago. Refresh and look again."


@dataclass(frozen=True)
class Drafted:
    """A record and its events, named and not stored yet."""

    document: dict[str, Any]
    events: Sequence[dict[str, Any]]
    line: dict[str, Any]

    def store(self, session: ClientSession) -> None:
        """Store them within a transaction, which may run twice."""
        Record._get_collection().insert_one(dict(self.document), session=session)
        party = uri.party(self.document["producer"])
        capture.put(self.events, party, session, context=events.context())
        entry.write(dict(self.line), session)


def check_day(day: date, not_before: str = "") -> date:
    """Return a day on which something may have been done.

    Raises:
        DayWrong: it may not.
    """
    if not 0 <= (clock.today() - day).days <= FURTHEST_DAYS or day.isoformat() < not_before:
        raise DayWrong
    return day


def draft(
    grower: Grower,
    kind: str,
    day: date,
    happened: Sequence[dict[str, Any]],
    *,
    key: str = "",
    source: str = "",
    **about: Any,
) -> Drafted:
    """Return the record of a deed with its events, to be stored with what the deed changes.

    `source`, from whom an input was bought, may name a person: it is sealed, and in no event.
    """
    named = capture.named(happened)
    made = {
        "_id": ObjectId(),
        "producer": grower.producer_id,
        "kind": kind,
        "day": day.isoformat(),
        "season": seasons.of_year(day),
        "place_zh": grower.producer["village_zh"],
        "events": [one["eventID"] for one in named],
        "state": "kept",
        "created_at": clock.now(),
        "created_by": grower.actor_key,
        **about,
    }
    if source:
        made["source"] = runtime.current().sealer.seal(_SOURCE, made["_id"], source)
    line = entry.line(grower.actor_key, "record.keep", f"record:{made['_id']}", unit=grower.unit, kind=kind)
    return Drafted(made | ({"key": key} if key else {}), named, line)


def source_of(found: dict[str, Any]) -> str:
    """Return from whom an input was bought, empty where it was not told."""
    return runtime.current().sealer.open(_SOURCE, found["_id"], found["source"]) if "source" in found else ""


def keep(drafted: Drafted, effect: Callable[[ClientSession], Any] = lambda _: None) -> dict[str, Any]:
    """Store a record, its events and the effect of the deed, all or none; return it, or the one of the same request."""

    def change(session: ClientSession) -> None:
        drafted.store(session)
        effect(session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        if (again := of_key(drafted.document.get("key", ""))) is None:
            raise
        return again
    return drafted.document


def of_key(key: str) -> dict[str, Any] | None:
    """Return the record that a request has made before, None when there is none."""
    return Record._get_collection().find_one({"key": key}) if key else None


@dataclass(frozen=True)
class Correction:
    """That a record was wrong, checked and not stored yet; `replacement` is the record that says it right."""

    found: Mapping[str, Any]
    declarations: Sequence[dict[str, Any]]
    line: dict[str, Any]
    by: str
    replacement: ObjectId | None = None

    def store(self, session: ClientSession) -> None:
        """Store it within a transaction, which may run twice.

        Raises:
            RecordChanged: it was corrected meanwhile.
        """
        told = {"state": "corrected", "corrected_at": self.line["at"], "corrected_by": self.by}
        told |= {"replaced_by": self.replacement} if self.replacement else {}
        guard = {"_id": self.found["_id"], "state": "kept"}
        if not Record._get_collection().update_one(guard, {"$set": told}, session=session).modified_count:
            raise RecordChanged
        capture.put(self.declarations, uri.party(self.found["producer"]), session, context=events.context())
        entry.write(dict(self.line), session)


def correction(grower: Grower, found: Mapping[str, Any], by: Drafted | None = None) -> Correction:
    """Return what says that a record was wrong, and which other one says it right."""
    corrective = by.document["events"] if by else ()
    line = entry.line(grower.actor_key, "record.correct", f"record:{found['_id']}", unit=grower.unit)
    declared = events.declared_wrong(found["events"], corrective)
    return Correction(found, declared, line, grower.actor_key, by.document["_id"] if by else None)


def own(grower: Grower, record_id: ObjectId) -> dict[str, Any]:
    """Return a record of the producer.

    Raises:
        NotFound: none, or another producer's.
    """
    found = Record._get_collection().find_one({"_id": record_id})
    if found is None or found["producer"] != grower.producer_id:
        raise NotFound
    return found


def kept_about(kind: str, name: str, number: str) -> dict[str, Any] | None:
    """Return the record of a kind that holds of a lot, pack or box; None when there is none."""
    query = {name: number, "kind": kind, "state": "kept"}
    return Record._get_collection().find_one(query)
