"""Who works on a case: claim, release, assign, transfer, and what becomes of the work of those who leave."""

from collections.abc import Sequence
from typing import Any

from bson import ObjectId

from backend.errors import NotAllowed, NotFound
from models.affairs import case, desks, kind, work
from models.affairs.case import Case, Move
from models.affairs.case_errors import CaseStateWrong, CaseTaken, NotADesk, NotHeld, SamePerson
from models.audit import entry
from models.identity import staff, unit
from models.identity.actors import Staff

BATCH = 500


def audit(actor: Staff, action: str, found: dict[str, Any], **details: Any) -> dict[str, Any]:
    """Return the audit entry of a move."""
    return entry.line(actor.key, f"case.{action}", f"case:{found['_id']}", unit=actor.unit, **details)


def require_running(found: dict[str, Any]) -> None:
    """Check that a case is being worked on.

    Raises:
        CaseStateWrong: it is not.
    """
    if found["state"] not in case.RUNNING:
        raise CaseStateWrong(state=found["state"], state_zh=case.STATES[found["state"]])


def require_held(actor: Staff, found: dict[str, Any]) -> None:
    """Check that the actor holds the running work of a case.

    Raises:
        NotFound: the case is outside the actor's scope.
        CaseStateWrong: nobody works on it any more.
        NotHeld: they have not claimed it.
    """
    desks.reach(actor, "case.handle", found)
    require_running(found)
    if found["work"].get("holder") != actor.key:
        raise NotHeld


def claim(actor: Staff, case_id: ObjectId) -> dict[str, Any]:
    """Take on the work of a case; of two at once one gets it, and claiming again changes nothing.

    Raises:
        NotFound: the case is outside the actor's scope.
        CaseStateWrong: nobody works on it any more.
        CaseTaken: a colleague has it.
        NotAllowed: they may see the case, but it lies on other desks.
        SamePerson: the step wants another person.
    """

    def decide(found: dict[str, Any]) -> Move | None:
        desks.reach(actor, "case.handle", found)
        require_running(found)
        if found["work"].get("holder") == actor.key:
            return None
        if found["work"].get("holder"):
            raise CaseTaken
        if not desks.sits_at(actor, found):
            raise NotAllowed
        _require_another(actor.key, found)
        return _held_by(actor, found, actor.key, "claimed")

    return case.change(case_id, decide)


def _require_another(key: str, found: dict[str, Any]) -> None:
    if barred(key, found):
        raise SamePerson


def barred(key: str, found: dict[str, Any]) -> bool:
    """Tell whether the step that a case is at wants another person than this one.

    Whoever settled this same step before may settle it again when the case comes back to it: so a case that goes round
    never runs out of people.
    """
    told = kind.read(found["kind"], found["kind_version"])
    step = told.step(found["work"]["step"])
    did = {one["step"] for one in found.get("did", ()) if one["by"] == key}
    if step.another_person and key in found["workers"]:
        return did != {step.code}
    return any(told.step(one).another_person for one in did - {step.code})


def _held_by(actor: Staff, found: dict[str, Any], holder: str, what: str) -> Move:
    state = "taken" if found["work"]["state"] == "waiting" else found["work"]["state"]
    return Move(
        what,
        actor.key,
        set={"work.holder": holder, "work.state": state},
        told={"unit": actor.unit, "step": found["work"]["step"]} | ({"holder": holder} if holder != actor.key else {}),
        audit=audit(actor, what, found, holder=holder),
    )


def release(actor: Staff, case_id: ObjectId) -> dict[str, Any]:
    """Give the work back to the desk; releasing what nobody holds changes nothing.

    Raises:
        NotFound: the case is outside the actor's scope.
        CaseStateWrong: nobody works on it any more.
        NotHeld: a colleague holds it.
    """

    def decide(found: dict[str, Any]) -> Move | None:
        desks.reach(actor, "case.handle", found)
        require_running(found)
        if not found["work"].get("holder"):
            return None
        require_held(actor, found)
        return _returned(found, actor.key, audit=audit(actor, "released", found))

    return case.change(case_id, decide)


def _returned(found: dict[str, Any], who: str, *, audit: dict[str, Any] | None = None) -> Move:
    state = "waiting" if found["work"]["state"] == "taken" else found["work"]["state"]
    return Move("released", who, set={"work.state": state}, unset=("work.holder",), audit=audit)


