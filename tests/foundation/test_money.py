"""Amounts as persons and banks read them."""

import pytest

from backend import money


@pytest.mark.parametrize(
    ("fen", "told"),
    [(0, "0.00"), (5, "0.05"), (100, "1.00"), (6050, "60.50"), (10**16 + 1, "100000000000000.01"), (-5, "-0.05")],
)
def test_fen_are_written_as_yuan_without_a_rounding(fen, told):
    assert money.yuan(fen) == told


def test_a_negative_amount_keeps_its_digits():
    assert money.yuan(-150) == "-1.50"
