"""Applications under review: families who applied from their phones, reviewers at the desks of the units."""

from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId

from models.affairs.case import Case
from models.rules.facts import Known, Missing
from models.school import application, review
from models.school.application import SchoolApplication
from models.school.property_lock import PropertyLock
from models.school.round import SchoolRound
from tests.school import apply_kit
from tests.school.apply_kit import BUREAU, OFFICE, ROUND, made, parent, sent
from tests.support import affairs, queues
from tests.support.clerk import Clerk

HAND = "见材料,请核对。"


def said(*codes: str, text: str = HAND) -> list[dict[str, Any]]:
    return [{"point": code, "text": text, "files": []} for code in codes]


def open_round(percent: int = 0, **told: Any) -> None:
    apply_kit.open_round(double_review_percent=percent, **told)


def percent(value: int) -> None:
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"double_review_percent": value}})


def work() -> None:
    """Do what the queues have to do, the messages to families too."""
    queues.drain("affairs", "notify")


@dataclass
class Desks:
    """One reviewer at each unit, two more at the bureau, and its manager."""

    client: Any
    seats: dict[str, Clerk] = field(default_factory=dict)

    def at(self, unit: str, role: str = "case_handler", which: str = "") -> Clerk:
        key = f"{role}@{unit}{which}"
        if key not in self.seats:
            self.seats[key] = affairs.seat(self.client, role, unit=unit)
        return self.seats[key]

    @property
    def manager(self) -> Clerk:
        return self.at(BUREAU, "school_manager")

    def settle(self, found: dict[str, Any], code: str, outcome: str = "confirmed", *, status: int = 200, **more: Any):
        """Claim and decide the case of a point at its desk."""
        point, clerk = point_of(found, code), self.desk(code)
        affairs.move(clerk, str(point["case"]), "claim")
        return affairs.decide(clerk, str(point["case"]), outcome, status=status, **more)

    def desk(self, code: str) -> Clerk:
        from_bureau = code in {"address", "guardianship"}
        return self.manager if from_bureau else self.at(UNIT_OF[code])


UNIT_OF = {
    "household": "public_security",
    "residence": "public_security",
    "property": "natural_resources",
    "insurance": "social_insurance_centre",
    "business": "market_supervision",
    "double": BUREAU,
}


def stored(found: dict[str, Any]) -> dict[str, Any]:
    """Return an application as it lies in the store."""
    return application.read(ObjectId(found.get("id") or found["_id"]))


def point_of(found: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for one in stored(found)["points"] if one["code"] == code)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["state"] for one in stored(found)["points"]}


def cases(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all cases that the review of an application ever had, in order."""
    held = review.find(ObjectId(found["id"]))
    ids = [one["case"] for one in held["checks"]] if held else []
    return [Case._get_collection().find_one({"_id": one}) for one in ids]


def running(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in cases(found) if one["state"] == "open"]


def locks(found: dict[str, Any]) -> list[dict[str, Any]]:
    return list(PropertyLock._get_collection().find({"uses.application": ObjectId(found["id"])}))


def family(client: Any, sandbox: Any, box: Any, kind: str = "own_home", **told: Any) -> apply_kit.Parent:
    return parent(client, sandbox, made(box, kind, **told))


def applied(who: apply_kit.Parent, *codes: str, begin: bool = True, **told: Any) -> dict[str, Any]:
    """Submit an application with statements by hand on some points, and let its review begin."""
    found = who.submitted(**({"told": said(*codes)} if codes else {}), **told)
    if begin:
        work()
    return found


def shown(clerk: Clerk, found: dict[str, Any]) -> dict[str, Any]:
    return sent(clerk.get(f"{OFFICE}/applications/{found['id']}/review"))


def lost(found: dict[str, Any]) -> None:
    """Lose what an application's outbox holds, as no kill can: the sweeper alone is left."""
    SchoolApplication._get_collection().update_one({"_id": ObjectId(found["id"])}, {"$set": {"outbox": []}})


@dataclass(frozen=True)
class Told:
    """What points.needed reads of what was gathered and judged."""

    facts: dict[str, Any]
    why_missing: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def known(*missing: str, why: str = "no_answer", guardian: bool | None = True) -> Told:
    facts: dict[str, Any] = {name: Missing(why) for name in missing}
    whys = dict.fromkeys(missing, why)
    if guardian is None:
        whys["household.with_guardian"] = why
        facts["household.with_guardian"] = Missing(why)
    else:
        facts["household.with_guardian"] = Known(guardian)
    return Told(facts, whys, missing)
