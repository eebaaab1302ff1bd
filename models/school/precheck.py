"""The pre-check (预审): what would come out if the family submitted now, before it does, in words.

It tells the tier, what the registers leave open, what a person will check at which unit, which papers are needed and
why, and whether another family has used the property. Nothing is stored by it, and nothing is decided.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import transactions
from models.audit import access_line
from models.identity import purposes, unit_views
from models.school import applying, choices, eligibility, form, group, locality, place_words, points, property_lock
from models.school import round as rounds
from models.school.application_states import EDITABLE
from models.school.applying import Applying
from models.school.basis import KIND_ZH, Basis
from models.school.child_facts import Gathered
from models.school.eligibility import Judged
from models.school.form import FormWrong
from models.school.locate import Located
from models.school.property_lock import LockYearsMissing, PropertyLocked

NO_ADVANTAGE_ZH = "报名期间先提交、后提交结果一样:录取只看条件、志愿和公开的派位,不看提交时间。"
ELIGIBLE_ZH = {"yes": "符合报名条件", "no": "不符合报名条件", "unknown": "暂不能自动确认,由工作人员核验"}
PAPER_ZH = {
    "household": "户口簿(首页、监护人页、儿童页)照片",
    "residence": "居住证正反面照片",
    "property": "不动产权证书,或购房合同和付款凭证的照片",
    "insurance": "社会保险参保缴费证明",
    "business": "营业执照照片",
    "guardianship": "出生医学证明,或指定监护的文书照片",
}
"""Which paper settles a point; the address and a second review need none of the family."""
FIELDS = ("school.application", "facts.value")
OWN_WORK = frozenset({"away", "near_border", "rule_and_polygon", "sampled", "signal", "reopened", "difference"})
"""Why a point is there without anything that the family could bring: the registers or the staff settle it."""


@dataclass(frozen=True)
class Checked:
    """An application looked at: what registers and rules say, what a person must check, and what is in the way.

    `clear` are the entries of registers whose address who looked reads whole.
    """

    round: Mapping[str, Any]
    found: Mapping[str, Any]
    told: Mapping[str, Any]
    gathered: Gathered
    basis: Basis | None
    located: Located | None
    judged: Judged
    points: Sequence[Mapping[str, Any]]
    problems: Mapping[str, list[str]]
    locked: str
    clear: Collection[ObjectId]

    @property
    def passes(self) -> bool:
        """Tell whether it could be submitted, the window aside."""
        return not self.problems and not self.locked


def look(who: Applying, found: Mapping[str, Any], *, known: Gathered | None = None, try_lock: bool = True) -> Checked:
    """Look at an application as it stands; with `try_lock` also whether its property could be taken."""
    in_round, told = rounds.read(found["round"]), form.parts(found)
    known = known or locality.gathered(in_round, found, ask=applying.may_ask(who))
    basis = locality.basis(in_round, known, told.get("basis"))
    clear = place_words.readable(known, who.resident)
    where = locality.located(known, basis, clear)
    judged = eligibility.judge(in_round, known, basis)
    needed = points.needed(in_round, known, judged, told, where)
    problems = _problems(in_round, told, basis, where) | _not_eligible(judged, needed)
    locked = _locked(in_round, found, known, basis) if try_lock else ""
    return Checked(in_round, found, told, known, basis, where, judged, needed, problems, locked, clear)


def _problems(
    in_round: Mapping[str, Any], told: Mapping[str, Any], basis: Basis | None, where: Located | None
) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    if basis is None:
        sentence = form.NO_SUCH_BASIS_ZH if told.get("basis") else "请选择按户籍、房产还是居住证入学,或填写住址。"
        wrong["basis.fact_id" if told.get("basis") else "basis"] = [sentence]
    if not told.get("choices") and not told.get("accepts_coordination"):
        wrong["choices"] = ["请至少填报一个志愿,或勾选服从统筹安排。"]
    try:
        choices.require(in_round, told.get("choices", []), where)
    except FormWrong as refused:
        wrong |= refused.fields
    return wrong


def _not_eligible(judged: Judged, needed: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """A no that rests on registers alone ends here, with its reason; where a person checks something, they see it."""
    if judged.eligible != "no" or needed:
        return {}
    return {"child": [f"按本批次规则不符合报名条件:{judged.why_zh}登记信息有误的,请在对应的登记信息上点“有异议”。"]}


def family(found: Mapping[str, Any], known: Gathered) -> list[ObjectId | str]:
    """Return by what a family is one for the property lock: its guardians and the numbers of its households."""
    households = [one.number for one in known.bases if one.kind == "household" and one.number]
    return [*sorted({found["guardian"], *applying.guardians(found["child"])}), *households]


class _Undone(Exception):
    """Ends a transaction that only tried."""


def _locked(in_round: Mapping[str, Any], found: Mapping[str, Any], known: Gathered, basis: Basis | None) -> str:
    """Return why the lock would refuse the basis, "" where it would not: the lock itself is tried, and let go again."""
    if basis is None or not basis.key:
        return ""

    def attempt(session: ClientSession) -> None:
        take(in_round, found, known, basis, session)
        raise _Undone

    try:
        transactions.run(attempt)
    except (PropertyLocked, LockYearsMissing) as refused:
        return refused.message()
    except _Undone:
        return ""
    return ""


def take(
    in_round: Mapping[str, Any], found: Mapping[str, Any], known: Gathered, basis: Basis, session: ClientSession
) -> None:
    """Take the property of a basis for an application, within a transaction.

    Raises:
        PropertyLocked: another family uses it in the running cycle.
        LockYearsMissing: no parameter says how long a cycle lasts.
    """
    property_lock.take(
        basis.key,
        round=in_round,
        family=family(found, known),
        application=found["_id"],
        kind=basis.kind,
        session=session,
    )


def of(who: Applying, application_id: ObjectId) -> dict[str, Any]:
    """Return the pre-check of an application for the wire, after an access line.

    Raises:
        NotFound: no such application of theirs.
    """
    found = applying.own(who, application_id)
    checked = look(who, found)
    _note(who, checked.gathered, found)
    return shown(checked, who.person)


def options(who: Applying, application_id: ObjectId) -> dict[str, Any]:
    """Return the schools that a child may choose, and the bases and facts that say so, after an access line.

    Raises:
        NotFound: no such application of theirs.
    """
    found = applying.own(who, application_id)
    in_round = rounds.read(found["round"])
    known = locality.gathered(in_round, found, ask=applying.may_ask(who))
    basis = locality.basis(in_round, known, form.parts(found).get("basis"))
    _note(who, known, found)
    clear = place_words.readable(known, who.resident)
    return {
        "items": choices.options(in_round, locality.located(known, basis, clear)),
        "bases": bases(known, clear),
        "facts": facts(known, who.person),
        "next": None,
    }


def _note(who: Applying, known: Gathered, found: Mapping[str, Any]) -> None:
    """Store who saw which entries of whom, one line."""
    rows = known.rows_for(who.person)
    subjects = sorted({found["child"], *(ObjectId(one["person"]) for one in rows)} - {who.person})
    if who.resident is not None:
        access_line.record(who.resident, purpose=purposes.ACTING, subjects=subjects, fields=FIELDS)


def shown(checked: Checked, viewer: ObjectId) -> dict[str, Any]:
    """Return a pre-check for the wire, with the facts as a guardian sees them."""
    judged, tied = checked.judged, group.members(checked.found)
    told: dict[str, Any] = {
        "passes": checked.passes,
        "problems": [{"field": field, "zh": zh} for field, each in checked.problems.items() for zh in each],
        "eligible": judged.eligible,
        "eligible_zh": ELIGIBLE_ZH[judged.eligible],
        "why_zh": judged.why_zh,
        "rule_numbers": list(judged.rule_numbers),
        "tier_zh": tier_zh(judged.tier),
        "missing": [_missing(name, checked) for name in judged.missing],
        "checks": checks(checked.points, checked.found),
        "property_zh": _property_zh(checked),
        "property_free": not checked.locked,
        "schools": choices.options(checked.round, checked.located),
        "facts": facts(checked.gathered, viewer),
        "bases": bases(checked.gathered, checked.clear),
        "tied_zh": _tied_zh(tied),
        "no_advantage_zh": NO_ADVANTAGE_ZH,
        "zero_uploads": not any(one["paper_needed"] for one in checks(checked.points, checked.found)),
        "seq": checked.found["seq"],
    }
    return told | ({"tier": judged.tier} if judged.tier else {})


def tier_zh(tier: int | None) -> str:
    """Return a tier in words."""
    return f"第{tier}梯次" if tier else "梯次待核验后确定"


def _missing(name: str, checked: Checked) -> dict[str, str]:
    why = points.why_missing(name, checked.gathered)
    code = points.of_fact(name)
    return {"fact": name, "point": code, "point_zh": points.POINT_ZH[code], "why": why, "why_zh": points.WHY_ZH[why]}


def checks(needed: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what a person will check, where, why, and which paper of the family it needs."""
    names = unit_views.names(one["unit"] for one in needed)
    given: dict[str, int] = {}
    for one in found.get("files", ()):
        given[one["point"]] = given.get(one["point"], 0) + 1
    return [_check(one, names, given.get(one["code"], 0)) for one in needed]


