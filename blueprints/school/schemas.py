"""Shapes of rounds, schools, plans and where a home belongs."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from models.rules.grammar import CODE as RULE_CODE
from models.school import address_text, round_forms, school, seat_plan
from models.school import round as rounds

LON, LAT = 180, 90
_ROUND = {"example": "2027-primary"}
_TOWN = {"example": "360731100"}
_POINT = {"description": "经度、纬度(WGS-84)", "example": [115.409, 25.955]}
_REPORT = {"description": "报到日", "example": "2027-08-31"}
_NAME = validate.Length(1, 60)


def _moment(example: str) -> ma.fields.AwareDateTime:
    return ma.fields.AwareDateTime(required=True, metadata={"example": example})


def _rule(example: str) -> ma.fields.String:
    return ma.fields.String(
        required=True, validate=validate.Regexp(f"^{RULE_CODE}\\Z"), metadata={"example": example}
    )  # fmt: skip


def _count(most: int, example: int, least: int = 0) -> ma.fields.Integer:
    return ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(least, most), metadata={"example": example}
    )  # fmt: skip


class RoundRulesBody(ma.Schema):
    """Which rule sets decide."""

    eligible = _rule("school_primary_eligible")
    tier = _rule("school_primary_tier")
    priority = _rule("school_primary_priority")


class RoundChangeBody(ma.Schema):
    """A round, whole."""

    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "2027 年秋季小学一年级招生"})
    stage = ma.fields.String(
        required=True, validate=validate.OneOf(list(rounds.STAGE_ZH)), metadata={"example": "primary"}
    )  # fmt: skip
    school_year = _count(2100, 2027, 2020)
    rules = ma.fields.Nested(RoundRulesBody, required=True)
    rule_day = ma.fields.Date(required=True, metadata={"example": "2027-08-31"})
    opens_at = _moment("2027-07-01T09:00:00+08:00")
    closes_at = _moment("2027-07-10T18:00:00+08:00")
    review_until = _moment("2027-07-25T18:00:00+08:00")
    accept_days = _count(30, 5, 1)
    most_choices = _count(rounds.MOST_CHOICES, 5, 1)
    double_review_percent = _count(100, 10)
    report_day = ma.fields.Date(load_default=None, allow_none=True, metadata=_REPORT)


class RoundReportDayBody(ma.Schema):
    """The day on which children report to their school."""

    report_day = ma.fields.Date(required=True, metadata=_REPORT)


class RoundBody(RoundChangeBody):
    """A round with its code."""

    id = ma.fields.String(required=True, validate=validate.Regexp(rounds.CODE), metadata=_ROUND)


class RoundAnnounceBody(ma.Schema):
    """Whether the warnings of the report were looked at."""

    accept_warnings = ma.fields.Boolean(load_default=False, metadata={"example": True})


class SchoolRoundView(round_forms.RoundTermsView):
    """A round as anybody reads it."""

    id = ma.fields.String(metadata=_ROUND)
    rules = ma.fields.Dict(metadata={"example": {"tier": "school_primary_tier"}})
    rule_day = ma.fields.String(metadata={"example": "2027-08-31"})
    report_day = ma.fields.String(allow_none=True, metadata=_REPORT)
    report_zh = ma.fields.String(metadata={"example": "2027-08-31"})
    accept_days = ma.fields.Integer(metadata={"example": 5})
    window = ma.fields.String(validate=validate.OneOf(("before", "open", "closed")), metadata={"example": "before"})
    fair_zh = ma.fields.String(metadata={"example": "在报名时间内先后提交不影响结果。"})


class SchoolRoundList(ma.Schema):
    """All rounds, the latest first; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(SchoolRoundView))
    next = ma.fields.String(allow_none=True)


class RoundEventView(ma.Schema):
    """What was done to a round, and which warnings were accepted with it."""

    at = ma.fields.String(metadata={"example": "2027-06-20T10:00:00+08:00"})
    what = ma.fields.String(metadata={"example": "announced"})
    by = ma.fields.String(metadata={"example": "staff:0123456789abcdef01234567"})
    accepted = ma.fields.List(ma.fields.String())


