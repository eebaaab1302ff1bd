"""`make ledger N=100000`: random operations on the ledger while API, store and operators are killed, then the books.

Two operators (processes of sixteen threads) pay over HTTP and hold, post, void and refund by the rules; each repeats
what had no answer under the same key. Meanwhile API workers, `mongod` and the operators themselves get SIGKILLs, and a
watcher reads the sum of all accounts at one moment, again and again.
"""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from backend import clock
from bench import ledger_operations as operations
from bench import stand, transfers
from bench.machine import BenchFailed
from bench.report import console
from deploy.stack import Stack
from models.payments import ledger_account, ledger_day, ledger_verify, merchant, transfer

OPERATORS = 2
PEOPLE = 40
MOST_FAILED = 50
KILL_EVERY_SECONDS = {True: (2.0, 5.0), False: (10.0, 25.0)}
"""Often in a small run, so that there are kills at all."""
SMALL = 5_000
CHECK = Path(__file__).parent.parent / "docs" / "ledger_check.py"
NEXT_DAY_SECONDS = 86_400 + 60 * (ledger_day.CLOSES_AFTER_MINUTES + 5)
"""From any minute of a day on, that day is over and closed by then."""


class Storm:
    """One run: what was killed, what was looked at, what came of it."""

    def __init__(self, stack: Stack, number: int, seed: int) -> None:
        self._stack, self._number, self._seed = stack, number, seed
        self._dice = random.Random(seed)
        self._calm = threading.Event()
        self._operators: dict[int, subprocess.Popen[bytes]] = {}
        self.killed, self.looks, self.away = Counter[str](), 0, 0
        self.wrong: list[str] = []
        self._failed = 0

    def run(self) -> None:
        """Let everything loose until all operations have an outcome."""
        self._prepare()
        watcher, killer = threading.Thread(target=self._watch), threading.Thread(target=self._kill)
        for first in range(OPERATORS):
            self._start(first)
        watcher.start()
        killer.start()
        try:
            while sum(self._alive(first) for first in range(OPERATORS)):
                time.sleep(0.2)
        finally:
            self._calm.set()
            watcher.join()
            killer.join()
            for one in self._operators.values():
                one.kill()
        self._revive()

    def _prepare(self) -> None:
        people = transfers.persons(PEOPLE)
        ledger_account.open_account(operations.FUND, parts=transfers.HOT_PARTS)
        for shop in operations.SHOPS:
            merchant.seed(shop.removeprefix("merchant:"), name="商户", unit="changzhengyuan")
        wallets = {
            ledger_account.wallet_of(one.person): {"token": one.token, "account": str(one.account)} for one in people
        }
        told = {"operations": self._number, "seed": self._seed, "base": self._stack.base, "wallets": wallets}
        (self._stack.folder / "storm.json").write_text(json.dumps(told))

    def _start(self, first: int) -> None:
        command = [sys.executable, "-m", "bench.ledger_operations", str(self._stack.folder), str(first), str(OPERATORS)]
        log = (self._stack.folder / f"operator-{first}.log").open("ab")
        self._operators[first] = subprocess.Popen(command, env=self._stack.env, stdout=log, stderr=log)

    def _alive(self, first: int) -> bool:
        """Tell whether an operator has work left; one that was killed is started again."""
        code = self._operators[first].poll()
        if code is None:
            return True
        if code == 0:
            return False
        if code != -signal.SIGKILL:  # it met a store that was away while it started
            self._failed += 1
            if self._failed > MOST_FAILED:
                raise BenchFailed(f"operator {first} ended with {code}; see operator-{first}.log")
            time.sleep(1)
        self._start(first)
        return True

    def _watch(self) -> None:
        while not self._calm.wait(0.1):
            try:
                found = ledger_account.total()["balance_fen"]
                floors = {"kind": {"$in": sorted(ledger_account.FLOORED)}, "balance_fen": {"$lt": 0}}
                below = get_db().ledger_accounts.find_one(floors, {"_id": 1})
            except PyMongoError:
                self.away += 1
                continue
            self.looks += 1
            if found or below:
                self.wrong.append(f"sum {found}, below nothing: {below}")

    def _kill(self) -> None:
        kinds = itertools.cycle(("api", "operator", "mongod"))
        while not self._calm.wait(self._dice.uniform(*KILL_EVERY_SECONDS[self._number <= SMALL])):
            kills = {"api": self._kill_api, "operator": self._kill_operator, "mongod": self._kill_mongod}
            kills[next(kinds)]()
            self._revive()

    def _kill_api(self) -> None:
        master = psutil.Process(self._stack.children["api"].popen.pid)
        workers = master.children()
        if workers:
            self._end(self._dice.choice(workers).pid, "API worker")

    def _kill_operator(self) -> None:
        running = [one for one in self._operators.values() if one.poll() is None]
        if running:
            self._end(self._dice.choice(running).pid, "operator")

    def _kill_mongod(self) -> None:
        mongod = self._stack.mongod
        if mongod is None or mongod.child is None:
            raise BenchFailed("the store must be the stand's own")
        self._end(mongod.child.popen.pid, "mongod")
        mongod.child.popen.wait(20)
        mongod.start()

    def _end(self, pid: int, name: str) -> None:
        os.kill(pid, signal.SIGKILL)
        self.killed[name] += 1

    def _revive(self) -> None:
        for name in self._stack.ended():
            self._stack.restart(name)

    def books(self) -> Counter[str]:
        """Compare every outcome with the books, and return how the operations ended; what is wrong is noted."""
        folder, ended = self._stack.folder, Counter[str]()
        told = json.loads((folder / "storm.json").read_text())["wallets"]
        for first in range(OPERATORS):
            for line in operations.lines(folder / f"outcomes-{first}.txt"):
                number, outcome = line.split()
                one = operations.draw(int(number), self._seed, OPERATORS, list(told))
                ended[outcome] += 1
                self._compare(one, outcome, told)
        if sum(ended.values()) != self._number:
            self.wrong.append(f"{sum(ended.values())} outcomes of {self._number} operations")
        self.wrong += ledger_verify.findings()
        return ended

    def _compare(self, one: operations.Operation, outcome: str, told: dict[str, dict[str, str]]) -> None:
        if outcome in {"unknown", "reuse_taken"} or outcome.startswith("twice:"):
            self.wrong.append(f"operation {one.number}: {outcome}")
        if one.kind in {"void", "reuse"}:
            return
        key = operations.pay_id(told[one.source]["account"], one.key) if one.kind == "pay" else one.key
        there = transfer.find(key)
        if (there is not None) != (outcome == "done"):
            self.wrong.append(f"operation {one.number} ({one.kind}): {outcome}, transfer {there and there['state']}")
        if there and one.kind in {"pay", "post", "hold"} and (there["fen"], there["source"]) != (one.fen, one.source):
            self.wrong.append(f"operation {one.number}: another content")

    def chain(self, shift: Path) -> str:
        """Close the day as if it were tomorrow, let the auditor's script recompute it, and return what it says."""
        shift.write_text(str(NEXT_DAY_SECONDS))
        days = ledger_day.close_due()
        files = []
        for day in days:
            file = self._stack.folder / f"{day}.jsonl"
            file.write_bytes(b"".join(ledger_day.export(clock.date_of(day))))
            files.append(str(file))
        told = subprocess.run(
            [sys.executable, "-I", str(CHECK), *files], capture_output=True, text=True, timeout=600, check=False
        )
        self.wrong += ledger_verify.findings()
        if told.returncode or not files:
            self.wrong.append(f"the chain does not verify: {told.stderr[-300:]}")
        return told.stdout.strip()