def _check(one: Mapping[str, Any], names: Mapping[str, str], uploaded: int) -> dict[str, Any]:
    paper = PAPER_ZH.get(one["code"], "")
    needs = bool(paper) and not set(one["why"]) <= OWN_WORK
    told = {
        "point": one["code"],
        "point_zh": points.POINT_ZH[one["code"]],
        "unit": one["unit"],
        "unit_zh": names.get(one["unit"], one["unit"]),
        "why": list(one["why"]),
        "why_zh": ";".join(points.WHY_ZH[why] for why in one["why"]),
        "paper_needed": needs,
        "uploaded": uploaded,
    }
    return told | ({"paper_zh": paper} if needs else {})


def _property_zh(checked: Checked) -> str:
    if checked.locked:
        return checked.locked
    if checked.basis is None:
        return "选择居住依据后显示。"
    return f"所选{KIND_ZH[checked.basis.kind]}可以使用;提交后按公布的周期为您家保留。"


def _tied_zh(tied: Sequence[Mapping[str, Any]]) -> str:
    waiting = sum(one["state"] in EDITABLE for one in tied)
    return f"还有 {waiting} 份捆绑的申请没有提交,请一并提交。" if waiting else ""


def facts(known: Gathered, viewer: ObjectId) -> list[dict[str, Any]]:
    """Return the rows of the registers as one of the guardians sees them."""
    return [{name: value for name, value in one.items() if name != "person"} for one in known.rows_for(viewer)]


def bases(known: Gathered, clear: Collection[ObjectId]) -> list[dict[str, Any]]:
    """Return on what the district may rest, as the registers show it, with where it lies."""
    return [
        {
            "kind": one.kind,
            "kind_zh": KIND_ZH[one.kind],
            "fact_id": str(one.fact_id),
            "certain": one.located.certain,
            "why_zh": place_words.for_reader(one, clear).why_zh,
        }
        for one in known.bases
    ]
