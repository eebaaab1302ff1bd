"""From method and path to a handler."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.wire import Request, Response

Handler = Callable[[Sandbox, Request], Response]
Registered = TypeVar("Registered", bound=Handler)


@dataclass(frozen=True, slots=True)
class Route:
    """A handler and whether the dispatcher holds the sandbox's lock while it runs."""

    pattern: re.Pattern[str]
    handler: Handler
    locked: bool


class Router:
    """The routes of one family of calls; `{name}` in a path matches one segment."""

    def __init__(self) -> None:
        self._routes: dict[str, list[Route]] = {}

    def on(self, method: str, path: str, *, locked: bool = True) -> Callable[[Registered], Registered]:
        """Register the decorated handler."""
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))

        def register(handler: Registered) -> Registered:
            self._routes.setdefault(method, []).append(Route(pattern, handler, locked))
            return handler

        return register

    def find(self, request: Request) -> Route | None:
        """The route of a request; the path's arguments are put into the request."""
        for route in self._routes.get(request.method, ()):
            match = route.pattern.fullmatch(request.path)
            if match:
                request.args = match.groupdict()
                return route
        return None
