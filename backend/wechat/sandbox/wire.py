"""What goes over the wire: requests, responses, and the refusals of each family of calls."""

import json
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(slots=True)
class Request:
    """One request as received; `target` is the path with the query, exactly as it was sent and signed."""

    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: Message
    body: bytes
    args: dict[str, str] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError as error:
            raise BadJsonError from error
        if not isinstance(value, dict):
            raise BadJsonError
        return value


@dataclass(slots=True)
class Response:
    """One answer before it is signed."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)


class BadJsonError(Exception):
    """The body is no JSON object; each family says so in its own way."""


class DroppedError(Exception):
    """The connection is to be closed without an answer."""


class RefusalError(Exception):
    """A call that is answered with an error."""

    def response(self) -> Response:
        """The error as the caller sees it."""
        raise NotImplementedError


class MiniError(RefusalError):
    """A mini-program error: HTTP 200 with an errcode."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode, self.errmsg = errcode, errmsg

    def response(self) -> Response:
        """The errcode and its message."""
        return as_json({"errcode": self.errcode, "errmsg": self.errmsg})


class PayError(RefusalError):
    """A Pay v3 error: an HTTP status with code, message, detail."""

    def __init__(self, status: int, code: str, message: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message, self.detail = status, code, message, detail or {}

    def response(self) -> Response:
        """The three fields that every Pay v3 error has."""
        return as_json({"code": self.code, "message": self.message, "detail": self.detail}, self.status)


class ControlError(RefusalError):
    """A mistake of whoever drives the sandbox, or a thing that the user cannot do now."""

    def __init__(self, status: int, error: str, message: str = "") -> None:
        super().__init__(f"{status} {error} {message}")
        self.status, self.error, self.message = status, error, message

    def response(self) -> Response:
        """A stable word and a sentence."""
        return as_json({"error": self.error, "message": self.message}, self.status)


def as_json(value: Any, status: int = HTTPStatus.OK) -> Response:
    """A JSON answer in the compact form that WeChat uses."""
    return Response(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def ok(**fields: Any) -> Response:
    """The mini-program answer of success."""
    return as_json({"errcode": 0, "errmsg": "ok", **fields})
