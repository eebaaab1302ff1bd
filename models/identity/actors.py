"""Who acts: the values that a surface hands to a rule."""

from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from backend.errors import NotAllowed
from models.identity import roles


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
class Assignment:
    """A role at a unit, within an area by its division code; an empty area is the whole county."""

    role: str
    unit: str
    area: str = ""

    def covers(self, unit: str, area: str) -> bool:
        """Tell whether an object of `unit` in `area` is within this assignment."""
        near = roles.ROLES[self.role].reach == "county" or self.unit == unit
        return near and area.startswith(self.area)


@dataclass(frozen=True)
class Staff:
    """A logged-in member of the staff."""

    staff_id: ObjectId
    login: str
    session_id: str
    assignments: tuple[Assignment, ...]

    @property
    def key(self) -> str:
        """Return how audit, history and idempotency keys name this actor."""
        return f"staff:{self.staff_id}"

    @property
    def unit(self) -> str:
        """Return the home unit, that of the first assignment."""
        return self.assignments[0].unit

    def may(self, operation: str) -> bool:
        """Tell whether one of the roles holds `operation`."""
        return operation in roles.EVERYBODY or bool(self._giving(operation))

    def require(self, operation: str) -> None:
        """Check that one of the roles holds `operation`.

        Raises:
            NotAllowed: none does.
        """
        if not self.may(operation):
            raise NotAllowed

    def units_for(self, operation: str) -> set[str] | None:
        """Return the units whose objects `operation` reaches, None for all."""
        given = self._giving(operation)
        if any(roles.ROLES[one.role].reach == "county" for one in given):
            return None
        return {one.unit for one in given}

    def covers(self, operation: str, *, unit: str, area: str) -> bool:
        """Tell whether `operation` reaches an object of `unit` in `area`."""
        return any(one.covers(unit, area) for one in self._giving(operation))

    def _giving(self, operation: str) -> list[Assignment]:
        return [one for one in self.assignments if operation in roles.ROLES[one.role].operations]


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
