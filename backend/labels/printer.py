"""What one printer does to a page, and what makes up for it: every printer moves and stretches a little.

The page of `sheets.ruler` is printed once and measured; drift over rows is a stretch, not an offset.
"""

from dataclasses import dataclass
from math import floor

from backend.labels.label import SizeOutside

MOST_MM = 20.0
LEAST_SCALE, MOST_SCALE = 0.9, 1.1
RULER_ACROSS, RULER_DOWN = 150.0, 200.0
"""Millimetres: the lines on the ruler page that are measured."""
_MOST_DPI = 2400


@dataclass(frozen=True)
class Printer:
    """Millimetres to move the print right and down, factors to stretch it, dots an inch or 0 for any.

    With `dpi` the side of a module is a whole number of dots, unless that would be too small to scan: thermal printers
    of 203 dpi print cleaner edges so.

    Raises:
        SizeOutside: more than any working printer needs.
    """

    right_mm: float = 0.0
    down_mm: float = 0.0
    across: float = 1.0
    along: float = 1.0
    dpi: int = 0

    def __post_init__(self) -> None:
        if not (abs(self.right_mm) <= MOST_MM and abs(self.down_mm) <= MOST_MM):
            raise SizeOutside(what="偏移量(毫米)", least=f"{-MOST_MM:g}", most=f"{MOST_MM:g}")
        if not (LEAST_SCALE <= self.across <= MOST_SCALE and LEAST_SCALE <= self.along <= MOST_SCALE):
            raise SizeOutside(what="缩放比例", least=f"{LEAST_SCALE:g}", most=f"{MOST_SCALE:g}")
        if not 0 <= self.dpi <= _MOST_DPI:
            raise SizeOutside(what="打印分辨率(dpi)", least="0", most=str(_MOST_DPI))

    @classmethod
    def measured(cls, *, across_mm: float, along_mm: float, right_mm: float = 0, down_mm: float = 0) -> "Printer":
        """Return a printer from the ruler's lines as they came out, and how far the print must move.

        Raises:
            SizeOutside: they differ from what was sent by more than a tenth.
        """
        if across_mm <= 0 or along_mm <= 0:
            raise SizeOutside(what="量得的长度(毫米)", least=f"{RULER_ACROSS * 0.91:.0f}", most="220")
        return cls(right_mm, down_mm, RULER_ACROSS / across_mm, RULER_DOWN / along_mm)

    @property
    def plain(self) -> bool:
        """Tell whether the page goes out as it is."""
        return (self.right_mm, self.down_mm, self.across, self.along) == (0, 0, 1, 1)

    def whole_dots(self, module_mm: float) -> float:
        """Return the largest side of a module that is no larger and a whole number of dots."""
        if not self.dpi:
            return module_mm
        dots = floor(module_mm * self.dpi / 25.4 + 1e-6)
        return dots * 25.4 / self.dpi if dots else module_mm

    def on_dots(self, mm: float) -> float:
        """Return the place nearest to this one at which a dot begins."""
        return round(mm * self.dpi / 25.4) * 25.4 / self.dpi if self.dpi else mm
