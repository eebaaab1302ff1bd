"""Scanners get a class, and the unit and area that answer for them: those of before are gates of scenic places."""

from typing import Any

from pymongo.database import Database

from backend.store.migrations import Step

NUMBER, NAME = 4, "devices"


def run(db: Database[dict[str, Any]], step: Step) -> None:
    """Read every device without a class as a gate of its place; repeating is safe."""
    total = db.devices.estimated_document_count()
    owner = {"unit": 1, "village_code": 1, "town_code": 1}
    found = db.devices.find({"scanner_class": {"$exists": False}}, {"place": 1}).hint("_id_")
    for number, device in enumerate(found, start=1):
        place = db.places.find_one({"_id": device["place"]}, owner) or {}
        told = {
            "scanner_class": "venue",
            "unit": place.get("unit") or "",
            "area": place.get("village_code") or place.get("town_code") or "",
        }
        db.devices.update_one({"_id": device["_id"]}, {"$set": told})
        step(number, total)
    step(total, total)
