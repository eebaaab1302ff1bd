"""Shapes of codes at scanners, of their keys, and of printed cards."""

import marshmallow as ma
from marshmallow import validate


class CardCodeBody(ma.Schema):
    """The text that the scanner read."""

    code = ma.fields.String(
        required=True,
        validate=validate.Length(1, 600),
        metadata={"example": "8L86H06%I8WO8PNDHP4B1DK0IX5-K9D8V:9O5BJ4YDX0RCR9M*C"},
    )


class CardCodeView(ma.Schema):
    """What the scanner shows; name and age band only where its class needs them."""

    result = ma.fields.String(metadata={"example": "accepted"})
    message = ma.fields.String(metadata={"example": "核验通过。"})
    kind = ma.fields.String(metadata={"example": "identity"})
    kind_zh = ma.fields.String(metadata={"example": "身份凭证"})
    medium = ma.fields.String(metadata={"description": "phone、family 或 printed", "example": "phone"})
    name = ma.fields.String(metadata={"description": "脱敏姓名", "example": "张**"})
    age_band = ma.fields.String(metadata={"example": "senior"})
    offset_seconds = ma.fields.Integer(metadata={"description": "手机时间快了多少秒, 负数为慢", "example": 420})


class CardPublicKeyView(ma.Schema):
    """A public key."""

    key_id = ma.fields.Integer(metadata={"example": 1})
    use = ma.fields.String(metadata={"description": "printed_card 或 seed_package", "example": "printed_card"})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata={"description": "base64, 32 字节"})


class CardPublicKeyList(ma.Schema):
    """The public keys of printed cards and of seed packages."""

    items = ma.fields.List(ma.fields.Nested(CardPublicKeyView))
    next = ma.fields.String(allow_none=True)


class PrintedCardView(ma.Schema):
    """A printed card; given once, not kept."""

    credential_id = ma.fields.String(metadata={"example": "673ec0a5c0ffee0123456789"})
    generation = ma.fields.Integer(metadata={"example": 1})
    last_day = ma.fields.String(metadata={"example": "2027-11-22"})
    text = ma.fields.String(metadata={"description": "二维码内容", "example": "CT1:NCFG80030FFWMWGSLK"})
    picture = ma.fields.String(metadata={"description": "PNG, base64, 85.6 × 54 毫米, 300 dpi"})
