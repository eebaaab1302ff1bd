"""What a reviewer may find out in a point: facts for the rules, read strictly, and what follows where none is named.

confirmed      what was asked for holds: flags are yes; a number or a word must be named
not confirmed  it does not hold: flags are no, numbers nought; what was asked of a birth date stays unknown
"""

from collections.abc import Mapping
from typing import Any

from backend.errors import Unprocessable
from models.rules import facts
from models.school import district, points

KINDS = {
    "child.birth_date": "date",
    "child.age": "number",
    "household.in_county": "flag",
    "household.in_district": "flag",
    "household.with_guardian": "flag",
    "household.head_relation": "text",
    "property.in_district": "flag",
    "property.residential": "flag",
    "property.family_share": "number",
    "property.grandparents_in_district": "flag",
    "residence.permit": "flag",
    "residence.in_district": "flag",
    "insurance.months": "number",
    "business.operating": "flag",
    "child.looked_after": "flag",
    "child.disability": "flag",
    "child.martyr_family": "flag",
    "guardian.serving_military": "flag",
    "guardian.veteran": "flag",
    "sibling.enrolled": "flag",
}
FACT_ZH = {
    "child.birth_date": "儿童出生日期",
    "child.age": "儿童年龄",
    "household.in_county": "户籍在本县",
    "household.in_district": "户籍在学区内",
    "household.with_guardian": "与监护人同户",
    "household.head_relation": "与户主关系",
    "property.in_district": "房产在学区内",
    "property.residential": "房产为住宅",
    "property.family_share": "监护人与儿童产权份额",
    "property.grandparents_in_district": "祖辈房产在学区内",
    "residence.permit": "持有居住证",
    "residence.in_district": "居住地在学区内",
    "insurance.months": "社会保险缴费月数",
    "business.operating": "营业执照在营",
    "child.looked_after": "孤儿或事实无人抚养儿童",
    "child.disability": "残疾儿童",
    "child.martyr_family": "烈士子女",
    "guardian.serving_military": "监护人为现役军人",
    "guardian.veteran": "监护人为退役军人",
    "sibling.enrolled": "兄弟姐妹在校就读",
}
ADDRESS = "address"
DISTRICT = "district"
"""What the point `address` tells besides facts: the code of the district."""
_NO = {"flag": False, "number": 0, "text": ""}


class TellWrong(Unprocessable):
    """422: what a reviewer tells is not what the point asks for."""

    code = "school_point_value_wrong"
    zh = "核验结果填写有误,请按提示补全后再提交。"
    en = "What was found out does not fit this point. Complete what is named."


def askable(code: str) -> list[str]:
    """Return the facts that a point may tell; two persons' review may tell any."""
    return [name for name in KINDS if code == "double" or points.of_fact(name) == code]


def read(point: Mapping[str, Any], value: Mapping[str, Any] | None, *, confirmed: bool) -> dict[str, Any]:
    """Return what a point tells the rules, as JSON holds it.

    Raises:
        TellWrong: a fact is another unit's, or of another kind, or one that must be told is not.
    """
    told = dict(value or {})
    _require_fitting(point, told)
    for name in point.get("facts", ()):
        if name not in told and name in KINDS:
            kind = KINDS[name]
            if confirmed and kind == "flag":
                told[name] = True
            elif not confirmed and kind in _NO:
                told[name] = _NO[kind]
    if confirmed:
        _require_told(point, told)
    elif point["code"] == "double" and not told:
        raise TellWrong(fields={"value": ["请写明哪一项事实与登记不符(例如 household.in_district)。"]})
    return told


def require_district(round_code: str, told: Mapping[str, Any]) -> None:
    """Check that the district that was told, if any, is one of the round.

    Raises:
        TellWrong: it is none.
    """
    code = told.get(DISTRICT)
    if code and code not in {one["code"] for one in district.of_round(round_code)}:
        raise TellWrong(fields={"value.district": ["该批次没有这个学区,请核对学区代码。"]})


def corrected(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that were found to be otherwise, of whatever unit, as JSON holds them.

    Raises:
        TellWrong: one is no fact of enrolment, or of another kind.
    """
    _require_fitting({"code": ADDRESS, "facts": list(KINDS)}, told)
    return dict(told)


def _require_fitting(point: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    named = {*askable(point["code"]), *point.get("facts", ())}
    wrong = {}
    for name, value in told.items():
        if name == DISTRICT and point["code"] == ADDRESS and isinstance(value, str) and len(value) <= _LONGEST:
            continue
        if name not in named or name not in KINDS:
            wrong[f"value.{name}"[:80]] = ["这一项不由本核验要点认定。"]
        elif not _fits(KINDS[name], value):
            wrong[f"value.{name}"] = [f"“{FACT_ZH[name]}”应为{facts.KINDS[KINDS[name]]}。"]
    if wrong:
        raise TellWrong(fields=wrong)


_LONGEST = 32


def _fits(kind: str, value: Any) -> bool:
    try:
        return facts.READERS[kind](facts.decode(value)) is not None
    except (ValueError, TypeError):
        return False


def _require_told(point: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    missing = [name for name in point.get("facts", ()) if name in KINDS and name not in told]
    if missing:
        raise TellWrong(fields={f"value.{name}": [f"请填写核实的“{FACT_ZH[name]}”。"] for name in missing})
