"""Shapes of one's benefit lines."""

import marshmallow as ma
from marshmallow import validate

from models.benefits.line import STATES

_TIME = {"example": "2026-11-24T10:30:00+08:00"}


class OwnLineQuery(ma.Schema):
    """A page of one's lines."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class OwnLineBrief(ma.Schema):
    """One line: what was paid or is to be paid, how it stands and since when."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456786"})
    item = ma.fields.String(metadata={"example": "farmland"})
    item_zh = ma.fields.String(metadata={"example": "耕地地力保护补贴"})
    period = ma.fields.String(metadata={"example": "2026"})
    batch_number = ma.fields.String(metadata={"example": "BTFF-20261124-000012"})
    amount_fen = ma.fields.Integer(metadata={"example": 15000})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata={"example": "paid"})
    state_zh = ma.fields.String(metadata={"example": "已到账"})
    at = ma.fields.String(metadata=_TIME)
    account_tail = ma.fields.String(metadata={"example": "0042"})
    repairable = ma.fields.Boolean(metadata={"example": False})
    why_failed_zh = ma.fields.String(metadata={"example": "账户已销户"})
    what_to_do_zh = ma.fields.String(metadata={"example": "请核对并改填本人名下的银行账号。"})


class OwnLineList(ma.Schema):
    """A page of one's lines, newest first."""

    items = ma.fields.List(ma.fields.Nested(OwnLineBrief))
    next = ma.fields.String(allow_none=True)


class MomentView(ma.Schema):
    """Something that happened to a line."""

    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "failed"})
    what_zh = ma.fields.String(metadata={"example": "银行未能入账"})
    why_zh = ma.fields.String(metadata={"example": "账户已销户"})


class ReasonView(ma.Schema):
    """What keeps a line from being paid, and what to do about it."""

    code = ma.fields.String(metadata={"example": "card_closed"})
    zh = ma.fields.String(metadata={"example": "社会保障卡已注销"})
    todo_zh = ma.fields.String(metadata={"example": "请本人重新申请社会保障卡"})


class OwnLine(OwnLineBrief):
    """One line whole: why, by which rule and document, and what happened to it."""

    why_zh = ma.fields.String(metadata={"example": "已发放到您的账户。"})
    rule_zh = ma.fields.String(metadata={"example": "符合条件:户籍在本县;承包耕地 3.5 亩。"})
    basis_zh = ma.fields.String(metadata={"example": "财办〔2020〕37号"})
    reasons = ma.fields.List(ma.fields.Nested(ReasonView))
    timeline = ma.fields.List(ma.fields.Nested(MomentView))


class WhyQuery(ma.Schema):
    """Of which period one asks."""

    period = ma.fields.String(required=True, validate=validate.Length(4, 10), metadata={"example": "2026"})


class WhyLine(ma.Schema):
    """One of one's lines of the item."""

    line = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456786"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATES)), metadata={"example": "blocked"})
    why_zh = ma.fields.String(
        metadata={"example": "本批次暂不发放,原因如下。社会保障卡已注销;请本人重新申请社会保障卡。"}
    )


class WhyView(ma.Schema):
    """Why one gets or does not get an item."""

    in_list = ma.fields.Boolean(metadata={"example": False})
    why_zh = ma.fields.String(metadata={"example": "本期名单中没有您。各乡镇还没有建立本期的发放批次。"})
    rule_zh = ma.fields.String(metadata={"example": "不符合条件:没有承包耕地。"})
    lines = ma.fields.List(ma.fields.Nested(WhyLine))


class OwnRepairBody(ma.Schema):
    """The account of a line that failed; an empty one confirms the account as it is."""

    account = ma.fields.String(
        load_default="", validate=validate.Length(max=40), metadata={"example": "6217001234567890007"}
    )
