"""The page behind the code on a package: for anybody, on any phone, without login and without scripts."""

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import validate

from backend.http import pages
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from models.selenium import scan

LIMIT, WRONG_LIMIT = 600, 60
"""Requests of one address in a minute, and those of them with a code that is none: a mobile network shows thousands of
phones as one address, but few of them guess."""
WRONG = frozenset({"unknown", "changed"})
TITLE = "产品查验"

scans = Surface("scans", __name__, url_prefix="", description="产品码查验页", template_folder="templates")


class ScratchForm(ma.Schema):
    """What stood below the layer."""

    class Meta:
        """A browser may send what else it likes."""

        unknown = ma.EXCLUDE

    secret = ma.fields.String(required=True, validate=validate.Length(1, 20), metadata={"example": "K7M3-Q9X2"})


@scans.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"scan:{request.remote_addr}", per_minute=LIMIT)


@scans.after_request
def not_kept(answer: Response) -> Response:
    """Let nobody keep an answer, and tell no other host the code."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@scans.get("/t/<code>", access=ANYONE)
@scans.alt_response(404, content_type="text/html")
@scans.response(200, content_type="text/html")
def read_short(code: str) -> Response:
    """The verdict on a package without a GTIN."""
    return _page(scan.look(code))


@scans.get("/01/<gtin>/21/<serial>", access=ANYONE)
@scans.alt_response(404, content_type="text/html")
@scans.response(200, content_type="text/html")
def read_gs1(gtin: str, serial: str) -> Response:
    """The verdict on a package with a GTIN (GS1 Digital Link)."""
    return _page(scan.look(serial, gtin))


@scans.post("/t/<code>", access=ANYONE)
@scans.arguments(ScratchForm, location="form")
@scans.alt_response(404, content_type="text/html")
@scans.response(200, content_type="text/html")
def scratch_short(form: dict[str, str], code: str) -> Response:
    """The verdict on a package without a GTIN, with what stood below the scratch layer."""
    return _page(scan.open_scratch(code, "", form["secret"]))


@scans.post("/01/<gtin>/21/<serial>", access=ANYONE)
@scans.arguments(ScratchForm, location="form")
@scans.alt_response(404, content_type="text/html")
@scans.response(200, content_type="text/html")
def scratch_gs1(form: dict[str, str], gtin: str, serial: str) -> Response:
    """The verdict on a package with a GTIN, with what stood below the scratch layer."""
    return _page(scan.open_scratch(serial, gtin, form["secret"]))


def _page(told: dict[str, Any]) -> Response:
    if told["kind"] in WRONG:
        guard(f"scan-wrong:{request.remote_addr}", per_minute=WRONG_LIMIT)
    answer = pages.page("scan.html", heading=TITLE, told=told)
    answer.status_code = 404 if told["kind"] in WRONG else 409 if "scratch_locked" in told else 200
    return answer
