"""Capturing documents: each becomes a job, with errors by event."""

from typing import Any

from flask import Response, g, request

from backend import clock
from backend.errors import BadInput
from backend.http.errors import language
from blueprints.epcis import described
from blueprints.epcis.surface import CAPTURE, READ, answer, body, epcis, me, next_page
from blueprints.epcis.versions import MOST_BODY_BYTES
from models.epcis import job, query

BEHAVIOUR = "GS1-Capture-Error-Behaviour"


@epcis.post("/capture", access=CAPTURE, most_body_bytes=MOST_BODY_BYTES)
@epcis.doc(requestBody=described.DOCUMENT)
@epcis.response(202, content_type="application/json")
def capture() -> Response:
    """Capture a document of events; the job in `Location` says what became of each."""
    told, behaviour = body(), request.headers.get(BEHAVIOUR, "rollback")
    if behaviour not in job.BEHAVIOURS:
        raise BadInput(fields={BEHAVIOUR: ["rollback / proceed"]})
    by = g.actor if described.is_staff(g.actor) else None
    made = job.accept(told, request.get_data(cache=True), me().party, behaviour, by=by)
    return answer(_shown(made), 202, Location=f"/epcis/capture/{made['_id']}", **{BEHAVIOUR: behaviour})


@epcis.get("/capture", access=READ)
@epcis.doc(parameters=described.PAGE)
@epcis.response(200, content_type="application/json")
def list_jobs() -> Response:
    """The capture jobs of the caller's own party, newest first."""
    asked = query.read(request.args.items(multi=True), only=query.PAGING)
    found, after = job.listed(me(), asked.cursor, asked.per_page)
    return next_page(answer([_shown(one) for one in found]), after)


@epcis.get("/capture/<string:capture_id>", access=READ)
@epcis.response(200, content_type="application/json")
def read_job(capture_id: str) -> Response:
    """A capture job: whether it runs, whether all went well, and every event that was refused with its reasons."""
    return answer(_shown(job.read(capture_id, me())))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "captureID": found["_id"],
        "createdAt": _time(found["created_at"]),
        "running": found["state"] == "running",
        "success": found["success"],
        "captureErrorBehaviour": found["behaviour"],
        "eventCount": found["number"],
        "storedCount": found["stored"],
    }
    if found.get("finished_at"):
        shown["finishedAt"] = _time(found["finished_at"])
    if "errors" in found:
        shown["errors"] = [_error(one) for one in found["errors"]]
    return shown


def _error(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is wrong with one event, as a problem that names it."""
    said = [{"code": one["code"], "where": one["where"], "message": one[language()]} for one in told["reasons"]]
    return {
        "type": "epcisException:ValidationException",
        "title": said[0]["message"],
        "detail": ";".join(one["message"] for one in said),
        "status": 400,
        "index": told["index"],
        "eventID": told["event_id"],
        "reasons": said,
    }


def _time(at: Any) -> str:
    return clock.civil(at).isoformat(timespec="milliseconds")
