"""What follows for an organisation's people when the business register says something else of it than before.

A dissolved organisation is suspended: nobody acts in its name. Where another legal person is named, every owner whose
role rests on being the legal person is questioned: they act no more until the register or a counter has seen them anew.
Names may be shared or changed, so nobody is removed by a name alone.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.store import transactions
from models.audit import entry
from models.identity import organisation, person
from models.identity.membership import Membership
from models.registers import fact
from models.registers.own_organisation import KIND, SOURCE
from models.registers.subject import Subject

SYSTEM = "system:register"
DISSOLVED = ("cancelled", "revoked")
"""What the register says of a firm that is one no more; one that only pauses (歇业) still acts."""
BY_LICENCE = [{"how": "register"}, {"how": "counter", "evidence.papers": "legal_representative"}]
"""Whose ownership rests on being the legal person."""


def check(code: str) -> None:
    """Compare an organisation's owners with what the register says of it now; the same again changes nothing."""
    known = organisation.by_code(code)
    held = fact.current(Subject(organisation=code), [KIND], clock.today().isoformat())
    licence = next((one for one in held if one.source == SOURCE and not one.disputed), None)
    if known is None or licence is None:
        return
    if licence.absent:
        return  # a register that has no record of a firm does not say that it is dissolved
    if licence.value["status"] in DISSOLVED:
        organisation.suspend_dissolved(code, SYSTEM)
        return
    for one in _by_licence(known["_id"]):
        if not person.same_name(person.read(one["person"]).name, str(licence.value["legal_person"])):
            _question(one, licence.id)


def _by_licence(organisation_id: ObjectId) -> list[dict[str, Any]]:
    query = {"organisation": organisation_id, "state": "active", "role": "owner", "questioned_at": None}
    return list(Membership._get_collection().find({**query, "$or": BY_LICENCE}).sort("_id", 1).limit(100))


def _question(found: dict[str, Any], fact_id: ObjectId) -> None:
    guard = {"_id": found["_id"], "state": "active", "role": "owner", "questioned_at": None, "how": found["how"]}
    follow = outbox.entry("notify", "identity.owner_questioned", membership=str(found["_id"]))
    change = {"$set": {"questioned_at": clock.now()}, "$push": {"outbox": follow}}
    line = entry.line(SYSTEM, "membership.question", f"membership:{found['_id']}", fact=str(fact_id))

    def carry_out(session: ClientSession) -> None:
        if Membership._get_collection().update_one(guard, change, session=session).matched_count:
            entry.write(line, session)

    transactions.run(carry_out)
    outbox.wake("notify")
