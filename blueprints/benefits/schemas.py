"""Shapes of benefit items, batches, lines and what is public of them."""

import marshmallow as ma
from marshmallow import validate

from models.benefits import batch, clear, finding, item, line

ID = {"example": "673ec0a5c0ffee0123456789"}
TIME = {"example": "2026-11-23T09:30:00+08:00"}
DAY = {"example": "2026-12-02"}
FEN = {"example": 12_050}
ITEM = {"example": "farmland_protection"}
PERIOD = {"example": "2026"}
UNIT = {"example": "town_360731100"}
AREA = {"example": "360731100001"}
NUMBER = {"example": "BTFF-20261123-000001"}
_CODE = validate.Regexp(item.CODE)
_UNIT = validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z")
_PERIOD = validate.Regexp(r"^[0-9]{4}(-(Q[1-4]|[0-9]{2}))?\Z")
_AREA = validate.Regexp(r"^([0-9]{9}|[0-9]{12})\Z")
_DECIMAL = validate.Regexp(r"^[0-9]{1,9}(\.[0-9]{1,4})?\Z")
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
_AMOUNT = validate.Range(1, item.MOST_FEN)
_COUNTS = {"example": {"ok": 118, "blocked": 2}}


def words(most: int) -> validate.And:
    """Return the check of a text that says something."""
    return validate.And(validate.Length(1, most), validate.Regexp(_WORDS))


