"""A published round: schools with plans, qualified applications, results, families at their phones, staff at desks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock, outbox
from backend.identity_documents import parse
from models.identity import account, person
from models.school import offer, offer_make, placed, seat_plan
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.offer import SchoolOffer
from models.school.result import SchoolResult, result_id
from models.school.round import SchoolRound
from models.school.school import School
from models.school.seat_plan import SeatPlan
from tests.support import affairs, queues
from tests.support.clerk import Clerk
from tests.support.phone import Phone, resident_id

ROUND, NAME = "2027-primary_kit", "2027年小学一年级招生"
A, B, C = "school_a", "school_b", "school_c"
CHILD_BORN = "20200615"
BUREAU = "education_sports"
MINI, OFFICE = "/mini/v1/school", "/office/v1/school"
_numbers = itertools.count(1)


def put_round(code: str, **told: Any) -> None:
    """Put a round whose window and review are over."""
    now = clock.now()
    about = {"name": NAME, "stage": "primary", "school_year": 2027, "rule_day": "2026-08-31"}
    times = {"opens_at": now - timedelta(days=30), "closes_at": now - timedelta(days=20)}
    times["review_until"] = now - timedelta(days=10)
    settings = {"accept_days": 5, "most_choices": 5, "double_review_percent": 0}
    rules = {"rules": {"eligible": "x", "tier": "y", "priority": "z"}}
    record = {"_id": code, "history": [], "outbox": [], **about, **times, **settings, **rules, **told}
    SchoolRound._get_collection().insert_one(record)


def put_school(
    in_round: str, code: str, places: int, *, unit: str, ownership: str = "public", reserves: Any = None, **told: Any
) -> None:
    """Put a school, where it is not there, and its plan in a round."""
    about = {"name": f"于都县{code[-1].upper()}小学", "stages": ["primary"], "ownership": ownership, "state": "active"}
    change = {"$set": about | told, "$setOnInsert": {"unit": unit}}
    School._get_collection().update_one({"_id": code}, change, upsert=True)
    plan = {"places": places, "classes": 2, "class_size": 45, "reserves": reserves or {}, "taken": 0}
    where = {"_id": f"{in_round}:{code}", "round": in_round, "school": code}
    SeatPlan._get_collection().replace_one({"_id": where["_id"]}, where | plan, upsert=True)


def put_application(in_round: str, choices: Sequence[str], priority: int, phone: Phone | None, **told: Any) -> ObjectId:
    """Put a qualified application, of the resident at a phone where there is one, and return its id."""
    owner = resident(phone) if phone else None
    found = {
        "_id": ObjectId(),
        "round": in_round,
        "guardian": owner.person_id if owner else ObjectId(),
        "channel": "mini",
        "live": True,
        "state": "qualified",
        "seq": 3,
        "choices": list(choices),
        "tier": priority // 100,
        "priorities": dict.fromkeys(choices, priority),
        "points": [],
        "history": [],
        "outbox": [],
    }
    found |= ({"account": owner.account_id} if owner else {}) | told
    SchoolApplication._get_collection().insert_one(found)
    return found["_id"]


@dataclass
class Published:
    """A round whose results are out; offers are made by `offers()`."""

    places: dict[str, int]
    accept_days: int = 5
    round: str = ROUND
    draw: ObjectId = field(default_factory=ObjectId)
    report_day: str | None = "2027-02-22"

    def __post_init__(self) -> None:
        told = {"accept_days": self.accept_days, "state": "published", "draw": self.draw, "published_at": clock.now()}
        put_round(self.round, report_day=self.report_day, **told)
        for code, places in self.places.items():
            self.school(code, places)

    def school(self, code: str, places: int) -> None:
        put_school(self.round, code, places, unit=f"unit_{code}", made_up=True)

    def apply(self, *choices: str, priority: int = 101, phone: Phone | None = None, **told: Any) -> ObjectId:
        """Let a family have a qualified application and return its id."""
        about = {
            "child": child(),
            "receipt": f"RX-20261105-{next(_numbers):06d}",
            "accepts_coordination": True,
            "history": [{"at": clock.now(), "what": "qualify", "by": "system:school"}],
        }
        return put_application(self.round, choices, priority, phone, **about | told)

    def result(self, application: ObjectId, school: str, position: int, *, kind: str = "") -> None:
        """Say where the draw placed an application; `position` is its lot."""
        found = SchoolApplication._get_collection().find_one({"_id": application})
        choices = found["choices"]
        told = {
            "_id": result_id(self.draw, application),
            "round": self.round,
            "draw": self.draw,
            "application": application,
            "child": found["child"],
            "guardian": found["guardian"],
            "kind": kind or ("drawn" if school else "unplaced"),
            "rank": choices.index(school) + 1 if school in choices else 0,
            "lot": f"{position:064x}",
            "lot_of": str(position),
            "position": position,
            "pseudonym": f"P{next(_numbers):06d}",
            "tier": found["tier"],
        }
        told |= {"school": school, "priority": found["priorities"].get(school, 999)} if school else {}
        SchoolResult._get_collection().insert_one(told)

    def placed(self, *choices: str, at: str, lot: int, **told: Any) -> ObjectId:
        """Let a family apply and be placed; `at` "" for nowhere."""
        made = self.apply(*choices, **told)
        self.result(made, at, lot)
        return made

    def offers(self) -> "Published":
        """Make the offers of the results, and all that follows."""
        work(self.draw)
        queues.drain("affairs")
        return self

    def plan(self, school: str) -> dict[str, Any]:
        return seat_plan.read(self.round, school)

    def taken(self, school: str) -> int:
        return int(self.plan(school)["taken"])

    def found(self) -> dict[str, Any]:
        return rounds.read(self.round)


def work(draw: ObjectId) -> None:
    """Run the job that makes offers to its end."""

    for _ in range(1000):
        try:
            offer_make.make_offers(draw)
        except outbox.Later:
            continue
        return


def child(name: str = "李小满") -> ObjectId:
    return person.find_or_declare(parse("resident_id", resident_id(CHILD_BORN)), name)


def resident(phone: Phone) -> Any:
    return account.authenticate(phone.token)


def family(client: Any, sandbox: Any) -> Phone:
    return Phone(client, sandbox).ready().sure("matched")


def clerk(client: Any, school: str) -> Clerk:
    return affairs.seat(client, "school_clerk", unit=f"unit_{school}")


def manager(client: Any) -> Clerk:
    return affairs.seat(client, "school_manager", unit=BUREAU)


def of(application: ObjectId, school: str = "") -> dict[str, Any]:
    """Return the newest offer of an application, at a school where it is named."""
    return next(one for one in offer.of_application(application) if not school or one["school"] == school)


def states(application: ObjectId) -> dict[str, str]:
    """Return how each offer of an application stands, by school."""
    return {one["school"]: one["state"] for one in reversed(offer.of_application(application))}


def standing(school: str) -> int:
    """Return how many offers of a school hold a place."""
    query = {"round": ROUND, "school": school, "state": {"$in": list(offer.STANDING)}}
    return SchoolOffer._get_collection().count_documents(query)


def exact(made: Published) -> None:
    """Check that every place that is counted is held by an offer, and no more than there are."""
    for code in made.places:
        plan = made.plan(code)
        assert plan["taken"] == standing(code), code
        assert plan["taken"] <= plan["places"], code
    assert placed.published(made.found()) == made.draw
