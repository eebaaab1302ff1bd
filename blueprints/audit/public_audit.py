"""What anybody may check of the audit log without seeing any of it: signed heads, keys and proofs."""

from base64 import b64encode
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import request

from backend import runtime
from backend.http.access import ANYONE
from backend.http.limits import guard
from backend.http.surface import Surface
from blueprints.audit import proof_schemas as schemas
from models.audit import proofs, tree_head

LIMIT = 120
"""Requests of one address in a minute; a monitor needs three."""

public_audit = Surface("public audit", __name__, url_prefix="/public/v1/audit", description="审计日志公开校验")


@public_audit.before_request
def limit() -> None:
    """Count the request of this address."""
    guard(f"audit:{request.remote_addr}", per_minute=LIMIT)


@public_audit.get("/tree-head", access=ANYONE)
@public_audit.answer(200, schemas.TreeHeadView)
def newest_tree_head() -> dict[str, Any]:
    """The newest signed tree head."""
    return tree_head.published().wire()


@public_audit.get("/tree-heads", access=ANYONE)
@public_audit.arguments(schemas.TreeHeadQuery, location="query")
@public_audit.answer(200, schemas.TreeHeadList)
def list_tree_heads(query: dict[str, Any]) -> dict[str, Any]:
    """All signed tree heads, newest first."""
    items, following = tree_head.listed(cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@public_audit.get("/keys", access=ANYONE)
@public_audit.answer(200, schemas.AuditKeyList)
def list_audit_keys() -> dict[str, Any]:
    """The public keys with which tree heads are verified."""
    items = [
        {
            "key_id": key_id,
            "algorithm": "Ed25519",
            "public_key": b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        }
        for key_id, key in sorted(runtime.current().audit_keys.public.items())
    ]
    return {"items": items, "next": None}


@public_audit.get("/consistency", access=ANYONE)
@public_audit.arguments(schemas.ConsistencyQuery, location="query")
@public_audit.answer(200, schemas.ConsistencyView)
def prove_consistency(query: dict[str, int]) -> dict[str, Any]:
    """The proof that an older log is the beginning of a newer one."""
    first, second = query["first"], query["second"]
    return {"first": first, "second": second, "proof": proofs.consistency(first, second)}


@public_audit.get("/inclusion", access=ANYONE)
@public_audit.arguments(schemas.InclusionQuery, location="query")
@public_audit.answer(200, schemas.InclusionView)
def prove_inclusion(query: dict[str, Any]) -> dict[str, Any]:
    """The proof that a leaf, named by its hash, is in the log."""
    return proofs.inclusion(bytes.fromhex(query["hash"]), query.get("size"))
