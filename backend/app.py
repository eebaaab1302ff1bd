"""The application factory of HTTP. Composition roots hand in the surfaces and who proves identity."""

import secrets
import time
from collections.abc import Sequence
from typing import Any

import flask_smorest
import orjson
import structlog
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import metrics
from backend.http import access, errors, operations
from backend.http.surface import ErrorBody, Surface, register, security_schemes
from backend.settings import Settings

log = structlog.get_logger()

MOST_BODY_BYTES = 1 << 20
SLOW_SECONDS = 1.0


class OrjsonProvider(JSONProvider):
    """JSON by orjson."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        """Serialise."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        """Parse strictly."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Build a JSON response."""
        return Response(orjson.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


class _Api(flask_smorest.Api):
    """Describes errors in our form; flask-smorest reads the form while it is constructed."""

    ERROR_SCHEMA = ErrorBody


def create_app(
    settings: Settings,
    surfaces: Sequence[Surface],
    authenticators: dict[str, access.Authenticator],
    *,
    title: str = "City services",
) -> Flask:
    """Build the WSGI application from its surfaces."""
    app = Flask("backend", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(
        API_TITLE=title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        DEBUG=settings.debug,
        PROPAGATE_EXCEPTIONS=False,
    )
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops)  # type: ignore[method-assign]
    api = _Api(app, spec_kwargs={"servers": [{"url": "/"}]})
    for name, scheme in security_schemes().items():
        api.spec.components.security_scheme(name, scheme)
    errors.install(app)
    _observe(app)
    access.enforce(app, authenticators)
    register(app, api, [*operations.surfaces(api), *surfaces])
    return app


def _observe(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if 8 <= len(given) <= 64 and given.isalnum() else secrets.token_hex(8)  # noqa: PLR2004
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        endpoint = request.endpoint or "unknown"
        metrics.REQUESTS.labels(endpoint, request.method, f"{response.status_code // 100}xx").observe(seconds)
        if request.method != "GET" or seconds > SLOW_SECONDS:
            log.info("request", endpoint=endpoint, status=response.status_code, ms=round(seconds * 1000, 1))
        return response
