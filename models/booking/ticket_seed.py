"""What a phone needs to draw a ticket's codes by itself: the signed code and a seed, in a package that we sign."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import orjson
from bson import ObjectId

from backend import clock, runtime
from backend.codes import dynamic, rotating
from backend.errors import NotFound
from models.booking import order, ticket


@dataclass(frozen=True)
class TicketPackage:
    """`text` is what `signature` covers, byte by byte; the phone checks it before it reads it."""

    text: str = field(repr=False)
    signature: bytes
    key_id: int


def package(ticket_id: str, account: ObjectId) -> TicketPackage:
    """Return the seed of one of the account's tickets. Derived and kept nowhere, so it is the same at every call.

    Raises:
        NotFound: no such ticket of the account, a void one, or one whose signing key was retired.
    """
    found = ticket.read(ticket_id)
    if found is None or found["state"] == "void":
        raise NotFound
    order.read(found["order"], account=account)
    signed, keys = ticket.code(found), runtime.current().code_keys
    if not signed:
        raise NotFound
    text = orjson.dumps(_told(found, account, signed), option=orjson.OPT_SORT_KEYS)
    return TicketPackage(text.decode(), keys.packages[keys.current].sign(text), keys.current)


def _told(found: dict[str, Any], account: ObjectId, signed: str) -> dict[str, Any]:
    keys = runtime.current().code_keys
    secret = rotating.seed(keys.tickets[keys.current], signed)
    return {
        "version": 1,
        "ticket_id": found["_id"],
        "account_id": str(account),
        "code": signed,
        "key_id": keys.current,
        "seed": b64encode(secret).decode(),
        "step_seconds": dynamic.STEP_SECONDS,
        "server_unix_ms": int(clock.timestamp() * 1000),
        "enter_from": clock.civil(found["enter_from"]).isoformat(timespec="seconds"),
        "enter_until": clock.civil(found["enter_until"]).isoformat(timespec="seconds"),
    }
