"""`make gates N=20000`: three gates, networks that are cut, wrong clocks, copies, thieves; and then the books.

Phase by phase some gates lose the network and decide alone, by clocks that are minutes off, while the others ask the
service; answers get lost, requests and journals come twice, people cancel, pictures of codes are passed on, and a
stranger's device hands in journals that it has stolen. At the end every ticket, every conflict, every record and the
numbers inside must be what `gate_truth` says, which shares no code with the product.
"""

import itertools
import math
import os
import random
import secrets
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.codes import rotating
from backend.errors import CityError
from bench import gate_books, stand
from bench.gate_clients import AT, SKEWS, Gate
from bench.gate_truth import HALL, PLACE, STRANGE, Passage, Showing, TicketTruth
from bench.machine import BenchFailed
from bench.report import console
from models.booking import cancel, checkout, slot, ticket
from models.devices.journal import JournalEntry
from models.places import place
from seed.demo.offline_gate import Decision

ELSEWHERE = "museum"
OPENS, CLOSES, BEGIN = 8 * 60, 22 * 60, 9 * 60
SCANS_A_TICKET, PHASES = 9, 20
SPAN_SECONDS, APART_SECONDS, MARGIN_SECONDS = 1200, 20, 60
CUT, STAYS_CUT, LOST, TWICE, CANCELS, STEALS = 0.45, 0.4, 0.03, 0.05, 0.02, 0.5
DRAWN, STALE = 0.4, 0.05
OUT = {True: 0.55, False: 0.06}
"""Who is inside leaves as often as not; some leave whom nobody saw come in."""
SETTLE_SECONDS = 180


