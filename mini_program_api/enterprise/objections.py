"""A resident objects to a firm in a published list."""

from typing import Any

import marshmallow as ma
from flask import g
from marshmallow import validate

from backend.http.access import resident
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.affairs.schemas import OwnCaseBrief
from models.affairs import case_views
from models.enterprise import publicity_objection

objections = Surface(
    "enterprise objections",
    __name__,
    url_prefix="/mini/v1/enterprise",
    description="惠企资金公示异议",
)
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"


class FirmListObjectionBody(ma.Schema):
    """Against which line of the list, and why."""

    line_id = ma.fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"example": "673ec0a5c0ffee0123456789"}
    )
    text = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 2000), validate.Regexp(_WORDS)),
        metadata={"example": "该企业已停产半年"},
    )


@objections.post("/publicities/<publicity_id>/objections", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@objections.arguments(FirmListObjectionBody)
@objections.answer(201, OwnCaseBrief)
def object_to(body: dict[str, str], publicity_id: str) -> dict[str, Any]:
    """Object to a firm in a list while it is public; the policy's office answers within its clocks."""
    listed, line = object_ids.read(publicity_id), object_ids.read(body["line_id"])
    return case_views.brief(publicity_objection.by_resident(g.actor, listed, line, body["text"]))
