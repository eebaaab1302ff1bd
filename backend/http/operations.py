"""What operators and developers ask: is it alive, is it ready, its figures, its description."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import flask_smorest
import marshmallow as ma
import structlog
from flask import Response, current_app, render_template, send_from_directory
from mongoengine.connection import get_connection
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from werkzeug.sansio.response import Response as BaseResponse

from backend import runtime
from backend.http.access import ANYONE
from backend.http.links import Links, add
from backend.http.surface import Surface

log = structlog.get_logger()

_START = (
    "window.ui = SwaggerUIBundle({url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null});"
)
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"


class _Live(ma.Schema):
    status = ma.fields.String(metadata={"example": "live"})


class _Ready(ma.Schema):
    status = ma.fields.String(metadata={"example": "ready"})
    store = ma.fields.Boolean()
    redis = ma.fields.Boolean()


def surfaces(api: flask_smorest.Api, links: Iterable[Links] = ()) -> list[Surface]:
    """Return the routes that every deployment has."""
    health = Surface("health", __name__, url_prefix="/health", description="运行状态")
    health.get("/live", access=ANYONE)(health.response(200, _Live)(live))
    health.get("/ready", access=ANYONE)(health.alt_response(503, schema=_Ready)(health.response(200, _Ready)(ready)))
    about = Surface("about", __name__, description="指标与接口说明")
    about.get("/metrics", access=ANYONE)(about.response(200, content_type="text/plain")(figures))
    about.get("/docs", access=ANYONE)(about.response(200, content_type="text/html")(page))
    about.get("/docs/<path:name>", access=ANYONE)(about.response(200, content_type="*/*")(page_part))

    def description() -> BaseResponse:
        """This description."""
        return current_app.json.response(add(api.spec.to_dict(), links))

    about.get("/openapi.json", access=ANYONE)(about.response(200, content_type="application/json")(description))
    return [health, about]


def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


def ready() -> BaseResponse:
    """Store and Redis answer too."""
    parts = {"store": _store(), "redis": _redis()}
    response = current_app.json.response({"status": "ready" if all(parts.values()) else "away", **parts})
    response.status_code = 200 if all(parts.values()) else 503
    return response


def _store() -> bool:
    try:
        return bool(get_connection().admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _redis() -> bool:
    try:
        return bool(runtime.current().redis.ping())
    except RedisError:
        return False


def figures() -> Response:
    """Prometheus figures of all worker processes."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), mimetype=CONTENT_TYPE_LATEST)


def page() -> Response:
    """The API as a page, served whole from this host."""
    response = Response(render_template("docs.html", title=current_app.config["API_TITLE"]), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def page_part(name: str) -> Response:
    """A script or style of that page."""
    if name == "start.js":
        return Response(_START, mimetype="text/javascript")
    return send_from_directory(_dist(), name)


def _dist() -> Path:
    found: Any = find_spec("flask_swagger_ui")
    return Path(found.origin).parent / "dist"