def main() -> int:
    """Run the storm; return 1 when something was wrong."""
    number, seed = int(os.environ.get("N", "100000")), int(os.environ.get("SEED", "1"))
    shift = Path(os.environ.get("CLOCK_SHIFT_FILE", ""))
    if not shift.name:
        console.print("set CLOCK_SHIFT_FILE, as `make ledger` does: the day must end for its chain to be closed")
        return 2
    shift.unlink(missing_ok=True)
    began = time.monotonic()
    with stand.stand() as stack:
        storm = Storm(stack, number, seed)
        storm.run()
        ended = storm.books()
        told = storm.chain(shift)
    shift.unlink(missing_ok=True)
    _show(storm, ended, told, time.monotonic() - began)
    return 1 if storm.wrong else 0


def _show(storm: Storm, ended: Counter[str], told: str, seconds: float) -> None:
    console.print(f"{sum(ended.values())} operations in {seconds:.0f} s: {dict(ended.most_common())}")
    console.print(f"killed: {dict(storm.killed)}")
    console.print(f"the sum was read {storm.looks} times at one moment ({storm.away} times the store was away)")
    console.print(told, soft_wrap=True)
    for one in storm.wrong[:20]:
        console.print(f"[bold red]wrong:[/] {one}", soft_wrap=True)
    console.print(
        "[bold red]broken" if storm.wrong else "[green]sum 0 at every look, each key once, the chain verifies"
    )


if __name__ == "__main__":
    sys.exit(main())
