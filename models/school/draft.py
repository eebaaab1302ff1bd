"""A draft of an application: begun for a child, saved as a whole, as often as the family likes.

A child has one live application a round: whoever begins another one gets the first. Each save names the `seq` that was
seen; who was slower learns what changed. Tied applications share their choices, in one transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock
from backend.store import transactions
from models.audit import entry
from models.identity import companion, staff
from models.identity.actors import Resident
from models.registers import matching
from models.school import application, applying, choices, form, group, locality, materials
from models.school import round as rounds
from models.school.application import ApplicationMoved, SchoolApplication
from models.school.applying import Applying, NotGuardian
from models.school.child_facts import Gathered

_TRIES = 3


def child_of_companion(resident: Resident, companion_id: str) -> ObjectId:
    """Return a child on one's list of companions of whom one is a guardian, or becomes one by the household register.

    Raises:
        NotGuardian: no such companion, or nobody says that the child is one's own.
        ConsentNeeded: no relation is there, and no consent to ask the register.
        GuardianNotFound, RegisterAway, TermsWrong, NotSureEnough: the register does not make one a guardian.
    """
    who = applying.by(resident)
    (found,) = companion.chosen(resident, [companion_id])
    if found is None:
        raise NotGuardian
    try:
        applying.guardianship(who.person, found.person_id)
    except NotGuardian:
        matching.become_guardian(resident, found.person_id)
    return found.person_id


def begin(who: Applying, round_code: str, child_id: ObjectId, *, text_version: str = "") -> dict[str, Any]:
    """Begin an application for a child and return it; where the child has a live one in the round, that one.

    A round takes drafts from its announcement on, before its window opens as well.

    Raises:
        NotFound: no such round that was announced.
        RoundStateWrong: its list is frozen.
        NotGuardian: who acts is no guardian of the child.
        ConsentNeeded, ConsentTextOutdated: the guardian does not agree to give the child's data.
    """
    found = rounds.public(round_code)
    rounds.require_state(found, ("open",))
    held = applying.guardianship(who.person, child_id)
    agreed = applying.consent_of(who, text_version)
    for _ in range(_TRIES):
        if known := live(round_code, child_id):
            return known
        if made := _inserted(_record(who, round_code, child_id, held["_id"], agreed), who):
            return made
    raise ApplicationMoved(live(round_code, child_id) or {"state": "draft"})


def live(round_code: str, child_id: ObjectId) -> dict[str, Any] | None:
    """Return the live application of a child in a round, None without one."""
    query = {"round": round_code, "child": child_id, "live": True}
    return SchoolApplication._get_collection().find_one(query, {"outbox": 0})


def _record(
    who: Applying, round_code: str, child_id: ObjectId, relation_id: ObjectId, agreed: Mapping[str, Any]
) -> dict[str, Any]:
    told = {
        "_id": application.new_id(),
        "round": round_code,
        "child": child_id,
        "guardian": who.person,
        "relation": relation_id,
        "channel": who.channel,
        "live": True,
        "state": "draft",
        "seq": 1,
        "choices": [],
        "accepts_coordination": True,
        "consent": dict(agreed),
        "history": [application.event("begun", who.key, seq=1)],
        "outbox": [],
    }
    return told | ({"account": who.account} if who.account else {})


def _inserted(record: Mapping[str, Any], who: Applying) -> dict[str, Any] | None:
    """Store an application; None where somebody was faster."""
    audit = audit_line(who, "begin", record["_id"])

    def write(session: ClientSession | None) -> None:
        SchoolApplication._get_collection().insert_one(dict(record), session=session)
        if audit and session:
            require_acting(who, audit, session)
            entry.write(dict(audit), session)

    try:
        transactions.run(write) if audit else write(None)
    except DuplicateKeyError:
        return None
    return {name: value for name, value in record.items() if name != "outbox"}


def audit_line(who: Applying, what: str, application_id: ObjectId, **told: Any) -> dict[str, Any] | None:
    """Return the audit entry of what a clerk does for who stands at the counter, None for a resident's own act."""
    if who.clerk is None:
        return None
    told |= {"counter_session": str(who.serving.id)} if who.serving else {"signed_on": who.signed}
    about = f"school_application:{application_id}"
    return entry.line(who.key, f"school_application.{what}", about, unit=who.clerk.unit, **told)


