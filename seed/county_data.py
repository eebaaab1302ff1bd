"""`seed county`: reference data from `seed/county/`, safe to repeat, fit for production.

What staff change later (notices, slots) is left alone. Made-up values keep their mark `demo`.
"""

from pathlib import Path
from typing import Any

import orjson

from backend.calendar_years import CalendarYear
from models.identity import consent_text, privacy_text, unit
from models.messaging import template
from models.tourism.area import Area
from models.tourism.place import Place, open_coming_slots

FOLDER = Path(__file__).parent / "county"
PRIVACY_VERSION = "2026-11"
TEMPLATES = {
    "order_issued": ("tmpl_order_issued", "pages/order/index"),
    "case_progress": ("tmpl_case_progress", "pages/case/index"),
    "identity_changed": ("tmpl_identity_changed", "pages/notices/index"),
}


def _read(name: str) -> Any:
    return orjson.loads((FOLDER / name).read_bytes())


def areas() -> int:
    """Put the county, its towns and villages; return how many."""
    data = _read("divisions.json")
    source = data["source"][0]["title"]
    county = data["county"]
    rows = [(county["code"], county["name"], "county", None)]
    for town in data["towns"]:
        rows.append((town["code"], town["name"], "town", county["code"]))
        rows += [(village["code"], village["name"], "village", town["code"]) for village in town["villages"]]
    for code, name, level, parent in rows:
        record = {"name": name, "level": level, "parent": parent, "source": source}
        Area._get_collection().update_one({"_id": code}, {"$set": record}, upsert=True)
    return len(rows)


def calendar_years() -> int:
    """Put the public holidays and 调休 workdays; return how many years."""
    years = _read("calendar.json")["years"]
    for year, days in years.items():
        CalendarYear._get_collection().update_one({"_id": int(year)}, {"$set": days}, upsert=True)
    return len(years)


def places(*, with_demo: bool) -> int:
    """Put all places, the demonstration's visiting data only when asked; return how many places."""
    plans = {plan["place_id"]: plan for plan in _read("booking_demo.json")["places"]} if with_demo else {}
    records = _read("places.json")["records"]
    for rank, told in enumerate(records):
        record = _place(told, rank)
        if plan := plans.get(told["id"]):
            record |= _visits(plan)
        changed = Place._get_collection().find_one({"_id": told["id"]}, {"kept": 1}) or {}
        record = {name: value for name, value in record.items() if name not in changed.get("kept", [])}
        Place._get_collection().update_one({"_id": told["id"]}, {"$set": record}, upsert=True)
    return len(records)


def _place(told: dict[str, Any], rank: int) -> dict[str, Any]:
    same = ("name", "aliases", "level", "heritage", "town", "town_code", "village_code", "address", "geo", "facts")
    record = {name: told[name] for name in (*same, "confidence", "source")}
    return {
        **record,
        "rank": rank,
        "kind": told["type"],
        "hours_told": told["opening_hours"],
        "ticket_told": told["ticket"],
        "bookable": False,
    }


def _visits(plan: dict[str, Any]) -> dict[str, Any]:
    rule = _read("booking_demo.json")["refund_rules"][plan["refund_rule"]]
    return {
        "bookable": True,
        "demo": True,
        "unit": plan["unit_code"],
        "opening": plan["opening"],
        "closing": plan["closing"],
        "slots": plan["slots"],
        "ticket_types": plan["ticket_types"],
        "refund_versions": rule["versions"],
        "enter_early_minutes": 30,
    }


def consent_texts() -> int:
    """Put the text of each purpose that residents consent to; return how many."""
    told = _read("consent_texts.json")
    for purpose, body in told["texts"].items():
        consent_text.publish(purpose, told["version"], body, renews=False)
    return len(told["texts"])


def units() -> int:
    """Put the county's units where they are not there yet; those that are belong to the staff. Return how many."""
    records = _read("units.json")["records"]
    for record in records:
        unit.seed(record)
    return len(records)


def load(*, with_demo: bool) -> dict[str, int]:
    """Put everything and return the counts; opens the slots of the coming days where there are visiting data."""
    counts = {
        "areas": areas(),
        "units": units(),
        "calendar_years": calendar_years(),
        "places": places(with_demo=with_demo),
    }
    privacy_text.publish(PRIVACY_VERSION, (FOLDER / "privacy.md").read_text())
    counts["consent_texts"] = consent_texts()
    for name, (template_id, page) in TEMPLATES.items():
        template.put(name, template_id, page)
    counts["new_slots"] = open_coming_slots()
    return counts