class BenefitPageQuery(ma.Schema):
    """A page of a list."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 100), metadata={"example": 20})


class BenefitItemBody(ma.Schema):
    """What a version of an item says; `after` is the version that it follows, 0 for a new item."""

    zh = ma.fields.String(required=True, validate=words(60), metadata={"example": "耕地地力保护补贴"})
    unit = ma.fields.String(required=True, validate=_UNIT, metadata={"example": "agriculture_rural"})
    period_kind = ma.fields.String(required=True, validate=validate.OneOf(item.PERIODS), metadata={"example": "year"})
    rule_set = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([a-z][a-z0-9_]{1,63})?\Z"), metadata={"example": "farmland_claim"}
    )
    exclusive_with = ma.fields.List(
        ma.fields.String(validate=_CODE), load_default=[], validate=validate.Length(0, 20), metadata={"example": []}
    )
    household_cap_fen = ma.fields.Integer(
        load_default=0, validate=validate.Range(0, 10 * item.MOST_FEN), metadata={"example": 500_000}
    )
    least_fen = ma.fields.Integer(load_default=1, validate=_AMOUNT, metadata={"example": 1})
    most_fen = ma.fields.Integer(load_default=item.MOST_FEN, validate=_AMOUNT, metadata={"example": 1_000_000})
    facts = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(item.FACTS)),
        load_default=[],
        validate=validate.Length(0, len(item.FACTS)),
        metadata={"example": ["area_mu"]},
    )
    fund = ma.fields.String(
        required=True, validate=validate.Regexp(r"^fund:[a-z][a-z0-9_]{1,39}\Z"), metadata={"example": "fund:farmland"}
    )
    basis = ma.fields.String(required=True, validate=words(300), metadata={"example": "财农〔2016〕26号"})
    valid_from = ma.fields.Date(required=True, metadata={"example": "2026-01-01"})
    valid_to = ma.fields.Date(load_default=None, allow_none=True, metadata={"example": "2027-12-31"})
    demo = ma.fields.Boolean(load_default=False, metadata={"description": "演示用", "example": False})
    after = ma.fields.Integer(load_default=0, validate=validate.Range(0, 100_000), metadata={"example": 0})


class BenefitNewItemBody(BenefitItemBody):
    """A new item, or the next version of one."""

    code = ma.fields.String(required=True, validate=_CODE, metadata=ITEM)


class BenefitItemView(ma.Schema):
    """The newest version of an item."""

    id = ma.fields.String(metadata={"example": "farmland_protection:1"})
    code = ma.fields.String(metadata=ITEM)
    version = ma.fields.Integer(metadata={"example": 1})
    zh = ma.fields.String(metadata={"example": "耕地地力保护补贴"})
    unit = ma.fields.String(metadata={"example": "agriculture_rural"})
    period_kind = ma.fields.String(validate=validate.OneOf(item.PERIODS), metadata={"example": "year"})
    period_kind_zh = ma.fields.String(metadata={"example": "按年"})
    rule_set = ma.fields.String(metadata={"example": "farmland_claim"})
    exclusive_with = ma.fields.List(ma.fields.String(metadata={"example": "land_fallow"}))
    household_cap_fen = ma.fields.Integer(metadata={"example": 0})
    least_fen = ma.fields.Integer(metadata={"example": 1})
    most_fen = ma.fields.Integer(metadata={"example": 1_000_000})
    facts = ma.fields.List(ma.fields.String(metadata={"example": "area_mu"}))
    fund = ma.fields.String(metadata={"example": "fund:farmland"})
    basis = ma.fields.String(metadata={"example": "财农〔2016〕26号"})
    valid_from = ma.fields.String(metadata={"example": "2026-01-01"})
    valid_to = ma.fields.String(metadata={"example": "2027-12-31"})
    demo = ma.fields.Boolean(metadata={"example": True})


class BenefitItemList(ma.Schema):
    """A page of items."""

    items = ma.fields.List(ma.fields.Nested(BenefitItemView))
    next = ma.fields.String(allow_none=True)


class BenefitBatchQuery(BenefitPageQuery):
    """Which batches."""

    state = ma.fields.String(validate=validate.OneOf(batch.STATES), metadata={"example": "collecting"})


class BenefitBatchBody(ma.Schema):
    """A batch of an item for a period and a town."""

    item = ma.fields.String(required=True, validate=_CODE, metadata=ITEM)
    period = ma.fields.String(required=True, validate=_PERIOD, metadata=PERIOD)
    unit = ma.fields.String(required=True, validate=_UNIT, metadata=UNIT)
    part = ma.fields.Integer(load_default=1, validate=validate.Range(1, 99), metadata={"example": 1})


class BenefitReasonBody(ma.Schema):
    """Why."""

    reason = ma.fields.String(required=True, validate=words(500), metadata={"example": "第 3 村面积汇总有误"})


class BenefitPublishBody(ma.Schema):
    """Whether what nobody confirmed is left out of this batch."""

    leave_out_unsettled = ma.fields.Boolean(load_default=False, metadata={"example": False})


class BenefitBatchView(ma.Schema):
    """A batch with its counts."""

    id = ma.fields.String(metadata=ID)
    number = ma.fields.String(metadata=NUMBER)
    item = ma.fields.String(metadata=ITEM)
    item_zh = ma.fields.String(metadata={"example": "耕地地力保护补贴"})
    period = ma.fields.String(metadata=PERIOD)
    unit = ma.fields.String(metadata=UNIT)
    unit_zh = ma.fields.String(metadata={"example": "贡江镇人民政府"})
    part = ma.fields.Integer(metadata={"example": 1})
    state = ma.fields.String(validate=validate.OneOf(batch.STATES), metadata={"example": "checked"})
    state_zh = ma.fields.String(metadata={"example": "已核验"})
    step = ma.fields.String(validate=validate.OneOf(batch.STEPS), metadata={"example": "department_review"})
    step_zh = ma.fields.String(metadata={"example": "主管部门审核"})
    case_id = ma.fields.String(metadata=ID)
    lines = ma.fields.Integer(metadata={"example": 120})
    total_fen = ma.fields.Integer(metadata={"example": 1_446_000})
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata=_COUNTS)
    sums = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"ok": 1_421_900, "blocked": 24_100}}
    )
    findings = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), metadata={"example": {"died": 1}})
    job_id = ma.fields.String(metadata=ID)
    created_at = ma.fields.String(metadata=TIME)
    checked_at = ma.fields.String(metadata=TIME)
    publicity_from = ma.fields.String(metadata=TIME)
    publicity_until = ma.fields.String(metadata=TIME)
    approved_at = ma.fields.String(metadata=TIME)
    paid_at = ma.fields.String(metadata=TIME)
    closed_at = ma.fields.String(metadata=TIME)


class BenefitBatchList(ma.Schema):
    """A page of batches."""

    items = ma.fields.List(ma.fields.Nested(BenefitBatchView))
    next = ma.fields.String(allow_none=True)


class BenefitJobView(ma.Schema):
    """How far a long job is, in steps."""

    id = ma.fields.String(metadata=ID)
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 12})
    total = ma.fields.Integer(metadata={"example": 100})


class BenefitLineQuery(BenefitPageQuery):
    """Which lines of a batch."""

    state = ma.fields.String(validate=validate.OneOf(line.STATES), metadata={"example": "blocked"})
    finding = ma.fields.String(validate=validate.OneOf(finding.KINDS), metadata={"example": "died"})


class BenefitFactsBody(ma.Schema):
    """What a line tells besides the amount, as decimals."""

    area_mu = ma.fields.String(validate=_DECIMAL, metadata={"example": "3.25"})
    months = ma.fields.String(validate=_DECIMAL, metadata={"example": "12"})
    quantity = ma.fields.String(validate=_DECIMAL, metadata={"example": "2"})


class BenefitLineBody(ma.Schema):
    """One person's line."""

    name = ma.fields.String(required=True, validate=words(40), metadata={"example": "刘芳"})
    number = ma.fields.String(
        required=True, validate=validate.Length(15, 32), metadata={"example": "11010119900307002X"}
    )
    account = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{9,25})?\Z"), metadata={"example": "6217000000000000000"}
    )
    amount_fen = ma.fields.Integer(required=True, validate=_AMOUNT, metadata=FEN)
    facts = ma.fields.Nested(BenefitFactsBody, load_default=dict, metadata={"example": {"area_mu": "3.25"}})
    area = ma.fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{9}|[0-9]{12})?\Z"), metadata=AREA)


