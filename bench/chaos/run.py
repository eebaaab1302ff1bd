"""One run: the rush and the kills side by side, then healing, then the books."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from bench.chaos import (
    books,
    invariants,
    line_rules,  # noqa: F401 - registers what must be true of lines and courts
)
from bench.chaos.books import Check
from bench.chaos.killer import GAVE_UP, Killer
from bench.chaos.line import Line
from bench.chaos.options import Options
from bench.chaos.plan import Attempt, Event, draw
from bench.chaos.report import Progress
from bench.chaos.rush import Rush
from bench.chaos.world import World

HEALS_WITHIN = 60.0
BREATH = 1.0
"""Seconds between two kills, so that a kill meets a service at work and not one that starts."""
GRACE, LEASE_SECONDS = 5.0, 31.0
"""Who still waits for the lease of a request whose worker was killed need not do so in real time."""
PROBES = 3
LONGEST_STALL = 15.0


@dataclass
class Result:
    """All that a run found."""

    options: Options
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def broken(self) -> list[Check]:
        return [check for check in self.checks if not check.ok]

    @property
    def control_failed_rightly(self) -> bool:
        """Tell whether a hold is stuck and nothing else is broken than what a stuck hold breaks."""
        names = {check.name for check in self.broken}
        return invariants.STUCK in names and names <= invariants.BROKEN_BY_A_STUCK_HOLD

    @property
    def exit_code(self) -> int:
        if self.broken:
            return 1
        return 3 if self.options.control else 0


class Gate:
    """Hands out attempts in order, keeping waves, attempts and events in step."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._attempts = iter(world.plan.attempts)
        self._waves = deque(enumerate(world.plan.waves))
        self._holds = deque(event.hold for event in world.plan.events)
        self._changed = threading.Condition()
        self._begun = 0
        self._over = False

    def attempts(self) -> Iterator[Attempt]:
        while attempt := self._next():
            yield attempt

    def _next(self) -> Attempt | None:
        with self._changed:
            self._changed.wait_for(lambda: not self._holds or self._begun < self._holds[0])
            while self._waves and self._begun >= self._waves[0][1]:
                self._world.open_slot(self._waves.popleft()[0])
            attempt = None if self._over else next(self._attempts, None)
            self._begun += 1
            self._over = self._over or attempt is None
            self._changed.notify_all()
            return attempt

    def turn(self, event: Event) -> None:
        """It is the event's turn: let the attempts run to the next one's, and wait for the moment."""
        with self._changed:
            if self._holds:
                self._holds.popleft()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._begun >= event.at or self._over)

    def end(self) -> None:
        """Begin no more attempts, and let nobody wait."""
        with self._changed:
            self._holds.clear()
            self._over = True
            self._changed.notify_all()


def run(options: Options, folder: Path, progress: Progress) -> Result:
    """Run it all in a fresh folder and return what was found; everything that was started is stopped."""
    plan, begun = draw(options), time.monotonic()
    world = World(options, plan, folder)
    result = Result(options)
    try:
        progress.says("starting all processes")
        world.start()
        rush, killer = Rush(world), Killer(world)
        line = Line(world, rush)
        started = time.monotonic()
        _storm(world, rush, line, killer, progress)
        ended = time.monotonic()
        healed = _heal(world, rush, line, killer, result, progress)
        result.figures = _figures(rush, killer, world)
        result.figures["waiting_list"] = line.figures()
        result.figures["seconds"] = {
            "setting up": round(started - begun, 1),
            "rush": round(ended - started, 1),
            "until all is well": round(healed, 1),
        }
        result.checks.append(_gave_up(killer))
        if options.cluster:
            result.checks.append(_stall(rush))
    finally:
        progress.says("stopping")
        world.stop()
    return result


