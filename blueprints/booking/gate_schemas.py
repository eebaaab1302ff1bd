"""Shapes of scans and of the keys that verify tickets."""

from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend import identity_documents
from models.booking import ticket


class ReadDocumentBody(ma.Schema):
    """What a card reader read. Sent in the body only, and kept nowhere."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(identity_documents.KINDS)), metadata={"example": "resident_id"}
    )
    number = ma.fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"example": "11010519491231002X"}
    )


class ScanBody(ma.Schema):
    """The text that the scanner read, or the document. A gate for both ways says which way it is now."""

    code = ma.fields.String(validate=validate.Length(1, 600), metadata={"example": "5R80:8 9WE%4K/F…"})
    document = ma.fields.Nested(ReadDocumentBody)
    direction = ma.fields.String(validate=validate.OneOf(("in", "out")), metadata={"example": "in"})

    @ma.validates_schema
    def one_of_both(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Either a code or a document."""
        if ("code" in data) == ("document" in data):
            raise ma.ValidationError("请提供 code 或 document 之一。", "code")


class ScanView(ma.Schema):
    """What the gate shows; `inspect` names the document to look at where a concession was taken or the place wants it.

    `entries` counts those to the gate's zone; without `entries_left` there may be any number more.
    """

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
    zone = ma.fields.String(metadata={"example": "hall_a"})
    direction = ma.fields.String(metadata={"example": "in"})
    shown_by = ma.fields.String(metadata={"example": "rotating"})
    entries = ma.fields.Integer(metadata={"example": 1})
    entries_left = ma.fields.Integer(metadata={"example": 0})
    places_left = ma.fields.Integer(metadata={"description": "已释放的票:本时段还有多少名额", "example": 3})


class DayListBody(ma.Schema):
    """A fresh X25519 key, and the cursor of the last page; without one the list from its beginning."""

    public_key = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z"),
        metadata={"example": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
    )
    cursor = ma.fields.String(validate=validate.Length(1, 400), metadata={"example": "WyIyMDI2LTExLTI0Iiwi…"})


class SealedListView(ma.Schema):
    """The list, as docs/devices.md says how to open it."""

    algorithm = ma.fields.String(metadata={"example": "X25519-HKDF-SHA256-AES256GCM"})
    public_key = ma.fields.String(metadata={"example": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="})
    sealed = ma.fields.String(metadata={"description": "base64", "example": "q83vEjRWeJq83vEjRWeJq83vEjRWeJo="})


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
