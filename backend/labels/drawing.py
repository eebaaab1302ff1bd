"""One label on a page: the code at the left or on top, the lines beside or below it, the serial last."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.documents import fitting, font
from backend.documents.bitmap import Bitmap
from backend.documents.canvas import Canvas
from backend.labels.label import CodeTooDense, Label, SerialTooLong
from backend.labels.layout import Layout
from backend.labels.printer import Printer

LEAST_MODULE_MM = 0.396
"""GS1 General Specifications: the smallest module of a QR code that tills scan; phones read it at arm's length."""
TEXT_SIZE, LEAST_SIZE, LEAST_SERIAL = 9.0, 5.0, 4.0
"""Points: letters at most, lines at least, the serial at least."""
_PAD = 1.2
_MOST_CODE = 60.0
_CODE_SHARE = 0.55
_LEADING = 1.3
_MOST_LINES_MM = 20.0


@dataclass(frozen=True)
class Frame:
    """Where code and lines stand in a label; millimetres from its corner."""

    code_x: float
    code_y: float
    code_side: float
    text_x: float
    text_y: float
    text_width: float
    text_height: float
    centred: bool


@lru_cache(maxsize=64)
def frame(layout: Layout) -> Frame:
    """Return how the labels of a layout are divided: beside or below, whichever leaves the larger code."""
    width, height = layout.width, layout.height
    beside = min(height - 2 * _PAD, width * _CODE_SHARE, _MOST_CODE)
    lines = min(0.35 * height, _MOST_LINES_MM)
    below = min(width - 2 * _PAD, height - 2 * _PAD - lines, _MOST_CODE)
    if beside >= below:
        left = _PAD + beside
        top, room = (height - beside) / 2, width - left - _PAD
        return Frame(_PAD, top, beside, left, _PAD, room, height - 2 * _PAD, centred=False)
    top = (height - below - lines) / 2
    return Frame((width - below) / 2, top, below, _PAD, top + below, width - 2 * _PAD, lines, centred=True)


def draw(canvas: Canvas, at: tuple[float, float], label: Label, bitmap: Bitmap, place: tuple[Frame, Printer]) -> float:
    """Draw a label whose corner is `at`; return the printed side of a module.

    Raises:
        CodeTooDense: its modules would be smaller than `LEAST_MODULE_MM`.
        SerialTooLong: the serial does not fit.
    """
    (x, y), (parts, printer) = at, place
    largest, stretched = parts.code_side / bitmap.across, min(printer.across, printer.along)
    module = printer.whole_dots(largest)
    if module * stretched < LEAST_MODULE_MM:
        module = largest
    printed = module * stretched
    if printed < LEAST_MODULE_MM:
        raise CodeTooDense(module_mm=f"{printed:.3f}", least_mm=LEAST_MODULE_MM)
    spare = (parts.code_side - module * bitmap.across) / 2
    canvas.code(printer.on_dots(x + parts.code_x + spare), printer.on_dots(y + parts.code_y + spare), module, bitmap)
    lines = _lines(label, parts)
    high = sum(line.size for line in lines) * _LEADING * font.MM_A_POINT
    top = y + parts.text_y + max(0.0, (parts.text_height - high) / 2)
    for line in lines:
        step = line.size * _LEADING * font.MM_A_POINT
        aside = (parts.text_width - line.width) / 2 if parts.centred else 0
        canvas.text(x + parts.text_x + aside, top + step * 0.75, line.text, line.size)
        top += step
    return printed


def _lines(label: Label, parts: Frame) -> list[fitting.Fitted]:
    size, kept = _common(label.lines, bool(label.serial), parts.text_height)
    lines = [fitting.fit(line, parts.text_width, size, LEAST_SIZE) for line in kept]
    if label.serial:
        lines.append(_serial(label.serial, parts.text_width, size))
    return lines


def _common(lines: Sequence[str], has_serial: bool, height: float) -> tuple[float, Sequence[str]]:
    """Return one size for all lines by their number, and the lines that there is room for."""
    room = height / (_LEADING * font.MM_A_POINT)
    number = len(lines) + has_serial
    if not number:
        return TEXT_SIZE, lines
    if room / number >= LEAST_SIZE:
        return min(TEXT_SIZE, int(room / number * 10) / 10), lines
    most = max(0, int(room / LEAST_SIZE) - has_serial)
    return LEAST_SIZE, [*lines[: most - 1], lines[most - 1] + fitting.ELLIPSIS] if most else []


def _serial(serial: str, width: float, size: float) -> fitting.Fitted:
    told = font.clean(serial).strip()
    # Measured here and not by `fitting.fit`, which would keep 4096 serials that no label has again.
    natural = font.width(told, size)
    if natural <= width:
        return fitting.Fitted(told, size, natural)
    shrunk = int(size * width / natural * 10) / 10
    if shrunk < LEAST_SERIAL:
        raise SerialTooLong
    return fitting.Fitted(told, shrunk, font.width(told, shrunk))
