"""`seed county`: reference data from `seed/county/`, safe to repeat, fit for production.

What staff change later (notices, slots) is left alone. Made-up values keep their mark `demo`.
"""

from datetime import date
from pathlib import Path
from typing import Any

import orjson

from backend.calendar_years import CalendarYear
from models.benefits import item as benefit_item
from models.content import write as content_write
from models.content.write import Home
from models.crowd import limit as crowd_limit
from models.crowd.spot import Spot
from models.devices import offline_limit
from models.identity import consent_text, privacy_text, unit
from models.messaging import sms_template, template
from models.onecard import concession
from models.payments import ledger_account, ledger_limit, merchant
from models.places import resource
from models.places.area import Area
from models.places.place import Place, open_coming_slots
from models.rules import parameters, rule_set
from models.tourism import exhibit, itinerary_curated, itinerary_terms, point, route, search_index
from models.transit import bus_line
from seed import (
    health_alert_data,
    health_measuring_data,
    health_rules,
    health_units_data,
    policy_data,
    school_data,
    selenium_data,
    selenium_standards,
    service_item_data,
    service_place_data,
    sport_data,
)

FOLDER = Path(__file__).parent / "county"
PRIVACY_VERSION = "2026-11"
TEMPLATES = {
    "order_issued": ("tmpl_order_issued", "pages/order/index"),
    "case_progress": ("tmpl_case_progress", "pages/case/index"),
    "identity_changed": ("tmpl_identity_changed", "pages/notices/index"),
    "visit_reminder": ("tmpl_visit_reminder", "pages/order/index"),
    "visit_changed": ("tmpl_visit_changed", "pages/order/index"),
    "waiting_offer": ("tmpl_waiting_offer", "pages/waiting/index"),
    "booking_limited": ("tmpl_booking_limited", "pages/notices/index"),
    "refund_done": ("tmpl_refund_done", "pages/order/index"),
    "school_submitted": ("tmpl_school_submitted", "pages/school/index"),
    "health_alert": ("tmpl_health_alert", "pages/health/alerts"),
    "policy_offer": ("tmpl_policy_offer", "pages/enterprise/offers"),
}
SMS_TEMPLATES = {"visit_reminder": "1900001", "visit_changed": "1900002", "waiting_offer": "1900003"} | {
    "produce_recalled": "1900004",
    "school_found": "1900005",
    "school_progress": "1900006",
    "school_result": "1900007",
    "health_alert": "1900008",
    "policy_offer": "1900009",
}
"""Numbers for the simulator; those of the real service are set by staff."""


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
    boundary = _read("boundary.geojson")
    told = {"boundary": boundary["geometry"], "boundary_source": boundary["properties"]["source"]}
    Area._get_collection().update_one({"_id": county["code"]}, {"$set": told})
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
        _put_place(told["id"], record)
    return len(records)


def _put_place(place_id: str, record: dict[str, Any]) -> None:
    """Put what the reference data tell of a place, without what staff changed."""
    changed = Place._get_collection().find_one({"_id": place_id}, {"kept": 1}) or {}
    told = {name: value for name, value in record.items() if name not in changed.get("kept", [])}
    Place._get_collection().update_one({"_id": place_id}, {"$set": told}, upsert=True)


def venues() -> int:
    """Put the venues that are no places yet, after these; return how many. What cannot be trusted stays out."""
    data = _read("venues.json")
    found = [one for one in data["records"] if not one["same_as"] and not one["left_out"]]
    after = len(_read("places.json")["records"])
    same = (
        "name",
        "category",
        "level",
        "town",
        "town_code",
        "address",
        "phone",
        "geo",
        "facts",
        "confidence",
        "source",
    )
    for rank, told in enumerate(found, start=after):
        record = {name: told[name] for name in same} | {"rank": rank, "kind": data["types_zh"][told["type"]]}
        _put_place(told["id"], record | {"aliases": [], "hours_told": told["opening_hours"], "bookable": False})
    return len(found)


def itineraries(*, with_demo: bool) -> int:
    """Put the terms of planning, and the made-up itineraries only when asked; return how many were put."""
    told = _read("itineraries.json")
    itinerary_terms.seed(told["terms"])
    found = told["curated"] if with_demo else []
    return sum(_import(itinerary_curated.KIND, one, told["unit"]) for one in found)


