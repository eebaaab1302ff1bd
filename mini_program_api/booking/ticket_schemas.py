"""Shapes of what a phone draws ticket codes by."""

import marshmallow as ma


class TicketSeedView(ma.Schema):
    """`signature` covers the bytes of `package`, which the phone checks before it reads it."""

    package = ma.fields.String(metadata={"description": "JSON 文本, 见 docs/codes.md", "example": '{"version":1}'})
    signature = ma.fields.String(metadata={"description": "Ed25519, base64, 64 字节"})
    key_id = ma.fields.Integer(metadata={"description": "/public/v1/card-keys 中 seed_package 的编号", "example": 1})
    server_time = ma.fields.String(metadata={"example": "2026-11-22T10:00:00.000+08:00"})
