"""Shapes of points, routes and exhibits as staff write them."""

import marshmallow as ma
from marshmallow import validate

from models.content.fields import ID
from models.tourism.exhibit import LARGEST_NUMBER, GuideExhibit
from models.tourism.guide_count import LONGEST_DAYS
from models.tourism.itinerary_curated import CuratedItinerary
from models.tourism.point import GuidePoint
from models.tourism.route import GuideRoute

_PLACE = {"description": "所属景点,没有则属于本单位", "example": "park"}
_DAY = {"example": "2026-11-24"}


class PointBody(ma.Schema):
    """A point as a draft; an id that says something is easier to remember."""

    id = ma.fields.String(validate=validate.Regexp(ID), metadata={"example": "park_sculpture"})
    place = ma.fields.String(validate=validate.Length(1, 64), metadata=_PLACE)
    content = ma.fields.Nested(GuidePoint, required=True)


class RouteBody(ma.Schema):
    """A route as a draft."""

    id = ma.fields.String(validate=validate.Regexp(ID), metadata={"example": "park_walk_short"})
    place = ma.fields.String(validate=validate.Length(1, 64), metadata=_PLACE)
    content = ma.fields.Nested(GuideRoute, required=True)


class ExhibitBody(ma.Schema):
    """An exhibit as a draft, with the number of its label."""

    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})
    number = ma.fields.Integer(required=True, validate=validate.Range(1, LARGEST_NUMBER), metadata={"example": 12})
    content = ma.fields.Nested(GuideExhibit, required=True)


class ItineraryDraftBody(ma.Schema):
    """A curated itinerary as a draft of one's own unit."""

    id = ma.fields.String(validate=validate.Regexp(ID), metadata={"example": "one_day_departure"})
    content = ma.fields.Nested(CuratedItinerary, required=True)


class CodesQuery(ma.Schema):
    """Of which place."""

    place = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata={"example": "museum"})


class CodesBody(CodesQuery):
    """Whose exhibits get their codes."""


class CodesStarted(ma.Schema):
    """The job that makes the codes."""

    job_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    total = ma.fields.Integer(metadata={"example": 120})


class CodesView(CodesStarted):
    """How far the job is; `failures` names exhibits that got none."""

    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 40})
    failures = ma.fields.List(ma.fields.Dict(), metadata={"example": [{"item": "ex1", "reason": "wechat_failure"}]})


class CountQuery(ma.Schema):
    """Of which days, at most a year."""

    first = ma.fields.Date(data_key="from", required=True, metadata=_DAY)
    last = ma.fields.Date(data_key="to", required=True, metadata=_DAY)

    @ma.validates_schema
    def short(self, data: dict[str, ma.fields.Date], **_kwargs: object) -> None:
        """Nobody reads more than a year of days."""
        if not 0 <= (data["last"] - data["first"]).days < LONGEST_DAYS:  # type: ignore[operator]
            raise ma.ValidationError("日期范围有误,一次最多查询一年。", "to")


class CountView(ma.Schema):
    """The looks of a day."""

    day = ma.fields.String(metadata=_DAY)
    count = ma.fields.Integer(metadata={"example": 318})


class CountList(ma.Schema):
    """Days with looks."""

    items = ma.fields.List(ma.fields.Nested(CountView))
