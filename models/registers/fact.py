"""A fact: what one source says about one matter of a person or an organisation, with its date, trust and validity.

    current ──a later statement──▶ superseded        disputed ──rejected──▶ current
       │ ────the source has none─▶ withdrawn             │ ─────corrected─▶ superseded (refuted)
       └─dispute─▶ disputed (which may be superseded or withdrawn too)  └─withdrawn─▶ withdrawn (refuted)

A row is never overwritten: a later statement ends it and stands beside it (`timeline`). That a source has no record is
a row too, `absent`, with its date. A value that was settled as wrong is `refuted`: the register that goes on saying it
is not believed again, but shown as lagging.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson
from bson import ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    ListField,
    ObjectIdField,
    StringField,
)
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock, personal_data, runtime
from backend.errors import Conflict
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.registers import catalogue, timeline
from models.registers import subject as subjects
from models.registers.source import Trust
from models.registers.statement import Statement
from models.registers.subject import Subject

COLLECTION = "facts"
STATES = ("current", "disputed", "superseded", "withdrawn")
STATE_ZH = {"current": "有效", "disputed": "有异议,核实中", "superseded": "已变更", "withdrawn": "已撤销"}
Row = dict[str, Any]
Outcome = Literal["rejected", "corrected", "withdrawn"]


class NotDisputable(Conflict):
    """409: only what holds at present can be disputed."""

    code = "fact_not_disputable"
    zh = "这条登记信息已变更或撤销,请刷新后查看最新信息。"
    en = "This fact does not hold any more. Refresh to see the present one."


class DisputeSettled(Conflict):
    """409: there is no open dispute of this fact, or it was settled otherwise."""

    code = "fact_dispute_settled"
    zh = "这条登记信息没有待处理的异议,或异议已按其他结果处理。"
    en = "This fact has no open dispute, or it was settled otherwise."


class Fact(Document):
    """One row. `line` is shared by the rows of one history; `content` holds value and the register's own number.

    `corrected_to` is the row that a settled dispute put in its place.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["person", "kind"]},
            {"fields": ["organisation", "kind"]},
            {"fields": ["line"], "unique": True, "partialFilterExpression": {"open": True}},
        ],
    }
    person = ObjectIdField()
    organisation = StringField()
    kind = StringField(required=True)
    source = StringField(required=True)
    trust = StringField(required=True)
    line = ObjectIdField(required=True)
    content = BinaryField(required=True)
    absent = BooleanField()
    stated_on = StringField()
    valid_from = StringField(required=True)
    valid_to = StringField()
    known_from = DateTimeField(required=True)
    confirmed_at = DateTimeField(required=True)
    ends = ListField(DictField())
    open = BooleanField()
    state = StringField(choices=STATES, required=True)
    disputes = ListField(DictField())
    refuted = BooleanField()
    corrected_to = ObjectIdField()
    lagging_since = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        zh="部门登记信息",
        persons=("person",),
        sealed=(Sealed("content"),),
        traces=("stated_on", "valid_from", "valid_to"),
        level="verified",
        at_deletion="delete",
    )
)


@dataclass(frozen=True)
class Stated:
    """A row, opened. `known_from` is when it was first fetched, `fetched_at` when the source last said the same."""

    id: ObjectId
    subject: Subject
    kind: str
    source: str
    trust: Trust
    value: Mapping[str, Any] = field(repr=False)
    record: str = field(repr=False)
    absent: bool
    stated_on: str | None
    valid_from: str
    valid_to: str | None
    known_from: datetime
    fetched_at: datetime
    state: str
    disputed: bool
    lagging: bool
    row: Row = field(repr=False)


def opened(row: Row, known_at: datetime | None = None) -> Stated:
    """Return a row with its value, disputed or not as known at a moment (now when none is given)."""
    content = orjson.loads(runtime.current().sealer.open("facts.content", row["_id"], row["content"]))
    return Stated(
        id=row["_id"],
        subject=subjects.of(row),
        kind=row["kind"],
        source=row["source"],
        trust=row["trust"],
        value=content["value"],
        record=content["record"],
        absent=bool(row.get("absent")),
        stated_on=row.get("stated_on"),
        valid_from=row["valid_from"],
        valid_to=row.get("valid_to"),
        known_from=row["known_from"],
        fetched_at=row["confirmed_at"],
        state=row["state"],
        disputed=row["state"] == "disputed" if known_at is None else _disputed(row, known_at),
        lagging="lagging_since" in row,
        row=row,
    )


def _disputed(row: Row, known_at: datetime) -> bool:
    return any(
        one["at"] <= known_at and ("settled_at" not in one or one["settled_at"] > known_at)
        for one in row.get("disputes", [])
    )


