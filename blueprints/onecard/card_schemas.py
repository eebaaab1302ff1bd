"""Shapes of cards for staff."""

import marshmallow as ma
from marshmallow import validate

from blueprints.identity.counter_schemas import PersonFindBody
from models.onecard import card_death, card_difference
from models.onecard.card_moves import ELECTRONIC_ZH, PHYSICAL_ZH, STATE_ZH
from models.onecard.card_views import HOW_ZH
from models.onecard.family_terms import HOW_ZH as FAMILY_HOW_ZH
from models.onecard.family_terms import KIND_ZH
from models.onecard.family_terms import STATE_ZH as FAMILY_STATE_ZH
from models.onecard.stop_card import FREEZE_REASONS

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}


class CardFindBody(PersonFindBody):
    """Whose card is looked for: document and name must both fit."""


class CardIssueBody(ma.Schema):
    """For whom the card is: who stands here, or whom they act for."""

    person_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)


class CardFreezeBody(ma.Schema):
    """Why the card is frozen."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(list(FREEZE_REASONS)), metadata={"example": "suspected_misuse"}
    )


class CardPageQuery(ma.Schema):
    """Which page of a work list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class CardDeathQuery(CardPageQuery):
    """Reported deaths in which state."""

    state = ma.fields.String(
        load_default="reported",
        validate=validate.OneOf(list(card_death.STATE_ZH)),
        metadata={"example": "reported"},
    )


class CardDifferenceQuery(CardPageQuery):
    """Differences in which state."""

    state = ma.fields.String(
        load_default="open", validate=validate.OneOf(("open", "settled")), metadata={"example": "open"}
    )


class CardDifferenceBody(ma.Schema):
    """What is done about a difference."""

    outcome = ma.fields.String(
        required=True, validate=validate.OneOf(("told_again", "noted")), metadata={"example": "told_again"}
    )


class CardHolderView(ma.Schema):
    """Whose card it is, masked."""

    person_id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "张**"})
    document_kind_zh = ma.fields.String(metadata={"example": "居民身份证"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})


class CardHistoryView(ma.Schema):
    """One line of a card's history."""

    at = ma.fields.String(metadata=_TIME)
    what = ma.fields.String(metadata={"example": "lose"})
    what_zh = ma.fields.String(metadata={"example": "挂失"})
    by = ma.fields.String(metadata={"description": "本人端、工作人员或系统", "example": "resident"})
    reason = ma.fields.String(metadata={"example": "suspected_misuse"})
    reason_zh = ma.fields.String(metadata={"example": "疑似盗用"})


class OfficeCardView(ma.Schema):
    """A card and its holder, masked."""

    id = ma.fields.String(metadata=_ID)
    holder = ma.fields.Nested(CardHolderView)
    state = ma.fields.String(validate=validate.OneOf(list(STATE_ZH)), metadata={"example": "lost"})
    state_zh = ma.fields.String(metadata={"example": "已挂失"})
    physical = ma.fields.String(validate=validate.OneOf(list(PHYSICAL_ZH)), metadata={"example": "in_hand"})
    physical_zh = ma.fields.String(metadata={"example": "卡片已领取"})
    electronic = ma.fields.String(validate=validate.OneOf(list(ELECTRONIC_ZH)), metadata={"example": "signed"})
    electronic_zh = ma.fields.String(metadata={"example": "电子社保卡已签发"})
    waiting = ma.fields.Boolean(metadata={"description": "还有办理结果待发卡机构确认", "example": True})
    death_reported = ma.fields.Boolean(metadata={"example": False})
    applied_at = ma.fields.String(metadata=_TIME)
    number_tail = ma.fields.String(metadata={"example": "4821"})
    bank = ma.fields.String(metadata={"example": "农商银行"})
    bank_tail = ma.fields.String(metadata={"example": "0937"})
    ready_on = ma.fields.String(metadata={"example": "2026-11-26"})
    stopped_by = ma.fields.String(validate=validate.OneOf(list(HOW_ZH)), metadata={"example": "clerk"})
    stopped_by_zh = ma.fields.String(metadata={"example": "经工作人员"})