def _storm(world: World, rush: Rush, line: Line, killer: Killer, progress: Progress) -> None:
    gate, calm, last_call = Gate(world), threading.Event(), threading.Event()
    for fault in world.plan.faults:
        world.sandbox("/faults", fault)

    def client() -> None:
        try:
            for attempt in gate.attempts():
                outcome = rush.attempt(attempt)
                progress.attempt(outcome)
                line.join(outcome)
        except BaseException:
            gate.end()
            raise

    with ThreadPoolExecutor(world.options.threads + PROBES + 2) as pool:
        watch = pool.submit(killer.watch, calm)
        answers = pool.submit(line.answer, last_call)
        clients = [pool.submit(client) for _ in range(world.options.threads)]
        probes = [pool.submit(rush.probe, n, calm) for n in range(PROBES if world.options.cluster else 0)]
        try:
            for event in world.plan.events:
                gate.turn(event)
                _happens(world, rush, killer, event)
                progress.event(event, sum(killer.killed.values()))
            _ended(world, clients)
            last_call.set()
            _ended(world, [answers])
        except BaseException:
            rush.give_up.set()
            raise
        finally:
            gate.end()
            last_call.set()
            calm.set()
        for one in [*probes, watch]:
            one.result()


def _ended(world: World, threads: list[Future[None]]) -> None:
    """Wait for the last requests; those that wait for a lease need not do so in real time."""
    _, waiting = wait(threads, timeout=GRACE)
    if waiting:
        world.shift(LEASE_SECONDS)
    for one in threads:
        one.result()


def _happens(world: World, rush: Rush, killer: Killer, event: Event) -> None:
    if event.kind == "shift":
        late = rush.late_payers()
        for prepay_id in late[::2]:
            rush.pay(prepay_id)
        world.shift(float(event.how))
        for prepay_id in late[1::2]:
            rush.pay(prepay_id)
    else:
        killer.carry_out(event)
        time.sleep(BREATH)


def _heal(  # noqa: PLR0917 - all that took part
    world: World, rush: Rush, line: Line, killer: Killer, result: Result, progress: Progress
) -> float:
    """Calm everything, let all holds end, and look until all invariants hold or the time is over."""
    killer.revive()
    world.sandbox("/faults", method="DELETE")
    for prepay_id in rush.late_payers():
        rush.pay(prepay_id)
    world.shift()
    begun = time.monotonic()
    while True:
        progress.says(f"checking the books, {time.monotonic() - begun:.0f} s")
        try:
            result.checks = books.look(world, rush.outcomes, line.waits)
        except PyMongoError as error:
            progress.says(f"the store does not answer: {type(error).__name__}")
        waited = time.monotonic() - begun
        if (result.checks and not result.broken) or waited > HEALS_WITHIN:
            return waited
        killer.revive()
        time.sleep(1)


def _gave_up(killer: Killer) -> Check:
    times, api = killer.notes[GAVE_UP.format("Celery worker")], killer.notes[GAVE_UP.format("API")]
    figures = f"{times} times; the API {api} times, after kills within seconds of each other"
    return Check("no Celery worker gives up", figures, [figures] if times else [])


def _stall(rush: Rush) -> Check:
    longest = rush.stall()
    broken = [f"{longest:.1f} s"] if longest > LONGEST_STALL else []
    return Check(f"longest stall at most {LONGEST_STALL:.0f} s", f"{longest:.1f} s without a booking", broken)


def _figures(rush: Rush, killer: Killer, world: World) -> dict[str, Any]:
    ours = [o for o in rush.outcomes if o.attempt.number >= 0]
    waits = sorted(rush.tally.waits)
    return {
        "attempts": dict(Counter(o.result for o in ours)),
        "asked_again": sum(o.asked_again > 0 for o in ours),
        "refusals": dict(Counter(o.code for o in ours if o.result == "failed")),
        "endings": dict(Counter(o.ended for o in ours if o.result == "ok")),
        "answers": dict(rush.tally.answers),
        "unknown": dict(rush.tally.unknown.most_common(8)),
        "answer_ms": {"p50": _ms(waits, 0.5), "p99": _ms(waits, 0.99), "longest": _ms(waits, 1)},
        "at_the_cash_desk": dict(rush.paid),
        "kills": dict(killer.killed),
        "notes": dict(killer.notes),
        "clock_shifted_seconds": world.shifted,
    }


def _ms(waits: list[float], share: float) -> int:
    return round(1000 * waits[min(len(waits) - 1, int(len(waits) * share))]) if waits else 0
