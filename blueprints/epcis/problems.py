"""Errors in the form of the standard: a problem document (RFC 9457) with the name of the standard's exception."""

from typing import Any

import orjson
import structlog
from flask import Response, g
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from backend.errors import CityError, TooMany, Unavailable
from backend.http import errors
from backend.http.errors import language
from backend.http.surface import Surface
from models.epcis.errors import EventsRefused, Reason

log = structlog.get_logger()
MIMETYPE = "application/problem+json"
_BY_STATUS = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
    406: "NotAcceptableException",
    409: "ResourceAlreadyExistsException",
    413: "CaptureLimitExceededException",
    414: "URITooLongException",
    415: "UnsupportedMediaTypeException",
}


_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {**_TEXT, "example": "epcisException:ValidationException"},
        "title": {**_TEXT, "example": "请先登录。"},
        "status": {"type": "integer", "example": 401},
        "code": {**_TEXT, "example": "not_logged_in"},
        "request_id": {**_TEXT, "example": "5f3c1d6a9b"},
        "fields": {"type": "object"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
DESCRIBED = {"responses": {"default": {"description": "Problem document", "content": {MIMETYPE: {"schema": _PROBLEM}}}}}
"""Every error in the description of the API."""


def exception_of(error: CityError) -> str:
    """Return the name of the standard's exception."""
    return getattr(error, "exception", "") or _BY_STATUS.get(error.status, "ImplementationException")


def reason(one: Reason) -> dict[str, Any]:
    """Return a reason as it is told."""
    said = {"code": one.code, "where": one.where, "message": one.said(language())}
    return {name: told for name, told in said.items() if told}


def render(error: CityError) -> Response:
    """Return the problem document of an error."""
    name = exception_of(error)
    body: dict[str, Any] = {
        "type": f"epcisException:{name}",
        "title": error.message(language()),
        "status": error.status,
        "code": error.code,
        "request_id": g.get("request_id"),
    }
    if isinstance(error, EventsRefused):
        body["errors"] = [
            {"index": one.index, "eventID": one.event_id, "reasons": [reason(why) for why in one.reasons]}
            for one in error.refusals
        ]
    elif error.fields:
        body["fields"] = error.fields
    response = Response(orjson.dumps(body), status=error.status, mimetype=MIMETYPE)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.details["retry_after"])
    if error.status == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def install(surface: Surface) -> None:
    """Answer every error of a surface so."""

    @surface.errorhandler(CityError)
    def ours(error: CityError) -> Response:
        if error.status >= 500:  # noqa: PLR2004
            log.error("request_failed", code=error.code)
        return render(error)

    @surface.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return render(errors.kind_of(error.code or 500)())

    @surface.errorhandler(PyMongoError)
    @surface.errorhandler(RedisError)
    def away(error: Exception) -> Response:
        log.error("part_away", error=type(error).__name__)
        return render(Unavailable())

    @surface.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return render(CityError())
