"""Districts, and where a home belongs, as staff and anybody read them. Plain dicts."""

from collections.abc import Mapping
from typing import Any

from models.school import district, round_views, school
from models.school.district_reading import Reading
from models.school.locate import Located

HOW_ZH = {"house_number": "门牌规定", "point": "位置", "village": "村(社区)", "none": "未能确定"}


def shown(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a district without its polygon, its rules in words beside them."""
    return {
        "code": found["code"],
        "name": found["name"],
        "schools": named(found["schools"], names),
        "overflow": named(found["overflow"], names),
        "villages": list(found["villages"]),
        "streets": [{**one, "zh": district.rule_words(one)} for one in found["streets"]],
        "made_up": bool(found.get("made_up")),
        "source": found.get("source") or "",
    }


def listed(round_code: str) -> list[dict[str, Any]]:
    """Return the districts of a round."""
    found = district.of_round(round_code)
    names = school.names({code for one in found for code in (*one["schools"], *one["overflow"])})
    return [shown(one, names) for one in found]


def one(round_code: str, code: str) -> dict[str, Any]:
    """Return a district with its polygon and the names of its villages.

    Raises:
        NotFound: no such round or district.
    """
    found = district.read(round_code, code)
    told = shown(found, school.names({*found["schools"], *found["overflow"]}))
    villages = round_views.village_names(found["villages"])
    return told | {"village_names": [villages[code] for code in found["villages"]], "polygon": found["polygon"]}


def named(codes: Any, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return schools with their names, in order."""
    return [{"code": code, "name": names.get(code, code)} for code in codes]


def located(found: Located, round_code: str) -> dict[str, Any]:
    """Return where a home belongs and why."""
    known = {each["code"]: each["name"] for each in district.of_round(round_code)}
    names = school.names({*found.schools, *found.overflow})
    return {
        "districts": named(found.districts, known),
        "schools": named(found.schools, names),
        "overflow": named(found.overflow, names),
        "certain": found.certain,
        "how": found.how,
        "how_zh": HOW_ZH[found.how],
        "distance_m": found.distance_m,
        "why_zh": found.why_zh,
    }


def checked(found: Reading) -> dict[str, Any]:
    """Return what an import would take, and what is wrong with it."""
    errors = [
        {"row": each.row, "code": each.code, "field": each.field, "message": each.message} for each in found.errors
    ]
    return {"districts": len(found.found), "wrong": len(found.errors), "positions": found.positions, "items": errors}
