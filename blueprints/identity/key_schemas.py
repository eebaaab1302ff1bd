"""Shapes of keys and their rotation. No shape has a field for a key."""

import marshmallow as ma
from marshmallow import validate

from backend.keys.algorithms import ALGORITHMS
from backend.keys.data_key import STATES
from backend.keys.rotation import WHAT

_TIME = {"example": "2026-11-24T09:00:00+08:00"}
_RECORD = {"example": "673ec0a5c0ffee0123456789"}
_KEK = {"example": "2026-1", "description": "主密钥编号"}


class RotationBody(ma.Schema):
    """Which kind of key is rotated."""

    what = ma.fields.String(required=True, validate=validate.OneOf(WHAT), metadata={"example": "field_key"})


class RotationJobView(ma.Schema):
    """The job of a rotation; `total` was counted when it began."""

    id = ma.fields.String(metadata=_RECORD)
    task = ma.fields.String(metadata={"example": "keys.rotate"})
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "running"})
    done = ma.fields.Integer(metadata={"example": 0})
    total = ma.fields.Integer(metadata={"example": 412})
    started_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    started_at = ma.fields.String(metadata=_TIME)


class DataKeyView(ma.Schema):
    """A data key, without its bytes."""

    id = ma.fields.Integer(metadata={"example": 2})
    algorithm = ma.fields.String(validate=validate.OneOf(tuple(ALGORITHMS)), metadata={"example": "sm4-gcm"})
    key_encryption_key = ma.fields.String(metadata=_KEK)
    state = ma.fields.String(validate=validate.OneOf(STATES), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "使用中"})
    created_at = ma.fields.String(metadata=_TIME)
    retired_at = ma.fields.String(metadata=_TIME)


class IndexKeyView(ma.Schema):
    """A blind-index key, and whether every record carries a value of it."""

    id = ma.fields.Integer(metadata={"example": 1})
    complete = ma.fields.Boolean(metadata={"example": True})


class RotationView(ma.Schema):
    """A rotation: `seen`, `found` and `broken` count the pass that runs or was last, `moved` all passes."""

    what = ma.fields.String(validate=validate.OneOf(WHAT), metadata={"example": "field_key"})
    what_zh = ma.fields.String(metadata={"example": "字段数据密钥"})
    state = ma.fields.String(validate=validate.OneOf(("running", "done")), metadata={"example": "done"})
    job_id = ma.fields.String(metadata=_RECORD)
    number = ma.fields.Integer(data_key="pass", metadata={"example": 2})
    seen = ma.fields.Integer(metadata={"example": 100_000})
    found = ma.fields.Integer(metadata={"example": 0})
    broken = ma.fields.Integer(metadata={"example": 0})
    moved = ma.fields.Integer(metadata={"example": 100_000})
    clean = ma.fields.Boolean(metadata={"example": True, "description": "旧密钥下已无数据"})
    started_by = ma.fields.String(metadata={"example": "staff:673ec0a5c0ffee0123456789"})
    started_at = ma.fields.String(metadata=_TIME)
    finished_at = ma.fields.String(metadata=_TIME)


class KeysView(ma.Schema):
    """All keys of personal data, by id."""

    key_encryption_key = ma.fields.String(metadata=_KEK)
    field_algorithm = ma.fields.String(validate=validate.OneOf(tuple(ALGORITHMS)), metadata={"example": "sm4-gcm"})
    data_keys = ma.fields.List(ma.fields.Nested(DataKeyView))
    index_keys = ma.fields.List(ma.fields.Nested(IndexKeyView))
    rotation = ma.fields.Nested(RotationView)
