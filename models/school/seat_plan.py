"""A seat plan (招生计划): how many places one school has in one round, and how many of them are given away.

Before the list is frozen the plan may be corrected; after it never. `taken` counts after the publication: a place is
taken and given back by one guarded update each, so that as many offers stand as there are places and no more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mongoengine import DictField, Document, IntField, StringField
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import read_once, transactions
from models.audit import entry
from models.identity import staff
from models.identity.actors import Staff
from models.rules import parameters
from models.school import round as rounds
from models.school import school

COLLECTION = "seat_plans"
MOST_PLACES = 5_000
MOST_CLASSES = 60
MOST_CLASS_SIZE = 55
CHANGEABLE = ("preparing", "open")
MOST = 2_000
CLASS_SIZE = {"primary": "school_class_size_primary", "junior": "school_class_size_junior"}
"""Parameters of rules: how many pupils a class of a stage has at most."""


class SeatPlan(Document):
    """The id is `<round>:<school>`. `reserves` keeps places for tiers: tier as text to number."""

    meta = {"collection": COLLECTION, "auto_create_index": False, "indexes": [{"fields": ["round", "school"]}]}
    id = StringField(primary_key=True)
    round = StringField(required=True)
    school = StringField(required=True)
    places = IntField(required=True)
    classes = IntField(required=True)
    class_size = IntField(required=True)
    reserves = DictField()
    taken = IntField(required=True)
    tied = IntField()


class SeatPlanWrong(Unprocessable):
    """422: the numbers of a plan contradict each other."""

    code = "seat_plan_wrong"
    zh = "招生计划的数字有误,请按提示修改。"
    en = "The numbers of the seat plan do not fit. Correct what is named."


class SeatsGone(Conflict):
    """409: every place of the school is taken."""

    code = "school_seats_gone"
    zh = "该校本批次名额已满,请选择其他学校或等待候补。"
    en = "Every place of this school is taken. Choose another one, or wait."


def plan_id(round_code: str, school_code: str) -> str:
    """Return the id of the plan of a school in a round."""
    return f"{round_code}:{school_code}"


def put(actor: Staff, round_code: str, school_code: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Set how many places a school has in a round and return the plan; the same again changes nothing.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        SchoolUnknown: no active school of the round's stage has this code.
        SeatPlanWrong: the numbers contradict each other.
        RoundStateWrong: the list of the round was frozen.
    """
    actor.require("school.plan")
    _require_possible(told)
    _require_school(rounds.read(round_code), school_code)
    wanted = {name: told[name] for name in ("places", "classes", "class_size")}
    wanted["reserves"] = dict(sorted((told.get("reserves") or {}).items()))
    where = plan_id(round_code, school_code)
    audit = entry.line(
        actor.key, "seat_plan.set", f"seat_plan:{where}", unit=actor.unit, places=wanted["places"]
    )  # fmt: skip

    def write(session: ClientSession) -> dict[str, Any]:
        staff.require_acting(actor, audit, session)
        rounds.hold(round_code, CHANGEABLE, session)
        named = {"round": round_code, "school": school_code, "taken": 0}
        found: dict[str, Any] = SeatPlan._get_collection().find_one_and_update(
            {"_id": where},
            {"$set": wanted, "$setOnInsert": named},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        entry.write(audit, session)
        return found

    return transactions.run(write)


def drop(actor: Staff, round_code: str, school_code: str) -> None:
    """Take a school out of a round that was not announced; without a plan this changes nothing.

    Raises:
        NotAllowed: no role of the actor plans enrolment.
        NotFound: no such round.
        RoundStateWrong: the round was announced.
    """
    actor.require("school.plan")
    where = plan_id(round_code, school_code)
    audit = entry.line(actor.key, "seat_plan.drop", f"seat_plan:{where}", unit=actor.unit)

    def write(session: ClientSession) -> None:
        staff.require_acting(actor, audit, session)
        rounds.hold(round_code, ("preparing",), session)
        if SeatPlan._get_collection().delete_one({"_id": where}, session=session).deleted_count:
            entry.write(audit, session)

    transactions.run(write)


def _require_possible(told: Mapping[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if not 0 <= told["places"] <= MOST_PLACES:
        wrong["places"] = [f"名额应为 0 至 {MOST_PLACES}。"]
    if not 1 <= told["classes"] <= MOST_CLASSES:
        wrong["classes"] = [f"班数应为 1 至 {MOST_CLASSES}。"]
    if not 1 <= told["class_size"] <= MOST_CLASS_SIZE:
        wrong["class_size"] = [f"班额应为 1 至 {MOST_CLASS_SIZE}。"]
    elif told["places"] > told["classes"] * told["class_size"]:
        wrong["places"] = [f"名额不能超过班数乘以班额({told['classes'] * told['class_size']})。"]
    reserves = told.get("reserves") or {}
    if any(not tier.isdecimal() or int(tier) < 1 or most < 0 for tier, most in reserves.items()):
        wrong["reserves"] = ['预留名额按梯次填写,例如 {"1": 20};梯次从 1 开始,人数不为负。']
    elif sum(reserves.values()) > told["places"]:
        wrong["reserves"] = ["预留名额合计不能超过名额。"]
    if wrong:
        raise SeatPlanWrong(fields=wrong)


def _require_school(found: Mapping[str, Any], code: str) -> None:
    one = school.several([code]).get(code)
    if one is None or one["state"] != "active" or found["stage"] not in one["stages"]:
        raise school.SchoolUnknown(code)


def read(round_code: str, school_code: str) -> dict[str, Any]:
    """Return the plan of a school in a round.

    Raises:
        NotFound: it has none.
    """
    found = SeatPlan._get_collection().find_one({"_id": plan_id(round_code, school_code)})
    if found is None:
        raise NotFound
    return found


@read_once.within_span
def of_round(round_code: str, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """Return all plans of a round, by school."""
    found = SeatPlan._get_collection().find({"round": round_code}, session=session)
    return list(found.sort("school", 1).limit(MOST))


def warnings(plans: Sequence[Mapping[str, Any]], stage: str) -> dict[str, str]:
    """Return a sentence for each school whose classes are larger than the limit of the stage on this day."""
    limit = parameters.in_force([CLASS_SIZE[stage]], clock.today()).get(CLASS_SIZE[stage])
    if limit is None:
        return {}
    most, source = limit["value"], limit["source"].get("title", "")
    return {
        one["school"]: f"班额 {one['class_size']} 人,超过{rounds.STAGE_ZH[stage][:2]}每班 {most} 人的标准({source})。"
        for one in plans
        if one["class_size"] > most
    }


def take(where: str, session: ClientSession | None = None, count: int = 1) -> None:
    """Take places of a plan, by one guarded update: never more than there are.

    Raises:
        SeatsGone: fewer are left, or there is no such plan.
    """
    guard = {"_id": where, "$expr": {"$lte": [{"$add": ["$taken", count]}, "$places"]}}
    update = {"$inc": {"taken": count}}
    if not SeatPlan._get_collection().update_one(guard, update, session=session).matched_count:
        raise SeatsGone


def give_back(where: str, session: ClientSession | None = None, count: int = 1) -> bool:
    """Give places back, and tell whether they were taken. The caller's guarded transition makes it happen once."""
    guard = {"_id": where, "taken": {"$gte": count}}
    update = {"$inc": {"taken": -count}}
    return bool(SeatPlan._get_collection().update_one(guard, update, session=session).matched_count)
