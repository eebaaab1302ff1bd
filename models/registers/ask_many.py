"""Asking several registers about several persons together: for a screen that waits, or a job that looks at many.

    what is fresh is left ▶ the turns are taken in one write ▶ the questions go out side by side ▶ all is stored

The rules are those of `fetch.ask`; what is shared is the way to the store. A slow register holds up no other one; a
question that finds no time gives its turn back and is left to the queue.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog
from bson import ObjectId

from backend import clock, runtime
from backend.errors import NotFound
from backend.exchange import Exchange, ExchangeFailure
from models.identity import person
from models.identity.person import Known
from models.registers import fetch, inquiry, record, source_state, statement
from models.registers.fetch import Answer, Outcome
from models.registers.inquiry import Turn
from models.registers.record import Said
from models.registers.source_state import FAILURES_TO_AWAY
from models.registers.statement import Statement
from models.registers.subject import Subject

log = structlog.get_logger()
AT_ONCE = 6
LEAST_SECONDS = 0.3
STORED_TOGETHER = 50
"""Answers in one transaction: some hundred rows, far below what a transaction may hold and last."""
Pair = tuple[str, ObjectId]
"""A source and whom it is asked about."""


def several(sources: Sequence[str], about: Subject, *, seconds: float = fetch.SCREEN_SECONDS) -> list[Answer]:
    """Ask several sources about a person for a screen that waits `seconds`; what they do not answer is the queue's.

    Raises:
        NotFound: there is no such person.
    """
    assert about.person is not None
    return many({about.person: sources}, seconds=seconds)[about.person]


def many(wanted: Mapping[ObjectId, Sequence[str]], *, seconds: float) -> dict[ObjectId, list[Answer]]:
    """Ask sources about persons unless their answers are fresh, for at most `seconds` in all, and store what they say.

    Raises:
        NotFound: one of the persons is not known.
    """
    pairs = [(source, about) for about, sources in wanted.items() for source in dict.fromkeys(sources)]
    answers = _Asking(runtime.current().exchange, time.monotonic() + seconds).all(pairs)
    return {about: [answers[source, about] for source in dict.fromkeys(wanted[about])] for about in wanted}


@dataclass(frozen=True)
class _Answered:
    """What came for one question: a failure, or what the source states. `skipped` where it was not asked at all."""

    turn: Turn
    outcome: Outcome = "no_record"
    stated: Sequence[Statement] = field(default=(), repr=False)
    failure: ExchangeFailure | None = None
    skipped: bool = False


class _Asking:
    """One call: each pair comes to one answer."""

    def __init__(self, exchange: Exchange | None, deadline: float) -> None:
        self._exchange, self._deadline = exchange, deadline
        self._answers: dict[Pair, Answer] = {}
        self._persons: dict[ObjectId, Known] = {}
        self._struck: Counter[str] = Counter()

    def all(self, pairs: Sequence[Pair]) -> dict[Pair, Answer]:
        if self._exchange is None:
            return {one: Answer(one[0], "not_connected") for one in pairs}
        stale = self._not_fresh(pairs)
        turns = inquiry.take_several(self._askable(stale)) if stale else []
        for one in pairs:
            self._answers.setdefault(one, Answer(one[0], "asking"))  # whoever asks at this moment stores the answer
        if turns:
            with ThreadPoolExecutor(min(AT_ONCE, len(turns))) as pool:
                self._take_in(list(pool.map(self._ask, turns)))
        return self._answers

    def _not_fresh(self, pairs: Sequence[Pair]) -> list[Pair]:
        now, known = clock.now(), inquiry.several(pairs)
        for one in pairs:
            if inquiry.is_fresh(known.get(one), now):
                self._answers[one] = Answer(one[0], "fresh")
        return [one for one in pairs if one not in self._answers]

    def _askable(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return what can be asked at this moment; for the rest it is said why not, or left to the queue."""
        self._persons = person.several(list({about for _, about in pairs}))
        away = source_state.away({source for source, _ in pairs})
        no_time = self._left() < LEAST_SECONDS
        for source, about in pairs:
            if about not in self._persons:
                raise NotFound
            if fetch.question(self._persons[about]) is None:
                self._answers[source, about] = Answer(source, "not_askable")
            elif source in away and not source_state.may_ask(source):
                self._answers[source, about] = Answer(source, "away")
            elif no_time:
                inquiry.queue(source, Subject(person=about))
                self._answers[source, about] = Answer(source, "asking")
        return [one for one in pairs if one not in self._answers]

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _ask(self, turn: Turn) -> _Answered:
        """Ask one question; runs beside others, and writes nothing."""
        source, known = turn.source, self._persons[turn.person]
        left, asked = self._left(), fetch.question(known)
        if left < LEAST_SECONDS or self._struck[source] >= FAILURES_TO_AWAY:
            return _Answered(turn, skipped=True)
        assert self._exchange is not None
        assert asked is not None
        try:
            found = self._exchange.ask(source, asked, seconds=left)
            stated = statement.read(source, found, asked, clock.today().isoformat())
        except ExchangeFailure as failure:
            self._struck[source] += 1
            return _Answered(turn, failure=failure)
        outcome: Outcome = "no_record"
        if found is not None:
            outcome = "found" if fetch.fits(source, known, found) else "not_matched"
        return _Answered(turn, outcome, stated)

    def _take_in(self, came: Sequence[_Answered]) -> None:
        good = [one for one in came if not (one.failure or one.skipped)]
        for first in range(0, len(good), STORED_TOGETHER):
            self._store(good[first : first + STORED_TOGETHER])
        for (source, found), times in Counter((one.turn.source, one.outcome != "no_record") for one in good).items():
            source_state.answered(source, "found" if found else "no_record", times=times)
        for one in came:
            if one.failure:
                self._failed(one.turn, one.failure)
            elif one.skipped:
                self._skipped(one.turn)

    def _store(self, good: Sequence[_Answered]) -> None:
        """Store some answers together; where one of them lost its turn, each by itself."""
        try:
            self._stored(good)
        except inquiry.Overtaken:
            if len(good) == 1:
                self._answers[_pair(good[0].turn)] = Answer(good[0].turn.source, "asking")
                return
            for one in good:
                self._store([one])

    def _stored(self, good: Sequence[_Answered]) -> None:
        at = clock.now()
        said = [
            Said(Subject(person=one.turn.person), one.turn.source, one.stated)
            for one in good
            if one.outcome != "not_matched"
        ]
        ends = [(one.turn, one.outcome) for one in good]
        record.record_several(said, at=at, guard=lambda session: inquiry.answered_several(ends, at=at, session=session))
        self._answers |= {_pair(one.turn): Answer(one.turn.source, one.outcome) for one in good}

    def _failed(self, turn: Turn, failure: ExchangeFailure) -> None:
        about = Subject(person=turn.person)
        log.warning("register_failed", source=turn.source, reason=failure.reason)
        inquiry.failed(turn.source, about, turn.number, failure.reason)
        source_state.failed(turn.source, failure.reason)
        self._answers[_pair(turn)] = Answer(turn.source, "away", failure)

    def _skipped(self, turn: Turn) -> None:
        """Give a turn back; what found no time is asked by a worker, what went away waits for its probe."""
        about = Subject(person=turn.person)
        inquiry.give_back(turn)
        if self._struck[turn.source] >= FAILURES_TO_AWAY:
            self._answers[_pair(turn)] = Answer(turn.source, "away")
        else:
            inquiry.queue(turn.source, about)
            self._answers[_pair(turn)] = Answer(turn.source, "asking")


def _pair(turn: Turn) -> Pair:
    return turn.source, turn.person
