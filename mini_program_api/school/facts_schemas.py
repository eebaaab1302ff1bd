"""Shapes of children that were found, and of what is known of a child."""

import marshmallow as ma
from marshmallow import validate

from models.registers.fact import STATE_ZH
from models.school import fact_forms
from models.school import round as rounds
from models.school.fact_rows import ABOUT_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_ROUND = {"example": "2027-primary"}
_CODE = {"example": "shiyan_primary"}


class FoundSchoolView(ma.Schema):
    """A school that a child may apply to."""

    code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata={"example": "于都县实验小学"})


class MissingFactView(fact_forms.SchoolLackView):
    """What is not known yet, and why."""

    why = ma.fields.String(metadata={"example": "no_answer"})


class FoundChildView(ma.Schema):
    """A child that was found for a round: schools, 梯次, what is missing, when to apply; being first is no advantage.

    Without `relation_id` one is not the child's guardian here yet.
    """

    id = ma.fields.String(metadata=_ID)
    round = ma.fields.String(metadata=_ROUND)
    round_zh = ma.fields.String(metadata={"example": "2027 年秋季小学一年级招生"})
    child_id = ma.fields.String(metadata=_ID)
    child_name = ma.fields.String(metadata={"example": "刘**"})
    schools = ma.fields.List(ma.fields.Nested(FoundSchoolView))
    certain = ma.fields.Boolean(metadata={"example": True})
    eligible = ma.fields.String(validate=validate.OneOf(("yes", "no", "unknown")), metadata={"example": "yes"})
    tier_zh = ma.fields.String(metadata={"example": "第 1 梯次"})
    missing = ma.fields.List(ma.fields.Nested(fact_forms.SchoolLackView))
    window_zh = ma.fields.String(metadata={"example": "2027-07-01 09:00 至 2027-07-10 18:00"})
    no_speed_zh = ma.fields.String(metadata={"example": "先后提交不影响结果"})
    relation_id = ma.fields.String(metadata=_ID)


class FoundChildList(ma.Schema):
    """The children found for oneself, newest first: a few."""

    items = ma.fields.List(ma.fields.Nested(FoundChildView))
    next = ma.fields.String(allow_none=True)


class ChildFactQuery(ma.Schema):
    """In which round the facts are looked at."""

    round = ma.fields.String(required=True, validate=validate.Regexp(rounds.CODE), metadata=_ROUND)


class ChildFactView(fact_forms.SchoolFactView):
    """An entry of a register. At `dispute` one says that it is wrong, with `acting_for` as the header `Acting-For`."""

    about = ma.fields.String(validate=validate.OneOf(tuple(ABOUT_ZH)), metadata={"example": "child"})
    state = ma.fields.String(validate=validate.OneOf(tuple(STATE_ZH)), metadata={"example": "current"})
    dispute = ma.fields.String(metadata={"example": "/mini/v1/facts/673ec0a5c0ffee0123456789/dispute"})
    acting_for = ma.fields.String(metadata=_ID)


class ChildBasisView(ma.Schema):
    """A household, property or residence on which the child's district may rest, and why that district."""

    fact = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(metadata={"example": "household"})
    kind_zh = ma.fields.String(metadata={"example": "户籍"})
    districts = ma.fields.List(ma.fields.String(metadata={"example": "chengdong"}))
    schools = ma.fields.List(ma.fields.String(metadata=_CODE))
    certain = ma.fields.Boolean(metadata={"example": True})
    why_zh = ma.fields.String(metadata={"example": "户籍或居住地所在的村(社区)整体划入城东片区。"})


class ChildFactsView(ma.Schema):
    """What is known of a child and its guardians, and what is not."""

    items = ma.fields.List(ma.fields.Nested(ChildFactView))
    bases = ma.fields.List(ma.fields.Nested(ChildBasisView))
    missing = ma.fields.List(ma.fields.Nested(MissingFactView))
    next = ma.fields.String(allow_none=True)


class FoundGuardianView(ma.Schema):
    """The relation by which one acts for the child."""

    relation_id = ma.fields.String(metadata=_ID)
    state = ma.fields.String(metadata={"example": "active"})
    until = ma.fields.String(metadata={"example": "2034-05-01T00:00:00+08:00"})
