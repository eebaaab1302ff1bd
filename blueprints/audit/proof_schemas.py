"""Shapes of heads and proofs. Hashes are hexadecimal, signatures and keys base64."""

import marshmallow as ma
from marshmallow import validate

from blueprints.audit.schemas import AuditPageQuery

_HASH = {"example": "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}
_SIZE = {"example": 120}
_LARGEST = 2**62


def _size(*, required: bool = False) -> ma.fields.Integer:
    return ma.fields.Integer(required=required, validate=validate.Range(1, _LARGEST), metadata=_SIZE)


class TreeHeadQuery(AuditPageQuery):
    """Which page of heads."""


class TreeHeadView(ma.Schema):
    """What the whole log was at an instant; the signature is over TreeHeadSignature of RFC 6962, section 3.5."""

    number = ma.fields.Integer(metadata={"example": 7})
    tree_size = ma.fields.Integer(metadata=_SIZE)
    timestamp = ma.fields.Integer(metadata={"description": "毫秒时间戳,签名内容的一部分", "example": 1795400000123})
    at = ma.fields.String(metadata={"example": "2026-11-23T09:30:00.123+08:00"})
    root_hash = ma.fields.String(metadata=_HASH)
    key_id = ma.fields.Integer(metadata={"example": 1})
    signature = ma.fields.String(metadata={"description": "Ed25519,base64"})


class TreeHeadList(ma.Schema):
    """A page of heads, newest first."""

    items = ma.fields.List(ma.fields.Nested(TreeHeadView))
    next = ma.fields.String(allow_none=True)


class AuditKeyView(ma.Schema):
    """A public key."""

    key_id = ma.fields.Integer(metadata={"example": 1})
    algorithm = ma.fields.String(metadata={"example": "Ed25519"})
    public_key = ma.fields.String(metadata={"description": "32 字节,base64"})


class AuditKeyList(ma.Schema):
    """All keys that ever signed."""

    items = ma.fields.List(ma.fields.Nested(AuditKeyView))
    next = ma.fields.String(allow_none=True)


class ConsistencyQuery(ma.Schema):
    """Two tree sizes."""

    first = _size(required=True)
    second = _size(required=True)


class ConsistencyView(ma.Schema):
    """Hashes that lead from the older root to the newer one (RFC 9162, 2.1.4.2)."""

    first = ma.fields.Integer(metadata=_SIZE)
    second = ma.fields.Integer(metadata=_SIZE)
    proof = ma.fields.List(ma.fields.String(metadata=_HASH))


class InclusionQuery(ma.Schema):
    """A leaf hash, and the size of the log to show it in: the newest published one unless given."""

    hash = ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"), metadata=_HASH)
    size = _size()


class InclusionView(ma.Schema):
    """Hashes that lead from the leaf to the root (RFC 9162, 2.1.3.2)."""

    leaf_index = ma.fields.Integer(metadata={"example": 41})
    tree_size = ma.fields.Integer(metadata=_SIZE)
    proof = ma.fields.List(ma.fields.String(metadata=_HASH))


class RecordProofView(ma.Schema):
    """A record in the canonical form whose hash, after a zero byte, is its leaf hash; and its way to a signed root."""

    canonical = ma.fields.String(metadata={"description": "规范编码原文"})
    leaf_index = ma.fields.Integer(metadata={"example": 41})
    leaf_hash = ma.fields.String(metadata=_HASH)
    proof = ma.fields.List(ma.fields.String(metadata=_HASH))
    head = ma.fields.Nested(TreeHeadView)
