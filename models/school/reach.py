"""Families who cannot be reached: the list for the village, its table, and what somebody who went there says.

Seen by who holds `school.reach`: for the whole county, or within the area of the assignment (else that of its unit).
Guardians stand masked beside the whole address, which the way there needs; a child below fourteen is not named.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.errors import Conflict, NotFound
from backend.identity_documents import mask_name
from backend.store import paging
from models.audit import access_line, entry
from models.identity import approval, approved_export, minor_approval, moving, person, unit
from models.identity.actors import Assignment, Staff
from models.identity.approved_export import NeedsSecondPerson, NotFetchable
from models.school import candidate, found_words
from models.school import round as rounds
from models.school.candidate import OUTCOME_ZH, REACH_ZH, UNREACHED, SchoolCandidate

OPERATION = "school.reach"
PURPOSE = "school_enrolment"
FIELDS = ("person.name", "school.candidate")
HEADERS = ("村(社区)代码", "监护人(已打码)", "住址", "儿童", "可报学校", "梯次", "还缺", "未联系上的原因")
MOST_ROWS = 20_000
_PAGE = 500
NO_AREA_ZH = (
    "您的账号和所在单位都没有设定区域,因此名单为空。请联系单位管理员,在账号的角色中填写负责的乡镇或村(社区)后再查看。"
)


class TooManyUnreached(Conflict):
    """409: more families than one file takes."""

    code = "school_export_too_many"
    zh = "名单超过 {most} 行,不能导出为一个文件,请按村(社区)分别导出。"
    en = "More than {most} families; one file does not take them. Export village by village."


class ReachExportNeedsApproval(NeedsSecondPerson):
    """409: that many rows need a second person."""

    code = "school_export_needs_approval"


class ReachExportNotApproved(NotFetchable):
    """409: nobody has agreed yet, or it is too late."""

    code = "school_reach_export_not_approved"


class AreaMissing(Conflict):
    """409: neither the actor's role nor their unit has an area, so that there is no list of theirs."""

    code = "school_area_missing"
    zh = NO_AREA_ZH
    en = "Neither your role nor your unit has an area. Ask the administrator of your unit to name a town or village."


class NotOnList(Conflict):
    """409: the family does not stand on the list."""

    code = "school_not_unreached"
    zh = "该家庭目前为「{state_zh}」,不在待上门名单中;请刷新后查看。"
    en = "The family is not on the list of those to visit. Refresh and look again."


