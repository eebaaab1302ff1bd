"""Health kiosks: log in by a code, measure, leave; and what was measured without network."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import device
from backend.http.surface import Surface
from blueprints.eldercare import gate_schemas as schemas
from models.eldercare import kiosk as rules
from models.eldercare import kiosk_session, kiosk_upload, kiosk_words
from models.onecard import holder

kiosk = Surface("gate health kiosk", __name__, url_prefix="/gate/v1/health", description="自助体检机")
ACCESS = device("medical")


def _time() -> str:
    return clock.civil(clock.now()).isoformat(timespec="milliseconds")


@kiosk.post("/sessions", access=ACCESS)
@kiosk.arguments(schemas.HealthLoginBody)
@kiosk.answer(200, schemas.HealthLoginView)
def log_in(body: dict[str, str]) -> dict[str, Any]:
    """Log a person in by their code. The nonce of the signature makes a repeated request the same session."""
    told, session = rules.log_in(g.actor, body["code"])
    if session is None:
        return {"result": told.result, "message": told.message}
    until = clock.civil(session["until"]).isoformat(timespec="seconds")
    seen = holder.shown(g.actor, told)
    return {"result": told.result, "message": told.message, "session_id": session["_id"], "until": until, **seen}


@kiosk.post("/sessions/<session_id>/readings", access=ACCESS)
@kiosk.arguments(schemas.HealthReadingsBody)
@kiosk.answer(200, schemas.HealthReadingReceiptList)
def measure(body: dict[str, Any], session_id: str) -> dict[str, Any]:
    """Hand in readings of a session; each gets its own receipt, and repeating one is harmless."""
    offset = kiosk_upload.offset_of(body["device_time"], clock.now())
    receipts = rules.measure(g.actor, session_id, body["readings"], offset)
    return {"items": [kiosk_words.reading(one) for one in receipts], "next": None, "server_time": _time()}


@kiosk.post("/sessions/<session_id>/end", access=ACCESS)
@kiosk.answer(200, schemas.HealthSessionEndView)
def leave(session_id: str) -> dict[str, Any]:
    """End a session; ending it again changes nothing."""
    found = rules.leave(g.actor, session_id)
    state = found["state"]
    return {"session_id": found["_id"], "state": state, "state_zh": kiosk_session.STATE_ZH[state]}


@kiosk.post("/uploads", access=ACCESS)
@kiosk.arguments(schemas.HealthUploadBody)
@kiosk.answer(200, schemas.HealthEntryReceiptList)
def upload(body: dict[str, Any]) -> dict[str, Any]:
    """Hand in what was measured without network; each entry gets its own receipt, and repeating it is harmless."""
    receipts = kiosk_upload.take_in(g.actor, body["entries"], body["device_time"])
    return {"items": [kiosk_words.entry(one) for one in receipts], "next": None, "server_time": _time()}
