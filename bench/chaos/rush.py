"""The rush: what each resident does from the wish to the ticket, and back."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bench.chaos.client import Answer, Client, Tally
from bench.chaos.plan import Attempt
from bench.chaos.world import Resident, World


@dataclass
class Outcome:
    """How an attempt ended for its resident. `orders` holds the ids of all 201 answers, which must be one id."""

    attempt: Attempt
    result: str
    code: str
    orders: list[str]
    asked_again: int
    ended: str = ""


class Rush:
    """Runs attempts on any number of threads, each with a connection of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.tally = Tally()
        self.give_up = threading.Event()
        self.outcomes: list[Outcome] = []
        self.paid = Counter[str]()
        self.acknowledged: list[float] = []
        self._late: list[str] = []
        self._lock = threading.Lock()
        self._local = threading.local()
        self._second_taps = ThreadPoolExecutor(8, "second-tap")

    def attempt(self, attempt: Attempt) -> Outcome:
        """Book, then do with the order what the attempt intends."""
        resident = self._world.residents[attempt.resident]
        body = self._visit(attempt, resident) if attempt.court is None else self._court(attempt, resident)
        answers = self.tap(
            attempt, lambda: self.client().settle("POST", attempt.path, resident.token, body, attempt.key)
        )
        booked = [answer for answer, _ in answers if answer.kind == "ok"]
        last = booked[0] if booked else answers[0][0]
        orders = [str(answer.body["id"]) for answer in booked]
        outcome = Outcome(attempt, last.kind, last.code, orders, sum(again for _, again in answers))
        with self._lock:
            self.outcomes.append(outcome)
            self.acknowledged += [time.monotonic()] * bool(booked)
        if booked:
            outcome.ended = self.follow(attempt, resident, orders[0])
        return outcome

    def _visit(self, attempt: Attempt, resident: Resident) -> dict[str, Any]:
        visitors = [{"companion_id": resident.companions[n], "ticket_type": "adult"} for n in attempt.companions]
        body: dict[str, Any] = {"slot_id": self._world.slots[attempt.slot], "visitors": visitors}
        if attempt.guided:
            body["extras"] = [{"slot_id": self._world.guides[attempt.slot], "ticket_type": "guided_tour"}]
        return body

    def _court(self, attempt: Attempt, resident: Resident) -> dict[str, Any]:
        players = [{"companion_id": resident.companions[n]} for n in attempt.companions]
        hours = self._world.hours_from(attempt.court or 0, attempt.hours)
        return {"slots": hours, "players": players, "ticket_type": "standard"}

    def tap(self, attempt: Attempt, send: Callable[[], tuple[Answer, int]]) -> list[tuple[Answer, int]]:
        """Send a request as often as the attempt's finger does, and return all answers."""
        second = self._second_taps.submit(send) if attempt.tap == "twice_at_once" else None
        answers = [send()]
        if second:
            answers.append(second.result())
        if attempt.tap == "again" and answers[0][0].kind == "ok":
            answers.append(send())
        return answers

    def follow(self, attempt: Attempt, resident: Resident, order: str) -> str:
        """Do with an order what the attempt intends; return how it ended."""
        if attempt.intent == "never_pay":
            return "left unpaid"
        if attempt.intent == "cancel_unpaid":
            return self.cancel(resident, order)
        answer, _ = self.client().settle(
            "POST", f"/mini/v1/orders/{order}/payment", resident.token, {}, f"pay-{attempt.key}"
        )
        if answer.kind != "ok":
            return f"payment refused: {answer.code}"
        prepay_id = str(answer.body["package"]).removeprefix("prepay_id=")
        if attempt.intent == "pay_late":
            with self._lock:
                self._late.append(prepay_id)
            return "pays late"
        self.pay(prepay_id)
        if attempt.intent == "cancel_paid":
            self.client().settle("POST", f"/mini/v1/orders/{order}/payment-check", resident.token)
            return self.cancel(resident, order)
        if attempt.number % 3 == 0:
            self.client().settle("POST", f"/mini/v1/orders/{order}/payment-check", resident.token)
        return "paid"

    def pay(self, prepay_id: str) -> None:
        """Let the user pay at the sandbox; what it refuses is counted by its word."""
        answer = self._world.sandbox(f"/payments/{prepay_id}/pay", {})
        with self._lock:
            self.paid[str(answer.get("error") or answer.get("trade_state"))] += 1

    def late_payers(self) -> list[str]:
        """Take over those who wait until their hold is about to end."""
        with self._lock:
            taken, self._late = self._late, []
        return taken

    def cancel(self, resident: Resident, order: str) -> str:
        """Cancel an order; return its state, or why not."""
        answer, _ = self.client().settle("POST", f"/mini/v1/orders/{order}/cancel", resident.token, {})
        return str(answer.body.get("state") or answer.code)

    def probe(self, number: int, stop: threading.Event) -> None:
        """Book and cancel without a pause on a slot with room for everybody: its acknowledgements show a stall."""
        resident, turn = self._world.residents[-1 - number], 0
        while not stop.is_set():
            chosen = (turn % len(resident.companions),)
            attempt = Attempt(-1, 0, chosen, 0, "cancel_unpaid", f"probe-{number}-{turn}", "once")
            visitors = [{"companion_id": resident.companions[n], "ticket_type": "adult"} for n in chosen]
            body = {"slot_id": self._world.probe_slot, "visitors": visitors}
            answer, again = self.client().settle("POST", "/mini/v1/orders", resident.token, body, attempt.key)
            if answer.kind == "ok":
                order = str(answer.body["id"])
                with self._lock:
                    self.acknowledged.append(time.monotonic())
                    self.outcomes.append(Outcome(attempt, "ok", "", [order], again))
                self.cancel(resident, order)
            turn += 1
            time.sleep(0.1)

    def stall(self) -> float:
        """Return the longest time without an acknowledged booking, in seconds."""
        moments = sorted(self.acknowledged)
        return max((b - a for a, b in pairwise(moments)), default=0.0)

    def client(self) -> Client:
        """Return this thread's connection."""
        if not hasattr(self._local, "client"):
            self._local.client = Client(self._world.stack.base, self.tally, self.give_up)
        return self._local.client
