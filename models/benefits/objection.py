"""An objection during publicity: "this person should not get it", or "I should". Each is a case of the department.

    raised ─▶ the line is held ─upheld─▶ blocked for good, its person is told
                               ─rejected or withdrawn─▶ as it was before; of a batch approved meanwhile: approved

A held line does not delay its batch. Its amount is part of what two persons approved and of what the fund promised, so
that once it is free the batch's next file takes it.
Line and case change in one transaction, at the beginning and with each turn, so that neither is held without the other.
Whoever objects is known to the department (no anonymous ones), never to the person concerned.
"""

from contextlib import suppress
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound
from models.affairs import carry_out, open_case
from models.affairs.carry_out import Turn
from models.affairs.open_case import Matter
from models.benefits import batch, finding, item, kinds, line, publicity, tell
from models.benefits.line import BenefitLine
from models.identity.actors import Resident

HOLDABLE = ("ok", "blocked")


class PublicityOver(Conflict):
    """409: objections are taken while the list is public."""

    code = "benefit_publicity_over"
    zh = "该批次不在公示期内,不能再提出异议;如有问题请联系主管部门或拨打 12345。"
    en = "The list is not public any more. Ask the department, or call 12345."


def against(resident: Resident, batch_id: ObjectId, line_id: ObjectId, text: str) -> dict[str, Any]:
    """Object to a published line and return the case; the line is held from now on.

    Raises:
        LevelNeeded: it is not sure who objects.
        NotFound: no such line in a public list.
        PublicityOver: the time to object is over.
        AlreadyOpen: one's objection to this line is being looked into.
    """
    person_id = open_case.require_person(resident)
    found, row = _public(batch_id), line.read(line_id)
    if row["batch"] != batch_id or not _published(row):
        raise NotFound
    about = {"batch": found["_id"], "line": line_id, "item": found["item"], "what": "should_not_get"}
    matter = Matter(
        item.read(found["item_id"])["unit"], text, found["area"], about, once=f"objection:{person_id}:{line_id}"
    )
    at = clock.now()

    def hold(session: ClientSession) -> None:
        _hold(line_id, at, session)

    return open_case.open_case(open_case.by(resident), kinds.OBJECTION, matter, within=hold)


def for_oneself(resident: Resident, batch_id: ObjectId, text: str) -> dict[str, Any]:
    """Say that one is missing in a published list and return the case.

    Raises:
        LevelNeeded: it is not sure who says so.
        NotFound: no such list is public.
        PublicityOver: the time to object is over.
        AlreadyOpen: one's objection to this list is being looked into.
    """
    person_id = open_case.require_person(resident)
    found = _public(batch_id)
    about = {"batch": batch_id, "item": found["item"], "what": "should_get"}
    matter = Matter(
        item.read(found["item_id"])["unit"], text, found["area"], about, once=f"objection:{person_id}:{batch_id}"
    )
    return open_case.open_case(open_case.by(resident), kinds.OBJECTION, matter)


def _public(batch_id: ObjectId) -> dict[str, Any]:
    found = batch.read(batch_id)
    if not publicity.is_public(found, clock.now()):
        if found["state"] in {"collecting", "checking", "checked", "returned", "cancelled"}:
            raise NotFound
        raise PublicityOver
    return found


def _published(row: dict[str, Any]) -> bool:
    return row["state"] == "ok" or _open(row) is not None


def _open(row: dict[str, Any]) -> dict[str, Any] | None:
    return next((one for one in row["findings"] if one["code"] == "objection"), None)


def _hold(line_id: ObjectId, at: Any, session: ClientSession) -> None:
    """Hold a line for one more objection; `about` counts them."""
    row = line.read(line_id, session)
    known = _open(row)
    number = (known["about"] if known else 0) + 1
    findings = [*_without(row, "objection"), finding.found("objection", at, about=number)]
    line.move(
        line_id,
        HOLDABLE,
        finding.state_of(findings),
        pushed=line.history("system:benefits", "objected"),
        told={"findings": findings},
        batch_states=("in_publicity",),
        session=session,
    )


def _without(row: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [one for one in row["findings"] if one["code"] != code]


@carry_out.settles("benefits.objection")
def settle(found: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    """Let the line follow the case; where it is gone, or paid before, only the case goes on."""
    if "line" not in found["about"]:
        return
    with suppress(NotFound):
        row = line.read(found["about"]["line"], session)
        if row["state"] in HOLDABLE and _open(row):
            _release(row, turn, session)


def _release(row: dict[str, Any], turn: Turn, session: ClientSession) -> None:
    known = _open(row)
    assert known is not None
    left, findings = known["about"] - 1, _without(row, "objection")
    told: tuple[dict[str, Any], ...] = ()
    if turn.outcome == "upheld" and all(one["code"] != "objection_upheld" for one in findings):
        findings.append(finding.found("objection_upheld", known["at"]))
        told = tell.entries(row, "upheld", "objection")
    if left:
        findings.append({**known, "about": left})
    state, found = finding.state_of(findings), batch.read(row["batch"], session)
    approved = found["state"] in batch.APPROVED
    over = () if left or not approved else (outbox.entry("affairs", "benefits.held_settled", batch=str(found["_id"])),)
    line.move(
        row["_id"],
        HOLDABLE,
        "approved" if approved and state == "ok" else state,
        pushed=line.history(
            turn.by if turn.by.startswith("staff:") else "system:benefits", f"objection_{turn.outcome}"
        ),
        told={"findings": findings},
        follow=(*told, *over),
        session=session,
    )


def held(batch_id: ObjectId) -> tuple[int, int]:
    """Return how many lines of a batch only an open objection holds, and their sum."""
    query = {"batch": batch_id, "findings.code": "objection"}
    found = BenefitLine._get_collection().find(query, {"findings": 1, "amount_fen": 1})
    fen = [one["amount_fen"] for one in found if finding.state_of(_without(one, "objection")) == "ok"]
    return len(fen), sum(fen)
