"""Drawing seeds: a phone gets, signed, what it needs to draw codes by itself for some days."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import orjson
from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.codes import dynamic
from backend.codes.code_kinds import KINDS, SCANNER_CLASSES
from backend.codes.dynamic import Seed
from backend.errors import Conflict
from backend.store import transactions
from models.identity.actors import Resident
from models.onecard import card, credential
from models.onecard.card import Card, CardNotActive


class SeedsReplaced(Conflict):
    """409: what was drawn under this key does not hold any more."""

    code = "seeds_replaced"
    zh = "这次领取的凭证已失效(已在别处重新领取,或卡片已挂失、冻结),请重新领取。"
    en = "What was drawn under this key is revoked. Draw again with a new key."


@dataclass(frozen=True)
class Package:
    """`text` is what `signature` covers, byte by byte; the phone checks it before it reads it."""

    credential: dict[str, Any] = field(repr=False)
    text: str = field(repr=False)
    signature: bytes
    key_id: int


def own(actor: Resident, key: str) -> Package:
    """Draw the seeds of the actor's own phone; those drawn before are revoked. The same key returns the same seeds.

    Raises:
        CardMissing, CardNotActive: the person has no card to use.
        SeedsReplaced: what was drawn under this key is revoked.
    """
    person = actor.person_id
    held = card.require_active(person) if person else card.require(None)
    request = hashlib.sha256(f"{actor.key}\x00{key}".encode()).hexdigest()
    if (drawn := credential.by_request(request)) is None:
        made = credential.phone(
            held["_id"], person=held["person"], account=actor.account_id, by=actor.key, request=request
        )
        drawn = begin(made)
    return package(drawn)


def begin(made: dict[str, Any]) -> dict[str, Any]:
    """Store a credential of an active card and return it, or the one that its key has made meanwhile.

    Raises:
        CardNotActive: the card was stopped meanwhile.
    """

    def change(session: ClientSession) -> None:
        require_usable(made["card"], session)
        credential.insert(made, session)

    try:
        transactions.run(change)
    except DuplicateKeyError:
        if (drawn := credential.by_request(made.get("request", ""))) is None:
            raise
        return drawn
    return made


def require_usable(card_id: ObjectId, session: ClientSession) -> None:
    """Check inside a transaction that a card is active; it is written, so that stopping it collides with this.

    Raises:
        CardNotActive: it is not.
    """
    written = {"$inc": {"seq": 1}}
    if (
        not Card._get_collection()
        .update_one({"_id": card_id, "state": "active"}, written, session=session)
        .matched_count
    ):
        raise CardNotActive(card.read(card_id, session)["state"])


def holds(drawn: dict[str, Any]) -> bool:
    """Tell whether a credential is live and its key was not taken out."""
    return drawn["state"] == "live" and drawn["key_id"] in runtime.current().code_keys.masters


def package(drawn: dict[str, Any]) -> Package:
    """Return the signed seeds of a credential that holds.

    Raises:
        SeedsReplaced: it was revoked, or its key was taken out.
    """
    keys = runtime.current().code_keys
    if not holds(drawn):
        raise SeedsReplaced
    last_day, handle = clock.date_of(drawn["last_day"]), bytes(drawn["handle"])
    seeds = keys.seeds(drawn["key_id"], handle, last_day, tuple(drawn["kinds"]))
    text = orjson.dumps(_told(drawn, handle, seeds), option=orjson.OPT_SORT_KEYS)
    return Package(drawn, text.decode(), keys.packages[keys.current].sign(text), keys.current)


def _told(drawn: dict[str, Any], handle: bytes, seeds: tuple[Seed, ...]) -> dict[str, Any]:
    return {
        "version": 1,
        "credential_id": str(drawn["_id"]),
        "account_id": str(drawn["account"]),
        "key_id": drawn["key_id"],
        "handle": handle.hex(),
        "last_day": drawn["last_day"],
        "last_day_number": dynamic.day_number(clock.date_of(drawn["last_day"])),
        "step_seconds": dynamic.STEP_SECONDS,
        "server_unix_ms": int(clock.timestamp() * 1000),
        "seeds": [_seed(one) for one in seeds],
    }


def _seed(one: Seed) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "kind_byte": KINDS[one.kind],
        "scanner_class": one.scanner_class,
        "scanner_byte": SCANNER_CLASSES[one.scanner_class],
        "seed": b64encode(one.secret).decode(),
    }
