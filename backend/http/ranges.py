"""Files that players read in parts: ETag, one range, and nothing read that is not sent (RFC 9110, sections 13 and 14).

Old phones seek in audio by ranges only, and ask for the first two bytes to see whether they may. They take a `200` to
the range of the whole for a server that knows no ranges, so that is a `206` too.
"""

from collections.abc import Callable, Iterator

from flask import Response, request
from werkzeug.http import parse_if_range_header, parse_range_header, quote_etag

from backend.errors import CityError


class RangeNotSatisfiable(CityError):
    """416: the file ends before the range begins."""

    status = 416
    code = "range_not_satisfiable"
    zh = "请求的范围超出文件大小,请从头重新加载。"
    en = "The range lies behind the end of the file. Load it from the start."


def answer(read: Callable[[int, int], Iterator[bytes]], *, size: int, sha256: str, media_type: str) -> Response:
    """Return a file, or the part of it that was asked for; nothing when the client has it already.

    `read(start, end)` yields the bytes from `start` to before `end`. More than one range at once is answered whole.
    Caches must ask each time: what was taken off must not be seen again.

    Raises:
        RangeNotSatisfiable: the file ends before the range begins.
    """
    if request.if_none_match.contains(sha256):
        return _headed(Response(status=304), sha256)
    wanted = _wanted(size, sha256)
    start, end = wanted or (0, size)
    response = Response(read(start, end), mimetype=media_type, status=206 if wanted else 200)
    if wanted:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response.headers["Content-Length"] = str(end - start)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _headed(response, sha256)


def _headed(response: Response, sha256: str) -> Response:
    response.headers["ETag"] = quote_etag(sha256)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _wanted(size: int, sha256: str) -> tuple[int, int] | None:
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    # A date can not be strong enough here: nothing says to the second when a file was changed.
    if "If-Range" in request.headers and parse_if_range_header(request.headers["If-Range"]).etag != sha256:
        return None
    found = asked.range_for_length(size)
    if found is None:
        raise RangeNotSatisfiable
    return found
