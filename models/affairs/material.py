"""Which materials of an item an applicant need not bring (免证办): registers and earlier cases have them already.

The item names for each material where it may come from, in order: a kind of fact of the registers, the result or an
upload of an earlier case, a file. A person's facts are used only while they consent to that; of a firm the registers
are asked without one, because no person is asked about (0014, 0049). Stored facts are read; nobody is asked here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Unprocessable
from backend.store import object_ids
from models.affairs import case, case_material, result_paper
from models.affairs.applicant import Applicant
from models.affairs.result_paper import ResultPaper
from models.identity import consent, unit
from models.identity.actors import Member
from models.registers import fact, once_only
from models.registers.catalogue import EVERY_KIND, EVERY_SOURCE
from models.registers.fact import Stated
from models.registers.firm_source import ABOUT_FIRMS
from models.registers.once_only import STALE_AFTER, Prefilled
from models.registers.subject import Subject

MOST_FILES = 10
DECIDED = ("decided", "closed")
"""The states of earlier cases whose uploads were looked at and are used again."""
WHY_ZH = {
    "no_consent": "您没有同意向登记部门查询,请上传,或在“授权同意”中同意后重试。",
    "not_known": "登记部门还没有提供这一项,请上传。",
    "no_record": "登记部门没有您的这项记录,请上传。",
    "disputed": "您对这项登记信息提出了异议,核实前请上传您认为正确的材料。",
    "stale": "登记部门的信息太旧,请上传。",
    "no_register": "没有部门登记这一项,请上传。",
    "no_result": "没有可以复用的办理结果,请上传。",
    "file": "请上传。",
}


class MaterialsMissing(Unprocessable):
    """422: required materials are neither known nor uploaded; the fields name them."""

    code = "materials_missing"
    zh = "还缺材料,请按提示上传后再提交;标明“免交”的不用上传。"
    en = "Materials are missing. Upload those named, then submit; those marked as known need not be brought."


class MaterialUnknown(Unprocessable):
    """422: the item has no such material, it takes no upload, or there are too many files."""

    code = "material_unknown"
    zh = "该事项没有这项材料,或这项材料不收上传文件(最多 10 个文件),请按材料清单重新选择。"
    en = "The item has no such material, or takes no upload for it. Follow the list of materials."

    def __init__(self, code: str) -> None:
        super().__init__(fields={f"materials.{code}": [self.zh]})


@dataclass(frozen=True)
class Found:
    """How one material is met: `row` as a snapshot keeps it, `values` what registers said; without a row, why not."""

    code: str
    zh: str
    required: bool
    takes_file: bool
    row: dict[str, Any] | None = None
    values: tuple[Any, ...] = field(default=(), repr=False)
    why: str = ""

    @property
    def spared(self) -> bool:
        """Tell whether the applicant need not bring it."""
        return self.row is not None and self.row["origin"] != "file"


@dataclass(frozen=True)
class Gathered:
    """What a case is opened with: `about` and `files` go into it, and `keep` into the transaction that opens it."""

    snapshot: dict[str, Any]

    @property
    def about(self) -> dict[str, ObjectId]:
        """Return how the case names its snapshot."""
        return {"materials": self.snapshot["_id"]}

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files that were uploaded for it."""
        rows = [row for row in self.snapshot["rows"] if row["origin"] == "file"]
        return tuple(str(one) for row in rows for one in row["files"])

    def keep(self, session: ClientSession) -> None:
        """Store the snapshot."""
        case_material.insert(self.snapshot, session)


def owner_of(applicant: Applicant) -> dict[str, Any]:
    """Return the fields by which what an applicant has is found."""
    if isinstance(applicant, Member):
        return {"firm": applicant.organisation["credit_code"]}
    return {"person": applicant.subject_id}


def look(applicant: Applicant, item: Mapping[str, Any]) -> list[Found]:
    """Return for each material of an item whether it is known already, with source and day, or why it is not."""
    sources = _Sources(applicant)
    return [sources.look(told) for told in item["materials"]]


def gather(applicant: Applicant, item: Mapping[str, Any], named: Mapping[str, Sequence[str]]) -> Gathered:
    """Return what a case of an item is opened with; `named` are the files uploaded for each material.

    A file that the applicant uploads goes before what is known.

    Raises:
        MaterialUnknown: the item has no such material, or it takes no upload.
        MaterialsMissing: a required material is neither known nor uploaded.
    """
    met = {one.code: one for one in look(applicant, item)}
    for code, files in named.items():
        if code not in met or not met[code].takes_file or len(files) > MOST_FILES:
            raise MaterialUnknown(code)
    lacking = {f"materials.{one.code}": [_why_zh(one)] for one in met.values() if _lacks(one, named)}
    if lacking:
        raise MaterialsMissing(fields=lacking)
    return Gathered(_snapshot(applicant, item, met, named))


def _lacks(one: Found, named: Mapping[str, Sequence[str]]) -> bool:
    return one.required and one.row is None and not named.get(one.code)


def _why_zh(one: Found) -> str:
    return f"{one.zh}:{WHY_ZH[one.why]}"


