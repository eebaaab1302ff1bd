"""What the routes of enrolment need: a round that takes applications, one that was drawn, families of the residents.

The guardianship, the child's place on the list and what the review found are put into the store; all else is done over
HTTP by two managers of the bureau.
"""

import json
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import requests
from bson import ObjectId

from backend import clock
from backend.identity_documents import check_character, parse
from backend.store import transactions
from bench.fuzz.bureau import Bureau, soon
from bench.fuzz.cast import RESIDENT, Cast
from models.identity import account, person, relation
from models.identity.account import Account
from models.school import applying, candidate, draft
from models.school.application import SchoolApplication
from models.school.round import SchoolRound

DEMO, OPEN, DRAWN = "2027-primary", "2027-primary_fuzz", "2027-primary_drawn"
SCHOOLS = ("changzhengyuan_primary", "demo_primary_07", "demo_primary_08")
VILLAGE, FIRST_BIRTHDAY = "360731100001", date(2020, 9, 1)
FILES = ("list.csv", "places.csv", "rules.txt", "digests.txt", "seed.txt", "result.csv", "cut_offs.csv")
OFFICE, MINI = "/office/v1/school", "/mini/v1/school"
FIELDS = ("name", "stage", "school_year", "rules", "rule_day", "accept_days", "most_choices", "double_review_percent")
SEED = "4326153324615243162534261524361524361524"


def make(base: str, casts: Iterable[Cast]) -> None:
    """Make both rounds and the families of all residents, and tell each cast what is its own."""
    bureau, casts = Bureau(base, *[("school_manager", "education_sports")] * 2), list(casts)
    for code in (OPEN, DRAWN):
        _announced(bureau, code)
    for players in casts:
        players.enrolment = _family(players)
    _draw(bureau)
    for players in casts:
        path = f"{MINI}/applications/{players.enrolment['applications'][1]}/offers"
        found = soon(lambda path=path, players=players: _read(base, players, path), "an offer")  # type: ignore[misc]
        players.enrolment["offers"] = [one["id"] for one in found]


def _read(base: str, players: Cast, path: str) -> Any:
    headers = {"Authorization": f"Bearer {players[RESIDENT].token}"}
    return requests.get(f"{base}{path}", headers=headers, timeout=60).json()["items"]


def _announced(bureau: Bureau, code: str) -> None:
    demo = bureau.call("GET", f"{OFFICE}/rounds/{DEMO}")
    now, days = clock.now(), {"opens_at": 0, "closes_at": 10, "review_until": 30}
    times = {name: (now + timedelta(days=after)).isoformat() for name, after in days.items()}
    bureau.call("POST", f"{OFFICE}/rounds", {name: demo[name] for name in FIELDS} | times | {"id": code})
    path = f"{OFFICE}/rounds/{code}"
    for one in bureau.call("GET", f"{OFFICE}/rounds/{DEMO}/plans")["items"]:
        bureau.call("PUT", f"{path}/plans/{one['school']['id']}", plan())
    bureau.call("PUT", f"{path}/districts", districts())
    bureau.call("POST", f"{path}/announce", {"accept_warnings": True})


def plan(places: int = 45) -> dict[str, Any]:
    """Return a plan of one class."""
    return {"places": places, "classes": 1, "class_size": 45, "reserves": {}}


def districts() -> Any:
    """Return the districts of the demonstration as GeoJSON."""
    path = Path(__file__).parents[2] / "seed" / "county" / "school_districts.geojson"
    return json.loads(path.read_text(encoding="utf-8"))


def _family(players: Cast) -> dict[str, list[str]]:
    """Give the resident of a cast a child with an application in both rounds; the second one is qualified."""
    player = players[RESIDENT]
    guardian, child = ObjectId(player.person), _child()
    agreed = {f"consents.{name}": {"version": "2026-11", "at": clock.now()} for name in ("minor", "facts")}
    Account._get_collection().update_one({"_id": ObjectId(player.owner)}, {"$set": agreed})
    held = relation.establish("guardian", child, guardian, method="register", evidence=["fuzz"], by="system:fuzz")
    home = {"address": "于都县演示一街1号", "village": VILLAGE, "household": f"{VILLAGE}000001"}
    found = candidate.found(OPEN, child, [guardian], home=home, source="register", run="fuzz")["_id"]
    who = applying.by(account.authenticate(player.token))
    begun, qualified = (draft.begin(who, code, child)["_id"] for code in (OPEN, DRAWN))
    _qualify(qualified)
    own = {"applications": [begun, qualified], "children": [child], "found": [found], "guardianships": [held["_id"]]}
    return {name: [str(one) for one in ids] for name, ids in own.items()}


def _child() -> ObjectId:
    born = FIRST_BIRTHDAY + timedelta(days=secrets.randbelow(360))
    body = f"360731{born:%Y%m%d}{secrets.randbelow(1000):03d}"
    made = person.find_or_declare(parse("resident_id", body + check_character(body)), "李小满")
    transactions.run(lambda session: person.raise_level(made, "matched", session))
    return made


def _qualify(application: ObjectId) -> None:
    """Put what a review would have found."""
    told = {"choices": list(SCHOOLS[:2]), "accepts_coordination": True, "tier": 1, "reserve": "1", "points": []}
    told |= {"priorities": dict.fromkeys(SCHOOLS[:2], 101), "state": "qualified", "receipt": f"RX-fuzz-{application}"}
    SchoolApplication._get_collection().update_one({"_id": application}, {"$set": told})


def _draw(bureau: Bureau) -> None:
    """End the window, freeze the list, enter a seed, publish."""
    SchoolRound._get_collection().update_one({"_id": DRAWN}, {"$set": {"closes_at": clock.now()}})
    path, moment = f"{OFFICE}/rounds/{DRAWN}/draw", clock.now() + timedelta(seconds=2)
    source = {"kind": "dice", "description": "公开掷骰子", "moment": moment.isoformat()}
    bureau.call("POST", f"{path}/freeze", {"mechanism": "deferred_acceptance", **source})
    soon(lambda: clock.now() > moment, "the moment of the seed")
    bureau.agreed(f"{path}/seed", {"seed": SEED})
    soon(lambda: bureau.call("GET", path)["draws"][0]["state"] == "computed", "the draw")
    bureau.agreed(f"{path}/publish", {"reason": "派位结果已核对", "list_days": 7})
    soon(lambda: bureau.call("GET", path)["draws"][0]["state"] == "published", "the result")
