"""Routes that several surfaces serve alike, each under its own access rule.

    routes = RouteSet()

    @routes.post("/plots", takes=PlotBody, answers=PlotView, once=True)
    def declare_plot(caller: Caller, body: dict[str, Any]) -> dict[str, Any]: ...

    routes.serve(growers, MATCHED)              # in the package of each surface
    routes.serve(enterprise_growers, MEMBER)

A view gets who calls, then what was sent, then the parameters of the path by name; it knows nothing of the request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import g

from backend.http.access import Access, member, resident
from backend.http.idempotency import PARAMETER, idempotent, key_and_body
from backend.http.surface import Surface, View

Rule = Callable[[tuple[str, ...]], Access]
"""What turns the roles that a route asks of a member into the access rule of one surface."""


def MATCHED(_roles: tuple[str, ...]) -> Access:  # noqa: N802 - it stands where a constant would
    """Return the rule of a natural person who acts for themselves."""
    return resident("matched")


def MEMBER(roles: tuple[str, ...]) -> Access:  # noqa: N802 - it stands where a constant would
    """Return the rule of a member of an organisation."""
    return member(*roles)


def member_for(scope: str) -> Rule:
    """Return the rule of a member of an organisation, or of its agent who holds `scope`."""
    return lambda roles: member(*roles, scope=scope)


@dataclass(frozen=True)
class Caller:
    """Who calls; `key` names a request that is sent again (empty on routes without an `Idempotency-Key`)."""

    actor: Any
    key: str = ""


@dataclass(frozen=True)
class _Route:
    method: str
    path: str
    view: View
    takes: Any
    query: Any
    answers: Any
    status: int
    file: str
    once: bool
    roles: tuple[str, ...]


class RouteSet:
    """What can be asked for, declared once; `serve` registers it on a surface."""

    def __init__(self) -> None:
        self._routes: list[_Route] = []

    def get(self, path: str, **options: Any) -> Callable[[View], View]:
        """Declare a reading route."""
        return self._declare("get", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[View], View]:
        """Declare a writing route."""
        return self._declare("post", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[View], View]:
        """Declare a replacing route."""
        return self._declare("put", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[View], View]:
        """Declare a removing route."""
        return self._declare("delete", path, **options)

    def _declare(
        self,
        method: str,
        path: str,
        *,
        takes: Any = None,
        query: Any = None,
        answers: Any = None,
        status: int = 200,
        file: str = "",
        once: bool = False,
        roles: tuple[str, ...] = (),
    ) -> Callable[[View], View]:
        """Note a route: schemas of body, query and answer, or the content type of the `file` that it answers with.

        `once` makes it take an `Idempotency-Key`; `roles` are those of the members that may call.
        """

        def register(view: View) -> View:
            self._routes.append(_Route(method, path, view, takes, query, answers, status, file, once, roles))
            return view

        return register

    def serve(self, surface: Surface, rule: Rule, summaries: Mapping[str, str] | None = None) -> Surface:
        """Register every route on a surface; `summaries` are those that read differently there, by the view's name."""
        for route in self._routes:
            view = _called(route, (summaries or {}).get(route.view.__name__))
            view = _answering(surface, route)(view)
            if route.takes:
                view = surface.arguments(route.takes)(view)
            if route.query:
                view = surface.arguments(route.query, location="query")(view)
            options: dict[str, Any] = {"access": rule(route.roles)}
            if route.once:
                view, options = idempotent(view), options | {"parameters": [PARAMETER]}
            getattr(surface, route.method)(route.path, **options)(view)
        return surface


def _called(route: _Route, summary: str | None) -> View:
    @wraps(route.view)
    def call(*args: Any, **kwargs: Any) -> Any:
        return route.view(Caller(g.actor, key_and_body()[0] if route.once else ""), *args, **kwargs)

    call.__doc__ = summary or route.view.__doc__
    return call


def _answering(surface: Surface, route: _Route) -> Callable[[View], View]:
    if route.file:
        return surface.response(200, content_type=route.file)
    if route.answers is None:
        return surface.response(204)
    return surface.answer(route.status, route.answers)