def _snapshot(
    applicant: Applicant, item: Mapping[str, Any], met: Mapping[str, Found], named: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    snapshot, rows = ObjectId(), []
    for one in met.values():
        if files := named.get(one.code):
            rows.append(_uploaded(one, files))
        elif one.row is not None:
            sealed = {"value": case_material.seal(snapshot, one.code, list(one.values))} if one.values else {}
            rows.append(one.row | sealed)
    own = owner_of(applicant)
    if not isinstance(applicant, Member) and not applicant.acting:
        own |= {"account": applicant.account_id}
    spared = sum(row["origin"] != "file" for row in rows)
    return {"_id": snapshot, "item": item["code"], **own, "rows": rows, "spared": spared, "at": clock.now()}


def _uploaded(one: Found, files: Sequence[str]) -> dict[str, Any]:
    told = {"code": one.code, "zh": one.zh, "origin": "file", "source_zh": "申请人上传"}
    return told | {"day": clock.today().isoformat(), "files": [object_ids.read(name) for name in files]}


class _Sources:
    """Where the materials of one applicant may be known from; each source is read as often as materials name it."""

    def __init__(self, applicant: Applicant) -> None:
        self.owner = owner_of(applicant)
        self.now = clock.now()
        self.firm = "firm" in self.owner
        self.about = Subject(self.owner.get("person"), self.owner.get("firm", ""))
        self.consented = self.firm or consent.holds(self.owner["person"], "facts")

    def look(self, told: Mapping[str, Any]) -> Found:
        """Return how one material is met by the first source that has it, else why the first one has not."""
        takes = any(one.get("file") for one in told["from"])
        base = {"code": told["code"], "zh": told["zh"], "required": told["required"], "takes_file": takes}
        reasons = []
        for one in told["from"]:
            if "register" in one:
                rows, why = self._facts(one["register"])
                if rows:
                    row = _of_register(told, one["register"], rows)
                    return Found(**base, row=row, values=tuple(dict(stated.value) for stated in rows))
                reasons.append(why)
            elif "case" in one:
                if met := self._of_case(told, one["case"]):
                    return Found(**base, row=met)
                reasons.append("no_result")
        return Found(**base, why=reasons[0] if reasons else "file")

    def _facts(self, kind: str) -> tuple[list[Stated], str]:
        if kind not in EVERY_KIND:
            return [], "no_register"
        if not self.consented:
            return [], "no_consent"
        if self.firm:
            return _of_firm(self.about, kind, self.now)
        told = once_only.known(self.about, [kind])[0]
        return (list(told.facts), "") if isinstance(told, Prefilled) else ([], told.reason)

    def _of_case(self, told: Mapping[str, Any], code: str) -> dict[str, Any] | None:
        """Return the row of what an earlier case has: an upload for the same material, else a result that grants."""
        if row := self._of_upload(told, code):
            return row
        query = {**self.owner, "kind": code, "state": "standing"}
        papers = ResultPaper._get_collection().find(query).sort("_id", -1).limit(case_material.MOST_LOOKED_AT)
        for paper in papers:
            found = case.read(paper["case"])
            decision = result_paper.granted(found)
            if decision and decision["outcome"] in result_paper.GRANTING and result_paper.counts(paper, found):
                row = _row(told, "case", paper["made_at"], _unit_zh(paper))
                return row | {"paper": paper["_id"], "number": paper["number"]}
        return None

    def _of_upload(self, told: Mapping[str, Any], code: str) -> dict[str, Any] | None:
        for one in case_material.earlier(self.owner, code, self.now):
            row = next((row for row in one["rows"] if row["code"] == told["code"] and row.get("files")), None)
            found = case.read(one["case"]) if row and "case" in one else None
            if row and found and found["state"] in DECIDED:
                return _row(told, "case", one["at"], row["source_zh"]) | {
                    "files": row["files"],
                    "case": row.get("case", found["_id"]),
                    "number": found["number"],
                }
        return None


def _of_firm(about: Subject, kind: str, now: datetime) -> tuple[list[Stated], str]:
    """Return what the registers say of a firm now, or why that does not count."""
    held = [one for one in fact.current(about, [kind], clock.today().isoformat()) if one.source in ABOUT_FIRMS]
    if not held:
        return [], "not_known"
    if any(one.disputed for one in held):
        return [], "disputed"
    if any(one.fetched_at + EVERY_SOURCE[one.source].fresh * STALE_AFTER < now for one in held):
        return [], "stale"
    present = [one for one in held if not one.absent]
    return present, "" if present else "no_record"


def _of_register(told: Mapping[str, Any], kind: str, rows: Sequence[Stated]) -> dict[str, Any]:
    first = rows[0]
    source = EVERY_SOURCE[first.source]
    row = _row(told, "register", first.fetched_at, f"{source.unit_zh}{source.zh}")
    day = {"day": first.stated_on} if first.stated_on else {}
    return row | day | {"kind": kind, "facts": [one.id for one in rows]}


def _row(told: Mapping[str, Any], origin: str, at: datetime, source_zh: str) -> dict[str, Any]:
    day = clock.civil(at).date().isoformat()
    return {"code": told["code"], "zh": told["zh"], "origin": origin, "source_zh": source_zh, "day": day}


def _unit_zh(paper: Mapping[str, Any]) -> str:
    return unit.names([paper["unit"]]).get(paper["unit"], "")
