"""Shapes of scans and of the keys that verify tickets."""

import marshmallow as ma
from marshmallow import validate

from models.booking import ticket


class ScanBody(ma.Schema):
    """The text that the scanner read."""

    code = ma.fields.String(required=True, validate=validate.Length(1, 600), metadata={"example": "5R80:8 9WE%4K/F…"})


class ScanView(ma.Schema):
    """What the gate shows; `inspect` names the document to look at where a concession was taken."""

    result = ma.fields.String(metadata={"example": "admitted"})
    message = ma.fields.String(metadata={"example": "请进。"})
    ticket = ma.fields.String()
    ticket_class = ma.fields.String(metadata={"example": "senior_65"})
    age_band = ma.fields.String(metadata={"example": "senior"})
    inspect = ma.fields.String(metadata={"example": "resident_id"})
    first_scan_at = ma.fields.String()
    first_scan_gate = ma.fields.String()
    valid_day = ma.fields.String()
    enter_from = ma.fields.String()
    enter_until = ma.fields.String()


class KeyView(ma.Schema):
    """A public key of ticket codes."""

    key_id = ma.fields.Integer()
    kind = ma.fields.Integer(metadata={"description": "票码首字节", "example": ticket.KIND})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata={"description": "base64, 32 bytes"})


class KeyList(ma.Schema):
    """All keys that tickets in circulation may be signed with."""

    items = ma.fields.List(ma.fields.Nested(KeyView))
    next = ma.fields.String(allow_none=True)