def assign(actor: Staff, case_id: ObjectId, member_id: ObjectId) -> dict[str, Any]:
    """Give the work to a member of the staff at one of its desks, also when somebody holds it.

    Raises:
        NotFound: the case is outside the actor's scope.
        NotADesk: there is no such member, or they do not work on such cases; which of the two is not told.
        SamePerson: the step wants another person.
    """
    member = _member(member_id)

    def decide(found: dict[str, Any]) -> Move | None:
        desks.reach(actor, "case.assign", found)
        require_running(found)
        key = f"staff:{member_id}"
        if found["work"].get("holder") == key:
            return None
        if set(_desks_of(member)).isdisjoint(found["work"]["desks"]):
            raise NotADesk(fields={"staff_id": [NotADesk.zh]})
        _require_another(key, found)
        return _held_by(actor, found, key, "assigned")

    return case.change(case_id, decide)


def _member(member_id: ObjectId) -> dict[str, Any]:
    try:
        return staff.read(member_id)
    except NotFound:
        return {"state": "unknown"}


def transfer(actor: Staff, case_id: ObjectId, to: str, reason: str) -> dict[str, Any]:
    """Hand the work to another unit, with a reason; its clocks go on, and what was due before escalates there at once.

    Raises:
        NotFound: the case is outside the actor's scope.
        NotHeld: neither do they hold it nor supervise it.
        NotADesk: the unit has nobody for it.
    """

    def decide(found: dict[str, Any]) -> Move | None:
        desks.reach(actor, "case.handle", found)
        require_running(found)
        if found["work"]["unit"] == to:
            return None
        _require_unit(to)
        if found["work"].get("holder") != actor.key and not desks.reaches(actor, "case.supervise", found):
            raise NotHeld
        if found["work"]["state"] == "paused":
            raise CaseStateWrong(state="paused", state_zh=case.WORK_STATES["paused"])
        return _moved(actor, found, to, reason)

    return case.change(case_id, decide)


def _require_unit(code: str) -> None:
    """Check that a unit is there to work.

    Raises:
        NotADesk: it is not.
    """
    try:
        known = unit.read(code)
    except NotFound:
        known = {"state": "closed"}
    if known["state"] != "active":
        raise NotADesk(fields={"unit": [NotADesk.zh]})


def _moved(actor: Staff, found: dict[str, Any], to: str, reason: str) -> Move:
    role = found["work"]["role"]
    if desks.desk(role, to) == desks.desk(role, found["work"]["unit"]):
        raise NotADesk(fields={"unit": [NotADesk.zh]})
    moved = {
        **{name: value for name, value in found["work"].items() if name != "holder"},
        "unit": to,
        "desks": desks.within(role, to, found["area"]),
        "state": "waiting",
        "rung": 0,
        "urgency": "normal",
    }
    after = {**found, "unit": to, "work": moved, "beat": ObjectId()}
    entry_of_clock = work.running(after)
    return Move(
        "transferred",
        actor.key,
        set={"work": moved, "unit": to, "beat": after["beat"]},
        add={"desks": [desks.desk(role, to)]},
        text=reason,
        told={"unit": actor.unit, "to": to},
        follow=(entry_of_clock,) if entry_of_clock else (),
        audit=audit(actor, "transferred", found, to=to),
    )


def release_all(member_id: ObjectId, *, but: Sequence[str] = ()) -> int:
    """Give back the work of a member of the staff, all `but` what lies on these desks; return how much it was.

    Repeating it does no harm.
    """
    key, returned = f"staff:{member_id}", 0

    def decide(found: dict[str, Any]) -> Move | None:
        if found.get("work", {}).get("holder") != key or not set(but).isdisjoint(found["work"]["desks"]):
            return None
        return _returned(found, "system:affairs")

    while held := _held(key, but):
        for case_id in held:
            case.change(case_id, decide)
        returned += len(held)
    return returned


def _held(key: str, but: Sequence[str]) -> list[ObjectId]:
    elsewhere = {"work.desks": {"$nin": list(but)}} if but else {}
    found = Case._get_collection().find({"work.holder": key, **elsewhere}, {"_id": 1}).limit(BATCH)
    return [one["_id"] for one in found]


def return_left() -> int:
    """Give back what members hold who left, or sit at none of its desks any more; return how much it was."""
    holders = Case._get_collection().distinct("work.holder", {"work.holder": {"$gt": ""}})
    members = [ObjectId(key.removeprefix("staff:")) for key in holders]
    return sum(release_all(member_id, but=_desks_of(_member(member_id))) for member_id in members)


def _desks_of(member: dict[str, Any]) -> list[str]:
    return desks.of(staff.assignments_of(member)) if member["state"] == "active" else []