def require_acting(who: Applying, audit: dict[str, Any] | None, session: ClientSession) -> None:
    """Check inside the transaction that a clerk still may do what they do.

    Raises:
        SessionEnded: they were disabled or got other roles meanwhile.
    """
    if who.clerk is not None and who.signed:
        staff.require_still(who.clerk, session)
    elif who.clerk is not None and audit is not None:
        staff.require_acting(who.clerk, audit, session)


def save(
    who: Applying, application_id: ObjectId, told: Mapping[str, Any], seq: int, *, known: Gathered | None = None
) -> dict[str, Any]:
    """Put a form in place of the one that was there and return the application; the same form again changes nothing.

    `known` is what the registers said a moment ago, for who asked them already.

    Raises:
        NotFound: no such application of theirs.
        FormChanged: somebody changed it since `seq`.
        NotEditable: it stands where nothing is changed, or one that is tied to it does.
        RoundStateWrong: the list of the round is frozen.
        FormWrong, BadMaterial: a part of it cannot be so.
    """
    form.require_whole(told)
    return form.again(lambda: _save(who, application_id, told, seq, known))


def _save(
    who: Applying, application_id: ObjectId, told: Mapping[str, Any], seq: int, known: Gathered | None
) -> dict[str, Any]:
    found = applying.own(who, application_id)
    fields = form.differing(found, told)
    if not fields:
        return found
    form.require_seen(found, seq, who.key)
    form.require_editable(found)
    in_round = rounds.read(found["round"])
    rounds.require_state(in_round, ("open",))
    tied = group.members(found) if set(fields) & set(form.CLEAR) else []
    _require_guardian(found, told)
    if set(fields) & {*form.CLEAR, "basis"}:
        _require_fitting(who, in_round, [found, *tied], told, known)
    _store(who, found, told, fields, tied)
    return application.read(application_id)


def _require_guardian(found: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Check that nobody else's registers are brought in as those of a further guardian."""
    other = told.get("other_guardian")
    if other and other not in {str(one) for one in applying.guardians(found["child"])}:
        raise form.FormWrong(fields={"other_guardian": ["没有这位监护人,请先为孩子建立监护关系,或不填。"]})


def _require_fitting(
    who: Applying,
    in_round: Mapping[str, Any],
    several: Sequence[dict[str, Any]],
    told: Mapping[str, Any],
    known: Gathered | None,
) -> None:
    """Check the basis, and the choices for each child that they are for: twins may live at two addresses."""
    ask, basis = applying.may_ask(who), told.get("basis")
    for number, one in enumerate(several):
        form.require_editable(one)
        chosen = application.opened(one).get("basis") if number else basis
        where = locality.of(in_round, one, chosen, ask=ask, known=None if number else known)
        choices.require(in_round, told.get("choices", []), where)


def _store(
    who: Applying,
    found: dict[str, Any],
    told: Mapping[str, Any],
    fields: Sequence[str],
    tied: Sequence[Mapping[str, Any]],
) -> None:
    audit = audit_line(who, "save", found["_id"], seq=found["seq"] + 1)
    shared = {name: told.get(name) for name in form.CLEAR}
    sealed = application.sealed(found["_id"], "form", {name: told[name] for name in form.SEALED if told.get(name)})
    attach = materials.attaching(who, found, told.get("told", ()))
    now = clock.now()

    def write(session: ClientSession) -> None:
        require_acting(who, audit, session)
        files = attach(session)
        change = {"form": sealed, "files": files, **shared}
        form.edit(found, change, form.line("saved", who.key, found["seq"] + 1, fields) | {"at": now}, session)
        for one in tied:
            line = form.line("shared", who.key, one["seq"] + 1, form.CLEAR) | {"at": now}
            form.edit(one, shared, line, session)
        if audit:
            entry.write(dict(audit), session)

    transactions.run(write)
