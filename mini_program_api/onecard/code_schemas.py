"""Shapes of seed packages and of the server's time."""

import marshmallow as ma


class SeedPackageView(ma.Schema):
    """The seeds of this phone; `signature` covers the bytes of `package`, which the phone checks before it reads it."""

    credential_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    package = ma.fields.String(metadata={"description": "JSON 文本, 见 docs/codes.md", "example": '{"version":1}'})
    signature = ma.fields.String(metadata={"description": "Ed25519, base64, 64 字节"})
    key_id = ma.fields.Integer(metadata={"description": "/public/v1/card-keys 中 seed_package 的编号", "example": 1})
    last_day = ma.fields.String(metadata={"description": "最后一个有效日", "example": "2026-11-29"})
    server_time = ma.fields.String(metadata={"example": "2026-11-22T10:00:00.000+08:00"})


class ServerTimeView(ma.Schema):
    """The server's clock: offset = server_unix_ms − (sent + received) / 2."""

    server_time = ma.fields.String(metadata={"example": "2026-11-22T10:00:00.000+08:00"})
    server_unix_ms = ma.fields.Integer(metadata={"example": 1795312800000})
