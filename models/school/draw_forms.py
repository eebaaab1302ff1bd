"""What is sent and seen about draws, the same for the office, the public and in the mini-program."""

import marshmallow as ma
from marshmallow import validate

from models.school import draw, draw_proposal, draw_views, publish, result, round_forms, seed_source, trial
from models.school import round as rounds

_TIME = {"example": "2027-07-26T10:00:00+08:00"}
_ROUND = {"example": "2027-primary"}
_SEED = {"example": "3615243615243615243615243615243615243615"}
_PSEUDONYM = {"example": "K7M3Q2X5A4BCDEFG"}
_LOT = {"example": "0b3f9a1c" * 8}
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"


def _text(example: str, **told: object) -> ma.fields.String:
    return ma.fields.String(metadata={"example": example, **told})


def _count(example: int = 3) -> ma.fields.Integer:
    return ma.fields.Integer(metadata={"example": example})


def _words(most: int, example: str) -> ma.fields.String:
    checked = validate.And(validate.Length(2, most), validate.Regexp(_WORDS))
    return ma.fields.String(required=True, validate=checked, metadata={"example": example})


class SchoolTrialQuery(ma.Schema):
    """With how many trial seeds."""

    seeds = ma.fields.Integer(
        load_default=5, validate=validate.Range(1, trial.MOST_SEEDS), metadata={"example": 2}
    )  # fmt: skip


class SchoolFreezeBody(ma.Schema):
    """The mechanism and where the seed will come from; `drand_round` names a round of quicknet, else `moment`."""

    mechanism = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(draw.MECHANISM_ZH)), metadata={"example": "deferred_acceptance"}
    )
    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(seed_source.KIND_ZH)), metadata={"example": "dice"}
    )
    description = _words(300, "县公证处公证员在县教科体局一楼大厅现场掷骰子 40 次,全程直播")
    moment = ma.fields.AwareDateTime(metadata=_TIME)
    drand_round = ma.fields.Integer(
        load_default=0, strict=True, validate=validate.Range(0, seed_source.MOST_ROUND), metadata={"example": 0}
    )


class SchoolThawBody(ma.Schema):
    """Why the list is to be taken back, for the second person."""

    reason = _words(300, "两份申请的梯次录入有误,须更正后重新封存")


class SchoolSeedBody(ma.Schema):
    """The seed as it was thrown or drawn; of a beacon its `randomness` and `signature`."""

    seed = ma.fields.String(required=True, validate=validate.Length(1, 400), metadata=_SEED)
    signature = ma.fields.String(load_default="", validate=validate.Length(0, 200), metadata={"example": ""})


class SchoolPublishBody(ma.Schema):
    """Why now, for the second person, and for how many days the list of names is public."""

    reason = _words(300, "派位结果已复核,按公告时间公布")
    list_days = ma.fields.Integer(
        load_default=7, strict=True, validate=validate.Range(1, publish.MOST_LIST_DAYS), metadata={"example": 7}
    )


class SchoolPseudonymQuery(ma.Schema):
    """The pseudonym that the family sees in its application."""

    pseudonym = ma.fields.String(
        required=True, validate=validate.Regexp(draw_views.PSEUDONYM), metadata=_PSEUDONYM
    )  # fmt: skip


class SchoolLotsQuery(ma.Schema):
    """What was typed into the page: anything, blanks and small letters too."""

    class Meta:
        """A browser may send what else it likes."""

        unknown = ma.EXCLUDE

    pseudonym = ma.fields.String(load_default="", validate=validate.Length(0, 200), metadata=_PSEUDONYM)


class SchoolNamesQuery(ma.Schema):
    """Which page of the list of names."""

    cursor = ma.fields.String(validate=validate.Length(1, 512))


