"""Who acts: the values that a surface hands to a rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId

from backend.errors import NotAllowed
from models.identity import levels, roles


class ScopeMissing(NotAllowed):
    """403: the relation does not allow this to who acts for another."""

    code = "scope_missing"
    zh = "您的代办授权不包含此项,请由本人办理或请本人扩大授权范围。"
    en = "You may act for this person, but not in this. They do it themselves or allow more."


class AgentScopeMissing(NotAllowed):
    """403: the firm named this person for other things."""

    code = "agent_scope_missing"
    zh = "单位给您的经办授权不包含此项,请由单位负责人、管理员办理,或请其扩大授权范围。"
    en = "The organisation named you for other things. Its owner or manager does this, or allows more."


@dataclass(frozen=True)
class Acting:
    """For whom a resident acts, by which relation, and in what."""

    relation_id: ObjectId
    person_id: ObjectId
    kind: str
    scope: frozenset[str]


@dataclass(frozen=True)
class Resident:
    """A logged-in account, with what its one document says; `acting` when it acts for another person."""

    account_id: ObjectId
    session_id: str
    document: dict[str, Any] = field(repr=False)
    acting: Acting | None = None
    unit: str = ""
    """Access lines name the reader's unit; a resident has none."""

    @property
    def key(self) -> str:
        """Return how history names this actor: a helper always as the helper of that relation."""
        own = f"resident:{self.account_id}"
        return f"{own}:for:{self.acting.relation_id}" if self.acting else own

    @property
    def person_id(self) -> ObjectId | None:
        """Return the bound person, None before a binding."""
        return self.document.get("person")

    @property
    def sure_person_id(self) -> ObjectId | None:
        """Return the bound person where that is more than the account's own word: a declared one may be another."""
        return self.person_id if levels.reaches(self.document["level"], "matched") else None

    @property
    def subject_id(self) -> ObjectId | None:
        """Return the person in whose name this is done: the one acted for, else the bound one."""
        return self.acting.person_id if self.acting else self.person_id

    def require_scope(self, scope: str) -> None:
        """Check what an acting resident may do; in one's own name everything is allowed.

        Raises:
            ScopeMissing: the relation does not hold `scope`.
        """
        if self.acting and scope not in self.acting.scope:
            raise ScopeMissing


@dataclass(frozen=True)
class Member:
    """A resident who acts for an organisation: `role` is owner, manager, clerk or agent, `organisation` its document.

    `scope` is what an agent may do in its name; the other roles have none and are told apart by themselves.
    """

    resident: Resident
    organisation_id: ObjectId
    role: str
    organisation: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    scope: frozenset[str] = frozenset()
    unit: str = ""
    """Access lines name the reader's unit; a member of an organisation has none."""

    @property
    def key(self) -> str:
        """Return how history, audit and idempotency keys name this actor."""
        return f"member:{self.resident.account_id}@{self.organisation_id}"

    @property
    def account_id(self) -> ObjectId:
        """Return the account by which they are logged in."""
        return self.resident.account_id

    @property
    def person_id(self) -> ObjectId:
        """Return the person: a member is one surely."""
        found = self.resident.sure_person_id
        assert found is not None
        return found

    def require_role(self, *roles: str) -> None:
        """Check the role in the organisation.

        Raises:
            NotAllowed: it is another one.
        """
        if self.role not in roles:
            raise NotAllowed

    def require_for(self, roles: tuple[str, ...], scope: str) -> None:
        """Check that a route for `roles` (every standing role, where none is named) is for this member.

        An agent passes by the `scope` that the route names, or where the role is named itself.

        Raises:
            NotAllowed: the route is not for their role.
            AgentScopeMissing: the agency does not hold the scope.
        """
        if self.role == "agent" and "agent" not in roles:
            if not scope or scope not in self.scope:
                raise AgentScopeMissing
        elif roles:
            self.require_role(*roles)


@dataclass(frozen=True)
class Assignment:
    """A role at a unit, within an area by its division code; an empty area is the whole county."""

    role: str
    unit: str
    area: str = ""


@dataclass(frozen=True)
class Staff:
    """A logged-in member of the staff.

    `subtrees` names the units at and below those of assignments that reach below; without it they reach their own.
    """

    staff_id: ObjectId
    login: str
    session_id: str
    assignments: tuple[Assignment, ...]
    subtrees: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    password_expired: bool = False

    @property
    def key(self) -> str:
        """Return how audit, history and idempotency keys name this actor."""
        return f"staff:{self.staff_id}"

    @property
    def unit(self) -> str:
        """Return the home unit, that of the first assignment."""
        return self.assignments[0].unit

    def may(self, operation: str, purpose: str = "") -> bool:
        """Tell whether one of the roles holds `operation`, and `purpose` with it where one is named."""
        return operation in roles.EVERYBODY or bool(self.giving(operation, purpose))

    def require(self, operation: str) -> None:
        """Check that one of the roles holds `operation`.

        Raises:
            NotAllowed: none does.
        """
        if not self.may(operation):
            raise NotAllowed

    def units_for(self, operation: str) -> set[str] | None:
        """Return the units whose objects `operation` reaches, None for all."""
        reached: set[str] = set()
        for one in self.giving(operation):
            units = self.units_of(one)
            if units is None:
                return None
            reached |= units
        return reached

    def covers(self, operation: str, *, unit: str, area: str) -> bool:
        """Tell whether `operation` reaches an object of `unit` in `area`."""
        return any(self._near(one, unit) and area.startswith(one.area) for one in self.giving(operation))

    def giving(self, operation: str, purpose: str = "") -> list[Assignment]:
        """Return the assignments that give `operation`, for `purpose` where one is named."""
        return [
            one
            for one in self.assignments
            if operation in roles.ROLES[one.role].operations
            and (not purpose or purpose in roles.ROLES[one.role].purposes)
        ]

    def units_of(self, one: Assignment) -> frozenset[str] | None:
        """Return the units that an assignment reaches, None for all."""
        reach = roles.ROLES[one.role].reach
        if reach == "county":
            return None
        own = frozenset({one.unit})
        return self.subtrees.get(one.unit, own) if reach == "subtree" else own

    def _near(self, one: Assignment, unit: str) -> bool:
        units = self.units_of(one)
        return units is None or unit in units


@dataclass(frozen=True)
class Helped:
    """Who stands at a clerk's counter and acts there for an organisation: the clerk carries out what they want.

    `papers` is what the clerk saw of the organisation, `counter_session` that the person is present.
    """

    clerk: Staff
    person_id: ObjectId
    organisation_id: ObjectId
    role: str
    organisation: Mapping[str, Any] = field(compare=False, repr=False)
    scope: frozenset[str]
    papers: str
    counter_session: str

    @property
    def key(self) -> str:
        """Return how history and audit name who carries it out."""
        return self.clerk.key

    @property
    def unit(self) -> str:
        """Return the unit of the counter."""
        return self.clerk.unit


@dataclass(frozen=True)
class Device:
    """A registered scanner: gate, kiosk, counter, till; `unit` and `area` answer for it, `sent_at` is its own clock.

    `zone` is the part of the place whose border it stands on, "" for the place as a whole; `direction` is the way in
    which people pass it.
    """

    device_id: str
    name: str
    place: str
    nonce: str
    scanner_class: str = "venue"
    unit: str = ""
    area: str = ""
    sent_at: datetime | None = None
    zone: str = ""
    direction: str = "in"
    reads_documents: bool = False
    signs_entries: bool = False
    public_key: bytes = field(default=b"", repr=False)

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