class Storm:
    """One run: what was shown where, what came of it, and what was wrong."""

    def __init__(self, base: str, number: int, seed: int, shift: Path) -> None:
        self.base, self.number, self.seed, self._shift = base, number, seed, shift
        self._dice, self._nonces = random.Random(seed), itertools.count()
        self.truth: dict[str, TicketTruth] = {}
        self.codes: dict[str, tuple[str, bytes]] = {}
        self.wrong: list[str] = []
        self.told = Counter[str]()
        self.stolen: set[str] = set()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._touched: set[str] = set()
        self._blocked: set[str] = set()

    def prepare(self) -> None:
        """Sell the tickets and put up three gates, two at the entrance and one at a hall, and the thief's device."""
        self._move_to(clock.at(clock.today() + timedelta(days=1), BEGIN).timestamp())
        zones = [
            {"code": "", "name_zh": "全园", "most_entries": 3, "again": "after_exit", "ticket_types": [], "parent": ""},
            {"code": HALL, "name_zh": "一号展厅", "most_entries": 1, "again": "after_exit", "ticket_types": []},
        ]
        here, there = (self._slot(one, zones if one == AT else None) for one in (AT, ELSEWHERE))
        sold = max(20, self.number // SCANS_A_TICKET)
        with ThreadPoolExecutor(8) as sellers:
            list(sellers.map(lambda number: self._sell(there if number % 40 == 0 else here), range(sold)))
        posts = {"东门": PLACE, "西门": PLACE, "展厅": HALL, "小偷": PLACE}
        *self.gates, self.thief = [Gate(self.base, name, zone, self.seed) for name, zone in posts.items()]
        self.thief.sync(set())

    def _slot(self, place_id: str, zones: Any) -> dict[str, Any]:
        found, day = place.read(place_id), clock.today().isoformat()
        terms = place.terms_on(found, day) | ({"zones": zones} if zones else {})
        told = {"place": place_id, "day": day, "start": OPENS, "end": CLOSES, "quota": self.number, "resource": "storm"}
        made = slot.slot_id(place_id, day, OPENS, "storm")
        slot.open_up({"_id": made, **told, "classes": found["ticket_types"], "terms": terms})
        return slot.read(made)

    def _sell(self, wanted: dict[str, Any]) -> None:
        visitor = checkout.Visitor(ObjectId(), "游客", "adult", 0, age_band="adult")
        buyer = checkout.Buyer("system:bench", channel="window")
        made = checkout.place(buyer, wanted, [visitor], key=secrets.token_bytes(16), body=b"")
        (found,) = ticket.of_order(made["_id"])
        text = ticket.code(found)
        keys = runtime.current().code_keys
        self.codes[found["_id"]] = text, rotating.seed(keys.tickets[keys.current], text)
        self.truth[found["_id"]] = TicketTruth()

    def _move_to(self, timestamp: float) -> None:
        self._shift.write_text(str(timestamp - time.time()))

    # Phases

    def run(self) -> None:
        """Play all phases, then hand in what is left."""
        cut: set[str] = set()
        for phase in range(PHASES):
            online = [one for one in self.gates if one.name not in cut]
            self._cancel()
            cancelled = {one for one, told in self.truth.items() if told.cancelled}
            for gate in online:
                gate.sync(cancelled)
            cut |= {one.name for one in online if self._dice.random() < CUT}
            self._phase(phase, [one for one in self.gates if one.name in cut], cut)
            cut = {name for name in sorted(cut) if self._dice.random() < STAYS_CUT}
            self._hand_in([one for one in self.gates if one.name not in cut])
        self._hand_in(self.gates)

    def _phase(self, phase: int, alone: list[Gate], cut: set[str]) -> None:
        for gate in self.gates:
            gate.net.up = gate.name not in cut
        begin = clock.timestamp() + MARGIN_SECONDS
        self._move_to(begin + SPAN_SECONDS + MARGIN_SECONDS)
        self._touched, self._blocked = set(), set()
        each = math.ceil(self.number / PHASES / len(self.gates))
        self.told["phases of a gate without network"] += len(alone)
        plan = self._plan(phase, each, alone, begin)
        works = [lambda one=one: self._alone(phase, one, plan[one.name]) for one in alone]
        works += [lambda one=one: self._online(phase, one, each) for one in self.gates if one.net.up]
        with ThreadPoolExecutor(len(self.gates)) as together:
            for work in [together.submit(one) for one in works]:
                work.result()

    def _plan(self, phase: int, each: int, alone: list[Gate], begin: float) -> dict[str, list[tuple[float, Showing]]]:
        """Draw what gates without network are shown, and when: two showings of one ticket lie apart."""
        dice = random.Random(f"{self.seed}:{phase}")
        plan: dict[str, list[tuple[float, Showing]]] = {one.name: [] for one in alone}
        taken: defaultdict[str, list[float]] = defaultdict(list)
        for gate in alone:
            while len(plan[gate.name]) < each:
                found = dice.choice(list(self.truth))
                at = begin + dice.random() * SPAN_SECONDS
                if all(abs(at - other) > APART_SECONDS for other in taken[found]):
                    taken[found].append(at)
                    plan[gate.name].append((at, self._showing(dice, found, at)))
            plan[gate.name].sort(key=lambda one: one[0])
        return plan

    def _showing(self, dice: random.Random, found: str, at: float) -> Showing:
        way = "out" if dice.random() < OUT[self.truth[found].goes_about()] else "in"
        wrong = "other_place" if ticket_place(found) != AT else ""
        if dice.random() < 0.01:
            return Showing(found, way, wrong="not_ours")
        if dice.random() >= DRAWN:
            return Showing(found, way, wrong=wrong)
        stale = dice.random() < STALE
        drawn_at = at - (300 if stale else 0)
        return Showing(found, way, int(drawn_at // 30), wrong or ("code_stale" if stale else ""))

    def _text(self, shown: Showing) -> str:
        signed, seed = self.codes[shown.ticket]
        if shown.wrong == "not_ours":
            return signed[:-2] + ("10" if signed.endswith("00") else "00")
        keys = runtime.current().code_keys
        return rotating.draw(signed, keys.current, seed, shown.step * 30 + 1) if shown.step else signed

    # A gate without network

    def _alone(self, phase: int, gate: Gate, plan: list[tuple[float, Showing]]) -> None:
        for at, shown in plan:
            gate.virtual = at
            expected = gate.mind.alone(shown)
            told = gate.program.read(self._text(shown), direction=shown.way)
            self._compare(gate, shown, expected, told, "alone")
            passage = self._passed(gate, shown, told.nonce, (phase, 0, at)) if told.admitted else None
            if passage:
                with self._locks[shown.ticket]:
                    self._happens(shown, passage, told=False)
            gate.waiting.append((shown.ticket, None if shown.wrong in STRANGE else passage))
        gate.virtual = 0.0

    def _happens(self, shown: Showing, passage: Passage, *, told: bool) -> None:
        known = self.truth[shown.ticket]
        if shown.wrong in STRANGE:
            known.strange.append(passage)
        else:
            known.happen(passage, told=told)

    def _passed(self, gate: Gate, shown: Showing, nonce: str, moment: tuple[int, int, float]) -> Passage:
        gate.mind.saw(shown)
        return Passage(moment, f"{gate.id}:{nonce}", gate.zone, shown.way, shown.step)

    def _compare(self, gate: Gate, shown: Showing, expected: str, told: Decision, how: str) -> None:
        self.told[f"{how}: {told.result}"] += 1
        if told.result != expected:
            self.wrong.append(f"{gate.name} {how}, {shown}: {told.result}, and not {expected}")

    # A gate with network

    def _online(self, phase: int, gate: Gate, each: int) -> None:
        dice = random.Random(f"{self.seed}:{phase}:{gate.name}")
        names, asked = list(self.truth), 0
        while asked < each:
            found = dice.choice(names)
            with self._locks[found]:  # nobody stands at two gates at once
                if found not in self._blocked:
                    self._ask(phase, gate, self._showing(dice, found, clock.timestamp()), dice)
                    asked += 1

    def _ask(self, phase: int, gate: Gate, shown: Showing, dice: random.Random) -> None:
        known, moment = self.truth[shown.ticket], (phase, 1, float(next(self._nonces)))
        expected, lose = known.online(shown, gate.zone), dice.random() < LOST and shown.ticket not in self._touched
        self._touched.add(shown.ticket)
        gate.net.lose = lose
        alone, text = gate.mind.alone(shown), self._text(shown)
        told = gate.program.scan(text, direction=shown.way)
        served = expected in {"admitted", "exited"}
        self._compare(gate, shown, alone if lose else expected, told, "answer lost" if lose else "online")
        if not (served or told.admitted):
            return
        scan = f"{gate.id}:{told.nonce}"
        passage = Passage(moment, scan, gate.zone, shown.way, shown.step)
        if told.admitted:
            gate.mind.saw(shown)
        self._happens(shown, passage, told=served)
        if lose:
            self._blocked.add(shown.ticket)
            gate.waiting.append((shown.ticket, None if served or shown.wrong in STRANGE else passage))
        elif dice.random() < TWICE:
            self._again(gate, shown, text, told)

    def _again(self, gate: Gate, shown: Showing, text: str, told: Decision) -> None:
        """Send the same request once more: the answer must be the same."""
        body = {"code": text, "direction": shown.way}
        again = gate.program._link.ask("POST", "/gate/v1/scans", body, nonce=told.nonce)
        self.told["sent twice"] += 1
        if (again["result"], again["message"]) != (told.result, told.message):
            self.wrong.append(f"{gate.name}, sent twice: {told.result} and then {again['result']}")

    # Between phases

    def _cancel(self) -> None:
        """Let some people cancel; who was let in is refused as far as the service knows."""
        for found in self._dice.sample(sorted(self.truth), max(1, int(len(self.truth) * CANCELS))):
            expected = self.truth[found].cancel()
            try:
                cancel.cancel(ObjectId(found.partition("-")[0]), "system:bench")
                done = True
            except CityError:
                done = False
            self.told["cancelled" if done else "cancelling refused"] += 1
            if done != expected:
                self.wrong.append(f"{found}: cancelled {done}, and not {expected}")

    def _hand_in(self, gates: list[Gate]) -> None:
        """Let gates have network again: they hand in, a thief does with copies, and all of it is settled."""
        for gate in gates:
            gate.net.up = True
            if self._dice.random() < STEALS:
                self._steal(list(gate.program.state["queue"]))
            gate.upload()
        self._settle()
        for gate in gates:
            for found, passage in gate.waiting:
                if passage:
                    self.truth[found].learn(passage)
            gate.waiting.clear()

    def _steal(self, queue: list[dict[str, Any]]) -> None:
        """Hand a stolen queue in from another device, twice; once with the thief's name put in."""
        for named in ({}, {}, {"device": self.thief.id}):
            for start in range(0, len(queue), 100):
                part = [one | named for one in queue[start : start + 100]]
                body = {"device_time": clock.civil(clock.now()).isoformat(), "entries": part}
                told = self.thief.program._call("POST", "/gate/v1/journal", body)
                self.told["stolen entries refused"] += sum(one["result"] == "refused" for one in told["items"])
                self.stolen |= {f"{one['nonce']}{named}" for one in part}
                if {one["result"] for one in told["items"]} != {"refused"}:
                    self.wrong.append("a stolen entry was taken")

    def _settle(self) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while JournalEntry._get_collection().find_one({"state": "waiting"}, {"_id": 1}):
            if time.monotonic() > deadline:
                raise BenchFailed("the journals were not settled")
            time.sleep(0.1)


def ticket_place(found: str) -> str:
    """Return the place of a ticket; it never changes."""
    if found not in _places:
        _places[found] = (ticket.read(found) or {})["place"]
    return _places[found]


_places: dict[str, str] = {}


def main() -> int:
    """Run the storm; return 1 when something was wrong."""
    number, seed = int(os.environ.get("N", "20000")), int(os.environ.get("SEED", "1"))
    shift = Path(os.environ.get("CLOCK_SHIFT_FILE", ""))
    if not shift.name:
        console.print("set CLOCK_SHIFT_FILE, as `make gates` does: the gates live through a day in minutes")
        return 2
    shift.unlink(missing_ok=True)
    began = time.monotonic()
    given = {"CLOCK_SHIFT_FILE": str(shift), "LIMIT_FACTOR": "1000"}
    with stand.stand(given) as stack:
        storm = Storm(stack.base, number, seed, shift)
        storm.prepare()
        storm.run()
        figures = gate_books.compare(storm.truth, storm.stolen, storm.wrong)
    shift.unlink(missing_ok=True)
    _show(storm, figures, time.monotonic() - began)
    return 1 if storm.wrong else 0


def _show(storm: Storm, figures: dict[str, int], seconds: float) -> None:
    scans = sum(number for what, number in storm.told.items() if ": " in what)
    off = max(map(abs, SKEWS))
    console.print(f"{scans} scans at 3 gates in {seconds:.0f} s, {len(storm.truth)} tickets, clocks up to {off} s off")
    for what, number in sorted(storm.told.items()):
        console.print(f"  {what}: {number}")
    console.print(", ".join(f"{what}: {number}" for what, number in figures.items()), soft_wrap=True)
    for one in storm.wrong[:20]:
        console.print(f"[bold red]wrong:[/] {one}", soft_wrap=True)
    console.print(
        "[bold red]not the truth" if storm.wrong else "[green]every ticket, conflict, record and number is the truth"
    )


if __name__ == "__main__":
    sys.exit(main())
