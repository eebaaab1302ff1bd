"""Made-up records of what a person is by law: veteran, disabled, on subsistence, at school, serving."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from seed.simulators.registers import made_up

Record = dict[str, Any]
SCHOOLS = {
    "primary": "红旗小学",
    "junior": "长征源初级中学",
    "senior": "贡江高级中学",
    "vocational": "雩山中等专业学校",
    "college": "梅江学院",
}
"""Names of no school that exists."""
DISABILITIES = ("sight", "hearing", "speech", "limb", "intellectual", "mental", "multiple")


def _certificate(dice: random.Random, today: str, years: int) -> Record:
    issued = date.fromisoformat(today) - timedelta(days=dice.randrange(30, 700))
    return {
        "certificate_no": f"{dice.randrange(10**12):012d}",
        "issued_on": issued.isoformat(),
        "valid_to": f"{issued.year + years}-{issued:%m}-28",
    }


def veteran(today: str, dice: random.Random) -> Record:
    """Return a preferential certificate of ten years."""
    return _certificate(dice, today, 10)


def disability(today: str, dice: random.Random) -> Record:
    """Return a certificate of ten years with kind and grade."""
    return {**_certificate(dice, today, 10), "kind": dice.choice(DISABILITIES), "grade": dice.randrange(1, 5)}


def subsistence(today: str, dice: random.Random) -> Record:
    """Return a grant that was reviewed this month and holds to its end."""
    first = date.fromisoformat(today).replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return {
        "kind": dice.choice(("minimum_living", "minimum_living", "extreme_poverty")),
        "granted_on": made_up.day(dice, "2019-01-01", "2024-12-31"),
        "reviewed_on": first.isoformat(),
        "valid_to": last.isoformat(),
    }


def student(today: str, dice: random.Random) -> Record:
    """Return an enrolment of three years, one of them over."""
    stage, year = dice.choice(list(SCHOOLS)), date.fromisoformat(today).year
    return {
        "school": SCHOOLS[stage],
        "stage": stage,
        "enrolled_on": f"{year - 1}-09-01",
        "valid_to": f"{year + 2}-06-30",
    }


def serving(today: str, _dice: random.Random) -> Record:
    """Return that a person serves, and until when that counts; the register says nothing more."""
    day = date.fromisoformat(today)
    return {"serving": True, "stated_on": f"{day.year}-01-01", "valid_to": f"{day.year + 1}-12-31"}


_MAKERS: dict[str, Callable[[str, random.Random], Record]] = {
    "veterans": veteran,
    "disability": disability,
    "subsistence": subsistence,
    "students": student,
    "military": serving,
}


def made(register: str, today: str, dice: random.Random) -> Record:
    """Return a made-up record of one of these registers."""
    return _MAKERS[register](today, dice)
