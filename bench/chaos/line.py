"""The line: who found a slot sold out waits for it over HTTP, and answers the offers that come.

The word that an offer was made is read from the store, as the phone has it from a notice; everything else goes over the
wire. An offer may end while its answer is on the way, so an answer may be refused; none may be half done.
"""

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from bench.chaos.client import Answer
from bench.chaos.plan import Attempt
from bench.chaos.rush import Outcome, Rush
from bench.chaos.world import Resident, World

SOLD_OUT = "slot_sold_out"
ANSWERING = 6
PATH = "/mini/v1/waiting"


@dataclass
class Wait:
    """One party in a line. `given` are the entries of all 201 answers, which must be one; `taken` are the orders of all
    answers that said that its offer is taken or payable.
    """

    attempt: Attempt
    entry: str
    given: list[str]
    ended: str = "waits"
    taken: list[str] = field(default_factory=list)


class Line:
    """Joins lines for the refused, and lets them answer."""

    def __init__(self, world: World, rush: Rush) -> None:
        self._world, self._rush = world, rush
        self._lock = threading.Lock()
        self._asked = dict[str, Wait]()
        self.waits: list[Wait] = []
        self.refusals = Counter[str]()

    def join(self, outcome: Outcome) -> None:
        """Let a party wait that found its slot sold out, if it is one that waits; who leaves at once does so."""
        attempt = outcome.attempt
        if not attempt.answer or outcome.code != SOLD_OUT:
            return
        resident = self._world.residents[attempt.resident]
        answers = self._join(attempt, resident)
        given = [str(answer.body["id"]) for answer in answers if answer.kind == "ok"]
        if not given:
            with self._lock:
                self.refusals[answers[0].code] += 1
            return
        one = Wait(attempt, given[0], given)
        if attempt.answer == "leave":
            one.ended = self._give_up(one, resident)
        with self._lock:
            self.waits.append(one)
            if attempt.answer != "leave":
                self._asked[one.entry] = one

    def _join(self, attempt: Attempt, resident: Resident) -> list[Answer]:
        kind, slot = "free" if attempt.free else "adult", self._world.slots[attempt.slot]
        visitors = [{"companion_id": resident.companions[n], "ticket_type": kind} for n in attempt.companions]
        body = {"slot_id": slot, "visitors": visitors}
        answers = self._rush.tap(
            attempt, lambda: self._rush.client().settle("POST", PATH, resident.token, body, f"wait-{attempt.key}")
        )
        return [answer for answer, _ in answers]

    def answer(self, last_call: threading.Event) -> None:
        """Answer offers as they come, until the last call."""
        with ThreadPoolExecutor(ANSWERING, "line") as pool:
            sent: list[Future[None]] = []
            while True:
                ends = last_call.is_set()
                sent += [pool.submit(self._answer, one) for one in self._offered()]
                if ends:
                    break
                time.sleep(0.2)
        for one in sent:
            one.result()

    def _offered(self) -> list[Wait]:
        with self._lock:
            asked = [ObjectId(entry) for entry in self._asked]
        try:
            rows = list(get_db()["waiting_entries"].find({"_id": {"$in": asked}, "state": "offered"}, {"_id": 1}))
        except PyMongoError:
            return []
        with self._lock:
            return [self._asked.pop(str(row["_id"])) for row in rows]

    def _answer(self, one: Wait) -> None:
        attempt, resident = one.attempt, self._world.residents[one.attempt.resident]
        if attempt.answer == "run_out":
            one.ended = "lets it run out"
        elif attempt.answer == "give_up":
            one.ended = self._give_up(one, resident)
        else:
            one.ended = self._accept(one, resident)

    def _accept(self, one: Wait, resident: Resident) -> str:
        path = f"{PATH}/{one.entry}/accept"
        answers = self._rush.tap(one.attempt, lambda: self._rush.client().settle("POST", path, resident.token))
        given = [answer for answer, _ in answers if answer.kind == "ok"]
        if not given:
            return f"accepted in vain: {answers[0][0].code}"
        one.taken = [str(answer.body["order_id"]) for answer in given]
        if one.attempt.free and not one.attempt.intent.startswith("cancel"):
            return "accepted: free"
        if one.attempt.free:
            return f"accepted: {self._rush.cancel(resident, one.entry)}"
        return f"accepted: {self._rush.follow(one.attempt, resident, one.entry)}"

    def _give_up(self, one: Wait, resident: Resident) -> str:
        path = f"{PATH}/{one.entry}/give-up"
        answer, _ = self._rush.client().settle("POST", path, resident.token)
        return f"given up: {answer.body.get('state') or answer.code}"

    def figures(self) -> dict[str, Any]:
        """Return how many waited, what became of their offers, and why others could not wait."""
        return {
            "joined": len(self.waits),
            **Counter(one.ended.split(":")[0] for one in self.waits),
            "refused": dict(self.refusals),
        }