def rows_of(subject: Subject, kinds: Sequence[str], session: ClientSession | None = None) -> list[Row]:
    """Return the whole history of some kinds of facts, in the order in which it was learned."""
    query = {**subject.where, "kind": {"$in": sorted(kinds)}}
    return list(Fact._get_collection().find(query, session=session).sort("_id", 1))


def rows_of_several(
    several: Iterable[Subject], kinds: Sequence[str], session: ClientSession | None = None
) -> list[Row]:
    """Return the same of several subjects, each in the order in which it was learned."""
    told: dict[str, list[Any]] = {}
    for one in several:
        for name, value in one.where.items():
            told.setdefault(name, []).append(value)
    rows: list[Row] = []
    for name, values in told.items():
        query = {name: {"$in": values}, "kind": {"$in": sorted(kinds)}}
        rows += Fact._get_collection().find(query, session=session)
    return sorted(rows, key=lambda row: row["_id"])


def as_of(subject: Subject, kind: str, day: str, *, known_at: datetime | None = None) -> list[Stated]:
    """Return what each source said held on a day; with `known_at`, as it was known then, to replay a decision."""
    found = timeline.holding(rows_of(subject, [kind]), day, known_at)
    return [opened(dict(row), known_at) for row in found]


def current(subject: Subject, kinds: Sequence[str], day: str) -> list[Stated]:
    """Return what holds on a day by what is known now, in the order of kinds."""
    found = [opened(dict(row)) for row in timeline.holding(rows_of(subject, kinds), day)]
    return sorted(found, key=lambda one: (kinds.index(one.kind), one.source, one.record))


def draft(subject: Subject, source: str, told: Statement, at: datetime) -> Row:
    """Return the row of a statement, not stored yet; it begins a line of its own unless it is given one."""
    row_id = ObjectId()
    content = orjson.dumps({"value": told.value, "record": told.record}, option=orjson.OPT_SORT_KEYS).decode()
    row = {
        "_id": row_id,
        **subject.where,
        "kind": told.kind,
        "source": source,
        "trust": catalogue.EVERY_SOURCE[source].gives[told.kind],
        "line": row_id,
        "content": runtime.current().sealer.seal("facts.content", row_id, content),
        "valid_from": told.valid_from,
        "known_from": at,
        "confirmed_at": at,
        "ends": [],
        "open": True,
        "state": "current",
    }
    more = {"stated_on": told.stated_on, "valid_to": told.valid_to, "absent": told.absent or None}
    return row | {name: value for name, value in more.items() if value is not None}


def ended(row: Row, on: str, at: datetime, state: str) -> dict[str, Any]:
    """Return the change that ends a row; one that ended before keeps its state."""
    change: dict[str, Any] = {"$push": {"ends": {"on": on, "known_at": at}}}
    return change | ({"$set": {"state": state}, "$unset": {"open": ""}} if row.get("open") else {})


def read(fact_id: ObjectId, *, about: Subject | None = None) -> Stated:
    """Return a fact, of a person or an organisation when one is given.

    Raises:
        NotFound: no such fact, or of somebody else.
    """
    return opened(_row({"_id": fact_id} | (about.where if about else {})))


def several(fact_ids: Iterable[ObjectId]) -> list[Stated]:
    """Return those facts of some ids that there are, in the order of the ids."""
    wanted = list(fact_ids)
    found = {row["_id"]: row for row in Fact._get_collection().find({"_id": {"$in": wanted}})} if wanted else {}
    return [opened(found[one]) for one in wanted if one in found]


def _row(query: Mapping[str, Any], session: ClientSession | None = None) -> Row:
    return documents.one(Fact, query, session=session)


def dispute(fact_id: ObjectId, about: Subject, *, session: ClientSession | None = None) -> Stated:
    """Mark a fact as disputed by whom it is about; repeating it changes nothing.

    Raises:
        NotFound: no such fact, or of somebody else.
        NotDisputable: it does not hold any more.
    """
    mine = {"_id": fact_id, **about.where}
    change = {"$set": {"state": "disputed"}, "$push": {"disputes": {"at": clock.now()}}}
    found = Fact._get_collection().find_one_and_update(
        {**mine, "state": "current"}, change, return_document=ReturnDocument.AFTER, session=session
    )
    found = found or _row(mine, session)
    if found["state"] != "disputed":
        raise NotDisputable
    return opened(found)


def dispute_again(fact_id: ObjectId, *, session: ClientSession) -> None:
    """Open the dispute of a fact once more, of the row that corrected it where one did.

    What does not hold any more stays so; only its dispute is open, to be settled like any other.

    Raises:
        NotFound: no such fact.
    """
    *_, last = _corrections(fact_id, session)
    facts, opened_again = Fact._get_collection(), {"$push": {"disputes": {"at": clock.now()}}}
    facts.update_one({"_id": last["_id"]}, opened_again, session=session)
    facts.update_one({"_id": last["_id"], "state": "current"}, {"$set": {"state": "disputed"}}, session=session)


