"""The surface of FHIR R4: one blueprint, JSON only, every error an OperationOutcome."""

from typing import Any

import orjson
from flask import Response, g, request

from backend.errors import CityError
from backend.http import errors
from backend.http.access import caller, staff
from backend.http.errors import NotJson, language
from backend.http.surface import Surface
from models.eldercare import fhir_types
from models.eldercare.view import PURPOSE
from models.fhir import outcome, searching
from models.fhir.errors import BodyUnreadable, NotAcceptable

PREFIX = "/fhir"
MIMETYPE = "application/fhir+json"
TAKEN = (MIMETYPE, "application/json", "application/json+fhir")
MOST_BODY_BYTES = 4 << 20
FORMAT = ("_format", "_pretty")
READ = caller("health.read", purpose=PURPOSE, scope="health")
WRITE = staff("health.write", PURPOSE)
_OUTCOME = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"type": "string", "example": "OperationOutcome"},
        "issue": {"type": "array", "items": {"type": "object"}},
    },
}
DESCRIBED = {"responses": {"default": {"description": "OperationOutcome", "content": {MIMETYPE: {"schema": _OUTCOME}}}}}
"""Every error in the description of the API."""

fhir = Surface("fhir", __name__, url_prefix=PREFIX, description="FHIR R4 健康档案接口")
fhir.error_doc = DESCRIBED


def outcome_of(error: CityError) -> dict[str, Any]:
    """Return the OperationOutcome of an error, in the language of the request."""
    return outcome.of(error, language(), g.get("request_id", ""))


def render(error: CityError) -> Response:
    """Return the answer to an error: its OperationOutcome."""
    return Response(orjson.dumps(outcome_of(error)), status=error.status, mimetype=MIMETYPE)


errors.in_form_of(PREFIX, render)


@fhir.before_request
def require_json() -> None:
    """Refuse a client that takes no JSON: by the parameter `_format`, else by its header."""
    wanted = request.args.get("_format", "")
    if wanted not in {"", "json", *TAKEN} if wanted else not _accepts():
        raise NotAcceptable


def _accepts() -> bool:
    return not request.accept_mimetypes or bool(request.accept_mimetypes.best_match(TAKEN))


def plain() -> None:
    """Refuse parameters of a request that takes none but the form of its answer.

    Raises:
        ParameterWrong: there is another one.
    """
    searching.read(request.args.items(multi=True), {}, only=FORMAT)


def body() -> Any:
    """Return the JSON of the request.

    Raises:
        NotJson: it is said to be something else.
        BodyUnreadable: it cannot be read.
    """
    if request.mimetype not in TAKEN:
        raise NotJson
    try:
        return orjson.loads(request.get_data(cache=True))
    except orjson.JSONDecodeError:
        raise BodyUnreadable from None


def answer(told: Any, status: int = 200, **headers: str) -> Response:
    """Return an answer."""
    response = Response(orjson.dumps(told), status=status, mimetype=MIMETYPE)
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def resource(told: dict[str, Any], status: int = 200) -> Response:
    """Return one resource with its version; a create tells where it lies, and a known version is not sent again."""
    version = told["meta"]["versionId"]
    etag = f'W/"{version}"'
    if status == 200 and request.method == "GET" and etag in request.headers.get("If-None-Match", ""):  # noqa: PLR2004
        return Response(status=304, headers={"ETag": etag})
    minimal = request.method != "GET" and "return=minimal" in request.headers.get("Prefer", "")
    response = answer(told, status)
    if minimal:
        response.set_data(b"")
    response.headers["ETag"] = etag
    if request.method == "POST":
        where = f"{fhir_types.base()}/{told['resourceType']}/{told['id']}/_history/{version}"
        response.headers["Location"] = where
    return response
