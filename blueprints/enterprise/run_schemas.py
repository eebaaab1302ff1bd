"""Shapes of runs, their lists, and offers."""

import marshmallow as ma
from marshmallow import validate

from blueprints.enterprise.policy_schemas import PolicyLack, PolicyQuery, PolicySourceView
from models.enterprise import judge, offer, run

_ID = {"example": "673ec0a5c0ffee0123456789"}
_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_DAY = {"example": "2026-11-23"}
_POLICY = {"example": "patent_invention"}
_VERSION = {"example": "enterprise_patent_invention:1"}
_CODE = {"example": "91360731MA35FAKE0P"}
_NAME = {"example": "于都县演示服装有限公司"}
_FEN = {"example": 200000}
_WORDS = r"^[^\x00-\x1f\x7f]*\Z"


class RunFindingQuery(PolicyQuery):
    """A page of one list."""

    verdict = ma.fields.String(
        load_default="eligible", validate=validate.OneOf(judge.JUDGED), metadata={"example": "lacking"}
    )


class PolicyOfferQuery(PolicyQuery):
    """A page of offers in one state."""

    state = ma.fields.String(
        load_default="offered", validate=validate.OneOf(tuple(offer.STATES)), metadata={"example": "confirmed"}
    )


class OfferAccount(ma.Schema):
    """The account of the firm."""

    bank = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 100), validate.Regexp(_WORDS)),
        metadata={"example": "于都农村商业银行城关支行"},
    )
    number = ma.fields.String(
        required=True, validate=validate.Regexp(r"^[0-9]{8,30}\Z"), metadata={"example": "6217001234567890123"}
    )
    holder = ma.fields.String(
        required=True, validate=validate.And(validate.Length(1, 100), validate.Regexp(_WORDS)), metadata=_NAME
    )


class OfferAccountBody(ma.Schema):
    """Another account, because the bank could not pay into the first one."""

    account = ma.fields.Nested(
        OfferAccount,
        required=True,
        metadata={"example": {"bank": "于都农村商业银行", "number": "6217001234567890131", "holder": _NAME["example"]}},
    )


