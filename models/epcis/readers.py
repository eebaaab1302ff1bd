"""Who reads: a party its own events and those in which it is an owner or possessor at either end, the county all."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reader:
    """A party by its URI; one that reads `all` is the county's own supervision."""

    party: str
    all: bool = False

    def scope(self) -> dict[str, Any]:
        """Return the condition on events."""
        return {} if self.all else {"readers": self.party}
