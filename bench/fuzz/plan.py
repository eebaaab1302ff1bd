"""How the run is configured: schemathesis.toml with values that exist, so that requests get past the first check."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from backend import clock
from backend.identity_documents import check_character
from bench.fuzz import bindings, cast, enrolment, firms, measuring
from bench.fuzz.cast import GATE_PLACE, Cast
from models.messaging import notice_kinds

MOST_VALUES = 40
PLACES = ("pingshan", "museum", "park", "tantou")
VENUES = ("sport_ground", "sport_gymnasium", "sport_pool", "sport_stadium")
COURTS = ("badminton_1", "badminton_2", "badminton_3", "table_1")
POINTS = ("park", "monument", "museum", "ferry_dongmen")
PRIVACY_VERSION = "2026-11"
SPAN = 6


def write(path: Path, *, base: str, players: Cast, examples: int) -> None:
    """Write the configuration: `examples` cases an operation and phase."""
    known = _known(base, players)
    lines = ["continue-on-failure = true", "request-timeout = 30", ""]
    lines += [
        line for name, values in known.items() for line in (f"[dictionaries.{name}]", f"values = {_toml(values)}", "")
    ]
    lines += ["[parameters]", *_bound(bindings.EVERYWHERE, known), ""]
    for where, own in bindings.AT:
        lines += ["[[operations]]", f"include-path-regex = '^{where}$'", "[operations.parameters]"]
        lines += [*_bound(own, known), ""]
    lines += ["[generation]", f"max-examples = {examples}", 'database = "none"', "no-shrink = true", ""]
    lines += ["[phases.stateful]", "max-steps = 12", "", "[phases.stateful.inference]", "algorithms = []", ""]
    lines += ["[phases.stateful.generation]", 'mode = "positive"', "max-examples = 1000", ""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _bound(bound: Mapping[str, tuple[str, float]], known: Mapping[str, list[Any]]) -> list[str]:
    """Return the lines of what is bound to a dictionary that has values."""
    return [
        f'"{key}" = {{ dictionary = "{name}", probability = {chance} }}'
        for key, (name, chance) in bound.items()
        if known[name]
    ]


def _toml(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _known(base: str, players: Cast) -> dict[str, list[Any]]:
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
        "last_days": [_day(days) for days in (30, 90, 300)],
        "ticket_types": ["adult", "senior_65", "child"],
        "documents": [_document(f"19{year}0307001") for year in range(50, 90)],
        "document_kinds": ["resident_id"],
        "units": sorted(set(cast.UNITS.values())),
        "versions": [PRIVACY_VERSION],
        **_of_tourism(base, free),
        **_of_school(players),
        **_of_health(players),
        **_of_firms(players),
        "full_slots": [players.full_slot] if players.full_slot else [],
    }


def _of_tourism(base: str, free: list[dict[str, Any]]) -> dict[str, list[Any]]:
    hours = [
        one["id"]
        for court in COURTS
        for one in _get(base, f"/mini/v1/places/sport_gymnasium/slots?resource={court}")["items"]
        if one["left"]
    ]
    return {
        "venues": list(VENUES),
        "gymnasium": [VENUES[1]],
        "courts": list(COURTS),
        "court_hours": hours[:: max(1, len(hours) // MOST_VALUES)],
        "court_tickets": ["standard", "student"],
        "crowded": [one["place_id"] for one in _get(base, "/mini/v1/crowd")["items"]][:SPAN],
        "window_slots": [one["id"] for one in free if one["id"].startswith("pingshan-")][:MOST_VALUES],
        "gate_slots": [one["id"] for one in free if one["id"].startswith(f"{GATE_PLACE}-")][:MOST_VALUES],
        "adults": ["adult"],
        "paid": [6000, 0, 12000],
        "days_before": [_day(-days) for days in range(SPAN)],
        "days_after": [_day(days) for days in range(SPAN)],
        "points": list(POINTS),
        "routes": ["eight_ferries"],
        "curated": [one["id"] for one in _get(base, "/mini/v1/curated-itineraries")["items"]],
        "items": [
            *(f"guide_point:{one}" for one in POINTS),
            "guide_route:eight_ferries",
            "itinerary:one_day_departure",
        ],
        "revisions": [1, 2, 3],
        "waters": ["main"],
        "templates": [f"tmpl_{name}" for name in sorted(notice_kinds.TEMPLATE_ZH)],
        "template_names": sorted(notice_kinds.TEMPLATE_ZH),
        "sms_names": sorted(notice_kinds.SMS_ZH),
        "notice_kinds": sorted(notice_kinds.KINDS),
    }


def _of_school(players: Cast) -> dict[str, list[Any]]:
    own = ("applications", "children", "found", "guardianships", "offers")
    return {
        **{name: players.enrolment.get(name, []) for name in own},
        "rounds": [enrolment.OPEN, enrolment.DRAWN, enrolment.DEMO],
        "open_rounds": [enrolment.OPEN],
        "schools": list(enrolment.SCHOOLS),
        "districts": ["d1", "d2"],
        "draw_files": list(enrolment.FILES),
        "seqs": [1, 2, 3],
        "villages": [enrolment.VILLAGE],
        "home_kinds": ["household", "property", "residence"],
        "told_points": ["household", "residence"],
    }


def _of_health(players: Cast) -> dict[str, list[Any]]:
    names = ("elders", "observations", "records", "findings", "ranges", "alerts", "bands")
    own = {name: players.health.get(name, []) for name in names}
    return {
        **own,
        "health_items": [*own["observations"], *own["records"]],
        "patients": [f"Patient/{one}" for one in own["elders"]],
        "resources": [*own["observations"], *own["elders"], *own["records"]],
        "resource_types": ["Observation", "Patient", "Condition", "MedicationStatement"],
        "diseases": ["hypertension", "diabetes"],
        "years": [str(clock.today().year)],
        "tools": ["self_care", "yearly_check"],
        "clinics": [measuring.CLINIC],
        "no_unit": [""],
        "versions_seen": [1, 2, 3],
    }


def _of_firms(players: Cast) -> dict[str, list[Any]]:
    names = ("credit_codes", "enterprise_offers", "runs")
    items = {"items_of_residents": ["old_age_card", "law_consultation"], "items_of_firms": ["enterprise_appeal"]}
    items |= {"service_items": ["old_age_card:1", "enterprise_appeal:1", "law_consultation:1"]}
    return {"policies": [firms.POLICY], **items, **{name: players.enterprise.get(name, []) for name in names}}


def _day(days: int) -> str:
    return (clock.today() + timedelta(days=days)).isoformat()


def _get(base: str, path: str) -> Any:
    return requests.get(base + path, timeout=30).json()


def _document(rest: str) -> str:
    return f"360731{rest}" + check_character(f"360731{rest}")
