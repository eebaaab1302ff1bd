"""Shapes of one's own card and of family cards."""

import marshmallow as ma
from marshmallow import validate

from mini_program_api.identity.schemas import PersonBody
from models.onecard.card_moves import ELECTRONIC_ZH, PHYSICAL_ZH, STATE_ZH
from models.onecard.card_views import HOW_ZH
from models.onecard.family_terms import HOW_ZH as FAMILY_HOW_ZH
from models.onecard.family_terms import KIND_ZH
from models.onecard.family_terms import STATE_ZH as FAMILY_STATE_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class CardView(ma.Schema):
    """A card, physical and electronic together; numbers by their tails."""

    id = ma.fields.String(metadata=_ID)
    state = ma.fields.String(validate=validate.OneOf(list(STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "正常"})
    physical = ma.fields.String(validate=validate.OneOf(list(PHYSICAL_ZH)), metadata={"example": "in_hand"})
    physical_zh = ma.fields.String(metadata={"example": "卡片已领取"})
    electronic = ma.fields.String(validate=validate.OneOf(list(ELECTRONIC_ZH)), metadata={"example": "signed"})
    electronic_zh = ma.fields.String(metadata={"example": "电子社保卡已签发"})
    waiting = ma.fields.Boolean(metadata={"description": "还有办理结果待发卡机构确认", "example": False})
    death_reported = ma.fields.Boolean(metadata={"description": "有死亡信息正在核实", "example": False})
    applied_at = ma.fields.String(metadata=_TIME)
    number_tail = ma.fields.String(metadata={"description": "社会保障卡号后四位", "example": "4821"})
    bank = ma.fields.String(metadata={"description": "发卡银行", "example": "农商银行"})
    bank_tail = ma.fields.String(metadata={"description": "银行账户后四位", "example": "0937"})
    ready_on = ma.fields.String(metadata={"description": "实体卡可领取日", "example": "2026-11-26"})
    stopped_by = ma.fields.String(validate=validate.OneOf(list(HOW_ZH)), metadata={"example": "self"})
    stopped_by_zh = ma.fields.String(metadata={"example": "本人"})


class DeathObjectionView(ma.Schema):
    """That the holder is alive is on the managers' list."""

    state = ma.fields.String(metadata={"example": "reported"})
    state_zh = ma.fields.String(metadata={"example": "待核实"})
    objected = ma.fields.Boolean(metadata={"example": True})


def _kinds() -> ma.fields.List:
    return ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(KIND_ZH))),
        required=True,
        validate=validate.Length(1, len(KIND_ZH)),
        metadata={"description": "允许使用的码种", "example": ["medical", "transit"]},
    )


def _last_day() -> ma.fields.Date:
    return ma.fields.Date(required=True, metadata={"description": "最后一天,最长一年", "example": "2027-06-30"})


class FamilyOfferBody(PersonBody):
    """Who shall carry one's codes, which, until when."""

    kinds = _kinds()
    last_day = _last_day()


class FamilyCarryBody(ma.Schema):
    """Which codes of the person acted for one's phone shall carry, until when."""

    kinds = _kinds()
    last_day = _last_day()


class CodeKindView(ma.Schema):
    """One code kind."""

    kind = ma.fields.String(validate=validate.OneOf(list(KIND_ZH)), metadata={"example": "medical"})
    kind_zh = ma.fields.String(metadata={"example": "就医码"})


class FamilyCardView(ma.Schema):
    """A family card as one of its sides sees it; the other side has a name once they have accepted."""

    id = ma.fields.String(metadata=_ID)
    other_name = ma.fields.String(metadata={"example": "李*"})
    how = ma.fields.String(validate=validate.OneOf(list(FAMILY_HOW_ZH)), metadata={"example": "holder"})
    how_zh = ma.fields.String(metadata={"example": "本人手机确认"})
    kinds = ma.fields.List(ma.fields.Nested(CodeKindView))
    state = ma.fields.String(validate=validate.OneOf(list(FAMILY_STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    until = ma.fields.String(metadata=_TIME)
    answer_before = ma.fields.String(metadata={"description": "到此时失效;待确认的须在此前确认", **_TIME})


class FamilyCardList(ma.Schema):
    """What one's phone carries, and who carries one's own codes; both are bounded."""

    carried = ma.fields.List(ma.fields.Nested(FamilyCardView))
    given = ma.fields.List(ma.fields.Nested(FamilyCardView))
    most = ma.fields.Integer(metadata={"description": "一部手机最多携带几张", "example": 8})
    next = ma.fields.String(allow_none=True)
