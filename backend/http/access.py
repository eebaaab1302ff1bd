"""Who may call a route. Every route declares one `Access`; a test fails for one that does not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from flask import Flask, current_app, g, request

from backend.errors import BadInput, NotLoggedIn

ActorKind = Literal["anyone", "resident", "member", "staff", "device", "party", "caller", "signed"]
Level = Literal["account", "declared", "matched", "verified"]


ORGANISATION = "X-Organisation-Id"
ORGANISATION_PARAMETER = {
    "name": ORGANISATION,
    "in": "header",
    "required": True,
    "description": "以哪家单位的名义办理:本人所属单位的编号,见 /enterprise/v1/organisations",
    "schema": {"type": "string", "example": "673ec0a5c0ffee0123456789"},
}
"""How a route for members of an organisation describes the header."""


class OrganisationMissing(BadInput):
    """400: the request does not say for which organisation it is made."""

    code = "organisation_missing"
    zh = "请先选择要代表的单位(请求头 X-Organisation-Id)。"
    en = "Choose the organisation to act for and name it in the header X-Organisation-Id."


@dataclass(frozen=True)
class Access:
    """The rule of one route.

    `anyone` needs no proof; `signed` proves itself inside the body (callbacks of WeChat). `level` is what a resident
    must have reached, `scope` what a relation must allow to who acts for another (without one, the route is for
    oneself only) or an agency to who acts for an organisation, `operation` what a staff role must hold, `purpose` why
    staff see personal data. `classes` are the
    scanner classes that may call; without any, those that read codes. `roles` are those in the organisation that a
    member acts for; without any, every role.
    """

    actor: ActorKind
    level: Level = "account"
    operation: str = ""
    purpose: str = ""
    scope: str = ""
    classes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


class Authenticator(Protocol):
    """Turns the request's proof into an actor, or raises NotLoggedIn / NotAllowed."""

    def __call__(self, access: Access, /) -> Any:
        """Return the acting person, staff member or device."""


ANYONE = Access("anyone")
SIGNED = Access("signed")


def resident(level: Level = "account", *, scope: str = "") -> Access:
    """Return the rule: a logged-in resident whose binding has reached `level`; a `scope` lets them act for another."""
    return Access("resident", level=level, scope=scope)


def member(*roles: str, scope: str = "", purpose: str = "") -> Access:
    """Return the rule: a resident who acts for the organisation that the header names, in one of `roles`.

    An agent of the organisation passes only where the agency holds `scope`, or where `roles` name the agent.
    """
    return Access("member", level="matched", roles=roles, scope=scope, purpose=purpose)


def staff(operation: str, purpose: str = "") -> Access:
    """Return the rule: a staff member whose role holds `operation`."""
    return Access("staff", operation=operation, purpose=purpose)


def device(*classes: str) -> Access:
    """Return the rule: a registered device that signs its requests, of one of `classes`."""
    return Access("device", classes=classes)


def party(operation: str, *classes: str) -> Access:
    """Return the rule: a member of an organisation, the staff with `operation`, or a device of one of `classes`."""
    return Access("party", operation=operation, classes=classes)


def caller(operation: str, *, purpose: str, scope: str, level: Level = "matched") -> Access:
    """Return the rule: a resident for themselves or, by `scope`, for another; or the staff with `operation`."""
    return Access("caller", level=level, operation=operation, purpose=purpose, scope=scope)


def either(staff_: Authenticator, resident_: Authenticator) -> Authenticator:
    """Return who proves `caller`: the staff by a token of theirs, else a resident."""

    def authenticate(access: Access) -> Any:
        try:
            return staff_(access)
        except NotLoggedIn:
            return resident_(access)

    return authenticate


def own_organisation() -> str:
    """Return the organisation that the request says to act for.

    Raises:
        OrganisationMissing: it names none.
    """
    told = request.headers.get(ORGANISATION, "")
    if not told:
        raise OrganisationMissing
    return told


def declared(view: Callable[..., Any]) -> Access | None:
    """Return the access rule of a view function, None when it declares none."""
    return getattr(view, "access", None)


def bearer_token() -> str:
    """Return the request's bearer token.

    Raises:
        NotLoggedIn: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise NotLoggedIn
    return token


def enforce(app: Flask, authenticators: dict[str, Authenticator]) -> None:
    """Check the declared rule before every request; an undeclared route is never served."""

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        access = declared(current_app.view_functions[request.endpoint])
        if access is None:
            raise RuntimeError(request.endpoint)
        if access.actor in authenticators:
            g.actor = authenticators[access.actor](access)
