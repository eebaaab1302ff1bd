"""What stands on one page: millimetres from its upper left corner, written as operators of PDF."""

from typing import Literal

from backend.documents import font
from backend.documents.bitmap import QUIET_ZONE, Bitmap

POINTS = 72 / 25.4
_BOLD = 0.03
"""Width of the line drawn round bold letters, of their size: the font package has one weight."""


class Canvas:
    """Collects operators; `chars` is the set of characters used, shared by the pages of a file."""

    def __init__(self, height_mm: float, chars: set[str]) -> None:
        self._top, self._chars = height_mm * POINTS, chars
        self._parts: list[str] = []

    def shift(self, right_mm: float, down_mm: float, across: float, along: float) -> None:
        """Move and scale all that follows, as seen from the upper left corner."""
        down = self._top * (1 - along) - down_mm * POINTS
        self._parts.append(f"{across:.6f} 0 0 {along:.6f} {right_mm * POINTS:.3f} {down:.3f} cm")

    def text(self, x: float, baseline: float, line: str, size: float, *, bold: bool = False) -> None:
        """Write a clean line."""
        if not line:
            return
        self._chars.update(line)
        codes = "".join(map(font.CODES.__getitem__, line))
        place = f"{x * POINTS:.2f} {self._top - baseline * POINTS:.2f}"
        told = f"BT /F1 {size:g} Tf {place} Td <{codes}> Tj ET"
        self._parts.append(f"q 2 Tr {size * _BOLD:.2f} w {told} Q" if bold else told)

    def code(self, x: float, y: float, module_mm: float, bitmap: Bitmap) -> None:
        """Place a code with its quiet zone; x and y are the corner of the quiet zone."""
        side, quiet = bitmap.modules * module_mm * POINTS, QUIET_ZONE * module_mm * POINTS
        left, bottom = x * POINTS + quiet, self._top - y * POINTS - quiet - side
        # As hexadecimal digits, because raw bytes of a picture may spell the operator that ends it.
        self._parts.append(
            f"q {side:.3f} 0 0 {side:.3f} {left:.3f} {bottom:.3f} cm BI /W {bitmap.modules} /H {bitmap.modules} "
            f"/IM true /D [1 0] /F /AHx ID {bitmap.rows.hex()}> EI Q"
        )

    def picture(self, x: float, y: float, width: float, height: float, name: str) -> None:
        """Place a picture that the file holds under a name."""
        size = f"{width * POINTS:.2f} 0 0 {height * POINTS:.2f}"
        self._parts.append(f"q {size} {x * POINTS:.2f} {self._top - (y + height) * POINTS:.2f} cm /{name} Do Q")

    def line(self, x1: float, y1: float, x2: float, y2: float, width_mm: float = 0.1) -> None:
        """Draw a line."""
        begin, end = self._point(x1, y1), self._point(x2, y2)
        self._parts.append(f"{width_mm * POINTS:.2f} w {begin} m {end} l S")

    def box(self, x: float, y: float, width: float, height: float, kind: Literal["line", "grey"] = "line") -> None:
        """Draw a hairline frame, or a light grey ground."""
        place = f"{self._point(x, y + height)} {width * POINTS:.2f} {height * POINTS:.2f} re"
        self._parts.append(f"q 0.92 g {place} f Q" if kind == "grey" else f"0.15 w {place} S")

    def _point(self, x: float, y: float) -> str:
        return f"{x * POINTS:.2f} {self._top - y * POINTS:.2f}"

    def data(self) -> bytes:
        """Return the operators."""
        return "\n".join(self._parts).encode("ascii")
