"""A code as one bit a module: a picture that is printed as a whole has no seams between its modules."""

from collections.abc import Sequence
from dataclasses import dataclass

QUIET_ZONE = 4
"""Modules left white on every side (ISO/IEC 18004)."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """A square of modules without its quiet zone: rows of whole bytes, the leftmost module is the highest bit."""

    modules: int
    rows: bytes

    @property
    def across(self) -> int:
        """Return the modules across, quiet zone included."""
        return self.modules + 2 * QUIET_ZONE


def of_matrix(matrix: Sequence[Sequence[bool]]) -> Bitmap:
    """Return the bitmap of a matrix of dark modules, without quiet zone.

    Raises:
        ValueError: it is not square.
    """
    side = len(matrix)
    if not side or any(len(row) != side for row in matrix):
        raise ValueError("the matrix of a code is square")
    bytes_a_row = -(-side // 8)
    rows = b"".join(
        (int("".join("1" if dark else "0" for dark in row), 2) << (8 * bytes_a_row - side)).to_bytes(bytes_a_row, "big")
        for row in matrix
    )
    return Bitmap(side, rows)