class BenefitFindingView(ma.Schema):
    """What a check found, and whose turn it is."""

    code = ma.fields.String(validate=validate.OneOf(finding.KINDS), metadata={"example": "name_mismatch"})
    zh = ma.fields.String(metadata={"example": "姓名与户籍登记不一致"})
    todo_zh = ma.fields.String(metadata={"example": "核对身份证;姓名写错的,撤销此条并重新填报"})
    whose = ma.fields.String(metadata={"example": "town"})
    whose_zh = ma.fields.String(metadata={"example": "乡镇"})
    blocks = ma.fields.Boolean(metadata={"example": True})
    clearable = ma.fields.Boolean(metadata={"example": True})
    cleared = ma.fields.Boolean(metadata={"example": False})


class BenefitLineView(ma.Schema):
    """A line with masked names."""

    id = ma.fields.String(metadata=ID)
    batch_id = ma.fields.String(metadata=ID)
    item = ma.fields.String(metadata=ITEM)
    period = ma.fields.String(metadata=PERIOD)
    area = ma.fields.String(metadata=AREA)
    name_masked = ma.fields.String(metadata={"example": "刘*"})
    number_masked = ma.fields.String(metadata={"example": "**************002X"})
    account_masked = ma.fields.String(metadata={"example": "****0000"})
    amount_fen = ma.fields.Integer(metadata=FEN)
    decided_fen = ma.fields.Integer(metadata=FEN)
    facts = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.String(), metadata={"example": {"area_mu": "3.25"}}
    )
    state = ma.fields.String(validate=validate.OneOf(line.STATES), metadata={"example": "blocked"})
    state_zh = ma.fields.String(metadata={"example": "暂不发放"})
    findings = ma.fields.List(ma.fields.Nested(BenefitFindingView))


