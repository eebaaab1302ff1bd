"""Shapes of approvals, resets and children's records."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.schemas import StaffPageQuery
from models.identity import approval

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}
CASE = r"^([A-Z]{2,8}-)?[0-9]{8}-[0-9]{1,6}\Z"
"""A day and a number; nothing that a name or the number of a document could stand in."""
REASON = validate.And(validate.Length(1, 300), validate.Regexp(r"^[\s\x1c-\x1f\x85\ufeff]*[^\s\x1c-\x1f\x85\ufeff]"))


class ApprovalQuery(StaffPageQuery):
    """Whose proposals, in which state."""

    whose = ma.fields.String(
        load_default="to_decide", validate=validate.OneOf(("to_decide", "own")), metadata={"example": "to_decide"}
    )
    state = ma.fields.String(
        load_default="proposed", validate=validate.OneOf(tuple(approval.STATE_ZH)), metadata={"example": "proposed"}
    )


class ApprovalView(ma.Schema):
    """A proposal; `pin` is told this once, to who approves a proposal with a link."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(validate=validate.OneOf(tuple(approval.KINDS)), metadata={"example": "totp_reset"})
    kind_zh = ma.fields.String(metadata={"example": "重置动态口令"})
    state = ma.fields.String(validate=validate.OneOf(tuple(approval.STATE_ZH)), metadata={"example": "proposed"})
    state_zh = ma.fields.String(metadata={"example": "待审批"})
    about = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    unit = ma.fields.String(metadata={"example": "administrative_approval"})
    details = ma.fields.Dict(metadata={"example": {"fen": 6000}})
    reason = ma.fields.String(metadata={"example": "手机遗失"})
    proposed_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    proposed_at = ma.fields.String(metadata=_TIME)
    expires_at = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata={"description": "批准后可查看至", **_TIME})
    decided_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    decided_at = ma.fields.String(metadata=_TIME)
    outcome = ma.fields.String(metadata={"description": "办理结果,done 为已生效", "example": "done"})
    pin = ma.fields.String(metadata={"description": "口令码,仅此一次,当面或电话告知本人", "example": "7KQ2M9XWPA"})


class ApprovalList(ma.Schema):
    """A page of proposals."""

    items = ma.fields.List(ma.fields.Nested(ApprovalView))
    next = ma.fields.String(allow_none=True)


class ResetBody(ma.Schema):
    """Why a member starts anew."""

    reason = ma.fields.String(required=True, validate=REASON, metadata={"example": "手机遗失,已当面核对工作证"})


class MinorApprovalBody(ma.Schema):
    """Whose records, for which case, until when."""

    person_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)
    case = ma.fields.String(required=True, validate=validate.Regexp(CASE), metadata={"example": "20261123-000017"})
    reason = ma.fields.String(required=True, validate=REASON, metadata={"example": "核对入学材料"})
    until = ma.fields.Date(required=True, metadata={"description": "最多 30 天", "example": "2026-12-01"})
