"""Whole verification of distinct tickets on one core, against the bare Ed25519 check that it holds."""

import os
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, runtime
from backend.codes import compact
from bench.machine import BenchFailed
from bench.report import Figure
from models.booking import ticket

TICKETS, ROUNDS = 3_000, 15
START, END = 0, 24 * 60
KEY_ID = 1
_PLACE = ticket.place_tag("museum")
_EPOCH = clock.at(ticket._EPOCH, 0)
_MINUTE = timedelta(minutes=1)


def bench() -> list[Figure]:
    """Verify all tickets by both ways, in turns."""
    private = Ed25519PrivateKey.generate()
    keys = runtime.TicketKeys({KEY_ID: private})
    runtime.install(cast("runtime.Runtime", SimpleNamespace(ticket_keys=keys)))
    codes = [ticket.code(_ticket(number)) for number in range(TICKETS)]
    raw = [compact.base45_decode(code) for code in codes]
    public, signed = private.public_key(), [(one[-64:], one[:-64]) for one in raw]
    now = clock.now()

    def bare() -> None:
        for signature, message in signed:
            public.verify(signature, message)

    def whole() -> None:
        if not all([admits(code, now) for code in codes]):
            raise BenchFailed("a good ticket was not admitted")

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pairs = [(_rate(bare), _rate(whole)) for _ in range(ROUNDS)]
    ratio, against = median(o / b for b, o in pairs), f"bare Ed25519 check: {median(b for b, _ in pairs):,.0f}/s"
    return [
        Figure("ticket_verify.rate", median(o for _, o in pairs), "tickets/s", f"{against}; one core, {TICKETS} tickets"),
        Figure("ticket_verify.ratio", ratio, "of the floor", against, target=0.7),
    ]


def admits(text: str, now: datetime) -> bool:
    """Do what a gate does without network: decode, find the key, check the signature, read the fields and the window."""
    payload = compact.verify(text, runtime.current().ticket_keys.public, ticket.KIND)
    _, _, place, day, start, end, *_ = ticket._FORM.unpack(payload)
    minute = (now - _EPOCH) // _MINUTE - day * END
    return place == _PLACE and start <= minute <= end


def _ticket(number: int) -> dict[str, Any]:
    return {
        "order": ObjectId(),
        "number": number % 5,
        "place": "museum",
        "day": clock.today().isoformat(),
        "start": START,
        "end": END,
        "person": ObjectId(),
        "age_band": "adult",
        "key_id": KEY_ID,
    }


def _rate(verify: Callable[[], None]) -> float:
    began = time.process_time()
    verify()
    return TICKETS / (time.process_time() - began)
