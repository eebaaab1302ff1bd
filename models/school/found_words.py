"""What a family that was found reads: school(s), 梯次 and what is missing, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.school import round as rounds
from models.school import school
from models.school.register_words import WHY_ZH

FACT_ZH = {
    "child.birth_date": "出生日期",
    "child.age": "年龄",
    "household.in_county": "户籍登记",
    "household.in_district": "户籍所在学区",
    "household.with_guardian": "与监护人同户",
    "household.head_relation": "与户主关系",
    "property.in_district": "房产所在学区",
    "property.residential": "房产用途",
    "property.family_share": "房产份额",
    "property.grandparents_in_district": "祖辈房产",
    "residence.permit": "居住证",
    "residence.in_district": "居住地所在学区",
    "insurance.months": "社会保险缴费",
    "business.operating": "营业执照",
    "child.looked_after": "孤儿、事实无人抚养认定",
    "child.disability": "残疾人证",
    "child.martyr_family": "烈士子女证明",
    "guardian.serving_military": "现役军人证明",
    "guardian.veteran": "退役军人优待证",
    "sibling.enrolled": "兄弟姐妹在读",
}
NOTHING_ZH = "无"
NO_SPEED_ZH = "先后提交不影响结果"


def missing(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what is missing of a candidate, each with its reason."""
    return [_missing(name, found["why"].get(name.replace(".", "_"), "")) for name in found.get("missing", [])]


def _missing(name: str, why: str) -> dict[str, str]:
    return {"name": name, "zh": FACT_ZH.get(name, name), "why_zh": WHY_ZH.get(why, "尚未取得")}


def missing_zh(found: Mapping[str, Any]) -> str:
    """Return what is missing in one line."""
    return "、".join(one["zh"] for one in missing(found)) or NOTHING_ZH


def tier_zh(found: Mapping[str, Any]) -> str:
    """Return the 梯次 in words."""
    return "梯次待核实" if found.get("tier") is None else f"第 {found['tier']} 梯次"


def schools(some: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of the schools that some candidates may apply to."""
    codes = {code for one in some for code in one.get("located", {}).get("schools", [])}
    return {code: str(one["name"]) for code, one in school.several(sorted(codes)).items()}


def schools_zh(found: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the schools in one line."""
    told = [names.get(code, code) for code in found.get("located", {}).get("schools", [])]
    return "、".join(told) or "学校待核实"


def window_zh(found: Mapping[str, Any]) -> str:
    """Return the window of a round as persons read it."""
    return f"{rounds.wire(found['opens_at'])} 至 {rounds.wire(found['closes_at'])}"
