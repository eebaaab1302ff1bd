"""Made-up firms with what the registers about firms hold of them; the same seed gives the same. None of them exists."""

import random
from typing import Any

from seed.simulators.registers import made_up

Record = dict[str, Any]
REGISTERS = ("tax", "unit_insurance", "power", "statistics", "patents", "titles", "credit")
"""One record a firm, under its credit code."""
INDUSTRIES = {"13": "农副食品加工业", "17": "纺织业", "18": "纺织服装、服饰业", "39": "电子设备制造业", "52": "零售业"}
CITY = "360700"
_LAYOFFS = ("0", "1.2", "3.5", "6.1", "12")


def records(today: str, dice: random.Random) -> dict[str, Record]:
    """Return the record of each register about one firm, without its credit code."""
    year, on, staff = int(today[:4]) - 1, {"stated_on": f"{today[:4]}-01-31"}, dice.randrange(5, 400)
    code = dice.choice(list(INDUSTRIES))
    insured = staff * dice.randrange(50, 101) // 100
    size = "micro" if staff < 20 else "small" if staff < 300 else "medium"  # noqa: PLR2004 - as the statistics count
    return {
        "tax": {
            "city": CITY,
            "grade": dice.choice("ABMC"),
            "year": year,
            "paid_fen": dice.randrange(10**9),
            "in_arrears": False,
        }
        | on,
        "unit_insurance": {
            "staff_total": staff,
            "insured_staff": insured,
            "paid_months": dice.randrange(1, 120),
            "layoff_rate": dice.choice(_LAYOFFS),
            "premiums_fen": insured * dice.randrange(30_000, 60_000),
            "target_hires_rate": str(dice.randrange(40)),
            "contract_years": dice.randrange(4),
            "certified_5": dice.randrange(10),
        }
        | on,
        "power": {"year": year, "kwh": dice.randrange(10**6), "in_arrears": False} | on,
        "statistics": {
            "city": CITY,
            "industry_code": code,
            "industry": INDUSTRIES[code],
            "size": size,
            "above_scale": dice.random() < 0.3,  # noqa: PLR2004 - a made-up share
            "legal_person": True,
        }
        | on,
        "patents": {"patents": [_patent(dice) for _ in range(dice.randrange(1, 4))]},
        "titles": {"titles": [{"title": "创新型中小企业", "recognised_on": f"{year}-09-01"}]},
        "credit": {"dishonest": False, "zombie": False, "checked_on": today, "stated_on": today},
    }


def _patent(dice: random.Random) -> Record:
    day = made_up.day(dice, "2021-01-01", "2026-06-30")
    return {
        "number": f"ZL{day[:4]}{dice.randrange(10**9):09d}",
        "type": dice.choice(("inv", "util", "des")),
        "granted_on": day,
    }
