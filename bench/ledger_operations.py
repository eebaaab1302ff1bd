"""The operations of the ledger's storm: drawn from a seed, so that a process that is killed repeats them.

Each ends with a definite outcome: `done` or the code of a refusal. An unknown one (no answer, the store is away) is
repeated with the same key.
"""

import hashlib
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError

from backend import clock, runtime, settings
from backend.errors import CityError
from models.payments import transfer

SHOPS, FUND, CLEARING = [f"merchant:storm-{number}" for number in range(8)], "fund:storm", "clearing:wechat"
KINDS = {"pay": 45, "post": 15, "hold": 12, "post_hold": 8, "void": 5, "refund": 10, "reuse": 5}
SENT_TWICE = 0.1
THREADS = 16
GIVE_UP_SECONDS = 120
PAUSE_SECONDS = 0.2


class Unknown(Exception):
    """No definite answer came."""


@dataclass(frozen=True)
class Operation:
    """One operation; `earlier` is the number of the one that it is about."""

    number: int
    kind: str
    source: str
    target: str
    fen: int
    earlier: int
    twice: bool

    @property
    def key(self) -> str:
        """Return the key of what it moves."""
        return f"storm-{self.number}"


def draw(number: int, seed: int, slices: int, wallets: list[str]) -> Operation:
    """Return the operation of a number: always the same."""
    dice = random.Random(f"{seed}:{number}")
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    wallet, hot = dice.choice(wallets), dice.random() < 0.1
    target = FUND if hot else dice.choice(SHOPS)
    source = dice.choice([wallet, wallet, FUND, CLEARING]) if kind in {"post", "hold"} else wallet
    if source in {CLEARING, FUND}:
        target = wallet if source == CLEARING else dice.choice(SHOPS)
    back = dice.randrange(1, 200) * slices
    twice = dice.random() < SENT_TWICE
    return Operation(number, kind, source, target, dice.randrange(1, 400), number - back, twice)


class Operator:
    """Carries out every `slices`-th operation from `first` on, and writes each outcome down as a line."""

    def __init__(self, folder: Path, first: int, slices: int) -> None:
        told = json.loads((folder / "storm.json").read_text())
        self._told, self._first, self._slices = told, first, slices
        self._file = folder / f"outcomes-{first}.txt"
        self._lock = threading.Lock()

    def run(self) -> None:
        """Do what is not written down yet, from several threads."""
        done = {int(line.split()[0]) for line in lines(self._file)}
        due = iter([n for n in range(self._first, self._told["operations"], self._slices) if n not in done])
        with self._file.open("a", buffering=1) as self._out:
            threads = [threading.Thread(target=self._work, args=(due,)) for _ in range(THREADS)]
            for one in threads:
                one.start()
            for one in threads:
                one.join()

    def _work(self, due: Any) -> None:
        while True:
            with self._lock:
                number = next(due, None)
            if number is None:
                return
            one = draw(number, self._told["seed"], self._slices, list(self._told["wallets"]))
            outcome = self._settled(one)
            if one.twice:
                again = self._settled(one)
                outcome = again if outcome != "done" else outcome if again == "done" else f"twice:{again}"
            with self._lock:
                self._out.write(f"{number} {outcome}\n")

    def _settled(self, one: Operation) -> str:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                return self._once(one)
            except (Unknown, PyMongoError):
                if time.monotonic() > deadline:
                    return "unknown"
                time.sleep(PAUSE_SECONDS)

    def _once(self, one: Operation) -> str:
        if one.kind == "pay":
            return self._pay(one.key, one.source, one.target, one.fen)
        if one.kind == "reuse":
            return self._reuse(one)
        try:
            self._by_rule(one)
        except CityError as refusal:
            if refusal.status >= 500:
                raise Unknown from None
            return refusal.code
        return "done"

    def _by_rule(self, one: Operation) -> None:
        told: dict[str, Any] = {"what": "storm", "about": {"n": str(one.number)}}
        earlier = f"storm-{one.earlier}"
        calls: dict[str, Callable[[], Any]] = {
            "post": lambda: transfer.post(one.key, one.source, one.target, one.fen, **told),
            "hold": lambda: transfer.hold(
                one.key, one.source, one.target, one.fen, until=clock.now() + timedelta(hours=1), **told
            ),
            "post_hold": lambda: transfer.post_hold(one.key, earlier),
            "void": lambda: transfer.void_hold(one.key, earlier),
            "refund": lambda: transfer.refund(one.key, self._paid_key(earlier), one.fen),
        }
        calls[one.kind]()

    def _paid_key(self, key: str) -> str:
        number = int(key.removeprefix("storm-"))
        if number < 0:
            return key
        earlier = draw(number, self._told["seed"], self._slices, list(self._told["wallets"]))
        if earlier.kind != "pay":
            return key
        return pay_id(self._told["wallets"][earlier.source]["account"], key)

    def _reuse(self, one: Operation) -> str:
        """Send an earlier key with another content: it must be refused where the key was used."""
        known = transfer.find(f"storm-{one.earlier}")
        if known is None or known.get("hold"):
            return "nothing_to_reuse"
        try:
            transfer.post(known["_id"], known["source"], known["target"], known["fen"] + 1, what="storm", about={})
        except transfer.KeyReused:
            return "reuse_refused"
        return "reuse_taken"

    def _pay(self, key: str, wallet: str, payee: str, fen: int) -> str:
        token = self._told["wallets"][wallet]["token"]
        body = json.dumps({"payee": payee, "amount_fen": fen}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        request = urllib.request.Request(f"{self._told['base']}/mini/v1/wallet/payments", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                json.load(answer)
                return "done"
        except urllib.error.HTTPError as refusal:
            if refusal.code >= 500 or refusal.code == 429:  # away, or asked to wait
                raise Unknown from None
            return str(json.load(refusal)["code"])
        except (OSError, ValueError, EOFError):
            raise Unknown from None


def pay_id(account: str, key: str) -> str:
    """Return the transfer that a payment over HTTP makes under a key."""
    scope = f"resident:{account}\x00/mini/v1/wallet/payments\x00{key}"
    return f"pay:{hashlib.sha256(scope.encode()).hexdigest()}"


def lines(file: Path) -> list[str]:
    """Return the whole lines of a file; one that a kill cut off does not count."""
    if not file.exists():
        return []
    text = file.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole)
    return whole.splitlines()


if __name__ == "__main__":
    runtime.compose(settings.load())
    Operator(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])).run()
