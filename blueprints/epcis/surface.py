"""The surface of EPCIS 2.0: one blueprint, on which `capture.py`, `events.py` and `resources.py` lay their routes."""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, g, request

from backend.http.access import party
from backend.http.surface import Surface
from blueprints.epcis import authenticate, problems, versions
from models.epcis.errors import DocumentWrong
from models.epcis.readers import Reader

CLASSES = ("sensor", "payment")
"""What signs: loggers and tills, and the apps of partners that are registered like them."""
READ = party("epcis.read", *CLASSES)
CAPTURE = party("epcis.capture", *CLASSES)

epcis = Surface("epcis", __name__, url_prefix="/epcis", description="EPCIS 2.0 事件库:采集与查询")
problems.install(epcis)
epcis.error_doc = problems.DESCRIBED
versions.install(epcis)


def me() -> Reader:
    """Return as which party the caller captures and reads."""
    return authenticate.reader(g.actor)


def body() -> Any:
    """Return the JSON of the request.

    Raises:
        NotJson: it is said to be something else.
        DocumentWrong: it cannot be read.
    """
    if not request.is_json:
        raise problems.errors.NotJson
    try:
        return orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError as error:
        raise DocumentWrong(where="", told=str(error)[:100]) from None


def answer(told: Any, status: int = 200, **headers: str) -> Response:
    """Return an answer in the form that the client prefers."""
    response = Response(orjson.dumps(told), status=status, mimetype=versions.mimetype())
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def next_page(response: Response, cursor: str | None) -> Response:
    """Name the next page in the `Link` header; the last page has none."""
    if cursor is not None:
        told = [(name, value) for name, value in request.args.items(multi=True) if name != "nextPageToken"]
        address = f"{request.path}?{urlencode([*told, ('nextPageToken', cursor)])}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response
