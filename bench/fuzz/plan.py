"""How the run is configured: schemathesis.toml with values that exist, so that requests get past the first check."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from backend import clock
from backend.identity_documents import check_character
from bench.fuzz import cast
from bench.fuzz.cast import Cast

MOST_VALUES = 40
PLACES = ("pingshan", "museum", "park", "tantou")
OFTEN, SELDOM = 0.8, 0.4
PRIVACY_VERSION = "2026-11"


def write(path: Path, *, base: str, players: Cast, examples: int) -> None:
    """Write the configuration: `examples` cases an operation and phase."""
    known = _known(base, players)
    lines = ["continue-on-failure = true", "request-timeout = 30", ""]
    lines += [
        line for name, values in known.items() for line in (f"[dictionaries.{name}]", f"values = {_toml(values)}", "")
    ]
    lines += ["[parameters]", *(_binding(key, name, chance) for key, (name, chance) in BINDINGS.items()), ""]
    lines += ["[generation]", f"max-examples = {examples}", 'database = "none"', "no-shrink = true", ""]
    lines += ["[phases.stateful]", "max-steps = 12", "", "[phases.stateful.inference]", "algorithms = []", ""]
    lines += ["[phases.stateful.generation]", 'mode = "positive"', "max-examples = 1000", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


BINDINGS = {
    "path.place_id": ("places", OFTEN),
    "path.slot_id": ("slots", SELDOM),
    "body.slot_id": ("slots", OFTEN),
    "body.visitors[*].companion_id": ("companions", OFTEN),
    "body.visitors[*].ticket_type": ("ticket_types", OFTEN),
    "body.document_number": ("documents", OFTEN),
    "body.document_kind": ("document_kinds", OFTEN),
    "query.day": ("days", SELDOM),
    "query.place": ("places", OFTEN),
    "query.slot": ("slots", SELDOM),
    "query.unit": ("units", SELDOM),
    "body.place_id": ("places", OFTEN),
    "body.place": ("places", OFTEN),
    "body.unit": ("units", OFTEN),
    "body.assignments[*].unit": ("units", OFTEN),
    "body.person_id": ("persons", OFTEN),
    "body.for_person_id": ("persons", OFTEN),
    "body.agent_id": ("persons", OFTEN),
    "path.person_id": ("persons", SELDOM),
    "path.line_id": ("nobody", SELDOM),
    "body.staff_id": ("handlers", OFTEN),
    "body.last_day": ("last_days", OFTEN),
    "body.text_version": ("versions", OFTEN),
    "body.privacy_version": ("versions", OFTEN),
}
"""Which values a parameter takes, and how often."""


def _binding(key: str, name: str, chance: float) -> str:
    return f'"{key}" = {{ dictionary = "{name}", probability = {chance} }}'


def _toml(values: list[str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _known(base: str, players: Cast) -> dict[str, list[str]]:
    slots = [one for place in PLACES for one in _get(base, f"/mini/v1/places/{place}/slots")["items"]]
    free = [one for one in slots if one["left"] > 5]
    return {
        "places": list(PLACES),
        "slots": [one["id"] for one in free[:: max(1, len(free) // MOST_VALUES)]],
        "days": sorted({one["day"] for one in free})[:5],
        "companions": list(players[cast.RESIDENT].companions),
        "persons": [players[name].person for name in (cast.RESIDENT, cast.NEIGHBOUR)],
        "handlers": [players["case_handler"].owner],
        "nobody": ["0" * 24],
        "last_days": [(clock.today() + timedelta(days=days)).isoformat() for days in (30, 90, 300)],
        "ticket_types": ["adult", "senior_65", "child"],
        "documents": [_document(f"19{year}0307001") for year in range(50, 90)],
        "document_kinds": ["resident_id"],
        "units": sorted(set(cast.UNITS.values())),
        "versions": [PRIVACY_VERSION],
    }


def _get(base: str, path: str) -> Any:
    return requests.get(base + path, timeout=30).json()


def _document(rest: str) -> str:
    return f"360731{rest}" + check_character(f"360731{rest}")
