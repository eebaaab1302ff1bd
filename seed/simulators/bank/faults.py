"""Bad luck on demand: what may go wrong at the bank."""

from dataclasses import dataclass
from typing import ClassVar

from seed.simulators.registers.faults import AnyFault, Faults

CALLS = ("slow", "timeout", "error_500", "garbage", "wrong_signature", "unsigned", "lost_answer", "lost_request")
"""What goes wrong with a call."""
RETURNS = ("partial", "missing_line", "altered_amount", "unknown_line", "wrong_digest", "twice", "other_account")
"""What goes wrong with a return file."""
BY_CHANCE = ("slow", "error_500", "garbage", "lost_answer", "lost_request", "unsigned")
"""What `--fault-rate` throws dice for: failures, not lies."""


@dataclass(slots=True)
class Fault(AnyFault):
    """A fault of one `call` (put, state, return) when named."""

    AIMS: ClassVar[tuple[str, ...]] = ("call",)
    call: str = ""


def none_yet() -> Faults:
    """Return the faults of a bank that is well."""
    return Faults(CALLS + RETURNS, BY_CHANCE, Fault)
