"""A slot that is sold out, so that people can wait for it: one place, booked by the neighbour."""

import uuid
from typing import Any

import requests

from bench.fuzz.cast import GATE_PLACE, NEIGHBOUR, Cast

FIRST_OPEN = 10
"""Later slots are left to who books."""


def make(base: str, players: Cast) -> str:
    """Return the id of the slot, another one each time; "" where it could not be filled."""
    found = requests.get(f"{base}/mini/v1/places/{GATE_PLACE}/slots", timeout=30).json()["items"]
    free = [one["id"] for one in found if one["left"] > 1]
    slot, neighbour = free[-FIRST_OPEN], players[NEIGHBOUR]
    quota: dict[str, Any] = {"quota": 1, "shares": {"individual": 1}}
    changed = requests.put(
        f"{base}/office/v1/slots/{slot}/quota", json=quota, headers=_as(players, "tourism_office"), timeout=30
    )
    visitors = [{"companion_id": neighbour.companions[0], "ticket_type": "adult"}]
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"slot_id": slot, "visitors": visitors}
    made = requests.post(f"{base}/mini/v1/orders", json=body, headers=_as(players, NEIGHBOUR) | key, timeout=30)
    return slot if changed.ok and made.ok else ""


def _as(players: Cast, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {players[name].token}"}
