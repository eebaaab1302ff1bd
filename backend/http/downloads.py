"""Files going out: always as a download under a name of ours, never shown by the browser as a page of this host."""

from collections.abc import Iterable
from urllib.parse import quote

from flask import Response


def attachment(data: bytes, *, name: str, media_type: str) -> Response:
    """Return an answer that the browser saves under `name`."""
    response = Response(data, mimetype=media_type)
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)
    response.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def streamed(chunks: Iterable[bytes], *, name: str, media_type: str) -> Response:
    """Return an answer that the browser saves under `name`, made while it is sent."""
    response = attachment(b"", name=name, media_type=media_type)
    response.response = chunks
    response.headers.pop("Content-Length", None)
    return response