class OfficeRoundView(SchoolRoundView):
    """A round as staff read it."""

    double_review_percent = ma.fields.Integer(metadata={"example": 10})
    districts = ma.fields.Integer(metadata={"example": 6})
    districts_at = ma.fields.String(allow_none=True, metadata={"example": "2027-06-01T10:00:00+08:00"})
    history = ma.fields.List(ma.fields.Nested(RoundEventView))


class OfficeRoundList(ma.Schema):
    """All rounds, the latest first; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(OfficeRoundView))
    next = ma.fields.String(allow_none=True)


class FindingView(ma.Schema):
    """What is wrong with a round."""

    code = ma.fields.String(metadata={"example": "overlap"})
    code_zh = ma.fields.String(metadata={"example": "学区重叠"})
    severity = ma.fields.String(validate=validate.OneOf(("blocking", "warning")), metadata={"example": "blocking"})
    severity_zh = ma.fields.String(metadata={"example": "须先处理"})
    zh = ma.fields.String(metadata={"example": "东片区与西片区重叠约 2,400 平方米,且对应学校不同。"})
    about = ma.fields.List(ma.fields.String(), metadata={"example": ["d1", "d2"]})
    size_m2 = ma.fields.Integer(allow_none=True, metadata={"example": 2400})
    point = ma.fields.List(ma.fields.Float(), allow_none=True, metadata=_POINT)


class RoundReportView(ma.Schema):
    """Everything that is wrong with a round, what blocks it first."""

    may_announce = ma.fields.Boolean(metadata={"example": False})
    blocking = ma.fields.Integer(metadata={"example": 1})
    warnings = ma.fields.Integer(metadata={"example": 2})
    items = ma.fields.List(ma.fields.Nested(FindingView))
    next = ma.fields.String(allow_none=True)


class SchoolChangeBody(ma.Schema):
    """What is said about a school, whole."""

    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "长征源小学"})
    stages = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(school.STAGES)), required=True, validate=validate.Length(1, 2),
        metadata={"example": ["primary"]},
    )  # fmt: skip
    ownership = ma.fields.String(
        required=True, validate=validate.OneOf(list(school.OWNERSHIP_ZH)), metadata={"example": "public"}
    )  # fmt: skip
    town = ma.fields.String(load_default="", validate=validate.Regexp(r"^([0-9]{9})?\Z"), metadata=_TOWN)
    address = ma.fields.String(load_default="", validate=validate.Length(0, 200), metadata={"example": ""})
    point = ma.fields.List(
        ma.fields.Float(validate=validate.Range(-LON, LON)), load_default=None, allow_none=True,
        validate=validate.Length(equal=2), metadata=_POINT,
    )  # fmt: skip
    unit = ma.fields.String(required=True, validate=validate.Length(2, 64), metadata={"example": "education_sports"})
    state = ma.fields.String(
        load_default="active", validate=validate.OneOf(list(school.STATE_ZH)), metadata={"example": "active"}
    )  # fmt: skip
    source = ma.fields.String(load_default="", validate=validate.Length(0, 300), metadata={"example": "县教科体局"})


class SchoolBody(SchoolChangeBody):
    """A school with its code."""

    id = ma.fields.String(
        required=True, validate=validate.Regexp(school.CODE), metadata={"example": "changzhengyuan_primary"}
    )  # fmt: skip


class SchoolView(ma.Schema):
    """A school as anybody reads it."""

    id = ma.fields.String(metadata={"example": "changzhengyuan_primary"})
    name = ma.fields.String(metadata={"example": "长征源小学"})
    stages = ma.fields.List(ma.fields.String(), metadata={"example": ["primary"]})
    ownership = ma.fields.String(metadata={"example": "public"})
    ownership_zh = ma.fields.String(metadata={"example": "公办"})
    town = ma.fields.String(metadata=_TOWN)
    address = ma.fields.String(metadata={"example": ""})
    point = ma.fields.List(ma.fields.Float(), allow_none=True, metadata=_POINT)
    made_up = ma.fields.Boolean(metadata={"description": "演示虚构", "example": False})
    source = ma.fields.String(metadata={"example": "县教科体局"})


class OfficeSchoolView(SchoolView):
    """A school as staff read it."""

    unit = ma.fields.String(metadata={"example": "education_sports"})
    state = ma.fields.String(metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "招生"})


class OfficeSchoolList(ma.Schema):
    """Schools by code; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(OfficeSchoolView))
    next = ma.fields.String(allow_none=True)