class SchoolSeedSourceView(ma.Schema):
    """Where the seed comes from, named beforehand; of a beacon the hash of its chain and the round."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(seed_source.KIND_ZH)), metadata={"example": "dice"})
    kind_zh = _text("公证现场掷骰子")
    description = _text("县公证处公证员现场掷骰子 40 次")
    moment = ma.fields.String(metadata=_TIME)
    chain = _text(seed_source.QUICKNET)
    drand_round = _count(657413)


class SchoolDrawFileView(ma.Schema):
    """A published file; its digest is that of its bytes."""

    name = _text("list.csv")
    name_zh = _text("封存名单(派位编号、志愿、优先级)")
    size = _count(1024)
    sha256 = _text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")


class SchoolDrawView(ma.Schema):
    """A draw as anybody sees it; `seeds_proposed` counts the seeds that were entered, confirmed or not."""

    state = ma.fields.String(validate=validate.OneOf(tuple(draw.STATES)), metadata={"example": "frozen"})
    state_zh = _text("名单已封存,等待种子")
    mechanism = _text("deferred_acceptance")
    mechanism_zh = _text("延迟接受(稳定匹配)")
    applicants = _count(3000)
    seed_source = ma.fields.Nested(SchoolSeedSourceView)
    seeds_proposed = _count(1)
    seed = ma.fields.String(metadata=_SEED)
    signature = _text("b713718a38ae")
    files = ma.fields.List(ma.fields.Nested(SchoolDrawFileView))
    frozen_at = ma.fields.String(metadata=_TIME)
    seeded_at = ma.fields.String(metadata=_TIME)
    published_at = ma.fields.String(metadata=_TIME)
    cancelled_at = ma.fields.String(metadata=_TIME)


class SchoolMeasuresView(ma.Schema):
    """Counts of children: `by_choice` who got their first, second … wish, `envious` who has justified envy."""

    applicants = _count(3000)
    by_choice = ma.fields.List(ma.fields.Float(), metadata={"example": [2100, 500, 120]})
    unassigned = ma.fields.Float(metadata={"example": 280})
    envious = ma.fields.Float(metadata={"example": 0})
    wanted_empty = ma.fields.Float(metadata={"example": 0})
    could_gain = ma.fields.Float(metadata={"example": 0})
    extra = ma.fields.Float(metadata={"example": 12})


class SchoolTrialSideView(SchoolMeasuresView):
    """Means over the trial seeds; `tried` is how many families tried every other order of their wishes each time."""

    mechanism = _text("deferred_acceptance")
    mechanism_zh = _text("延迟接受(稳定匹配)")
    seeds = _count(5)
    tried = _count(20)


class SchoolUndecidedView(ma.Schema):
    """Applications that wait for a decision, counted up to a bound."""

    submitted = _text("0 份")
    to_correct = _text("0 份")


class SchoolTrialView(ma.Schema):
    """Both mechanisms on the qualified applications as they stand."""

    round = ma.fields.String(metadata=_ROUND)
    at = ma.fields.String(metadata=_TIME)
    seeds = _count(5)
    applicants = _count(3000)
    places = _count(3100)
    undecided = ma.fields.Nested(SchoolUndecidedView)
    mechanisms = ma.fields.List(ma.fields.Nested(SchoolTrialSideView))


class SchoolDrawCheckView(ma.Schema):
    """A recomputation."""

    at = ma.fields.String(metadata=_TIME)
    same = ma.fields.Boolean(metadata={"example": True})


class SchoolOfficeDrawView(SchoolDrawView):
    """A draw as the office sees it; measures are those of the chosen mechanism and of the other one."""

    id = _text("673ec0a5c0ffee0123456789")
    proposal = ma.fields.String(validate=validate.OneOf(tuple(draw_proposal.PROPOSALS)), metadata={"example": "seed"})
    approval_id = _text("673ec0a5c0ffee0123456789")
    checks = ma.fields.List(ma.fields.Nested(SchoolDrawCheckView))
    own_measures = ma.fields.Nested(SchoolMeasuresView)
    other_measures = ma.fields.Nested(SchoolMeasuresView)


class SchoolOfficeRoundDrawView(ma.Schema):
    """The draws of a round, the latest first, the cancelled ones too."""

    round = ma.fields.String(metadata=_ROUND)
    round_state = ma.fields.String(validate=validate.OneOf(tuple(rounds.STATES)), metadata={"example": "frozen"})
    round_state_zh = _text("名单已封存")
    draws = ma.fields.List(ma.fields.Nested(SchoolOfficeDrawView))
    undecided = ma.fields.Nested(SchoolUndecidedView)


class SchoolRoundDrawView(round_forms.RoundHeadView):
    """The draw of a round for anybody, with what was cancelled before it."""

    round = ma.fields.String(metadata=_ROUND)
    report_zh = _text("2027-08-31")
    draw = ma.fields.Nested(SchoolDrawView)
    cancelled = ma.fields.List(ma.fields.Nested(SchoolDrawView))


class SchoolCutOffView(ma.Schema):
    """How far down a school went on some of its seats; `choice` counts under immediate acceptance."""

    seats_of = _text("all")
    seats_of_zh = _text("其他名额")
    seats = _count(90)
    taken = _count(90)
    full = ma.fields.Boolean(metadata={"example": True})
    choice = _count(1)
    priority = _count(101)
    lot = ma.fields.String(metadata=_LOT)


class SchoolLotChoiceView(ma.Schema):
    """A choice, whether it was met, and why or why not."""

    rank = _count(1)
    school = _text("shiyan_primary")
    school_name = _text("于都县实验小学")
    priority = _count(101)
    admitted = ma.fields.Boolean(metadata={"example": True})
    cut_offs = ma.fields.List(ma.fields.Nested(SchoolCutOffView))
    why_zh = _text("录取。")


class SchoolLotView(ma.Schema):
    """What a published draw gave a pseudonym; the lot of tied children is that of `lot_of`."""

    pseudonym = ma.fields.String(metadata=_PSEUDONYM)
    seed = ma.fields.String(metadata=_SEED)
    lot_of = ma.fields.String(metadata=_PSEUDONYM)
    lot = ma.fields.String(metadata=_LOT)
    formula = _text("HMAC-SHA256(key = 361524…, message = K7M3Q2X5A4BCDEFG)")
    position = _count(17)
    applicants = _count(3000)
    kind = ma.fields.String(validate=validate.OneOf(tuple(result.KIND_ZH)), metadata={"example": "drawn"})
    kind_zh = _text("派位录取")
    school = _text("shiyan_primary")
    school_name = _text("于都县实验小学")
    rank = _count(1)
    choices = ma.fields.List(ma.fields.Nested(SchoolLotChoiceView))


class SchoolOwnDrawView(ma.Schema):
    """The draw of one's own application: the pseudonym once the list is frozen, the result once it is published."""

    round = ma.fields.String(metadata=_ROUND)
    pseudonym = ma.fields.String(metadata=_PSEUDONYM)
    draw = ma.fields.Nested(SchoolDrawView)
    result = ma.fields.Nested(SchoolLotView)
