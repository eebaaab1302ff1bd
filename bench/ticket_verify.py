"""Whole verification of distinct tickets on one core, against the bare Ed25519 check that it holds."""

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
        if not all(admits(code, now) for code in codes):
            raise BenchFailed("a good ticket was not admitted")

    pairs = [(_rate(bare), _rate(whole)) for _ in range(ROUNDS)]
    rate, floor_rate = median(ours for _, ours in pairs), median(least for least, _ in pairs)
    ratios = sorted(ours / least for least, ours in pairs)
    against = f"bare Ed25519 check: {floor_rate:,.0f}/s; one thread, {TICKETS} tickets"
    return [
        Figure("ticket_verify.rate", rate, "tickets/s", against),
        Figure(
            "ticket_verify.ratio", median(ratios), "of the floor", f"{ratios[0]:.2f} to {ratios[-1]:.2f}", target=0.7
        ),
    ]


def admits(text: str, now: datetime) -> bool:
    """Do what a gate does without network: decode, find the key, check signature, place and window."""
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
