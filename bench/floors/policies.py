"""A policy of twelve conditions written by hand: verdict, names of what is missing, amount in 分. No rule engine."""

from collections.abc import Mapping
from fractions import Fraction

from models.rules.facts import Fact, Known

ORDER = ("firm.division", "firm.status", "statistics.industry_code", "statistics.size", "statistics.above_scale",
         "statistics.legal_person", "tax.grade", "tax.in_arrears", "staff.insured", "staff.layoff_rate",
         "credit.dishonest", "patents")  # fmt: skip
TESTS = (
    lambda value: value.startswith("3607"),
    lambda value: value == "operating",
    lambda value: value.startswith(("17", "18")),
    lambda value: value in {"medium", "small", "micro"},
    lambda value: value is True,
    lambda value: value is True,
    lambda value: value in {"A", "B", "M"},
    lambda value: value is False,
    lambda value: value >= 10,
    lambda value: value <= Fraction(11, 2),
    lambda value: value is False,
    lambda value: any(one["type"] == "inv" for one in value),
)
STEPS = tuple(zip(ORDER, TESTS, strict=True))
CEILING_FEN = 50_000_000


def judge(given: Mapping[str, Fact]) -> tuple[str, tuple[str, ...], int]:
    """Return eligible, lacking or not_eligible, with what is missing and the amount."""
    missing = []
    for name, fits in STEPS:
        fact = given[name]
        if fact.__class__ is not Known:
            missing.append(name)
        elif not fits(fact.value):
            return "not_eligible", (), 0
    if missing:
        return "lacking", tuple(missing), 0
    premiums = given["staff.premiums_fen"]
    if premiums.__class__ is not Known:
        return "lacking", ("staff.premiums_fen",), 0
    fen = min(premiums.value * 60 // 100, CEILING_FEN)
    return ("eligible", (), fen) if fen > 0 else ("not_eligible", (), 0)