class OfferConfirmBody(ma.Schema):
    """That the firm wants it, into which account, and that it accepts what the policy has it promise."""

    accepts_promise = ma.fields.Boolean(
        load_default=False, metadata={"description": "同意该政策要求的承诺", "example": False}
    )

    account = ma.fields.Nested(
        OfferAccount,
        allow_none=True,
        load_default=None,
        metadata={"example": {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": _NAME["example"]}},
    )


class RunCount(ma.Schema):
    """How many firms came out in one way."""

    verdict = ma.fields.String(validate=validate.OneOf(judge.JUDGED), metadata={"example": "eligible"})
    verdict_zh = ma.fields.String(metadata={"example": "符合条件"})
    count = ma.fields.Integer(metadata={"example": 120})


class RunBrief(ma.Schema):
    """A run of a policy over all firms."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    day = ma.fields.String(metadata=_DAY)
    rule_set = ma.fields.String(metadata=_VERSION)
    state = ma.fields.String(validate=validate.OneOf(tuple(run.STATES)), metadata={"example": "done"})
    state_zh = ma.fields.String(metadata={"example": "已完成"})
    job_id = ma.fields.String(metadata=_ID)
    started_at = ma.fields.String(metadata=_TIME)
    finished_at = ma.fields.String(metadata=_TIME)
    eligible_fen = ma.fields.Integer(metadata=_FEN)
    counts = ma.fields.List(ma.fields.Nested(RunCount))


class RunList(ma.Schema):
    """A page of runs."""

    items = ma.fields.List(ma.fields.Nested(RunBrief))
    next = ma.fields.String(allow_none=True)


class RunView(RunBrief):
    """A run with how far it is."""

    done = ma.fields.Integer(metadata={"example": 1200})
    total = ma.fields.Integer(metadata={"example": 1200})


class RunFinding(ma.Schema):
    """What a run found of one firm."""

    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata=_NAME)
    verdict = ma.fields.String(validate=validate.OneOf(judge.JUDGED), metadata={"example": "lacking"})
    verdict_zh = ma.fields.String(metadata={"example": "缺少数据,暂不能判断"})
    amount_fen = ma.fields.Integer(metadata=_FEN)
    lacks = ma.fields.List(ma.fields.Nested(PolicyLack))
    why_zh = ma.fields.String(metadata={"example": "不符合“专利资助”:不满足“行业代码以 17、18 开头”。"})


class RunFindingList(ma.Schema):
    """A page of one of the three lists."""

    items = ma.fields.List(ma.fields.Nested(RunFinding))
    next = ma.fields.String(allow_none=True)


class RunFindingView(RunFinding):
    """The same with its trace, made again from the record."""

    trace = ma.fields.Dict(metadata={"example": {"outcome": "yes"}})
    rule_set = ma.fields.String(metadata=_VERSION)
    day = ma.fields.String(metadata=_DAY)
    replays = ma.fields.Boolean(metadata={"description": "按留存记录重算,结果与当时一致", "example": True})


class OwnVerdict(ma.Schema):
    """How a policy comes out for one's own firm."""

    verdict = ma.fields.String(validate=validate.OneOf(tuple(judge.VERDICTS)), metadata={"example": "lacking"})
    verdict_zh = ma.fields.String(metadata={"example": "缺少数据,暂不能判断"})
    amount_fen = ma.fields.Integer(metadata=_FEN)
    lacks = ma.fields.List(ma.fields.Nested(PolicyLack))
    why_zh = ma.fields.String(metadata={"example": "暂不能判断是否符合“专利资助”:还缺行业代码(县统计局)。"})


class OfferAccountView(ma.Schema):
    """The account by its last digits."""

    bank = ma.fields.String(metadata={"example": "于都农村商业银行城关支行"})
    tail = ma.fields.String(metadata={"example": "0123"})
    holder = ma.fields.String(metadata=_NAME)


class OfferAfter(ma.Schema):
    """Where an offer stands on its way to the money."""

    overdue = ma.fields.Boolean(metadata={"description": "已超过承诺的拨付时限", "example": False})
    pay_by = ma.fields.String(metadata=_TIME)
    paid_at = ma.fields.String(metadata=_TIME)
    code = ma.fields.String(metadata={"example": "account_closed"})
    why_zh = ma.fields.String(metadata={"example": "账户已销户"})
    ended_for = ma.fields.String(
        validate=validate.OneOf(tuple(offer.ENDED_ZH)), metadata={"example": "objection_upheld"}
    )
    ended_for_zh = ma.fields.String(metadata={"example": "公示异议成立"})
    publicity_id = ma.fields.String(metadata=_ID)


class OwnOffer(OfferAfter):
    """An offer as the firm sees it; `promise_zh` is what it promises by confirming, until the end of a day."""

    promise_zh = ma.fields.String(metadata={"example": "参保职工人数不少于 20"})
    promise_until = ma.fields.String(metadata={"example": "2027-11-23"})

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    title = ma.fields.String(metadata={"example": "纺织服装企业专利资助"})
    source = ma.fields.Nested(PolicySourceView)
    amount_fen = ma.fields.Integer(metadata=_FEN)
    pays = ma.fields.Boolean(metadata={"example": True})
    state = ma.fields.String(validate=validate.OneOf(tuple(offer.STATES)), metadata={"example": "offered"})
    state_zh = ma.fields.String(metadata={"example": "待确认"})
    at = ma.fields.String(metadata=_TIME)
    confirmed_at = ma.fields.String(metadata=_TIME)
    account = ma.fields.Nested(OfferAccountView)


class OwnOfferList(ma.Schema):
    """A page of offers."""

    items = ma.fields.List(ma.fields.Nested(OwnOffer))
    next = ma.fields.String(allow_none=True)


class PolicyOffer(OfferAfter):
    """An offer as the offices see it."""

    id = ma.fields.String(metadata=_ID)
    policy = ma.fields.String(metadata=_POLICY)
    run_id = ma.fields.String(metadata=_ID)
    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata=_NAME)
    amount_fen = ma.fields.Integer(metadata=_FEN)
    state = ma.fields.String(validate=validate.OneOf(tuple(offer.STATES)), metadata={"example": "confirmed"})
    state_zh = ma.fields.String(metadata={"example": "已确认"})
    at = ma.fields.String(metadata=_TIME)
    confirmed_at = ma.fields.String(metadata=_TIME)


class PolicyOfferList(ma.Schema):
    """A page of offers."""

    items = ma.fields.List(ma.fields.Nested(PolicyOffer))
    next = ma.fields.String(allow_none=True)


class PolicyOfferView(PolicyOffer):
    """An offer with its account and who confirmed it, masked."""

    account = ma.fields.Nested(OfferAccountView)
    confirmed_by = ma.fields.String(metadata={"example": "张**"})
