"""Shapes of elders and of what staff write down about them."""

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.counter_schemas import PersonFindBody
from models.eldercare import codes, correct, hide, source, subject
from models.eldercare.item_forms import HealthElderView, HealthFactView
from models.eldercare.record_forms import HealthWrittenBody
from models.identity import break_glass
from models.identity.counter import SEEN_ZH

YEARS = validate.Range(datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
ID = {"example": "673ec0a5c0ffee0123456789"}
TIME = {"example": "2026-11-20T09:30:00+08:00"}
UNIT_OR_NONE = r"^([a-z][a-z0-9_]{1,63})?\Z"
_UNIT = {"example": "tantou_clinic"}
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
REASON = validate.And(validate.Length(1, 500), validate.Regexp(_WORDS))


class HealthPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class HealthElderQuery(HealthPageQuery):
    """A page of the elders of one's units, or of one of them."""

    unit = ma.fields.String(load_default="", validate=validate.Regexp(UNIT_OR_NONE), metadata=_UNIT)


class HealthDocumentBody(PersonFindBody):
    """The document of an elder and the name on it."""


class HealthPlaceBody(ma.Schema):
    """Which unit cares from now on, and as what; no unit is one's own."""

    unit = ma.fields.String(
        load_default="", validate=validate.Regexp(UNIT_OR_NONE), metadata={"example": ""}
    )  # fmt: skip
    cares_as = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(subject.CARES_AS)), metadata={"example": "village_clinic"}
    )


class HealthEnrolBody(HealthDocumentBody, HealthPlaceBody):
    """An elder to enrol, and which paper was seen."""

    document_seen = ma.fields.String(
        required=True, validate=validate.OneOf(list(SEEN_ZH)), metadata={"example": "identity_card"}
    )


class HealthElderList(ma.Schema):
    """A page of elders, the latest change first."""

    items = ma.fields.List(ma.fields.Nested(HealthElderView))
    next = ma.fields.String(allow_none=True)


class HealthMeasureBody(ma.Schema):
    """One quantity: a number and its UCUM unit."""

    value = ma.fields.Float(required=True, validate=validate.Range(-1_000_000, 1_000_000), metadata={"example": 128})
    unit = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 20), validate.Regexp(r"^[!-~]+\Z")),
        metadata={"example": "mm[Hg]"},
    )


class HealthContextBody(ma.Schema):
    """How it was measured."""

    oxygen = ma.fields.Boolean(metadata={"description": "测量时是否吸氧", "example": False})
    spo2_scale = ma.fields.Integer(validate=validate.OneOf((1, 2)), metadata={"example": 1})
    consciousness = ma.fields.String(
        validate=validate.OneOf(("alert", "confusion", "voice", "pain", "unresponsive")), metadata={"example": "alert"}
    )
    position = ma.fields.String(
        validate=validate.OneOf(("sitting", "lying", "standing")), metadata={"example": "sitting"}
    )
    arm = ma.fields.String(validate=validate.OneOf(("left", "right")), metadata={"example": "left"})


class HealthMeasuredBody(ma.Schema):
    """What was measured: one quantity, or a panel of several."""

    code = ma.fields.String(
        required=True, validate=validate.OneOf(codes.NAMES), metadata={"example": "blood_pressure"}
    )  # fmt: skip
    values = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.OneOf(tuple(codes.QUANTITIES))),
        values=ma.fields.Nested(HealthMeasureBody),
        required=True,
        validate=validate.Length(1, 5),
        metadata={
            "example": {
                "systolic": {"value": 128, "unit": "mm[Hg]"},
                "diastolic": {"value": 82, "unit": "mm[Hg]"},
            }
        },
    )
    at = ma.fields.AwareDateTime(required=True, validate=YEARS, metadata={"example": "2026-11-01T09:00:00+08:00"})
    context = ma.fields.Nested(HealthContextBody, metadata={"example": {"position": "sitting"}})


def _source() -> ma.fields.String:
    return ma.fields.String(
        load_default="",
        validate=validate.OneOf(("", *source.SOURCES)),
        metadata={"description": "来源;不填为本单位自己的来源", "example": "village_clinic"},
    )


class HealthObservationBody(HealthMeasuredBody):
    """An observation to enter."""

    source = _source()


class HealthTimesBody(ma.Schema):
    """From when on something holds, and until when where it has ended."""

    at = ma.fields.AwareDateTime(required=True, validate=YEARS, metadata={"example": "2026-11-01T09:00:00+08:00"})
    until = ma.fields.AwareDateTime(validate=YEARS, metadata={"example": "2026-11-02T09:00:00+08:00"})


class HealthRecordBody(HealthWrittenBody, HealthTimesBody):
    """A record to enter."""

    source = _source()


class HealthChangeBody(ma.Schema):
    """Which version one saw, and why it changes."""

    version = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 1_000_000), metadata={"example": 1}
    )  # fmt: skip
    reason = ma.fields.String(required=True, validate=validate.OneOf(correct.REASONS), metadata={"example": "typo"})


class HealthObservationChangeBody(HealthMeasuredBody, HealthChangeBody):
    """An observation as it should read, whole."""


class HealthRecordChangeBody(HealthWrittenBody, HealthTimesBody, HealthChangeBody):
    """A record as it should read, whole; with `until` it ends."""


class HealthSettledView(ma.Schema):
    """What is used from now on, and what others say about the same."""

    used = ma.fields.Nested(HealthFactView)
    same = ma.fields.List(ma.fields.Nested(HealthFactView))
    rule_zh = ma.fields.String(metadata={"example": source.RULE_ZH})


class HealthTimelineQuery(HealthPageQuery):
    """A page of the timeline: of one code or kind where it is named; `withdrawn` shows what was entered in error."""

    word = ma.fields.String(
        load_default="", validate=validate.OneOf(("", *hide.WORDS_ZH)), metadata={"example": "blood_pressure"}
    )
    withdrawn = ma.fields.Boolean(load_default=False, metadata={"example": False})


class HealthEmergencyBody(ma.Schema):
    """Why the glass is broken."""

    emergency = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(break_glass.EMERGENCIES)), metadata={"example": "life_safety"}
    )
    reason = ma.fields.String(
        required=True, validate=REASON, metadata={"example": "老人在路边昏倒,需了解用药和过敏情况"}
    )


class HealthEmergencyView(ma.Schema):
    """Until when the record is open."""

    elder_id = ma.fields.String(metadata=ID)
    glass_id = ma.fields.String(metadata=ID)
    until = ma.fields.String(metadata=TIME)


class HealthEmergencyFindBody(HealthDocumentBody, HealthEmergencyBody):
    """An elder who lies in front of one: by the document that they carry."""


def measured(body: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Measured` that a body tells."""
    values = {name: (one["value"], one["unit"]) for name, one in body["values"].items()}
    return {"code": body["code"], "values": values, "at": body["at"], "context": body.get("context", {})}
