"""Materials as screens show them: which need not be brought; later, what was used, and whether it still holds."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from models.affairs import applicant as applicants
from models.affairs import attachments, case, case_material, desks, material, open_item, result_paper
from models.affairs.applicant import Applicant
from models.affairs.material import Found
from models.audit import access_line
from models.identity import levels, minor_approval
from models.identity.actors import Resident, Staff
from models.identity.purposes import ACTING
from models.media import file
from models.media.file import Content
from models.registers.catalogue import EVERY_KIND
from models.registers.fact import Fact

ORIGIN_ZH = {"register": "部门登记信息", "case": "以往办理结果", "file": "上传文件"}
NOW_ZH = {"same": "与提交时一致", "changed": "提交后已变更,请核对", "disputed": "申请人有异议,核实中"}


def listed(applicant: Applicant, code: str) -> dict[str, Any]:
    """Return the materials of an item for an applicant: known with source and day, or to be uploaded; how many spared.

    Raises:
        ItemNotForYou: the item is not open to them.
    """
    item = open_item.open_to(applicant, code)
    _tell_whoever_acts(applicant)
    found = material.look(applicant, item)
    whole = not isinstance(applicant, Resident) or levels.reaches(applicant.document["level"], "verified")
    items = [_shown(one, whole=whole and not getattr(applicant, "acting", None)) for one in found]
    return {"items": items, "spared": sum(one.spared for one in found), "next": None}


def _tell_whoever_acts(applicant: Applicant) -> None:
    """Store the access line of who looks for another."""
    if isinstance(applicant, Resident) and applicant.acting:
        access_line.record(applicant, purpose=ACTING, subjects=[applicant.acting.person_id], fields=["case.materials"])


def _shown(one: Found, *, whole: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": one.code,
        "zh": one.zh,
        "required": one.required,
        "takes_file": one.takes_file,
        "known": one.spared,
    }
    if one.row is None:
        return told | {"why": one.why, "why_zh": material.WHY_ZH[one.why]}
    return told | _used(one.row, list(one.values), whole=whole)


def _used(row: Mapping[str, Any], values: list[Any], *, whole: bool) -> dict[str, Any]:
    told = {"origin": row["origin"], "origin_zh": ORIGIN_ZH[row["origin"]]}
    told |= {name: row[name] for name in ("source_zh", "day", "number") if name in row}
    if values:
        told["value_zh"] = ";".join(EVERY_KIND[row["kind"]].words(value, whole) for value in values)
    return told | ({"files": [str(one) for one in row["files"]]} if "files" in row else {})


def own(applicant: Applicant, case_id: ObjectId) -> dict[str, Any]:
    """Return what one's case was opened with.

    Raises:
        NotFound: not the applicant's case.
    """
    found = case.read(case_id)
    applicants.own(applicant, found)
    _tell_whoever_acts(applicant)
    return _of_case(found, whole=False)


def for_staff(actor: Staff, case_id: ObjectId, *, purpose: str) -> dict[str, Any]:
    """Return what a case was opened with, after an access line.

    Raises:
        NotFound: no such case within the actor's scope.
        MinorApprovalNeeded: the applicant is a child below fourteen, and there is no approval.
    """
    found = case.read(case_id)
    desks.reach(actor, "case.read", found)
    _look(actor, found, purpose)
    return _of_case(found, whole=bool(found.get("firm")))


def _look(actor: Staff, found: Mapping[str, Any], purpose: str) -> None:
    subjects = case.subjects(dict(found))
    minor_approval.require(actor, *subjects)
    access_line.record(actor, purpose=purpose, subjects=subjects, fields=["case.materials"], case=found["number"])


def _of_case(found: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    kept = case_material.of_case(found)
    states = _facts_now(kept["rows"])
    items = [
        {"code": row["code"], "zh": row["zh"]}
        | _used(row, case_material.values_of(kept["_id"], row), whole=whole)
        | _now(row, states)
        for row in kept["rows"]
    ]
    return {"items": items, "spared": kept["spared"], "next": None}


def _facts_now(rows: list[dict[str, Any]]) -> dict[ObjectId, str]:
    ids = [one for row in rows for one in row.get("facts", ())]
    found = Fact._get_collection().find({"_id": {"$in": ids}}, {"state": 1}) if ids else ()
    return {one["_id"]: one["state"] for one in found}


def _now(row: Mapping[str, Any], states: Mapping[ObjectId, str]) -> dict[str, str]:
    """Return whether what was used is still so: a register may say otherwise by now, a result may have been revoked."""
    now = "same"
    if row["origin"] == "register":
        held = {states.get(one, "gone") for one in row["facts"]}
        now = "disputed" if "disputed" in held else "same" if held == {"current"} else "changed"
    if "paper" in row:
        paper = result_paper.read(row["paper"])
        now = "same" if result_paper.counts(paper, case.read(paper["case"])) else "changed"
    return {"now": now, "now_zh": NOW_ZH[now]}


def file_for_staff(actor: Staff, case_id: ObjectId, file_id: ObjectId, *, purpose: str) -> Content:
    """Return a file that a case uses, also where it lies in an earlier one, after an access line.

    Raises:
        NotFound: no such case within the actor's scope, or it uses no such file.
        MinorApprovalNeeded: the applicant is a child below fourteen, and there is no approval.
    """
    found = case.read(case_id)
    desks.reach(actor, "case.read", found)
    place = _place(found, file_id)
    content = file.content(file_id, attached_to=place)
    _look(actor, found, purpose)
    return content


def _place(found: Mapping[str, Any], file_id: ObjectId) -> str:
    for row in case_material.of_case(found)["rows"]:
        if file_id in row.get("files", ()):
            return attachments.place({"_id": row.get("case", found["_id"])})
        if "paper" in row:
            paper = result_paper.read(row["paper"])
            if paper["file"] == file_id:
                return attachments.place({"_id": paper["case"]})
    raise NotFound
