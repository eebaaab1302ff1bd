"""The headers of the standard: what is offered, and refusing what is not."""

import re
from typing import Any

from flask import Response, request

from backend.http.surface import Surface
from models.epcis.envelope import MOST_EVENTS
from models.epcis.errors import NotAcceptable

VERSION = "2.0.0"
MOST_BODY_BYTES = 4 << 20
JSON, JSON_LD = "application/json", "application/ld+json"
_EVERYWHERE = {
    "GS1-EPCIS-Version": VERSION,
    "GS1-EPCIS-Min": VERSION,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Version": VERSION,
    "GS1-CBV-Min": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "Never_Translates",
    "GS1-Vendor-Version": "1",
}
_CAPTURE = {
    "GS1-EPCIS-Capture-Limit": str(MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(MOST_BODY_BYTES),
    "GS1-Capture-Error-Behaviour": "all",
}
_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?\Z", re.ASCII)
_OURS = (2, 0, 0)
_FORMATS = ("No_Preference", "Never_Translates")


def install(surface: Surface) -> None:
    """Check and tell versions on every route of a surface; OPTIONS answers with nothing but headers."""

    @surface.before_request
    def check() -> None:
        for family in ("EPCIS", "CBV"):
            _require(f"GS1-{family}-Version", lambda told: told == _OURS)
            _require(f"GS1-{family}-Min", lambda told: told <= _OURS)
            _require(f"GS1-{family}-Max", lambda told: told >= _OURS)
        wanted = request.headers.get("GS1-EPC-Format", "")
        if wanted and wanted not in _FORMATS:
            raise NotAcceptable(header="GS1-EPC-Format")
        if request.accept_mimetypes and not request.accept_mimetypes.best_match([JSON, JSON_LD]):
            raise NotAcceptable(header="Accept")

    @surface.after_request
    def tell(response: Response) -> Response:
        told = _EVERYWHERE | (_CAPTURE if request.path.endswith("/capture") else {})
        for name, value in told.items():
            response.headers.setdefault(name, value)
        if request.method == "OPTIONS" and response.status_code == 200:  # noqa: PLR2004
            response.status_code = 204
            response.set_data(b"")
            response.headers.pop("Content-Type", None)
        return response


def _require(header: str, offered: Any) -> None:
    told = request.headers.get(header)
    if told is None:
        return
    parts = _VERSION.match(told.strip())
    if parts is None or not offered(tuple(int(part or 0) for part in parts.groups())):
        raise NotAcceptable(header=header)


def mimetype() -> str:
    """Return JSON or JSON-LD, as the client prefers."""
    return request.accept_mimetypes.best_match([JSON, JSON_LD], default=JSON) or JSON
