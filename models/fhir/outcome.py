"""OperationOutcome: every error as the standard tells it."""

from typing import Any

from backend.errors import CityError
from models.fhir.errors import Issue, ResourceInvalid

_BY_STATUS = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "business-rule",
    428: "required",
    429: "throttled",
    502: "transient",
    503: "transient",
}
WRONG_FROM = 500


def of(error: CityError, language: str, request_id: str = "") -> dict[str, Any]:
    """Return the outcome that tells an error: our code and sentence first, then each element that is wrong."""
    kind = getattr(error, "issue", "") or _BY_STATUS.get(error.status, "exception")
    severity = "fatal" if error.status >= WRONG_FROM else "error"
    coded = {"coding": [{"code": error.code}], "text": error.message(language)}
    first: dict[str, Any] = {"severity": severity, "code": kind, "details": coded}
    first |= {"diagnostics": f"request {request_id}"} if request_id else {}
    return {"resourceType": "OperationOutcome", "issue": [first, *map(_issue, _issues(error))]}


def _issues(error: CityError) -> list[Issue]:
    if isinstance(error, ResourceInvalid):
        return error.issues
    fields = error.fields or {}
    return [Issue("invalid", name, one) for name, told in fields.items() for one in told]


def _issue(one: Issue) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": "error", "code": one.code, "diagnostics": one.told or one.code}
    return told | ({"expression": [one.where]} if one.where else {})
