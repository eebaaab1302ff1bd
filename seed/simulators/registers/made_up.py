"""Made-up people and firms: the same seed gives the same. None of them exists."""

import json
import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛"
GIVEN = "春夏秋冬梅兰竹菊松柏江河山川晨曦明月星辰雨雪霜露安宁和平嘉禾思远志行文博雅清"
TRADES = ("食品制造业", "服装制造业", "电子元件制造", "批发和零售业", "住宿和餐饮业", "农业")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@cache
def _divisions() -> dict[str, Any]:
    told = json.loads((Path(__file__).parents[2] / "county" / "divisions.json").read_text(encoding="utf-8"))
    return dict(told)


def number(dice: random.Random, birth: str, sex: str) -> str:
    """Return a resident number with the right check character (GB 11643)."""
    order = dice.randrange(1, 500) * 2 - (sex == "male")
    body = f"{_divisions()['county']['code']}{birth.replace('-', '')}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def credit_code(dice: random.Random) -> str:
    """Return a unified social credit code with the right check characters (GB 32100, GB 11714)."""
    organisation = "".join(dice.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    check = 11 - sum(values.index(one) * weight for one, weight in zip(organisation, weights, strict=True)) % 11
    body = f"91{_divisions()['county']['code']}{organisation}{'0' if check == 11 else 'X' if check == 10 else check}"  # noqa: PLR2004
    total = sum(_CREDIT_ALPHABET.index(one) * weight for one, weight in zip(body, _CREDIT_WEIGHTS, strict=True))
    return body + _CREDIT_ALPHABET[(31 - total % 31) % 31]


def name(dice: random.Random, family: str = "") -> str:
    """Return a name."""
    return (family or dice.choice(FAMILY)) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2))))


def day(dice: random.Random, first: str, last: str) -> str:
    """Return a day of a span."""
    start = date.fromisoformat(first)
    return (start + timedelta(days=dice.randrange((date.fromisoformat(last) - start).days + 1))).isoformat()


def place(dice: random.Random) -> dict[str, str]:
    """Return an address in one of the county's villages."""
    told = _divisions()
    town = dice.choice([one for one in told["towns"] if one["villages"]])
    village = dice.choice(town["villages"])
    text = f"{told['county']['name']}{town['name']}{village['name']}{dice.randrange(1, 200)}号"
    return {"address": text, "town_code": town["code"], "village_code": village["code"]}


def person(dice: random.Random, *, born: tuple[str, str] = ("1950-01-01", "2006-12-31"), family: str = "") -> dict:
    """Return name, number, birth and sex of nobody."""
    sex = dice.choice(("male", "female"))
    birth = day(dice, *born)
    return {"number": number(dice, birth, sex), "name": name(dice, family), "birth": birth, "sex": sex}


def firm(dice: random.Random, owner: dict[str, str]) -> dict[str, Any]:
    """Return a firm of a person."""
    return {
        "credit_code": credit_code(dice),
        "name": f"{_divisions()['county']['name']}{name(dice)}商贸有限公司",
        "legal_person": {"name": owner["name"], "number": owner["number"]},
        "status": "operating",
        "industry": dice.choice(TRADES),
        "registered_on": day(dice, "2012-01-01", "2025-12-31"),
    }
