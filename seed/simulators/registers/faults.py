"""Bad luck on demand: which faults are set, and whether one strikes now."""

import random
import threading
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar

from seed.simulators.registers.wire import Refusal

NAMES = (
    "slow",
    "missing",
    "contradicting",
    "error_500",
    "garbage",
    "timeout",
    "wrong_signature",
    "unsigned",
    "replayed",
    "other_person",
    "huge",
    "redirect",
)
BY_CHANCE = ("slow", "error_500", "garbage", "timeout", "wrong_signature", "unsigned")
"""What `--fault-rate` throws dice for: failures, not lies."""
FIELDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "rate": (int, float),
    "count": (int, type(None)),
    "seconds": (int, float),
    "seed": (int, type(None)),
}


@dataclass(slots=True)
class AnyFault:
    """One fault: by chance (`rate`), for the next `count` times, or both."""

    AIMS: ClassVar[tuple[str, ...]] = ()
    """The fields, words all, that keep it to what they name; an empty one keeps it to nothing."""
    EXTRA: ClassVar[tuple[str, ...]] = ()
    """The further fields, words all."""

    name: str
    rate: float = 1.0
    count: int | None = None
    seconds: float = 10.0
    seed: int | None = None
    fired: int = 0
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def strikes(self, *met: str) -> bool:
        """Throw the dice for what is met, told in the order of `AIMS`."""
        aims = [getattr(self, name) for name in self.AIMS]
        if any(aim not in ("", told) for aim, told in zip(aims, met, strict=True)) or self.count == 0:
            return False
        if self.dice.random() >= self.rate:
            return False
        self.fired += 1
        if self.count is not None:
            self.count -= 1
        return True

    def shown(self) -> dict[str, Any]:
        """Return the fault as the control API shows it; `count` is what is left."""
        return {key: value for key, value in asdict(self).items() if key != "dice"}


@dataclass(slots=True)
class Fault(AnyFault):
    """A fault of one register or person when named."""

    AIMS: ClassVar[tuple[str, ...]] = ("register", "number")
    register: str = ""
    number: str = ""


class Faults:
    """All faults that are set; another simulator brings its own names and kind of fault."""

    def __init__(
        self, names: tuple[str, ...] = NAMES, by_chance: tuple[str, ...] = BY_CHANCE, kind: type[AnyFault] = Fault
    ) -> None:
        self._names, self._by_chance, self._kind = names, by_chance, kind
        self._fields = FIELDS | dict.fromkeys((*kind.AIMS, *kind.EXTRA), (str,))
        self._lock = threading.Lock()
        self._faults: list[Any] = []

    def by_chance(self, rate: float, seed: int | None) -> None:
        """Let each failure strike with an equal share of `rate`."""
        for number, name in enumerate(self._by_chance):
            told = {"name": name, "rate": rate / len(self._by_chance), "seconds": 3.0}
            self.add(told | ({} if seed is None else {"seed": seed + number}))

    def add(self, wanted: dict[str, Any]) -> None:
        """Set one more fault from the fields of the control API."""
        if wanted.get("name") not in self._names:
            raise Refusal(HTTPStatus.BAD_REQUEST, "unknown_fault", f"names: {', '.join(self._names)}")
        wrong = [key for key, value in wanted.items() if not isinstance(value, self._fields.get(key, ()))]
        if wrong:
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_fault", f"wrong: {', '.join(wrong)}")
        fault = self._kind(**wanted)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Take back all faults."""
        with self._lock:
            self._faults = []

    def shown(self) -> list[dict[str, Any]]:
        """Return all faults, used up ones too."""
        with self._lock:
            return [fault.shown() for fault in self._faults]

    def struck(self, *met: str, names: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the faults that strike what is met, by name; with `names` the dice of no others are thrown."""
        with self._lock:
            return {one.name: one for one in self._faults if one.name in (names or self._names) and one.strikes(*met)}
