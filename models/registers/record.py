"""Recording an answer: what a source states about a subject becomes rows, all of them in one transaction or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession

from backend import clock
from backend.store import transactions
from models.registers import subject as subjects
from models.registers import timeline
from models.registers.catalogue import EVERY_SOURCE
from models.registers.fact import Fact, Row, Stated, draft, ended, opened, rows_of_several
from models.registers.statement import Statement
from models.registers.subject import Subject


@dataclass(frozen=True)
class Said:
    """What one source states about one subject."""

    subject: Subject
    source: str
    statements: Sequence[Statement] = field(repr=False)


def record(
    subject: Subject,
    source: str,
    statements: Sequence[Statement],
    *,
    at: datetime,
    guard: Callable[[ClientSession], None] = lambda _session: None,
) -> int:
    """Store what a source states about all kinds that it gives; return how many rows came to an end or were added.

    All of it happens in one transaction with `guard`, or none. The same statements again only confirm.
    """
    return record_several([Said(subject, source, statements)], at=at, guard=guard)


def record_several(
    several: Sequence[Said],
    *,
    at: datetime,
    guard: Callable[[ClientSession], None] = lambda _session: None,
) -> int:
    """Store what sources state about subjects, all of it in one transaction with `guard`, or none."""
    today = clock.civil(at).date().isoformat()
    drafts = [[(one, draft(said.subject, said.source, one, at)) for one in said.statements] for said in several]

    def change(session: ClientSession) -> int:
        guard(session)
        known, writes, changed = _known(several, session), list[InsertOne[Row] | UpdateOne](), 0
        for said, made in zip(several, drafts, strict=True):
            plan = _Plan(at, today, [opened(row) for row in known.get((said.subject.key, said.source), ())])
            for told, row in made:
                plan.take(told, row)
            plan.end_unsaid({told.key for told, _ in made})
            writes += plan.writes
            changed += plan.changed
        if writes:
            Fact._get_collection().bulk_write(writes, session=session)
        return changed

    return transactions.run(change)


def _known(several: Sequence[Said], session: ClientSession) -> dict[tuple[str, str], list[Row]]:
    """Return the rows that the sources stated before, by subject and source, in the order in which it was learned."""
    kinds = {kind for said in several for kind in EVERY_SOURCE[said.source].gives}
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows_of_several([said.subject for said in several], sorted(kinds), session):
        found.setdefault((subjects.of(row).key, row["source"]), []).append(row)
    return found


class _Plan:
    """The writes by which the rows of one source come to say what it states."""

    def __init__(self, at: datetime, today: str, rows: Sequence[Stated]) -> None:
        self._at, self._today = at, today
        self.writes: list[InsertOne[Row] | UpdateOne] = []
        self.changed = 0
        self._lines: dict[tuple[str, str], list[Stated]] = {}
        for row in rows:
            self._lines.setdefault(_as_told(row).key, []).append(row)

    def take(self, told: Statement, row: Row) -> None:
        """Confirm what stands, or end it and put the statement beside it."""
        line = self._lines.get(told.key, [])
        standing = next((one for one in line if one.row.get("open")), None)
        if standing and _same(standing, told):
            self.writes.append(UpdateOne({"_id": standing.id}, {"$set": {"confirmed_at": self._at}}))
            return
        if any(one.row.get("refuted") and _same(one, told) for one in line):
            self._lags(standing, told)
            return
        self._end(line, told.valid_from, "withdrawn" if told.absent else "superseded")
        self.writes.append(InsertOne(row | ({"line": line[0].row["line"]} if line else {})))
        self.changed += 1

    def end_unsaid(self, said: set[tuple[str, str]]) -> None:
        """End the lines that the source does not speak of any more: a certificate that was given back."""
        for key, line in self._lines.items():
            if key not in said:
                self._end([one for one in line if one.row.get("open")], self._today, "withdrawn")

    def _lags(self, standing: Stated | None, told: Statement) -> None:
        if standing and not standing.lagging and standing.value != told.value:
            self.writes.append(UpdateOne({"_id": standing.id}, {"$set": {"lagging_since": self._at}}))

    def _end(self, line: Sequence[Stated], day: str, state: str) -> None:
        for one in line:
            on = timeline.ending(one.row, day)
            if on is not None:
                self.writes.append(UpdateOne({"_id": one.id}, ended(one.row, on, self._at, state)))
                self.changed += 1


def _as_told(row: Stated) -> Statement:
    return Statement(row.kind, dict(row.value), row.record, absent=row.absent)


def _same(row: Stated, told: Statement) -> bool:
    if row.absent or told.absent:
        return row.absent and told.absent
    mine = (row.value, row.record, row.valid_from, row.valid_to, row.stated_on)
    return mine == (told.value, told.record, told.valid_from, told.valid_to, told.stated_on)
