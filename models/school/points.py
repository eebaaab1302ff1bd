"""What a person must check of an application (核验要点), and why; nothing where the registers answer every rule.

    a rule's fact is unknown ────▶ the unit that keeps the register of that fact
    the address is not certain ──▶ `address`, at the bureau
    the household register does not show the guardian ──▶ `guardianship`, at the bureau
    told by hand, with papers ───▶ the unit of that register

A point holds codes and names of facts only: what the family said stays in the sealed form.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from models.rules.facts import Fact, Known

BUREAU = "education_sports"
UNITS = {
    "household": "public_security",
    "residence": "public_security",
    "property": "natural_resources",
    "insurance": "social_insurance_centre",
    "business": "market_supervision",
    "address": BUREAU,
    "guardianship": BUREAU,
    "double": BUREAU,
}
"""Which unit answers each point (codes of `units`)."""
POINT_ZH = {
    "household": "户籍",
    "residence": "居住证",
    "property": "不动产",
    "insurance": "社会保险",
    "business": "营业执照",
    "address": "住址与学区",
    "guardianship": "监护关系",
    "double": "双人复核",
}
WHY_ZH = {
    "silent": "登记部门没有记录",
    "away": "登记部门暂时没有答复",
    "contradicted": "登记部门之间的信息不一致",
    "disputed": "家长对登记信息有异议",
    "unknown": "没有取得这项登记信息",
    "by_hand": "家长自行填报,需核对材料",
    "near_border": "住址距学区边界不足 20 米",
    "rule_and_polygon": "门牌规则与地图范围不一致",
    "no_district": "没有找到对应的学区",
    "guardian_not_shown": "户籍登记未显示申请人为监护人",
    "sampled": "随机抽中双人复核",
    "signal": "系统提示需要留意",
    "reopened": "重新核验",
    "difference": "两位复核人员意见不一致",
}
WHY_TO_FAMILY_ZH = WHY_ZH | dict.fromkeys(("sampled", "signal", "difference"), "按规定由两人复核")
"""What a family is told: neither that it was drawn nor that something was noticed."""
SETTLED = ("confirmed", "refused")
NEAR_M = 20
GUARDIAN = "household.with_guardian"
_FACTS = {"insurance.months": "insurance", "business.operating": "business", GUARDIAN: "guardianship"}
_HEADS = {"household": "household", "property": "property", "residence": "residence"}
_RELATED = {"child.birth_date": "household", "child.age": "household"}
_NOT_THERE = frozenset({"silent", "unknown"})
"""A register without a record of a privilege (a disability, a service) says that there is none to check."""
_ORDER = tuple(UNITS)
_WHY = {
    **dict.fromkeys(("no_record", "not_matched", "not_askable"), "silent"),
    **dict.fromkeys(("no_answer", "asking", "not_connected", "stale", "not_renewed", "not_asked"), "away"),
    **dict.fromkeys(("no_register", "no_guardian", "no_consent", "no_birth"), "unknown"),
    "two_households": "contradicted",
}
"""How the reasons of the registers' words are called here."""


class _Gathered(Protocol):
    @property
    def facts(self) -> Mapping[str, Fact]: ...
    @property
    def why_missing(self) -> Mapping[str, str]: ...


class _Judged(Protocol):
    @property
    def missing(self) -> Sequence[str]: ...


class _Located(Protocol):
    @property
    def districts(self) -> Sequence[Any]: ...
    @property
    def certain(self) -> bool: ...
    @property
    def distance_m(self) -> float | None: ...


def needed(
    round: Mapping[str, Any],  # noqa: A002 - the domain's word
    gathered: _Gathered,
    judged: _Judged,
    form: Mapping[str, Any],
    located: _Located | None,
) -> list[dict[str, Any]]:
    """Return what persons must check of an application, in a fixed order; empty when the registers say it all.

    `form` is what the family said (`basis`, `told`), `located` where the address lies, None when nobody could tell.
    """
    del round  # which points there are is the same for every round; what the rules ask came with `judged`
    found: dict[str, dict[str, Any]] = {}
    for name in dict.fromkeys([*judged.missing, GUARDIAN]):
        _of_fact(found, name, gathered)
    for one in form.get("told") or ():
        if one.get("point") in UNITS:
            _add(found, one["point"], "by_hand")
    basis = form.get("basis") or {}
    if basis.get("kind") in UNITS and not basis.get("fact_id"):
        _add(found, basis["kind"], "by_hand")
    for why in uncertain(located):
        _add(found, "address", why)
    return [found[code] for code in _ORDER if code in found]


def uncertain(located: _Located | None) -> list[str]:
    """Return why it is not certain in which district an address lies, empty when it is."""
    if located is None or not located.districts:
        return ["no_district"]
    if located.certain:
        return []
    near = located.distance_m is not None and located.distance_m < NEAR_M
    return ["near_border" if near else "rule_and_polygon"]


def new(code: str, *why: str, facts: Sequence[str] = ()) -> dict[str, Any]:
    """Return a point that nobody looked at yet."""
    return {"code": code, "unit": UNITS[code], "why": list(why), "facts": list(facts), "state": "open"}


def of_fact(name: str) -> str:
    """Return the point under which a fact of the rules is checked; what no reviewing unit keeps is the bureau's."""
    return _FACTS.get(name) or _RELATED.get(name) or _HEADS.get(name.partition(".")[0], "double")


def open_ones(points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the points that are not settled."""
    return [one for one in points if one["state"] not in SETTLED]


def why_missing(name: str, gathered: _Gathered) -> str:
    """Return in one code why a fact is not known."""
    told = gathered.why_missing.get(name, "unknown")
    told = _WHY.get(told, told)
    return told if told in WHY_ZH else "unknown"


def _of_fact(found: dict[str, dict[str, Any]], name: str, gathered: _Gathered) -> None:
    fact = gathered.facts.get(name)
    if name == GUARDIAN:
        if not (isinstance(fact, Known) and fact.value is True):
            why = "guardian_not_shown" if isinstance(fact, Known) else why_missing(name, gathered)
            _add(found, "guardianship", "guardian_not_shown" if why in _NOT_THERE else why, name)
        return
    if isinstance(fact, Known):
        return
    why = why_missing(name, gathered)
    code = "address" if why == "near_border" else of_fact(name)
    if code != "double" or why not in _NOT_THERE:
        _add(found, code, why, name)


def _add(found: dict[str, dict[str, Any]], code: str, why: str, name: str = "") -> None:
    point = found.setdefault(code, new(code))
    if why not in point["why"]:
        point["why"].append(why)
    if name and name not in point["facts"]:
        point["facts"].append(name)
