"""All that one running simulator holds, and its kinds of bad luck."""

from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

from seed.simulators.card_centre.state import State
from seed.simulators.registers.faults import Fault, Faults
from seed.simulators.registers.keys import Keychain

NAMES = ("slow", "timeout", "error_500", "garbage", "wrong_signature", "duplicate", "refuse", "stale", "unknown_card")
BY_CHANCE = ("slow", "timeout", "error_500", "garbage", "wrong_signature")
"""What `--fault-rate` throws dice for: failures, not lies."""


@dataclass(slots=True)
class CardFault(Fault):
    """A fault of the card centre; `register` names the command, `reason` the code of a refusal."""

    EXTRA: ClassVar[tuple[str, ...]] = ("reason",)
    reason: str = "by_control"


def _faults() -> Faults:
    return Faults(NAMES, BY_CHANCE, CardFault)


@dataclass
class Box:
    """`calls` counts what was asked by command."""

    state: State
    keys: Keychain
    faults: Faults = field(default_factory=_faults)
    calls: Counter[str] = field(default_factory=Counter)
