"""Signals (疑点提示) that a reviewer sees beside an application: data, never a verdict, and never shown to a family.

Each is found by an indexed read with a bound. Where the line lies stands in dated parameters. A heavy one opens the
point of two persons' review; the others only stand beside the points that there are.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock, runtime
from backend.errors import NotFound
from backend.store import object_ids
from models.media import file
from models.registers import fact
from models.registers.fact import Stated
from models.rules import facts, parameters
from models.rules.facts import Known
from models.school import judging, property_lock
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.review import EMPLOYER, PAPER, SchoolReview

HEAVY = 3
MOST = 50
LINES = (
    "school_signal_property_days",
    "school_signal_permit_days",
    "school_signal_applications",
    "school_signal_employer",
    "school_family_share",
)
SIGNALS: dict[str, tuple[str, int, str]] = {
    "property_used_before": ("同一房产此前已由其他家庭用于入学登记,请核对是否为新购或转让。", 2, "property"),
    "property_registered_late": ("不动产登记日期距报名开始较近,请核对取得方式和实际居住。", 1, "property"),
    "permit_issued_late": ("居住证签发日期距报名开始较近,请核对实际居住时间。", 1, "residence"),
    "many_applications": ("同一账号提交的申请较多,请核对申请人与各儿童的监护关系。", 2, "guardianship"),
    "many_at_property": ("同一房产(住址)有多名儿童申请入学,请核对是否同一家庭。", 2, "property"),
    "share_below_rule": ("监护人与儿童的产权份额低于规定,请核对份额。", 2, "property"),
    "same_paper": ("与其他家庭上传了内容完全相同的材料,请核对材料真伪。", 3, "double"),
    "employer_shared": ("同一参保单位的新申请较多,请核对参保真实性。", 2, "insurance"),
}
"""Code → the reviewer's words, weight (3 is heavy), and the point beside which it stands."""


@dataclass(frozen=True)
class Noticed:
    """Signals as the application keeps them, and what its review is found by."""

    found: list[dict[str, Any]]
    papers: list[bytes] = field(repr=False)
    employers: list[bytes] = field(repr=False)


def notice(found: Mapping[str, Any]) -> Noticed:
    """Return the signals of an application that was submitted."""
    told_round = rounds.read(found["round"])
    lines = _lines(told_round)
    stated = _stated(found.get("facts", ()))
    papers, employers = _papers(found), _employers(stated)
    codes = [
        *_late(stated, told_round, lines),
        *_crowded(found, lines),
        *_share(found, told_round, lines),
        *(["same_paper"] if _papers_of_others(found, papers) else []),
        *(["employer_shared"] if _employed(found, employers) > lines.get("school_signal_employer", MOST) else []),
    ]
    return Noticed([_signal(code) for code in dict.fromkeys(codes)], papers, employers)


def _signal(code: str) -> dict[str, Any]:
    zh, weight, point = SIGNALS[code]
    return {"code": code, "zh": zh, "weight": weight, "point": point}


def _lines(told_round: Mapping[str, Any]) -> dict[str, Any]:
    kept = parameters.in_force(LINES, rounds.rule_day(told_round))
    return {code: facts.decode(one["value"]) for code, one in kept.items()}


def _stated(ids: Iterable[ObjectId]) -> list[Stated]:
    # Who had what registers said forgotten leaves an id behind.
    return [one for one in fact.several(list(ids)[:MOST]) if not one.absent]


def _late(stated: Iterable[Stated], told_round: Mapping[str, Any], lines: Mapping[str, Any]) -> list[str]:
    """Return what was registered or issued shortly before the window opens."""
    opens = clock.civil(told_round["opens_at"]).date()
    wanted = {
        "property.certificate": ("property_registered_late", "school_signal_property_days"),
        "residence.permit": ("permit_issued_late", "school_signal_permit_days"),
    }
    found = []
    for one in stated:
        code, line = wanted.get(one.kind, ("", ""))
        if line in lines and date.fromisoformat(one.valid_from) > opens - timedelta(days=int(lines[line])):
            found.append(code)
    return found


def _crowded(found: Mapping[str, Any], lines: Mapping[str, Any]) -> list[str]:
    most, codes = lines.get("school_signal_applications", MOST), []
    applications = SchoolApplication._get_collection()
    if account := found.get("account"):
        query = {"account": account, "round": found["round"], "state": {"$ne": "draft"}}
        if applications.count_documents(query, limit=MOST, hint="account_1__id_-1") > most:
            codes.append("many_applications")
    uses = [use for one in property_lock.of_application(found["_id"]) for use in one["uses"]]
    if sum(one["round"] == found["round"] and "freed" not in one for one in uses) > most:
        codes.append("many_at_property")
    return codes + (["property_used_before"] if property_lock.used_before_by_others(found["_id"]) else [])


def _share(found: Mapping[str, Any], told_round: Mapping[str, Any], lines: Mapping[str, Any]) -> list[str]:
    if (found.get("basis") or {}).get("kind") != "property" or "school_family_share" not in lines:
        return []
    gathered = judging.gathered_for(found, told_round)
    share = gathered.for_basis(judging.basis_of(found, gathered, told_round)).get("property.family_share")
    below = isinstance(share, Known) and share.value < lines["school_family_share"]
    return ["share_below_rule"] if below else []


def _papers(found: Mapping[str, Any]) -> list[bytes]:
    """Return the blind indexes of the contents of an application's files."""
    sealer, told = runtime.current().sealer, []
    ids = [one.get("id") or one.get("file") for one in found.get("files", ())]
    for one in ids[:MOST]:
        with suppress(NotFound):
            kept = file.attached(object_ids.read(str(one)))
            told += sealer.blinds(PAPER, kept["sha256"]) if kept and kept.get("sha256") else []
    return list(dict.fromkeys(told))


def _papers_of_others(found: Mapping[str, Any], papers: list[bytes]) -> bool:
    if not papers:
        return False
    query = {"round": found["round"], "papers": {"$in": papers}, "guardian": {"$ne": found["guardian"]}}
    return SchoolReview._get_collection().find_one(query, {"_id": 1}) is not None


def _employers(stated: Iterable[Stated]) -> list[bytes]:
    units = {str(one.value["unit"]) for one in stated if one.kind.startswith("social_insurance.")}
    sealer = runtime.current().sealer
    return [blind for unit in sorted(units) for blind in sealer.blinds(EMPLOYER, unit)]


def _employed(found: Mapping[str, Any], employers: list[bytes]) -> int:
    """Return how many families of the round work for the same employer, this one among them, up to a bound."""
    if not employers:
        return 0
    query = {"round": found["round"], "employers": {"$in": employers}, "_id": {"$ne": found["_id"]}}
    return SchoolReview._get_collection().count_documents(query, limit=MOST, hint="round_1_employers_1") + 1
