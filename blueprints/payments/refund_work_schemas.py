"""Shapes of refunds that wait for a person."""

import marshmallow as ma
from marshmallow import validate

from blueprints.payments.bill_schemas import NOT_BLANK, BillPageQuery, ReasonBody
from models.payments.refund_settle import HOW_ZH
from models.payments.refund_work import STATE_ZH, WHY_ZH

_TIME = {"example": "2026-11-24T10:30:00+08:00"}


class RefundWorkQuery(BillPageQuery):
    """Items in one state; `mine` are those that one took oneself."""

    state = ma.fields.String(load_default="open", validate=validate.OneOf(tuple(STATE_ZH)))
    mine = ma.fields.Boolean(load_default=False, metadata={"example": False})


class RefundActionView(ma.Schema):
    """Something that can be done."""

    action = ma.fields.String(metadata={"example": "retry"})
    action_zh = ma.fields.String(metadata={"example": "换号重新退款"})


class RefundWorkView(ma.Schema):
    """A refund that waits for a person; `level` says how often it was overdue."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-order"})
    payment_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    unit = ma.fields.String(metadata={"example": "changzhengyuan"})
    amount_fen = ma.fields.Integer(metadata={"example": 12000})
    why = ma.fields.String(validate=validate.OneOf(tuple(WHY_ZH)), metadata={"example": "closed"})
    why_zh = ma.fields.String(metadata={"example": "退款已被微信支付关闭,款项未退出"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "open"})
    state_zh = ma.fields.String(metadata={"example": "待办理"})
    assignee = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    opened_at = ma.fields.String(metadata=_TIME)
    due = ma.fields.String(metadata=_TIME)
    done_at = ma.fields.String(metadata=_TIME)
    overdue = ma.fields.Boolean(metadata={"example": False})
    level = ma.fields.Integer(metadata={"example": 0})
    actions = ma.fields.List(ma.fields.Nested(RefundActionView))


class RefundEventView(ma.Schema):
    """What happened."""

    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "retry"})
    who = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    approval = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    how = ma.fields.String(metadata={"example": "cash"})
    code = ma.fields.String(metadata={"example": "refund_not_closed"})
    to = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    level = ma.fields.Integer(metadata={"example": 1})


class RefundWorkWhole(RefundWorkView):
    """One item; `number` is what WeChat knows the refund by, `former` the numbers that it closed."""

    refund_state = ma.fields.String(metadata={"example": "closed"})
    number = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-order*1"})
    former = ma.fields.List(ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789-order"}))
    refusal = ma.fields.String(metadata={"example": "INVALID_REQUEST"})
    history = ma.fields.List(ma.fields.Nested(RefundEventView))


class RefundWorkList(ma.Schema):
    """A page of items, what is due first at the head."""

    items = ma.fields.List(ma.fields.Nested(RefundWorkView))
    next = ma.fields.String(allow_none=True)


class RefundAssignBody(ma.Schema):
    """Who shall work on it."""

    staff_id = ma.fields.String(
        required=True, validate=validate.Length(1, 64), metadata={"example": "673ec0a5c0ffee0123456789"}
    )


class RefundCardBody(ReasonBody):
    """The payer's bank card, and why it takes the refund."""

    bank_type = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Z]{2,16}_(DEBIT|CREDIT)\Z"),
        metadata={"example": "ICBC_DEBIT", "description": "微信支付的银行类型编码"},
    )
    card_number = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{12,19}\Z"), metadata={"example": "6222020200000000004"}
    )
    holder = ma.fields.String(
        required=True, validate=validate.And(validate.Length(1, 60), NOT_BLANK), metadata={"example": "张三丰"}
    )


class RefundElsewhereBody(ReasonBody):
    """How the payer has the money: in cash at a unit's counter, or by a bank transfer."""

    how = ma.fields.String(required=True, validate=validate.OneOf(tuple(HOW_ZH)), metadata={"example": "cash"})
    unit = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata={"example": "changzhengyuan"})
    number = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9A-Za-z-]{1,40}\Z"),
        metadata={"example": "SK20261124001", "description": "收据号或转账凭证号"},
    )
