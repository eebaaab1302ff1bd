"""A commitment certificate as a label of 100 by 70 mm, as thermal printers have it: the words large, and a code.

The code leads to the public page; the rule asks that beside such a code the words be conspicuous.
"""

from io import BytesIO
from typing import Any

from backend import clock
from backend.documents import fitting, font
from backend.documents.canvas import Canvas
from backend.documents.pdf import Writer
from backend.labels import symbol

WIDTH, HEIGHT = 100.0, 70.0
_EDGE, _CODE, _TITLE, _TEXT, _LEAST = 4.0, 38.0, 20.0, 9.0, 5.0
"""Millimetres of margin and code, points of letters."""


def label(told: dict[str, Any], phone: str) -> bytes:
    """Return the label of a certificate as it is shown, with a phone number masked or in full."""
    out = BytesIO()
    writer = Writer(out, title=told["title_zh"], created=clock.now())
    canvas = Canvas(HEIGHT, writer.chars)
    canvas.box(1, 1, WIDTH - 2, HEIGHT - 2)
    y = _line(canvas, (_EDGE, _EDGE - 1), told["title_zh"], WIDTH - 2 * _EDGE, _TITLE)
    bitmap = symbol.encode(told["page_url"])
    canvas.code(_EDGE - 1, y, _CODE / bitmap.across, bitmap)
    at, wide = _EDGE + _CODE, WIDTH - 2 * _EDGE - _CODE
    for text in _fields(told, phone):
        y = _line(canvas, (at, y), text, wide, _TEXT)
    _line(canvas, (_EDGE, HEIGHT - 10), "；".join(told["promises_zh"]), WIDTH - 2 * _EDGE, _TEXT)
    writer.page(WIDTH, HEIGHT, [writer.stream(canvas.data())])
    writer.close()
    return out.getvalue()


def _fields(told: dict[str, Any], phone: str) -> list[str]:
    ticks = "、".join(one["name_zh"] for one in told["ticks"] if one["ticked"])
    state = [] if told["state"] == "valid" else [f"本合格证{told['state_zh']}"]
    rows = [f"产品:{told['product_zh']}", f"数量:{told['grams'] / 1000:g} kg", f"产地:{told['origin_zh']}"]
    rows += [f"生产者:{told['party_zh']}", f"电话:{phone}", f"开具:{told['issued_at'][:10]}", f"依据:{ticks}"]
    return [*state, *rows, told["number"]]


def _line(canvas: Canvas, at: tuple[float, float], text: str, wide: float, size: float) -> float:
    """Write a line, shrunk to fit; return where the next one begins."""
    fitted, high = fitting.fit(text, wide, size, _LEAST), size * font.MM_A_POINT * 1.5
    canvas.text(at[0], at[1] + high * 0.75, fitted.text, fitted.size, bold=size == _TITLE)
    return at[1] + high
