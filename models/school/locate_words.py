"""Why this school, in words for a parent: which rule or place decided, and why a person must look where one must."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.school.district import rule_words
from models.school.evidence import Evidence

Districts = Mapping[str, Mapping[str, Any]]
Names = Mapping[str, str]
PERSON = "须由工作人员核实后确定"


@dataclass(frozen=True)
class Told:
    """What was decided about one home, by what, and what makes it doubtful."""

    found: Evidence
    how: str
    codes: tuple[str, ...]
    different: bool
    against: str
    at_border: bool
    border_m: float


def why(told: Told, districts: Districts, schools: Names) -> str:
    """Return the sentences."""
    if told.how == "none":
        return _nothing(told)
    doubts = [
        one for one in (_different(told, districts), _against(told, districts), _at_border(told, districts)) if one
    ]
    first = f"{_decided(told, districts)}{_schools(told, districts, schools)}"
    return first + "".join(f"但{one}," for one in doubts) + (f"{PERSON}。" if doubts else "")


def _decided(told: Told, districts: Districts) -> str:
    name = districts[told.codes[0]]["name"]
    if told.how == "house_number":
        code, rule = told.found.rules[0]
        assert told.found.parsed is not None
        house = f"{told.found.parsed.street} {told.found.parsed.label} 号"
        return f"门牌 {house},按“{rule_words(rule)}”划入{districts[code]['name']}。"
    if told.how == "village":
        return f"户籍或居住地所在的村(社区)整体划入{name}。"
    where = "所填位置" if told.found.own_point else "该门牌的位置"
    return f"{where}在{name}范围内。" if told.found.inside else f"{where}不在任何学区范围内,最近的是{name}。"


def _schools(told: Told, districts: Districts, schools: Names) -> str:
    found = districts[told.codes[0]]["schools"]
    names = "、".join(schools.get(code, code) for code in found)
    return f"对应学校:{names}。" if len(found) == 1 else f"对应学校({len(found)} 所,可按志愿选择):{names}。"


def _different(told: Told, districts: Districts) -> str:
    if not told.different:
        return ""
    others = "、".join(districts[code]["name"] for code in told.codes)
    return f"{others}都包含此处,而学校不同"


def _against(told: Told, districts: Districts) -> str:
    found = told.found
    if told.against == "point":
        return f"该位置在{districts[found.inside[0]]['name']}范围内,与门牌规定不一致"
    if told.against == "outside":
        return "该位置不在任何学区范围内"
    if told.against == "village":
        return f"所在村(社区)属{districts[found.villages[0]]['name']},两者不一致"
    return ""


def _at_border(told: Told, districts: Districts) -> str:
    if not told.at_border or told.found.distance_m is None:
        return ""
    others = [one for one in told.found.near if districts[one]["schools"] != districts[told.codes[0]]["schools"]]
    line = f"与{districts[others[0]]['name']}的分界线" if others else "学区外缘"
    return f"位置距{line}约 {told.found.distance_m:.0f} 米,在 {told.border_m:g} 米以内"


def _nothing(told: Told) -> str:
    found = told.found
    if found.position:
        return f"该位置不在任何学区范围内,{PERSON}。"
    if found.parsed:
        return f"{found.parsed.street} {found.parsed.label} 号没有学区规定,也没有查到门牌位置,{PERSON}。"
    return f"没有认出街道和门牌号,也没有可用的位置或村(社区),{PERSON};请写明街道名和门牌号,例如“长征大道12号”。"
