"""Shapes of a firm's cases."""

import marshmallow as ma
from marshmallow import validate

from blueprints.affairs import schemas

_TEXT = validate.And(
    validate.Length(1, 2000), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z")
)


class FirmAnswerBody(ma.Schema):
    """The answer to a question."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "已补充用电合同"})
    attachments = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 64)),
        load_default=[],
        validate=validate.Length(0, 10),
        metadata={"example": []},
    )


class FirmAppealBody(ma.Schema):
    """Why the decision is wrong."""

    text = ma.fields.String(required=True, validate=_TEXT, metadata={"example": "问题尚未解决"})


class FirmCaseBrief(schemas.CaseBrief):
    """A case in the firm's list."""

    class Meta:
        """Where the work lies is the office's matter."""

        exclude = ("work_state", "work_state_zh", "work_unit", "urgency", "urgency_zh", "mine", "holder")


class FirmCaseList(ma.Schema):
    """A page of the firm's cases."""

    items = ma.fields.List(ma.fields.Nested(FirmCaseBrief))
    next = ma.fields.String(allow_none=True)


class FirmCase(schemas.OwnCaseView):
    """A case with what was said and decided."""

    class Meta:
        """Where the work lies is the office's matter, and who decided is told by their unit."""

        exclude = FirmCaseBrief.Meta.exclude
