"""The one place where an error becomes an answer: in our form, or, on a standard's paths, in that standard's."""

from collections.abc import Callable
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from backend.errors import BadInput, CityError, Conflict, NotAllowed, NotFound, NotLoggedIn, TooMany, Unavailable
from backend.http.field_messages import flatten

log = structlog.get_logger()

_BY_STATUS: dict[int, type[CityError]] = {
    400: BadInput,
    401: NotLoggedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: BadInput,
    429: TooMany,
    503: Unavailable,
}


class MethodNotAllowed(CityError):
    """405: this path does not take this method."""

    status = 405
    code = "method_not_allowed"
    zh = "这个地址不支持该操作方式,请查看接口说明。"
    en = "This path does not take this method. See the documentation."


class TooLarge(CityError):
    """413: the body is larger than the route takes."""

    status = 413
    code = "too_large"
    zh = "提交的内容太大,请减小后再提交。"
    en = "The body is too large. Make it smaller."


class NotJson(CityError):
    """415: the body is not JSON."""

    status = 415
    code = "not_json"
    zh = "请以 application/json 提交。"
    en = "Send the body as application/json."


_BY_STATUS |= {405: MethodNotAllowed, 413: TooLarge, 415: NotJson}


_forms: dict[str, Callable[[CityError], Response]] = {}


def in_form_of(prefix: str, form: Callable[[CityError], Response]) -> None:
    """Let every error below a path be told by `form`, also where no route takes the path or the method."""
    _forms[prefix] = form


def render(error: CityError) -> Response:
    """Return the answer of an error: its form by the path, its headers the same everywhere."""
    form = next((one for prefix, one in _forms.items() if _below(prefix)), _ours)
    response = form(error)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.details["retry_after"])
    if error.status == NotLoggedIn.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _below(prefix: str) -> bool:
    return request.path == prefix or request.path.startswith(f"{prefix}/")


def kind_of(status: int) -> type[CityError]:
    """Return the error of an HTTP status."""
    return _BY_STATUS.get(status, CityError)


def language() -> str:
    """Return `en` when the client prefers English, else `zh`."""
    return "en" if request.accept_languages.best_match(["zh", "en"], default="zh") == "en" else "zh"


def _ours(error: CityError) -> Response:
    body: dict[str, Any] = {"code": error.code, "message": error.message(language()), "request_id": g.get("request_id")}
    if error.fields:
        body["fields"] = _fields(error)
    if error.field_codes:
        body["field_codes"] = error.field_codes
    return Response(orjson.dumps(body), status=error.status, mimetype="application/json")


def _fields(error: CityError) -> dict[str, list[str]]:
    """Return the fields with their sentences in the language of the request, where they say what the error says."""
    if language() == "zh":
        return error.fields
    told, other = error.message("zh"), error.message("en")
    return {name: [other if one == told else one for one in sentences] for name, sentences in error.fields.items()}


def install(app: Flask) -> None:
    """Register the handlers: ours, HTTP's, the store's and the last resort."""

    @app.errorhandler(CityError)
    def ours(error: CityError) -> Response:
        if error.status >= 500:  # noqa: PLR2004
            log.error("request_failed", code=error.code)
        return render(error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        kind = kind_of(error.code or 500)
        messages = getattr(error, "data", {}).get("messages")
        response = render(kind(fields=flatten(messages, language()) if messages else None))
        if allow := dict(error.get_headers()).get("Allow"):
            response.headers["Allow"] = allow
        return response

    @app.errorhandler(PyMongoError)
    @app.errorhandler(RedisError)
    def away(error: Exception) -> Response:
        log.error("part_away", error=type(error).__name__)
        return render(Unavailable())

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error("unexpected", error=type(error).__name__, exc_info=error)
        return render(CityError())