def listed(
    actor: Staff, round_code: str, *, village: str = "", visited: bool = False, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the families of a round who were not reached, or who were visited; the access line before.

    Who has no area reads an empty page; `note_zh` says why.

    Raises:
        NotAllowed: no role of the actor reaches families.
        NotFound: no such round, or none of its families within the actor's area.
    """
    try:
        query = _query(actor, round_code, village, visited=visited)
    except AreaMissing:
        return [], None
    found, following = paging.page(
        SchoolCandidate._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return _shown(actor, found), following


def note_zh(actor: Staff) -> str:
    """Return what an actor without an area has to do to see families, "" for the others."""
    return NO_AREA_ZH if reached(actor) == [] else ""


def _query(actor: Staff, round_code: str, village: str, *, visited: bool = False) -> dict[str, Any]:
    actor.require(OPERATION)
    rounds.read(round_code)
    states = ["visited"] if visited else list(UNREACHED)
    told: dict[str, Any] = {"round": round_code, "reach": {"$in": states}}
    areas = reached(actor)
    if areas is not None:
        if not areas:
            raise AreaMissing
        if village and not any(village.startswith(area) for area in areas):
            raise NotFound
        told["$and"] = [{"village": {"$regex": "^(" + "|".join(map(re.escape, areas)) + ")"}}]
    return told | ({"village": {"$regex": f"^{re.escape(village)}"}} if village else {})


def reached(actor: Staff, operation: str = OPERATION) -> list[str] | None:
    """Return the areas whose families the actor reaches, None for all. A unit without an area reaches none."""
    areas = set()
    for one in actor.giving(operation):
        area = one.area if actor.units_of(one) is None else _within(one)
        if area == "":
            return None
        areas |= {area} if area else set()
    return sorted(areas)


def _within(one: Assignment) -> str | None:
    """Return the narrower of an assignment's area and its unit's, None where they do not meet or neither is told."""
    home = str(unit.read(one.unit).get("area") or "")
    wide, narrow = sorted((one.area, home), key=len)
    return narrow if narrow and narrow.startswith(wide) else None


def _shown(actor: Staff, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    children = [one["child"] for one in found]
    guardians = [each for one in found for each in one["guardians"]]
    hidden = minor_approval.hidden(actor, children)
    seen = [one for one in children if one not in hidden]
    access_line.record(actor, purpose=PURPOSE, subjects=[*guardians, *seen], fields=FIELDS)
    people = person.several([*guardians, *seen])
    names = found_words.schools(found)
    return [_one(one, people, names) for one in found]


def _one(one: Mapping[str, Any], people: Mapping[ObjectId, person.Known], names: Mapping[str, str]) -> dict[str, Any]:
    child = people.get(one["child"])
    told = {
        "id": str(one["_id"]),
        "village": one.get("village", ""),
        "address": candidate.home_of(one).get("address", ""),
        "guardians": [mask_name(people[each].name) for each in one["guardians"] if each in people],
        "child": mask_name(child.name) if child else minor_approval.HIDDEN,
        "schools_zh": found_words.schools_zh(one, names),
        "tier_zh": found_words.tier_zh(one),
        "missing_zh": found_words.missing_zh(one),
        "reach": one["reach"],
        "reach_zh": REACH_ZH[one["reach"]],
    }
    if visit := one.get("visit"):
        told["visit"] = {
            "outcome": visit["outcome"],
            "outcome_zh": OUTCOME_ZH[visit["outcome"]],
            "at": clock.civil(visit["at"]).isoformat(timespec="seconds"),
            **({"note": _note_of(one)} if visit.get("note") else {}),
        }
    return told


def _note_of(one: Mapping[str, Any]) -> str:
    return runtime.current().sealer.open("school_candidates.visit.note", one["_id"], one["visit"]["note"])


def visited(actor: Staff, round_code: str, candidate_id: ObjectId, *, outcome: str, note: str = "") -> dict[str, Any]:
    """Note how a visit went and return the line; the same again changes nothing, another outcome replaces it.

    Raises:
        NotAllowed: no role of the actor reaches families.
        NotFound: no such family within the actor's area.
        NotOnList: the family was reached otherwise.
    """
    try:
        query = _query(actor, round_code, "") | {"_id": candidate_id}
    except AreaMissing:
        raise NotFound from None
    query["reach"] = {"$in": [*UNREACHED, "visited"]}
    one = SchoolCandidate._get_collection().find_one(query, {"outbox": 0})
    if one is None:
        raise _refused(actor, round_code, candidate_id)
    before = one.get("visit")
    if not before or (before["outcome"], _note_of(one) if before.get("note") else "") != (outcome, note):
        one = _noted(actor, query, one["_id"], outcome, note)
    return _shown(actor, [one])[0]


def _refused(actor: Staff, round_code: str, candidate_id: ObjectId) -> Exception:
    query = {name: value for name, value in _query(actor, round_code, "").items() if name != "reach"}
    found = SchoolCandidate._get_collection().find_one(query | {"_id": candidate_id}, {"reach": 1})
    return NotOnList(state_zh=REACH_ZH[found["reach"]]) if found else NotFound()


def _noted(actor: Staff, query: dict[str, Any], candidate_id: ObjectId, outcome: str, note: str) -> dict[str, Any]:
    visit: dict[str, Any] = {"outcome": outcome, "at": clock.now(), "by": actor.staff_id}
    if note:
        visit["note"] = runtime.current().sealer.seal("school_candidates.visit.note", candidate_id, note)
    line = entry.line(actor.key, "school.visited", f"school_candidate:{candidate_id}", unit=actor.unit, outcome=outcome)
    change = {"$set": {"visit": visit, "reach": "visited"}}
    found = moving.move(SchoolCandidate, query, change, line, actor)
    if found is None:
        raise NotFound
    return found


def rows(actor: Staff, round_code: str, *, village: str = "") -> list[list[Any]]:
    """Return the list as a table where it is short; the access line is stored before.

    Raises:
        NotFound: no such round, or none of its families within the actor's area.
        AreaMissing: the actor has no area.
        ReachExportNeedsApproval, TooManyUnreached: there are too many.
    """
    found = _all(_query(actor, round_code, village))
    if len(found) > approval.EXPORT_ROWS:
        raise ReachExportNeedsApproval(len(found))
    return _handed_out(actor, round_code, found)


def propose(actor: Staff, round_code: str, *, village: str = "", reason: str) -> dict[str, Any] | None:
    """Propose a long export; return the proposal, None when the rows are few enough to leave at once.

    Raises:
        NotFound: no such round, or none of its families within the actor's area.
        AreaMissing: the actor has no area.
        TooManyUnreached: no file takes them.
    """
    found = _all(_query(actor, round_code, village))
    about = f"school_unreached:{round_code}:{village}"
    return approval.require_for_export(actor, len(found), about, reason=reason)


def approved_rows(actor: Staff, approval_id: ObjectId) -> list[list[Any]]:
    """Return the rows of one's own approved export; the access line is stored before, each time.

    Raises:
        NotFound: no such proposal of the actor, or the families have left their area.
        ReachExportNotApproved: not approved, or longer ago than a day.
    """
    asked, about = approved_export.own(actor, approval_id, "school_unreached")
    round_code, _, village = about.partition(":")
    approved_export.require_fetchable(asked, ReachExportNotApproved)
    found = _all(_query(actor, round_code, village) | {"_id": {"$lt": approval_id}})
    return _handed_out(actor, round_code, found)


def _all(query: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(SchoolCandidate._get_collection().find(query, {"outbox": 0}).sort("_id", 1).limit(MOST_ROWS + 1))
    if len(found) > MOST_ROWS:
        raise TooManyUnreached(most=MOST_ROWS)
    return found


def _handed_out(actor: Staff, round_code: str, found: list[dict[str, Any]]) -> list[list[Any]]:
    shown = [line for at in range(0, len(found), _PAGE) for line in _shown(actor, found[at : at + _PAGE])]
    line = entry.line(
        actor.key, "school.export_unreached", f"school_round:{round_code}", unit=actor.unit, rows=len(shown)
    )
    entry.write(line)
    names = ("schools_zh", "tier_zh", "missing_zh", "reach_zh")
    return [
        [one["village"], "、".join(one["guardians"]), one["address"], one["child"], *(one[name] for name in names)]
        for one in shown
    ]
