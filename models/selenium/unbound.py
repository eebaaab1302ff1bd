"""Labels of a roll that are on no package: destroyed before they were used, or lost with the roll.

    printed ──void (grower)──▶ void        (final; the quota gets the weight back, once)
    printed ──the roll is lost──▶ frozen ──found again (office)──▶ printed

Both are said of the roll, in its one document, which binding guards too: a label is bound or void, never both, and none
is bound once the roll is lost. Packages that were bound before stay as they are.
"""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.selenium import code_quota, producer, roll
from models.selenium.pack import LabelsOutside, LabelsTaken
from models.selenium.producer import Grower
from models.selenium.roll import Roll

REASON_ZH = {"spoilt": "印坏或污损", "lost": "遗失", "unused": "多余未用"}


def void(grower: Grower, number: str, first: int, last: int, reason: str) -> dict[str, Any]:
    """Make unbound labels void and give their weight back to the quota; the same again changes nothing.

    Raises:
        NotFound: no such roll of the producer.
        LabelsOutside: the roll has no such labels.
        LabelsTaken: some are bound, or void for another reason.
    """
    found = roll.own(grower, number)
    if not 1 <= first <= last <= found["count"]:
        raise LabelsOutside(count=found["count"])
    quota = code_quota.key(found["producer"], found["product"], found["season"])
    many = last - first + 1
    span = {"first": first, "last": last, "void": reason}
    told = {"first": first, "last": last, "reason": reason}
    line = entry.line(grower.actor_key, "roll.void", f"roll:{number}", unit=grower.unit, **told)

    def change(session: ClientSession) -> bool:
        taken = roll.cover(number, span, session)
        if taken:
            code_quota.give_back(quota, many * found["net_grams"], session)
            entry.write(line, session)
        return taken

    taken, stored = transactions.run(change), roll.read(number)
    if not taken and span not in stored["spans"]:
        raise LabelsTaken
    return stored


def report_lost(grower: Grower, number: str) -> dict[str, Any]:
    """Say that a roll is lost: nobody binds its labels, and who scans one that is on no package is warned.

    Raises:
        NotFound: no such roll of the producer.
    """
    return _lost(roll.own(grower, number), grower)


def hold(actor: Staff, number: str) -> dict[str, Any]:
    """Say the same as the office.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such roll in the actor's area.
    """
    return _lost(in_reach(actor, "lot.hold", number), actor)


def _lost(found: dict[str, Any], actor: Grower | Staff) -> dict[str, Any]:
    update = {"$set": {"lost": {"by": actor.key, "at": clock.now()}}}
    return _moved(found, actor, "lost", {"_id": found["_id"], **roll.NOT_LOST}, update)


def release(actor: Staff, number: str) -> dict[str, Any]:
    """Say that a lost roll was found again; one that is not lost stays as it is.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such roll in the actor's area.
    """
    found = in_reach(actor, "lot.hold", number)
    guard = {"_id": number, "lost": {"$exists": True}}
    return _moved(found, actor, "found", guard, {"$unset": {"lost": ""}})


def _moved(
    found: dict[str, Any], actor: Grower | Staff, verb: str, guard: dict[str, Any], update: dict[str, Any]
) -> dict[str, Any]:
    line = entry.line(actor.key, f"roll.{verb}", f"roll:{found['_id']}", unit=actor.unit)
    return moving.move(Roll, guard, update, line, actor) or roll.read(found["_id"])


def in_reach(actor: Staff, operation: str, number: str) -> dict[str, Any]:
    """Return a roll that `operation` of the actor reaches by its village.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such roll, or outside the actor's area.
    """
    actor.require(operation)
    found = roll.read(number)
    if not producer.reaches(actor, operation, found["village"]):
        raise NotFound
    return found


def of_label(number: str, n: int) -> tuple[str, str]:
    """Return state and reason of a label that no pack covers: not active yet, void, or frozen with its roll."""
    of_n = {"$elemMatch": {"first": {"$lte": n}, "last": {"$gte": n}}}
    found = Roll._get_collection().find_one({"_id": number}, {"spans": of_n, "lost": 1}) or {}
    spans = found.get("spans", [])
    if spans and "void" in spans[0]:
        return "void", str(spans[0]["void"])
    return ("frozen", "lost") if "lost" in found else ("not_active", "")