class SchoolQuery(ma.Schema):
    """Of which stage."""

    stage = ma.fields.String(
        load_default="", validate=validate.OneOf(("", *school.STAGES)), metadata={"example": "primary"}
    )  # fmt: skip


class SeatPlanBody(ma.Schema):
    """How many places a school has."""

    places = _count(seat_plan.MOST_PLACES, 135)
    classes = _count(seat_plan.MOST_CLASSES, 3, 1)
    class_size = _count(seat_plan.MOST_CLASS_SIZE, 45, 1)
    reserves = ma.fields.Dict(
        keys=ma.fields.String(validate=validate.Regexp(r"^[1-9][0-9]?\Z")),
        values=ma.fields.Integer(strict=True, validate=validate.Range(0, seat_plan.MOST_PLACES)),
        load_default=dict,
        metadata={"description": "按梯次预留的名额", "example": {"4": 10}},
    )


class SeatPlanView(ma.Schema):
    """The plan of a school."""

    school = ma.fields.Nested(SchoolView)
    places = ma.fields.Integer(metadata={"example": 135})
    classes = ma.fields.Integer(metadata={"example": 3})
    class_size = ma.fields.Integer(metadata={"example": 45})
    taken = ma.fields.Integer(metadata={"example": 0})
    reserves = ma.fields.Dict(metadata={"example": {"4": 10}})
    note_zh = ma.fields.String(metadata={"example": ""})


class SeatPlanList(ma.Schema):
    """All plans of a round, by school; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(SeatPlanView))
    next = ma.fields.String(allow_none=True)


class WhereBody(ma.Schema):
    """A home: its address, its village, or a position."""

    address = ma.fields.String(
        load_default="", validate=validate.Length(0, address_text.LONGEST), metadata={"example": "演示大道12号"}
    )
    village = ma.fields.String(
        load_default="", validate=validate.Regexp(r"^([0-9]{12})?\Z"), metadata={"example": "360731100003"}
    )
    lon = ma.fields.Float(validate=validate.Range(-LON, LON), metadata={"example": 115.4})
    lat = ma.fields.Float(validate=validate.Range(-LAT, LAT), metadata={"example": 25.95})
    datum = ma.fields.String(
        load_default="wgs84", validate=validate.OneOf(("wgs84", "gcj02")), metadata={"example": "wgs84"}
    )

    @ma.validates_schema
    def together(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Longitude and latitude come together, and something must be told."""
        if ("lon" in data) != ("lat" in data):
            raise ma.ValidationError("经度和纬度要一起提供。", "lon")
        if not data.get("address") and not data.get("village") and "lon" not in data:
            raise ma.ValidationError("请填写地址、村(社区)或位置中的至少一项。", "address")


class NamedView(ma.Schema):
    """A school or district by code and name."""

    code = ma.fields.String(metadata={"example": "changzhengyuan_primary"})
    name = ma.fields.String(metadata={"example": "长征源小学"})


class LocatedView(ma.Schema):
    """Where a home belongs, and why."""

    districts = ma.fields.List(ma.fields.Nested(NamedView))
    schools = ma.fields.List(ma.fields.Nested(NamedView))
    overflow = ma.fields.List(ma.fields.Nested(NamedView))
    certain = ma.fields.Boolean(metadata={"description": "为假时由工作人员核实后确定", "example": True})
    how = ma.fields.String(metadata={"example": "house_number"})
    how_zh = ma.fields.String(metadata={"example": "门牌规定"})
    distance_m = ma.fields.Float(allow_none=True, metadata={"description": "距最近学区界线(米)", "example": 34.4})
    why_zh = ma.fields.String(metadata={"example": "门牌 演示大道 12 号,按“演示大道 1–80 号双号”划入西北片区。"})
