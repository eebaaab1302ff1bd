"""Bad luck on demand: what may go wrong at the SMS service."""

from dataclasses import dataclass
from typing import ClassVar

from seed.simulators.registers.faults import AnyFault, Faults

CALLS = ("slow", "timeout", "error_500", "garbage", "busy", "lost_answer", "lost_request")
"""What goes wrong with a call."""
RECEIPTS = ("receipt_lost", "receipt_twice", "receipt_unsigned", "receipt_of_nobody")
"""What goes wrong with a pushed receipt."""
BY_CHANCE = ("slow", "error_500", "garbage", "busy", "lost_answer", "lost_request", "receipt_lost", "receipt_twice")
"""What `--fault-rate` throws dice for."""


@dataclass(slots=True)
class Fault(AnyFault):
    """A fault of one `call` (send, pull, push) when named."""

    AIMS: ClassVar[tuple[str, ...]] = ("call",)
    seconds: float = 12.0
    call: str = ""


def none_yet() -> Faults:
    """Return the faults of a service that is well."""
    return Faults(CALLS + RECEIPTS, BY_CHANCE, Fault)
