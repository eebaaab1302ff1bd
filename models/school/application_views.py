"""Applications as a family sees them: each with where it stands, what happens next, and how far each check is."""

from collections.abc import Mapping, Sequence
from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask_name
from models.affairs import clock as legal
from models.affairs.case import Case
from models.audit import access_line
from models.identity import person, purposes, unit_views
from models.media.file import Content
from models.school import applying, correction, form, group, materials, place_words, points, precheck, review, school
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.application_states import CORRECTABLE, EDITABLE, MOVES, STATES
from models.school.applying import Applying

MOST = 200
FIELDS = ("person.name", "school.application")
NEXT_ZH = {
    "draft": "填写完成后先预审,再提交;草稿会一直保存到报名结束。",
    "submitted": "各单位正在核验,到期日见各核验要点;需要补充时会通知您。",
    "to_correct": "请按提示修改后重新提交。",
    "qualified": "审核已通过,等待公开派位和公布结果;报名期间仍可更正。",
    "refused": "未通过的理由和依据见下方;报名期间可更正后重新提交,也可在决定中查看申诉方式。",
    "withdrawn": "申请已撤回;报名期间可以重新申请。",
}
WHAT_ZH = {
    "begun": "开始填写",
    "saved": "保存",
    "shared": "随捆绑的申请更新志愿",
    "tied": "捆绑",
    "untied": "解除捆绑",
    "submit": "提交",
    "correct": "取回更正",
    "ask": "退回补充",
    "qualify": "审核通过",
    "refuse": "审核不通过",
    "reopen": "重新审核",
    "overturn": "申诉成立",
    "withdraw": "撤回",
}
"""What a family is told of the history; the rest is the staff's work."""


def of_resident(who: Applying) -> list[dict[str, Any]]:
    """Return the applications for all children of whom somebody is a guardian, newest first, with an access line."""
    collection, shown = SchoolApplication._get_collection(), {"outbox": 0}
    mine = {"child": {"$in": applying.children(who.person)}}
    found = list(collection.find(mine, shown).sort("_id", -1).limit(MOST))
    begun = collection.find({"guardian": who.person}, shown).sort("_id", -1).limit(MOST)
    known = {one["_id"] for one in found}
    found += [one for one in begun if one["_id"] not in known and applying.reaches(who.person, one)]
    found.sort(key=lambda one: one["_id"], reverse=True)
    _note(who, found)
    people = person.several([one["child"] for one in found])
    codes = {one["round"]: rounds.read(one["round"]) for one in found}
    return [_brief(one, codes[one["round"]], people) for one in found]


def _note(who: Applying, found: Sequence[Mapping[str, Any]]) -> None:
    """Store who saw what of the children: a guardian acts for them."""
    if who.resident is not None:
        children = [one["child"] for one in found]
        access_line.record(who.resident, purpose=purposes.ACTING, subjects=children, fields=FIELDS)


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return where an application stands, without a name."""
    return _brief(found, rounds.read(found["round"]), {})


def _brief(found: Mapping[str, Any], in_round: Mapping[str, Any], people: Mapping[ObjectId, Any]) -> dict[str, Any]:
    told = {
        "id": str(found["_id"]),
        "round": found["round"],
        "round_zh": in_round["name"],
        "child_name": mask_name(people[found["child"]].name) if found["child"] in people else "",
        "state": found["state"],
        "state_zh": STATES[found["state"]],
        "next_zh": NEXT_ZH[found["state"]],
        "seq": found["seq"],
        "tied": bool(found.get("group")),
    }
    told |= {"receipt": found["receipt"]} if found.get("receipt") else {}
    return told | ({"submitted_at": wire(found["submitted_at"])} if found.get("submitted_at") else {})


def one(who: Applying, application_id: ObjectId) -> dict[str, Any]:
    """Return one application whole, with an access line.

    Raises:
        NotFound: no such application of theirs.
    """
    found = applying.own(who, application_id)
    _note(who, [found])
    return whole(found, who.person)


def material(who: Applying, application_id: ObjectId, file_id: ObjectId) -> Content:
    """Return a file of one's application, after an access line.

    Raises:
        NotFound: no such application of theirs, or no such file.
    """
    found = applying.own(who, application_id)
    content = materials.content(found, file_id)
    _note(who, [found])
    return content


def whole(found: Mapping[str, Any], viewer: ObjectId) -> dict[str, Any]:
    """Return everything that a guardian sees of an application; another guardian's telephone is masked."""
    in_round = rounds.read(found["round"])
    tied = group.members(found)
    people = person.several([found["child"], *(one["child"] for one in tied)])
    told = form.parts(found)
    if found["guardian"] != viewer and told.get("phone"):
        told["phone"] = told["phone"][:3] + "****" + told["phone"][-4:]
    return {
        **_brief(found, in_round, people),
        "form": {**told, "choices": found["choices"], "told": told.get("told", [])},
        "choices": _choices(found["choices"]),
        "files": materials.listed(found),
        "tied_with": [_brief(one, in_round, people) for one in tied],
        "progress": progress(found),
        "history": _history(found, viewer),
        "can": can(found, in_round),
        "window_zh": window_zh(in_round),
        "no_advantage_zh": precheck.NO_ADVANTAGE_ZH,
        **_decided(found),
    }


def _choices(codes: Sequence[str]) -> list[dict[str, Any]]:
    names = school.names(codes)
    return [{"position": number, "school": code, "name": names[code]} for number, code in enumerate(codes, 1)]


