"""Shapes of searching."""

import marshmallow as ma
from marshmallow import validate

from mini_program_api.places.schemas import NearQuery
from models.tourism.search_match import WORDS
from models.tourism.search_term import KINDS


class SearchQuery(NearQuery):
    """What is looked for: characters, pinyin or initials."""

    q = ma.fields.String(required=True, validate=validate.Length(1, 40), metadata={"example": "tianyan"})
    kind = ma.fields.String(validate=validate.OneOf(tuple(KINDS)), metadata={"example": "place"})
    cursor = ma.fields.String(validate=validate.Length(1, 100))
    limit = ma.fields.Integer(load_default=20, validate=validate.Range(1, 50), metadata={"example": 20})


class HighlightView(ma.Schema):
    """Where it was found: a text and the letters to mark, each from its first to before its last position."""

    field = ma.fields.String(metadata={"example": "name"})
    text = ma.fields.String(metadata={"example": "罗田岩"})
    ranges = ma.fields.List(ma.fields.List(ma.fields.Integer()), metadata={"example": [[1, 3]]})


class SearchItem(ma.Schema):
    """One thing that was found, and by what."""

    kind = ma.fields.String(validate=validate.OneOf(tuple(KINDS)), metadata={"example": "place"})
    id = ma.fields.String(metadata={"example": "luotianyan"})
    name = ma.fields.String(metadata={"example": "罗田岩"})
    type = ma.fields.String(metadata={"example": "风景名胜/石刻"})
    town = ma.fields.String(metadata={"example": "贡江镇"})
    distance_m = ma.fields.Integer(metadata={"example": 2500})
    matched = ma.fields.String(validate=validate.OneOf(WORDS), metadata={"example": "pinyin"})
    highlights = ma.fields.List(ma.fields.Nested(HighlightView))


class SearchAnswer(ma.Schema):
    """A page of what was found; where nothing was, spellings to try instead."""

    items = ma.fields.List(ma.fields.Nested(SearchItem))
    next = ma.fields.String(allow_none=True, metadata={"example": "place:luotianyan"})
    suggestions = ma.fields.List(ma.fields.String(), metadata={"example": ["罗田岩"]})
