"""The standards of selenium in produce, as data with their sources; what staff changed stays as they left it."""

from pathlib import Path

import orjson

from models.selenium.standard import Standard

FILE = Path(__file__).parent / "county" / "selenium_standards.json"


def standards() -> int:
    """Put the standards, without those that staff changed; return how many."""
    told = orjson.loads(FILE.read_bytes())["standards"]
    for one in told:
        record = {name: value for name, value in one.items() if name != "id"}
        kept = Standard._get_collection().find_one({"_id": one["id"]}, {"kept": 1}) or {}
        if not kept.get("kept"):
            Standard._get_collection().update_one({"_id": one["id"]}, {"$set": record}, upsert=True)
    return len(told)
