"""Shapes of the health commission's figures and of exports. Null stands for a number too small to tell."""

import marshmallow as ma
from marshmallow import validate

from backend import clock, small_numbers
from models.eldercare import alert_terms, figure

_TIME = {"example": "2026-11-20T02:30:00+08:00"}
_TOWN, _TOWN_ZH = {"example": "360731106"}, {"example": "银坑镇"}
_PERCENT = {"description": "百分比,保留一位小数", "example": 86.3}
_NOTE = {"example": small_numbers.NOTE_ZH}
_WORDS = r"^[\s\x1c-\x1f\x85\ufeff]*[^\x00\s\x1c-\x1f\x85\ufeff][^\x00]*\Z"
FIRST_YEAR, LAST_YEAR = 2024, 2099


def _count(example: int) -> ma.fields.Integer:
    return ma.fields.Integer(allow_none=True, metadata={"example": example})


def _percent() -> ma.fields.Float:
    return ma.fields.Float(allow_none=True, metadata=_PERCENT)


class HealthYearQuery(ma.Schema):
    """Of which year, the present one without."""

    year = ma.fields.Integer(
        load_default=lambda: clock.today().year,
        validate=validate.Range(FIRST_YEAR, LAST_YEAR),
        metadata={"example": 2026},
    )


class HealthMonthQuery(ma.Schema):
    """Of which month, the present one without."""

    month = ma.fields.String(
        load_default=lambda: clock.today().strftime("%Y-%m"),
        validate=validate.Regexp(r"^20[2-9][0-9]-(0[1-9]|1[0-2])\Z"),
        metadata={"example": "2026-11"},
    )


class HealthCheckCounts(ma.Schema):
    """How many enrolled elders there are, and how many had the year's check: whole, in part, not at all."""

    enrolled = _count(620)
    done = _count(535)
    partly = _count(42)
    not_begun = _count(43)
    percent = _percent()


class HealthCheckTown(HealthCheckCounts):
    """The coverage of one town."""

    town = ma.fields.String(metadata=_TOWN)
    town_zh = ma.fields.String(metadata=_TOWN_ZH)


class HealthCheckFigures(ma.Schema):
    """Coverage of the yearly check by town; `as_of` is missing where no night has reckoned that year."""

    year = ma.fields.Integer(metadata={"example": 2026})
    as_of = ma.fields.String(metadata=_TIME)
    towns = ma.fields.List(ma.fields.Nested(HealthCheckTown))
    county = ma.fields.Nested(HealthCheckCounts)
    note_zh = ma.fields.String(metadata=_NOTE)


class HealthControlCounts(ma.Schema):
    """How many elders are managed, and how many reached the target at the last visit of the year."""

    managed = _count(310)
    reached = _count(228)
    not_reached = _count(61)
    not_visited = _count(21)
    percent = _percent()


class HealthControlTown(HealthControlCounts):
    """The control of one illness in one town."""

    town = ma.fields.String(metadata=_TOWN)
    town_zh = ma.fields.String(metadata=_TOWN_ZH)


class HealthControlDisease(ma.Schema):
    """The control of one illness by town."""

    disease = ma.fields.String(validate=validate.OneOf(tuple(figure.CONTROL_ZH)), metadata={"example": "hypertension"})
    disease_zh = ma.fields.String(metadata={"example": "高血压"})
    as_of = ma.fields.String(metadata=_TIME)
    towns = ma.fields.List(ma.fields.Nested(HealthControlTown))
    county = ma.fields.Nested(HealthControlCounts)


class HealthControlFigures(ma.Schema):
    """Control rates of a year."""

    year = ma.fields.Integer(metadata={"example": 2026})
    diseases = ma.fields.List(ma.fields.Nested(HealthControlDisease))
    note_zh = ma.fields.String(metadata=_NOTE)


class HealthAlertOutcomeCount(ma.Schema):
    """How many alerts ended so."""

    outcome = ma.fields.String(metadata={"example": "false_alarm"})
    outcome_zh = ma.fields.String(metadata={"example": alert_terms.OUTCOMES["false_alarm"].zh})
    count = _count(12)


class HealthAlertSeverityFigures(ma.Schema):
    """The alerts of one severity that were raised in a month."""

    severity = ma.fields.String(
        validate=validate.OneOf(alert_terms.SEVERITIES), metadata={"example": alert_terms.SEVERITIES[1]}
    )
    severity_zh = ma.fields.String(metadata={"example": "紧急"})
    raised = _count(96)
    open = _count(7)
    median_minutes_to_acknowledge = ma.fields.Integer(allow_none=True, metadata={"description": "分钟", "example": 6})
    outcomes = ma.fields.List(ma.fields.Nested(HealthAlertOutcomeCount))


class HealthAlertTown(ma.Schema):
    """The alerts of one town."""

    town = ma.fields.String(metadata=_TOWN)
    town_zh = ma.fields.String(metadata=_TOWN_ZH)
    raised = _count(31)
    open = _count(6)
    closed = _count(25)


class HealthAlertFigures(ma.Schema):
    """How the alerts of a month went; `as_of` is missing where no night has reckoned that month."""

    month = ma.fields.String(metadata={"example": "2026-11"})
    as_of = ma.fields.String(metadata=_TIME)
    severities = ma.fields.List(ma.fields.Nested(HealthAlertSeverityFigures))
    towns = ma.fields.List(ma.fields.Nested(HealthAlertTown))
    note_zh = ma.fields.String(metadata=_NOTE)


class HealthUnitControl(HealthControlCounts):
    """The control of one illness among the elders of a unit."""

    disease = ma.fields.String(metadata={"example": "hypertension"})
    disease_zh = ma.fields.String(metadata={"example": "高血压"})


class HealthUnitFigures(ma.Schema):
    """The figures of one's own unit, with small numbers: it knows its elders."""

    unit = ma.fields.String(metadata={"example": "clinic_tantou"})
    unit_zh = ma.fields.String(metadata={"example": "潭头村卫生室"})
    as_of = ma.fields.String(metadata=_TIME)
    yearly_checks = ma.fields.Nested(HealthCheckCounts)
    control = ma.fields.List(ma.fields.Nested(HealthUnitControl))


class HealthUnitFiguresList(ma.Schema):
    """The units for which one works."""

    items = ma.fields.List(ma.fields.Nested(HealthUnitFigures))
    next = ma.fields.String(allow_none=True, metadata={"example": None})


class HealthDueExportBody(HealthYearQuery):
    """Of which town and year, and what for."""

    town = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9]{9}\Z"), metadata=_TOWN)
    reason = ma.fields.String(
        required=True,
        validate=validate.And(validate.Length(1, 500), validate.Regexp(_WORDS)),
        metadata={"example": "通知未体检老人"},
    )


class HealthExportView(ma.Schema):
    """The proposal that a second person decides on, and how many rows there will be at most."""

    approval_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    rows = ma.fields.Integer(metadata={"example": 85})
