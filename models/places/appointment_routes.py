"""Applying for a service item with a booked time, over HTTP: the same for residents and firms."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend.http.route_set import Caller, RouteSet
from models.affairs import case_views
from models.affairs.item_forms import OwnItemSubmitBody
from models.affairs.matter_forms import word
from models.affairs.open_item import Submission
from models.places import appoint

ROUTES = RouteSet()


class AppointmentBody(OwnItemSubmitBody):
    """The filled form of the version that was read, and the time wished for."""

    slot_id = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9_.-]{1,120}\Z"),
        metadata={"example": "law_service-20261121-0900"},
    )


class AppointmentCase(ma.Schema):
    """The case that was opened, and the order that keeps the time."""

    id = word("673ec0a5c0ffee0123456789")
    number = word("FLZX-20261120-000001")
    kind = word("law_consultation")
    kind_zh = word("法律咨询")
    state = word("open")
    state_zh = word("办理中")
    unit = word("justice")
    opened_at = word("2026-11-20T09:30:00+08:00")
    step = word("advise")
    step_zh = word("当面咨询")
    due = word("2026-11-27T00:00:00+08:00")
    due_day = word("2026-11-26")
    waits_for_me = ma.fields.Boolean()
    slot = word("law_service-20261121-0900")
    order = word("673ec0a5c0ffee0123456789")


@ROUTES.post(
    "/service-items/<item_code>/appointments",
    takes=AppointmentBody,
    answers=AppointmentCase,
    status=201,
    once=True,
)
def appoint_case(caller: Caller, body: dict[str, Any], item_code: str) -> dict[str, Any]:
    """Apply with a booked time: the case begins and the time is kept, or neither."""
    told = Submission(body["version"], body["answers"], tuple(body["attachments"]), body["text"])
    wish = appoint.Wish(item_code, body["slot_id"], told, body["materials"], caller.key)
    found = appoint.appoint(caller.actor, wish)
    return case_views.brief(found) | {"slot": found["about"]["slot"], "order": str(found["about"]["order"])}
