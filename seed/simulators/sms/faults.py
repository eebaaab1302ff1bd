"""Bad luck on demand: which faults are set, and whether one strikes now."""

import random
import threading
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from seed.simulators.registers.wire import Refusal

CALLS = ("slow", "timeout", "error_500", "garbage", "busy", "lost_answer", "lost_request")
"""What goes wrong with a call."""
RECEIPTS = ("receipt_lost", "receipt_twice", "receipt_unsigned", "receipt_of_nobody")
"""What goes wrong with a pushed receipt."""
BY_CHANCE = ("slow", "error_500", "garbage", "busy", "lost_answer", "lost_request", "receipt_lost", "receipt_twice")
"""What `--fault-rate` throws dice for."""
FIELDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "rate": (int, float),
    "count": (int, type(None)),
    "call": (str,),
    "seconds": (int, float),
    "seed": (int, type(None)),
}


@dataclass(slots=True)
class Fault:
    """One fault: by chance (`rate`), for the next `count` times, or both; of one `call` (send, pull, push) or all."""

    name: str
    rate: float = 1.0
    count: int | None = None
    call: str = ""
    seconds: float = 12.0
    seed: int | None = None
    fired: int = 0
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def strikes(self, call: str) -> bool:
        """Throw the dice for one call."""
        if self.call not in ("", call) or self.count == 0 or self.dice.random() >= self.rate:
            return False
        self.fired += 1
        if self.count is not None:
            self.count -= 1
        return True


class Faults:
    """All faults that are set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def by_chance(self, rate: float, seed: int | None) -> None:
        """Let each failure strike with an equal share of `rate`."""
        for number, name in enumerate(BY_CHANCE):
            told = {"name": name, "rate": rate / len(BY_CHANCE), "seconds": 3.0}
            self.add(told | ({} if seed is None else {"seed": seed + number}))

    def add(self, wanted: dict[str, Any]) -> None:
        """Set one more fault from the fields of the control API."""
        if wanted.get("name") not in CALLS + RECEIPTS:
            raise Refusal(HTTPStatus.BAD_REQUEST, "unknown_fault", f"names: {', '.join(CALLS + RECEIPTS)}")
        wrong = [key for key, value in wanted.items() if not isinstance(value, FIELDS.get(key, ()))]
        if wrong:
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_fault", f"wrong: {', '.join(wrong)}")
        with self._lock:
            self._faults.append(Fault(**wanted))

    def clear(self) -> None:
        """Take back all faults."""
        with self._lock:
            self._faults = []

    def shown(self) -> list[dict[str, Any]]:
        """Return all faults, used up ones too."""
        with self._lock:
            return [{key: value for key, value in asdict(one).items() if key != "dice"} for one in self._faults]

    def struck(self, names: tuple[str, ...], call: str) -> dict[str, Fault]:
        """Return the faults of `names` that strike this call, by name."""
        with self._lock:
            return {one.name: one for one in self._faults if one.name in names and one.strikes(call)}