def progress(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return how far each check is: at which unit, in which state, and until when."""
    told = found.get("points", [])
    cases = _due([one["case"] for one in told if one.get("case")])
    names = unit_views.names(one["unit"] for one in told)
    asked = {one["point"]: one for one in correction.asked(found)}
    return [_point(one, names, cases.get(one.get("case"), "")) | _ask(asked.get(one["code"])) for one in told]


def _ask(asked: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the reviewer's words to the family, and the last day to answer them."""
    return {"ask_zh": asked["text"], "answer_by": legal.last_day(asked["until"]).isoformat()} if asked else {}


def _point(one: Mapping[str, Any], names: Mapping[str, str], due: str) -> dict[str, Any]:
    shown = {
        "point": one["code"],
        "point_zh": points.POINT_ZH[one["code"]],
        "unit_zh": names.get(one["unit"], one["unit"]),
        "why_zh": ";".join(points.WHY_TO_FAMILY_ZH.get(why, why) for why in one["why"]),
        "state": one["state"],
        "state_zh": review.STATE_ZH.get(one["state"], one["state"]) if one.get("case") else "等待分派",
    }
    return shown | ({"due_day": due} if due else {})


def _due(case_ids: Sequence[ObjectId]) -> dict[ObjectId | None, str]:
    if not case_ids:
        return {}
    found = Case._get_collection().find({"_id": {"$in": list(case_ids)}}, {"clock": 1, "work": 1})
    return {one["_id"]: legal.last_day(one["clock"]["due"]).isoformat() for one in found if one.get("work")}


def _history(found: Mapping[str, Any], viewer: ObjectId) -> list[dict[str, Any]]:
    del viewer  # who of the staff acted is told by "工作人员" alone
    return [
        {
            "at": wire(line["at"]),
            "what": line["what"],
            "what_zh": WHAT_ZH[line["what"]],
            "who_zh": {"resident": "监护人", "staff": "工作人员"}.get(line["by"].partition(":")[0], "系统"),
            "parts_zh": [form.PART_ZH.get(part, part) for part in line.get("fields") or ()],
        }
        for line in found.get("history", [])
        if line["what"] in WHAT_ZH
    ]


def _decided(found: Mapping[str, Any]) -> dict[str, Any]:
    decision = found.get("decision") or {}
    told: dict[str, Any] = {}
    if found.get("tier"):
        told |= {"tier": found["tier"], "tier_zh": precheck.tier_zh(found["tier"])}
    if basis := found.get("basis"):
        told["basis_why_zh"] = place_words.stored(basis)
    if decision:
        names = ("outcome", "rule", "rule_number", "text_zh")
        told["decision"] = {name: str(decision[name]) for name in names if name in decision}
        told["decision"] |= {"at": wire(decision["at"])} if decision.get("at") else {}
    return told


def can(found: Mapping[str, Any], in_round: Mapping[str, Any]) -> dict[str, bool]:
    """Return what a guardian may do with an application at this moment."""
    now, open_round = clock.now(), in_round["state"] == "open"
    window = open_round and in_round["opens_at"] <= now < in_round["closes_at"]
    again = open_round and found["state"] == "to_correct" and now < in_round["review_until"]
    return {
        "edit": open_round and found["state"] in EDITABLE,
        "submit": (window and found["state"] in EDITABLE) or again,
        "correct": window and found["state"] in CORRECTABLE,
        "withdraw": open_round and found["state"] in MOVES["withdraw"][0],
    }


def receipt(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipt of a submission: number, time, choices, and that the time decides nothing."""
    in_round = rounds.read(found["round"])
    return {
        "id": str(found["_id"]),
        "receipt": found["receipt"],
        "round_zh": in_round["name"],
        "submitted_at": wire(found["submitted_at"]),
        "submission": found["submission"],
        "choices": _choices(found["choices"]),
        "accepts_coordination": bool(found.get("accepts_coordination")),
        "state": found["state"],
        "state_zh": STATES[found["state"]],
        "next_zh": NEXT_ZH[found["state"]],
        "progress": progress(found),
        "no_advantage_zh": precheck.NO_ADVANTAGE_ZH,
        "seq": found["seq"],
    }


def announced() -> list[dict[str, Any]]:
    """Return the rounds that were announced, with their windows in words."""
    return [_round(one) for one in rounds.listed(public_only=True)]


def _round(found: Mapping[str, Any]) -> dict[str, Any]:
    now = clock.now()
    waits, open_round = now < found["opens_at"], found["state"] == "open"
    phase = "before" if waits else "open" if open_round and now < found["closes_at"] else "over"
    return {
        "round": found["_id"],
        "name": found["name"],
        "stage": found["stage"],
        "stage_zh": rounds.STAGE_ZH[found["stage"]],
        "school_year": found["school_year"],
        "state": found["state"],
        "state_zh": rounds.STATES[found["state"]],
        "phase": phase,
        "opens_at": wire(found["opens_at"]),
        "closes_at": wire(found["closes_at"]),
        "review_until": wire(found["review_until"]),
        "most_choices": found["most_choices"],
        "drafts": open_round,
        "window_zh": window_zh(found),
        "no_advantage_zh": precheck.NO_ADVANTAGE_ZH,
    }


def window_zh(found: Mapping[str, Any]) -> str:
    """Return the window of a round in words."""
    return f"报名时间 {rounds.wire(found['opens_at'])} 至 {rounds.wire(found['closes_at'])};公告后即可先填草稿。"


def wire(moment: Any) -> str:
    """Return a moment for the wire."""
    return clock.civil(moment).isoformat(timespec="seconds")
