"""What of an order's money is decided already: visitors who were cancelled one by one, each with a part of the price.

    part = {part, visitors, base_fen, percent, fen, state, at}

Rounding is the order's, not the visitor's: however the visitors of one percentage are split over cancellations,
together they give back what one cancellation of all of them would.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.booking import refund_rule


def live(found: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the visitors who were not cancelled."""
    return [number for number, one in enumerate(found["visitors"]) if not one.get("cancelled")]


def price_of(found: Mapping[str, Any], numbers: Sequence[int]) -> int:
    """Return what these visitors were charged."""
    return sum(int(found["visitors"][number]["price_fen"]) for number in numbers)


def undecided_fen(found: Mapping[str, Any]) -> int:
    """Return for how much of the price nothing was decided yet: the other visitors, and what was taken along."""
    return int(found["total_fen"]) - sum(int(one["base_fen"]) for one in found.get("parts", ()))


def fen_of(found: Mapping[str, Any], base_fen: int, percent: int) -> int:
    """Return what goes back for a further `base_fen` of the price at a percentage, in 分."""
    same = [one for one in found.get("parts", ()) if one["percent"] == percent]
    before, given = sum(one["base_fen"] for one in same), sum(one["fen"] for one in same)
    return int((before + base_fen) * percent // 100 - given)


def rest_fen(found: Mapping[str, Any], *, full: bool = False) -> int:
    """Return what goes back if all that is left of an order is cancelled now; `full` gives all of it back."""
    return fen_of(found, undecided_fen(found), 100 if full else refund_rule.percent(found))


def name_of(numbers: Sequence[int]) -> str:
    """Return the name of the part that these visitors make, the same for the same visitors."""
    return "v" + "_".join(str(number) for number in sorted(numbers))


def given_fen(found: Mapping[str, Any]) -> int:
    """Return what was decided to go back for visitors cancelled one by one."""
    return sum(int(one["fen"]) for one in found.get("parts", ()))
