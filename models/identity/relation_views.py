"""Relations as the two sides and the counter see them: the other side's name masked. Plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask_name
from backend.store import paging
from models.identity import person, relation
from models.identity.relation import Relation
from models.identity.relation_terms import KIND_ZH, METHOD_ZH, SCOPE_ZH

STATE_ZH = {"proposed": "等待确认", "active": "有效", "ended": "已结束"}
REASON_ZH = {
    "withdrawn": "本人撤销",
    "given_up": "办理人放弃",
    "not_confirmed": "逾期未确认",
    "term_over": "期满",
    "grown_up": "被监护人年满 14 周岁",
    "account_lost_person": "办理账号的身份绑定已变更",
    "fact_ended": "登记信息已变更",
}
MOST = 100


def of_person(person_id: ObjectId, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of a person's relations from either side, newest first."""
    query = {"$or": [{"for_person": person_id}, {"agent": person_id}]}
    found, following = paging.page(
        Relation._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection={"outbox": 0}
    )
    return [_without_id(one) for one in _lines(found, person_id)], following


def one(found: dict[str, Any], person_id: ObjectId) -> dict[str, Any]:
    """Return one relation as one of its sides sees it."""
    return _without_id(_lines([found], person_id)[0])


def live_of(person_id: ObjectId) -> list[dict[str, Any]]:
    """Return what holds or waits for a person; each line carries the other side's `other_id` besides."""
    query = {"live": True, "$or": [{"for_person": person_id}, {"agent": person_id}]}
    return _lines(list(Relation._get_collection().find(query).limit(MOST)), person_id)


def _without_id(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "other_id"}


def _lines(found: list[dict[str, Any]], person_id: ObjectId) -> list[dict[str, Any]]:
    others = {one["_id"]: one["agent"] if one["for_person"] == person_id else one["for_person"] for one in found}
    known = person.several(list(others.values()))
    return [_line(one, person_id) | _other(one, others[one["_id"]], known) for one in found]


def _other(found: dict[str, Any], other: ObjectId, known: dict[ObjectId, person.Known]) -> dict[str, Any]:
    """Return the other side; an agent who has not confirmed is shown by the name under which they were asked."""
    name = known[other].name if other in known else ""
    if other == found["agent"]:
        name = relation.called(found) or name
    return {"other_id": other, "other_name": mask_name(name) if name else ""}


def _line(found: dict[str, Any], person_id: ObjectId) -> dict[str, Any]:
    over = found["state"] != "ended" and found["due"] <= clock.now()
    state = "ended" if over else found["state"]
    told = {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "kind_zh": KIND_ZH[found["kind"]],
        "side": "helped" if found["for_person"] == person_id else "agent",
        "scope": found["scope"],
        "scope_zh": [SCOPE_ZH[one] for one in found["scope"]],
        "state": state,
        "state_zh": STATE_ZH[state],
        "until": _time(found["until"]),
    }
    if found.get("verification"):
        method = found["verification"]["method"]
        told |= {"verified_by": method, "verified_by_zh": METHOD_ZH[method]}
    if found.get("since"):
        told["since"] = _time(found["since"])
    if found.get("ended_at"):
        reason = REASON_ZH.get(found["end_reason"], "已结束")
        told |= {"ended_at": _time(found["ended_at"]), "end_reason_zh": reason}
    return told


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")
