"""200 families at their phones: all save their drafts at once, and then all submit within one moment, over HTTP.

The families are a process of their own, with a connection for each that is kept. Every family reaches the service over
HTTP as it does from a phone: login, register, child, draft, form, submission, and the same submission once more.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from bench import rounds, stand
from bench.applying_form import ROUND
from bench.machine import BenchFailed
from bench.report import Figure
from deploy.stack import Stack
from models.school import application, form
from models.school.application import SchoolApplication
from models.school.property_lock import PropertyLock
from models.school.round import SchoolRound

FAMILIES, CROWDS = 200, 2
SHARES = (50, 95, 99)
SETTLE_SECONDS = 120
WORSE = 500
"""The first status that says that the service failed, and not the family."""


def bench() -> list[Figure]:
    """Let one crowd after the other apply; each is new, and the one before has been reviewed."""
    with stand.stand({"LIMIT_FACTOR": "100000", "ENVIRONMENT": "development"}) as stack:
        _open()
        began = time.monotonic()
        crowds = [_Crowd(stack).apply() for _ in range(CROWDS)]
        _require_whole([one["id"] for crowd in crowds for one in crowd.told], crowds)
        seconds = time.monotonic() - began
    sent = sum(sum(crowd.statuses.values()) for crowd in crowds)
    told = f"{CROWDS} crowds of {FAMILIES} in {seconds:.0f} s, getting ready included; no 5xx, nothing lost or doubled"
    return [
        Figure("applying.requests", sent, "requests", told),
        *_times("save", crowds),
        *_times("submit", crowds),
        _cpu("save", crowds),
        _cpu("submit", crowds),
    ]


def _open() -> None:
    now = clock.now()
    times = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=10)}
    change = {"$set": {"state": "open", **times, "review_until": now + timedelta(days=25)}}
    SchoolRound._get_collection().update_one({"_id": ROUND}, change)


class _Crowd:
    """The families of one moment: what they were told, how long it took, what it cost."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.took: dict[str, list[float]] = {}
        self.statuses: Counter[str] = Counter()
        self.cpu_ms: dict[str, dict[str, float]] = {}
        self.told: list[dict[str, Any]] = []

    def apply(self) -> "_Crowd":
        """Save and submit, and submit the same again.

        Raises:
            BenchFailed: an answer was not what a family was promised.
        """
        command = [sys.executable, "-m", "bench.applying_families"]
        command += [self._stack.base, str(self._stack.folder), str(FAMILIES)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as families:
            _read(families)
            for step in ("save", "submit", "submit"):
                self._do(families, step)
            _stdin(families).close()
        _settle(self._stack)
        return self

    def _do(self, families: "subprocess.Popen[str]", step: str) -> None:
        meter = rounds.meter(self._stack, api=self._stack.children["api"].popen.pid)
        _stdin(families).write(f"{step}\n")
        _stdin(families).flush()
        seen = _read(families)
        self.told = seen["told"]
        self.statuses.update(seen["statuses"])
        if wrong := [one for family in self.told for one in family["wrong"]]:
            raise BenchFailed(f"{len(wrong)} answers were wrong: {wrong[0]}")
        if any(int(status) >= WORSE for status in seen["statuses"]):
            raise BenchFailed(f"the service failed: {seen['statuses']}")
        if step not in self.took:
            self.took |= seen["took"]
            self.cpu_ms[step] = rounds.each(meter, sum(seen["statuses"].values()))


def _stdin(families: "subprocess.Popen[str]") -> Any:
    return families.stdin


def _read(families: "subprocess.Popen[str]") -> dict[str, Any]:
    line = families.stdout.readline() if families.stdout else ""
    if not line:
        raise BenchFailed("the families ended before they were done")
    return dict(json.loads(line))


def _settle(stack: Stack) -> None:
    """Wait until the reviews of what was submitted began, so that they are no load of the next crowd."""
    waiting = {"outbox.queue": "affairs", "outbox.due": {"$exists": True}}
    deadline = time.monotonic() + SETTLE_SECONDS
    while SchoolApplication._get_collection().count_documents(waiting):
        if time.monotonic() > deadline:
            raise BenchFailed(f"reviews did not begin; see {stack.folder}/logs/worker-slow.log")
        time.sleep(0.2)


def _require_whole(ids: Sequence[str], crowds: Sequence[_Crowd]) -> None:
    """Check that each family has one application, with the form that was acknowledged last, one receipt and one lock.

    Raises:
        BenchFailed: something was lost or doubled.
    """
    stored = {str(one["_id"]): one for one in SchoolApplication._get_collection().find({"round": ROUND})}
    if set(stored) != set(ids) or len({one["child"] for one in stored.values()}) != len(ids):
        raise BenchFailed(f"{len(stored)} applications of {len(ids)} families")
    for told in (one for crowd in crowds for one in crowd.told):
        _require_kept(stored[told["id"]], told)
    if len({one["receipt"] for one in stored.values()}) != len(ids):
        raise BenchFailed("a receipt was given twice")
    locks = PropertyLock._get_collection().find({"live": True})
    held = Counter(use["application"] for lock in locks for use in lock["uses"] if "freed" not in use)
    if held != Counter({ObjectId(one): 1 for one in ids}):
        raise BenchFailed(f"{sum(held.values())} properties are held by {len(held)} applications")


def _require_kept(found: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    if set(told["receipts"]) != {found["receipt"]} or found["submission"] != 1:
        raise BenchFailed(f"submission {found['submission']}, receipts {told['receipts']}")
    kept = form.parts(found)
    sent = {name: value for name, value in told["form"].items() if value or name in kept}
    if {name: kept.get(name) for name in sent} != sent:
        raise BenchFailed(f"application {found['_id']} lost a draft")
    submitted = application.opened(found, "versions")["items"][-1]
    if {name: submitted.get(name) for name in sent} != sent:
        raise BenchFailed(f"application {found['_id']} was submitted with another form")


def _times(what: str, crowds: Sequence[_Crowd]) -> list[Figure]:
    took = sorted(one for crowd in crowds for one in crowd.took[what])
    against = f"{len(took)} of {len(crowds)} moments"

    def at(share: float) -> float:
        return took[round(share * (len(took) - 1))]

    return [Figure(f"applying.{what}_p{one}", at(one / 100), "ms", against, better="lower") for one in SHARES]


def _cpu(what: str, crowds: Sequence[_Crowd]) -> Figure:
    parts = {part: sum(one.cpu_ms[what][part] for one in crowds) / len(crowds) for part in ("api", "store", "redis")}
    told = " + ".join(f"{part} {used:.2f}" for part, used in parts.items())
    which = {"save": "of all answers about drafts", "submit": "with what its review does in the store meanwhile"}[what]
    return Figure(f"applying.{what}_cpu", sum(parts.values()), "ms", f"{told}; {which}", better="lower")
