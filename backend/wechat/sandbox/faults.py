"""Bad luck on demand: which faults are set, and whether one strikes now."""

import random
import threading
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from backend.wechat.sandbox.wire import ControlError

NAMES = frozenset(
    {
        "answer_500",
        "answer_timeout",
        "answer_bad_signature",
        "answer_lost_after_effect",
        "notice_lost",
        "notice_duplicate",
        "notice_delayed",
        "notice_reordered",
        "notice_wrong_signature",
        "notice_signtest",
        "notice_old_timestamp",
        "notice_wrong_amount",
        "notice_unknown_serial",
        "refund_stays_processing",
        "refund_abnormal",
        "refund_closed",
        "refund_resource_not_exists_once",
        "close_races_pay",
        "token_invalid",
        "busy",
        "rate_limited",
        "text_check_down",
    }
)
DEFAULT_SECONDS = 10.0
FIELDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "rate": (int, float),
    "count": (int, type(None)),
    "path": (str,),
    "seconds": (int, float),
    "seed": (int, type(None)),
}


@dataclass(slots=True)
class Fault:
    """One fault: by chance (`rate`), for the next `count` times, or both; on paths that begin with `path`."""

    name: str
    rate: float = 1.0
    count: int | None = None
    path: str = ""
    seconds: float = DEFAULT_SECONDS
    seed: int | None = None
    fired: int = 0
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - chance that a seed can repeat, no secret

    def strikes(self, path: str) -> bool:
        """Throw the dice for one request or notice."""
        if not path.startswith(self.path) or self.count == 0:
            return False
        if self.dice.random() >= self.rate:
            return False
        self.fired += 1
        if self.count is not None:
            self.count -= 1
        return True

    def shown(self) -> dict[str, Any]:
        """The fault as the control API shows it; `count` is what is left."""
        return {key: value for key, value in asdict(self).items() if key != "dice"}


class Faults:
    """All faults that are set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, wanted: dict[str, Any]) -> None:
        """Set one more fault from the fields of the control API."""
        if wanted.get("name") not in NAMES:
            raise ControlError(HTTPStatus.BAD_REQUEST, "unknown_fault", f"names: {', '.join(sorted(NAMES))}")
        wrong = [key for key, value in wanted.items() if not isinstance(value, FIELDS.get(key, ()))]
        if wrong:
            raise ControlError(HTTPStatus.BAD_REQUEST, "bad_fault", f"wrong: {', '.join(wrong)}")
        fault = Fault(**wanted)
        with self._lock:
            self._faults.append(fault)

    def clear(self, name: str | None = None) -> None:
        """Take back all faults, or those of one name."""
        with self._lock:
            self._faults = [fault for fault in self._faults if name and fault.name != name]

    def shown(self) -> list[dict[str, Any]]:
        """All faults, used up ones too."""
        with self._lock:
            return [fault.shown() for fault in self._faults]

    def strike(self, name: str, path: str) -> Fault | None:
        """The fault of this name that strikes on this path now, if one does."""
        if not self._faults:
            return None
        with self._lock:
            return next((fault for fault in self._faults if fault.name == name and fault.strikes(path)), None)