def in_dispute(fact_id: ObjectId, session: ClientSession | None = None) -> Stated:
    """Return the row whose dispute counts: the fact's own, or the last one that corrected it and was disputed again.

    Raises:
        NotFound: no such fact.
    """
    first, *corrections = _corrections(fact_id, session)
    disputed = [row for row in corrections if row.get("disputes")]
    return opened(disputed[-1] if disputed else first)


def _corrections(fact_id: ObjectId, session: ClientSession | None) -> Iterator[Row]:
    """Yield a fact and the rows that took its place one after another."""
    following: ObjectId | None = fact_id
    while following:
        row = _row({"_id": following}, session)
        yield row
        following = row.get("corrected_to")


def settle_dispute(
    fact_id: ObjectId,
    outcome: Outcome,
    new_value: Mapping[str, Any] | None = None,
    *,
    by: str = "",
    session: ClientSession | None = None,
) -> Stated:
    """Settle a dispute: the value stands, is `corrected` to a new one of the same source, or is withdrawn.

    What was corrected or withdrawn is refuted: it counts as never having held, save for who asks what was known before.
    Where the register changed meanwhile, the dispute only ends. Returns the fact that stands, or the one withdrawn.
    `by` is the actor's key for the audit. Repeating the same outcome changes nothing. A fact that was corrected and is
    disputed again is settled in the row that corrected it.

    Raises:
        NotFound: no such fact.
        DisputeSettled: no dispute is open, or it was settled otherwise.
        ValueWrong: the new value is none of this kind.
    """
    disputed = in_dispute(fact_id, session)
    found, correction = disputed.row, None
    if outcome == "corrected":
        value = catalogue.read(found["kind"], new_value)
        told = Statement(
            found["kind"],
            value,
            disputed.record,
            valid_from=found["valid_from"],
            valid_to=found.get("valid_to"),
            stated_on=clock.today().isoformat(),
        )
        correction = draft(subjects.of(found), found["source"], told, clock.now())
    settling = _Settling(disputed.id, outcome, clock.now(), correction)
    line = entry.line(by, f"fact.{outcome}", f"fact:{disputed.id}", source=found["source"]) if by else None

    def change(within: ClientSession) -> Stated:
        stands, changed = settling.carry_out(within)
        if line and changed:
            entry.write(line, within)
        return stands

    return change(session) if session else transactions.run(change)


@dataclass(frozen=True)
class _Settling:
    fact_id: ObjectId
    outcome: Outcome
    at: datetime
    correction: Row | None

    def carry_out(self, session: ClientSession) -> tuple[Stated, bool]:
        """Return what stands afterwards, and whether this was the first time."""
        facts, row = Fact._get_collection(), _row({"_id": self.fact_id}, session)
        last = (row.get("disputes") or [{"outcome": None}])[-1]
        if "outcome" in last:
            if last["outcome"] != self.outcome:
                raise DisputeSettled
            return opened(row), False
        settled = {"disputes.$.settled_at": self.at, "disputes.$.outcome": self.outcome}
        guard = {"_id": self.fact_id, "disputes": {"$elemMatch": {"outcome": {"$exists": False}}}}
        facts.update_one(guard, {"$set": settled}, session=session)
        if self.outcome == "rejected":
            back = {"_id": self.fact_id, "state": "disputed"}
            facts.update_one(back, {"$set": {"state": "current"}}, session=session)
        else:
            self._refute(row, session)
        return opened(_row({"_id": self._correct(row, session)}, session)), True

    def _refute(self, row: Row, session: ClientSession) -> None:
        facts = Fact._get_collection()
        state = "superseded" if self.correction else "withdrawn"
        change = ended(row, row["valid_from"], self.at, state)
        change["$set"] = {**change.get("$set", {}), "refuted": True}
        facts.update_one({"_id": row["_id"]}, change, session=session)

    def _correct(self, row: Row, session: ClientSession) -> ObjectId:
        """Put the correction in the place of a row that held until now, or was taken out by a former dispute."""
        facts = Fact._get_collection()
        replaceable = row.get("open") or row.get("refuted")
        if (
            not self.correction
            or not replaceable
            or facts.find_one({"line": row["line"], "open": True}, session=session)
        ):
            return self.fact_id
        facts.insert_one({**self.correction, "line": row["line"]}, session=session)
        facts.update_one({"_id": self.fact_id}, {"$set": {"corrected_to": self.correction["_id"]}}, session=session)
        stands: ObjectId = self.correction["_id"]
        return stands
