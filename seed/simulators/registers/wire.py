"""What goes over the wire: requests, responses, and the refusals of both sides."""

import json
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any


@dataclass(slots=True)
class Request:
    """One request as received; `path` is what was signed."""

    method: str
    path: str
    headers: Message
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; an empty body is an empty object."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_json") from None
        if not isinstance(value, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "bad_json")
        return value


@dataclass(slots=True)
class Response:
    """One answer."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A call that is answered with an error."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(f"{status} {code} {message}")
        self.status, self.code, self.message = status, code, message

    def response(self) -> Response:
        """Return a stable word and a sentence."""
        return as_json({"code": self.code, "message": self.message}, self.status)


class Dropped(Exception):
    """The connection is to be closed without an answer."""


def as_json(value: Any, status: int = HTTPStatus.OK) -> Response:
    """Return a compact JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, {"Content-Type": "application/json; charset=utf-8"})
