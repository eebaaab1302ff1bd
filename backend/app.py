"""The application factory of HTTP. Composition roots hand in the surfaces and who proves identity."""

import copy
import io
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

import flask_smorest
import orjson
import structlog
from flask import Flask, Request, Response, current_app, g, request
from flask.json.provider import JSONProvider
from marshmallow import fields, validate
from werkzeug.middleware.proxy_fix import ProxyFix

from backend import metrics
from backend.http import access, errors, limits, operations, pages
from backend.http.links import Links
from backend.http.surface import ErrorBody, Surface, register, security_schemes
from backend.settings import Settings

log = structlog.get_logger()

MOST_BODY_BYTES = 1 << 20
"""What a route takes that names no `most_body_bytes` of its own."""
MOST_FORM_PARTS = 20
MOST_FORM_FIELD_BYTES = 1 << 18
"""Also what the parser may hold at once: it reads 64 KiB at a time, so less would refuse good files."""
SLOW_SECONDS = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What figures are kept by; a client may call a method whatever it likes."""


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


class _Request(Request):
    """Keeps uploaded files in memory, within the body's limit: unsealed they must not touch a disk."""

    def _get_file_stream(self, *_args: Any, **_kwargs: Any) -> io.BytesIO:
        return io.BytesIO()


class _Api(flask_smorest.Api):
    """Describes errors in our form; flask-smorest reads the form while it is constructed."""

    ERROR_SCHEMA = ErrorBody


def _ecma_pattern(_converter: Any, _field: Any, *, ret: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    r"""OpenAPI's patterns are ECMA-262, which has no `\Z`; there `$` ends at the very end, as `\Z` does in Python."""
    return {"pattern": ret["pattern"].replace(r"\Z", "$")} if "pattern" in ret else {}


def _every_validator(converter: Any, field: Any, *, ret: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Describe also what stands inside `validate.And`, which the converter passes over."""
    told: dict[str, Any] = {}
    for joined in (one for one in field.validators if isinstance(one, validate.And)):
        inner = copy.copy(field)
        inner.validators = list(joined.validators)
        for part in (converter.field2length, converter.field2pattern, converter.field2range, converter.field2choices):
            told |= part(inner, ret=ret | told)
    return told


def _map_size(_converter: Any, field: Any, *, ret: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """A length of a map is a number of its properties, which the converter calls a length of a text."""
    names = {"minLength": "minProperties", "maxLength": "maxProperties"} if isinstance(field, fields.Dict) else {}
    return {name: ret.pop(length) for length, name in names.items() if length in ret}


def create_app(
    settings: Settings,
    surfaces: Sequence[Surface],
    authenticators: dict[str, access.Authenticator],
    *,
    title: str = "City services",
    links: Iterable[Links] = (),
) -> Flask:
    """Build the WSGI application from its surfaces."""
    app = Flask("backend", static_folder=None, template_folder="http/templates")
    app.json = OrjsonProvider(app)
    app.request_class = _Request
    app.config.update(
        API_TITLE=title,
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        MAX_CONTENT_LENGTH=MOST_BODY_BYTES,
        MAX_FORM_PARTS=MOST_FORM_PARTS,
        MAX_FORM_MEMORY_SIZE=MOST_FORM_FIELD_BYTES,
        DEBUG=settings.debug,
        PROPAGATE_EXCEPTIONS=False,
    )
    if settings.proxy_hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxy_hops, x_proto=settings.proxy_hops)  # type: ignore[method-assign]
    api = _Api(app, spec_kwargs={"servers": [{"url": "/"}]})
    for described in (_every_validator, _ecma_pattern, _map_size):
        api.ma_plugin.converter.add_attribute_function(described)
    for name, scheme in security_schemes().items():
        api.spec.components.security_scheme(name, scheme)
    errors.install(app)
    pages.install(app)
    _observe(app)
    limits.multiply(settings.limit_factor)
    access.enforce(app, authenticators)
    register(app, api, [*operations.surfaces(api, links), pages.surface(), *surfaces])
    return app


def _methods_here() -> list[str]:
    """Return the methods of the rule that was asked for, without those of a wider one that fits the path too."""
    routes = current_app.url_map
    here, _ = routes.bind_to_environ(request.environ).match(method="OPTIONS", return_rule=True)
    same = (one for one in routes.iter_rules() if one.rule == here.rule)
    return sorted({method for one in same for method in one.methods or ()})


def _observe(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        if most := getattr(app.view_functions.get(request.endpoint or ""), "most_body_bytes", None):
            request.max_content_length = most
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if 8 <= len(given) <= 64 and given.isalnum() else secrets.token_hex(8)  # noqa: PLR2004
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        if "Allow" in response.headers:
            response.headers["Allow"] = ", ".join(_methods_here())
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-store")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        endpoint = request.endpoint or "unknown"
        method = request.method if request.method in METHODS else "other"
        metrics.REQUESTS.labels(endpoint, method, f"{response.status_code // 100}xx").observe(seconds)
        if request.method != "GET" or seconds > SLOW_SECONDS:
            log.info("request", endpoint=endpoint, status=response.status_code, ms=round(seconds * 1000, 1))
        return response