class OfficeCardWhole(OfficeCardView):
    """A card with its history."""

    history = ma.fields.List(ma.fields.Nested(CardHistoryView))


class CardDeathDecision(ma.Schema):
    """A reported death, without its holder."""

    id = ma.fields.String(metadata=_ID)
    card_id = ma.fields.String(metadata=_ID)
    source = ma.fields.String(validate=validate.OneOf(list(card_death.SOURCE_ZH)), metadata={"example": "card_centre"})
    source_zh = ma.fields.String(metadata={"example": "发卡机构死亡名单"})
    died_on = ma.fields.String(metadata={"example": "2026-11-20"})
    state = ma.fields.String(validate=validate.OneOf(list(card_death.STATE_ZH)), metadata={"example": "reported"})
    state_zh = ma.fields.String(metadata={"example": "待核实"})
    name_differs = ma.fields.Boolean(metadata={"description": "名单上的姓名与登记不同,卡片未冻结", "example": False})
    objected = ma.fields.Boolean(metadata={"description": "持卡人表示健在", "example": True})
    reported_at = ma.fields.String(metadata=_TIME)


class CardDeathView(CardDeathDecision):
    """A reported death on the work list."""

    holder_name = ma.fields.String(metadata={"example": "张**"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})


class CardDeathList(ma.Schema):
    """A page of reported deaths."""

    items = ma.fields.List(ma.fields.Nested(CardDeathView))
    next = ma.fields.String(allow_none=True)


class CardDifferenceDecision(ma.Schema):
    """What the card centre says otherwise, without the holder."""

    id = ma.fields.String(metadata=_ID)
    card_id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(validate=validate.OneOf(list(card_difference.NAME_ZH)), metadata={"example": "status"})
    name_zh = ma.fields.String(metadata={"example": "状态不一致"})
    state = ma.fields.String(validate=validate.OneOf(("open", "settled")), metadata={"example": "open"})
    seen_at = ma.fields.String(metadata=_TIME)
    command = ma.fields.String(metadata={"example": "report_loss"})
    ours = ma.fields.String(metadata={"example": "lost"})
    theirs = ma.fields.String(metadata={"example": "active"})
    reason = ma.fields.String(metadata={"description": "发卡机构的原因代码", "example": "state_wrong"})
    outcome = ma.fields.String(
        validate=validate.OneOf(list(card_difference.OUTCOME_ZH)), metadata={"example": "told_again"}
    )
    outcome_zh = ma.fields.String(metadata={"example": "已重新通知发卡机构"})


class CardDifferenceView(CardDifferenceDecision):
    """What the card centre says otherwise, on the work list."""

    holder_name = ma.fields.String(metadata={"example": "张**"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})


class CardDifferenceList(ma.Schema):
    """A page of differences."""

    items = ma.fields.List(ma.fields.Nested(CardDifferenceView))
    next = ma.fields.String(allow_none=True)


class OfficeFamilyBody(PersonFindBody):
    """The relative who shall carry the codes, which, until when."""

    kinds = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(KIND_ZH))),
        required=True,
        validate=validate.Length(1, len(KIND_ZH)),
        metadata={"example": ["medical", "transit"]},
    )
    last_day = ma.fields.Date(required=True, metadata={"example": "2027-06-30"})


class OfficeKindView(ma.Schema):
    """One code kind."""

    kind = ma.fields.String(validate=validate.OneOf(list(KIND_ZH)), metadata={"example": "medical"})
    kind_zh = ma.fields.String(metadata={"example": "就医码"})


class OfficeFamilyView(ma.Schema):
    """A family card."""

    id = ma.fields.String(metadata=_ID)
    other_name = ma.fields.String(metadata={"description": "携带人", "example": "李*"})
    how = ma.fields.String(validate=validate.OneOf(list(FAMILY_HOW_ZH)), metadata={"example": "counter"})
    how_zh = ma.fields.String(metadata={"example": "窗口办理"})
    kinds = ma.fields.List(ma.fields.Nested(OfficeKindView))
    state = ma.fields.String(validate=validate.OneOf(list(FAMILY_STATE_ZH)), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    until = ma.fields.String(metadata=_TIME)
    answer_before = ma.fields.String(metadata=_TIME)
