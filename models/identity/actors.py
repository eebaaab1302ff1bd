"""Who acts: the values that a surface hands to a rule."""

from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId


@dataclass(frozen=True)
class Resident:
    """A logged-in account, with what its one document says."""

    account_id: ObjectId
    session_id: str
    document: dict[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        """Return the scope of this actor's idempotency keys and limits."""
        return f"resident:{self.account_id}"

    @property
    def person_id(self) -> ObjectId | None:
        """Return the bound person, None before a binding."""
        return self.document.get("person")


@dataclass(frozen=True)
class Device:
    """A registered gate or kiosk."""

    device_id: str
    name: str
    place: str
    nonce: str

    @property
    def key(self) -> str:
        """Return the scope of this actor's limits."""
        return f"device:{self.device_id}"


@dataclass(frozen=True)
class System:
    """The service itself: sweepers, queues, notices of the payment system."""

    name: str

    @property
    def key(self) -> str:
        """Return how history names this actor."""
        return f"system:{self.name}"
