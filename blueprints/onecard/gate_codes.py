"""Codes of the one-card at scanners, and the public keys of printed cards and seed packages."""

from base64 import b64encode
from typing import Any

from flask import g

from backend import clock, runtime
from backend.http.access import ANYONE, device
from backend.http.surface import Surface
from blueprints.onecard import code_schemas
from models.onecard import holder, verdict, verify

codes = Surface("gate codes", __name__, url_prefix="/gate/v1", description="终端:一卡通码核验")
keys = Surface("card keys", __name__, url_prefix="/public/v1", description="打印卡和凭证包公钥")


@codes.post("/codes", access=device())
@codes.arguments(code_schemas.CardCodeBody)
@codes.answer(200, code_schemas.CardCodeView)
def check(body: dict[str, str]) -> dict[str, Any]:
    """Verify a code and use it up. The nonce of the signature makes a repeated request the same one."""
    actor = g.actor
    told = verify.verify(
        actor.scanner_class,
        body["code"],
        at=clock.now(),
        device_id=actor.device_id,
        nonce=actor.nonce,
        online=True,
    )
    seen = holder.shown(actor, told)
    shown = {"result": told.result, "message": told.message, "kind": told.kind, "medium": told.medium, **seen}
    shown |= {"kind_zh": verdict.KIND_ZH.get(told.kind, ""), "offset_seconds": told.offset_seconds}
    return {name: value for name, value in shown.items() if value}


@keys.get("/card-keys", access=ANYONE)
@keys.answer(200, code_schemas.CardPublicKeyList)
def list_public() -> dict[str, Any]:
    """The public keys with which anybody verifies a printed card, and a phone its seed package."""
    return {"items": [*_public("printed_card"), *_public("seed_package")], "next": None}


def _public(use: str) -> list[dict[str, Any]]:
    held = runtime.current().code_keys
    private = held.printed if use == "printed_card" else held.packages
    return [
        {
            "key_id": key_id,
            "use": use,
            "algorithm": "Ed25519",
            "public_key": b64encode(key.public_key().public_bytes_raw()).decode(),
        }
        for key_id, key in sorted(private.items())
    ]