class BenefitLineMoveView(ma.Schema):
    """One entry of a line's history."""

    at = ma.fields.String(metadata=TIME)
    who = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    what = ma.fields.String(metadata={"example": "cleared"})
    finding = ma.fields.String(metadata={"example": "name_mismatch"})
    reason = ma.fields.String(metadata={"example": "document_seen"})


class BenefitWholeLineView(BenefitLineView):
    """A line with its name, why it stands as it does, and what happened to it."""

    name = ma.fields.String(metadata={"example": "刘芳"})
    sentence_zh = ma.fields.String(metadata={"example": "核验通过,将按程序公示、审批后发放。"})
    rule_zh = ma.fields.String(metadata={"example": "符合:承包耕地面积大于 0。"})
    history = ma.fields.List(ma.fields.Nested(BenefitLineMoveView))


class BenefitLineList(ma.Schema):
    """A page of lines."""

    items = ma.fields.List(ma.fields.Nested(BenefitLineView))
    next = ma.fields.String(allow_none=True)


class BenefitClearBody(ma.Schema):
    """Why a finding is set aside."""

    reason = ma.fields.String(
        required=True, validate=validate.OneOf(clear.REASONS), metadata={"example": "document_seen"}
    )


class BenefitWithdrawBody(ma.Schema):
    """Why a line is taken out."""

    reason = ma.fields.String(
        load_default="wrong",
        validate=validate.OneOf(("wrong", "duplicate", "died", "moved_away", "not_eligible")),
        metadata={"example": "wrong"},
    )


class BenefitExportBody(ma.Schema):
    """Why the list is needed."""

    reason = ma.fields.String(required=True, validate=words(200), metadata={"example": "张贴于各村公示栏。"})


class BenefitExportView(ma.Schema):
    """Whether the list may be fetched at once, or which proposal waits for a second person."""

    approval_needed = ma.fields.Boolean(metadata={"description": "false 表示行数不多,可直接下载"})
    approval_id = ma.fields.String(metadata=ID)
    rows = ma.fields.Integer(metadata={"example": 412})


class BenefitPublicBatchView(ma.Schema):
    """A batch that is public."""

    id = ma.fields.String(metadata=ID)
    number = ma.fields.String(metadata=NUMBER)
    item = ma.fields.String(metadata=ITEM)
    item_zh = ma.fields.String(metadata={"example": "耕地地力保护补贴"})
    period = ma.fields.String(metadata=PERIOD)
    unit = ma.fields.String(metadata=UNIT)
    unit_zh = ma.fields.String(metadata={"example": "贡江镇人民政府"})
    lines = ma.fields.Integer(metadata={"example": 118})
    total_fen = ma.fields.Integer(metadata={"example": 1_421_900})
    publicity_from = ma.fields.String(metadata=TIME)
    publicity_until = ma.fields.String(metadata=TIME)
    last_day = ma.fields.String(metadata=DAY)


class BenefitPublicBatchList(ma.Schema):
    """The batches that are public at this moment."""

    items = ma.fields.List(ma.fields.Nested(BenefitPublicBatchView))
    next = ma.fields.String(allow_none=True)


class BenefitPublicLineView(ma.Schema):
    """What everybody may see of a line."""

    id = ma.fields.String(metadata=ID)
    name_masked = ma.fields.String(metadata={"example": "刘*"})
    area = ma.fields.String(metadata=AREA)
    amount_fen = ma.fields.Integer(metadata=FEN)
    state = ma.fields.String(validate=validate.OneOf(("published", "objected")), metadata={"example": "published"})


class BenefitPublicLineList(ma.Schema):
    """A page of a public list, with the batch that it belongs to."""

    batch = ma.fields.Nested(BenefitPublicBatchView)
    items = ma.fields.List(ma.fields.Nested(BenefitPublicLineView))
    next = ma.fields.String(allow_none=True)
