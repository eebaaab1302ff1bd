"""Objections to a published list: "this person should not get it", or "I should"."""

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
from models.benefits import objection

objections = Surface("benefit objections", __name__, url_prefix="/mini/v1/benefits", description="公示异议")
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"


class ObjectionBody(ma.Schema):
    """Against a line of the list, or, without one, because one is missing in it."""

    line_id = ma.fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 64),
        metadata={"description": "公示名单中的明细;不填表示本人应在名单中", "example": "673ec0a5c0ffee0123456789"},
    )
    text = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 2000), validate.Regexp(_WORDS)),
        metadata={"example": "该户的耕地已流转给他人耕种"},
    )


@objections.post("/publicity/<batch_id>/objections", access=resident("matched"), parameters=[PARAMETER])
@idempotent
@objections.arguments(ObjectionBody)
@objections.answer(201, OwnCaseBrief)
def object_to(body: dict[str, Any], batch_id: str) -> dict[str, Any]:
    """Object to a published list while it is public; the department answers within its clocks."""
    batch, line = object_ids.read(batch_id), body["line_id"]
    if line is None:
        return case_views.brief(objection.for_oneself(g.actor, batch, body["text"]))
    return case_views.brief(objection.against(g.actor, batch, object_ids.read(line), body["text"]))
