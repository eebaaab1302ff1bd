"""Shapes of uploads."""

import marshmallow as ma
from marshmallow import validate

from models.media import file
from models.media.receive import PART

PURPOSES = [name for name, purpose in file.PURPOSES.items() if "staff" in purpose.owners]
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class OfficeFileBody(ma.Schema):
    """A file that is going to be sent in parts."""

    name = ma.fields.String(required=True, validate=validate.Length(1, 255), metadata={"example": "户口本.jpg"})
    media_type = ma.fields.String(required=True, validate=validate.Length(1, 100), metadata={"example": "image/jpeg"})
    size = ma.fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 1 << 30),
        metadata={"description": "字节数", "example": 482113},
    )
    sha256 = ma.fields.String(
        required=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}\Z"),
        metadata={"description": "整个文件的 SHA-256(小写十六进制)", "example": _SHA256},
    )
    purpose = ma.fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata={"example": PURPOSES[0]})


class OfficeFileView(ma.Schema):
    """A file; while it is being received, with the parts that have arrived."""

    id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    name = ma.fields.String(metadata={"example": "户口本.jpg"})
    media_type = ma.fields.String(metadata={"example": "image/jpeg"})
    purpose = ma.fields.String(metadata={"example": PURPOSES[0]})
    state = ma.fields.String(
        validate=validate.OneOf(file.STATES),
        metadata={"description": "receiving 上传中;uploaded 已上传;attached 已附上", "example": "receiving"},
    )
    size = ma.fields.Integer(metadata={"description": "保存的字节数;图片会重新编码", "example": 482113})
    sha256 = ma.fields.String(metadata={"description": "保存内容的 SHA-256", "example": _SHA256})
    created_at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00+08:00"})
    part_size = ma.fields.Integer(metadata={"description": "每个分片的字节数,最后一片可较短", "example": PART})
    parts = ma.fields.Integer(metadata={"example": 2})
    received = ma.fields.List(ma.fields.Integer(), metadata={"description": "已收到的分片序号,从 0 起", "example": [0]})