def _place(told: dict[str, Any], rank: int) -> dict[str, Any]:
    same = ("name", "aliases", "level", "heritage", "town", "town_code", "village_code", "address", "geo", "facts")
    record = {name: told[name] for name in (*same, "confidence", "source")}
    return {
        **record,
        "rank": rank,
        "kind": told["type"],
        "category": "sight",
        "seat_km": told["distance_from_county_seat_km"],
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


def guide(*, with_demo: bool) -> int:
    """Put the guide as published and imported where it is not there yet, made-up parts only when asked."""
    data = _read("guide.json")
    fences = data["demo"]["geofence"] if with_demo else {}
    made_up: dict[str, Any] = data["demo"] if with_demo else {}
    made = 0
    for one in data["points"]:
        if fence := fences.get(one["id"]):
            one["content"]["geo"] |= fence
        made += _import(point.KIND, one, data["unit"])
    for one in (*data["routes"], *made_up.get("routes", ())):
        made += _import(route.KIND, one, data["unit"])
    for one in made_up.get("exhibits", ()):
        exhibit.seed(one["id"], one["place"], one["number"], data["unit"])
        made += _import(exhibit.KIND, one, data["unit"])
    return made


def _import(kind_name: str, told: dict[str, Any], unit_code: str) -> bool:
    home = Home(unit_code, told.get("area", ""), told.get("place", ""))
    return content_write.import_published(kind_name, told["id"], home, told["content"])


def benefit_items() -> int:
    """Put the benefit items and rules of the demonstration where there are none; return how many items were put."""
    told = _read("benefit_items.json")
    for one in told["rules"]:
        rule_set.seed(one)
    lists = ("exclusive_with", "facts")
    made = 0
    for one in told["items"]:
        plain: dict[str, Any] = {name: tuple(value) if name in lists else value for name, value in one.items()}
        code, source = plain.pop("code"), plain.pop("source")
        made += benefit_item.seed(code, benefit_item.Told(**plain, demo=True), source)
    return made


def concessions() -> int:
    """Put the concessions and the rules that decide on them; rules that staff changed are left. Return how many."""
    told = _read("concessions.json")
    for rule in told["rules"]:
        rule_set.seed(rule)
    for one in told["concessions"]:
        concession.put(one)
    return len(told["concessions"])


def rules(*, with_demo: bool) -> int:
    """Put rules and their parameters where there are none, made-up ones only when asked; return how many rules."""
    told = _read("rules.json")
    for one in [*told["parameters"], *(told["demo_parameters"] if with_demo else ())]:
        parameters.seed(one)
    found = [*told["rules"], *(told["demo_rules"] if with_demo else ())]
    for one in found:
        rule_set.seed(one)
    return len(found)


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


def crowd(*, with_demo: bool) -> int:
    """Put the figures by which crowds are judged, and limits of places only when asked; return how many limits."""
    told = _read("crowd.json")
    for one in told["parameters"]:
        source = {"title": one["title"], "edition": one.get("edition", ""), "clause": one.get("clause", ""), "url": ""}
        value = {"value": one["value"], "valid_from": one["valid_from"], "source": source}
        parameters.seed({"code": one["code"], "zh": one["zh"], "kind": one.get("kind", "number"), "values": [value]})
    if not with_demo:
        return 0
    valid_from = date(2026, 1, 1)
    for one in told["limits"]:
        figures = crowd_limit.Told(
            one["instantaneous"], one["daily"], valid_from, None, told["limits_source"], demo=True
        )
        crowd_limit.seed(Spot(one["place_id"]), figures)
    return len(told["limits"])


def bus_lines() -> int:
    """Put the demonstration's bus lines with their operators, where they are not there yet; return how many."""
    told = _read("bus_lines.json")
    for one in told["merchants"]:
        merchant.seed(one["code"], name=one["name"], unit=one["unit"])
    for line in told["lines"]:
        bus_line.seed(line)
    return len(told["lines"])


def offline_limits() -> int:
    """Put how long and how much scanners may accept without network, where nothing is said yet; return how many."""
    records = _read("offline_limits.json")["records"]
    for record in records:
        offline_limit.seed(record)
    return len(records)


def ledger() -> int:
    """Put the limits of wallets, and open the accounts of the county's own money; return how many limits."""
    told = _read("ledger.json")
    for one in told["limits"]:
        valid_from = date.fromisoformat(one["valid_from"])
        ledger_limit.put(one["kind"], one["fen"], valid_from=valid_from, source=one["source"])
    for one in told["accounts"]:
        ledger_account.open_account(one["id"], parts=one["parts"])
    return len(told["limits"])


def load(*, with_demo: bool) -> dict[str, int]:
    """Put everything and return the counts; opens the slots of the coming days where there are visiting data."""
    counts = {
        "areas": areas(),
        "units": units(),
        "calendar_years": calendar_years(),
        "ledger_limits": ledger(),
        "offline_limits": offline_limits(),
        "rules": rules(with_demo=with_demo),
        "concessions": concessions(),
        "places": places(with_demo=with_demo),
        "venues": venues(),
        "itineraries": itineraries(with_demo=with_demo),
        "crowd_limits": crowd(with_demo=with_demo),
    }
    counts["guide"] = guide(with_demo=with_demo)
    counts["pool_limits"] = sport_data.limits()
    if with_demo:
        counts["sport_resources"] = sport_data.venues()
    counts["selenium_standards"] = selenium_standards.standards()
    counts["selenium_products"] = selenium_data.products(with_demo=with_demo)
    if with_demo:
        counts["selenium_plots"] = selenium_data.co_operative()
    if with_demo:
        counts["bus_lines"] = bus_lines()
        counts["benefit_items"] = benefit_items()
    counts["schools"] = school_data.schools(with_demo=with_demo)
    counts["school_rules"] = school_data.rules(with_demo=with_demo)
    counts["health_measuring"] = health_measuring_data.rules()
    counts["policies"] = policy_data.policies()
    counts["service_items"] = service_item_data.items()
    if with_demo:
        counts["service_places"] = service_place_data.places(after=counts["places"] + counts["venues"])
        counts["address_points"] = school_data.addresses()
        counts["school_districts"] = school_data.demo_round()
    counts["health_alert_clocks"] = health_alert_data.clocks()
    counts["health_rules"] = health_rules.rules()
    counts["health_tools"] = health_rules.tools()
    if with_demo:
        counts["health_units"] = health_units_data.demo_units()
    privacy_text.publish(PRIVACY_VERSION, (FOLDER / "privacy.md").read_text())
    counts["consent_texts"] = consent_texts()
    for name, (template_id, page) in TEMPLATES.items():
        template.seed(name, template_id, page)
    for name, template_id in SMS_TEMPLATES.items() if with_demo else ():
        sms_template.seed(name, template_id)
    counts["search_terms"] = search_index.rebuild()
    counts["new_slots"] = open_coming_slots() + resource.open_coming_slots()
    return counts
