"""A poster for a gate or a stall: a large code that is read from some steps away, with Chinese text, as a PNG."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from backend.documents import fitting, font
from backend.documents.bitmap import QUIET_ZONE, Bitmap
from backend.labels import symbol
from backend.labels.label import SizeOutside

SIZES = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "A2": (420.0, 594.0)}
_LEAST_DPI, _MOST_DPI, _MOST_PIXELS = 72, 300, 20_000_000
_MOST_LINES = 6
# Shares of the poster's width.
_MARGIN, _TITLE, _LINE, _FOOT, _LEAST = 0.07, 0.09, 0.045, 0.028, 0.022
_LEADING, _CODE = 1.35, 0.7


@dataclass(frozen=True)
class Poster:
    """A picture and the printed millimetres of its code: it is read from about ten times its side."""

    content: bytes
    code_mm: float
    module_mm: float


def png(
    payload: str, title: str, lines: Sequence[str] = (), *, foot: str = "", size: str = "A3", dpi: int = 150
) -> Poster:
    """Return a poster: title, code, lines, and a small foot; a text too wide is shrunk, then cut with `…`.

    Raises:
        PayloadNotPlain, QrTooLarge: the code cannot be drawn.
        SizeOutside: no such paper, too many lines, or more pixels than a picture may have.
    """
    if size not in SIZES:
        raise SizeOutside(what="海报纸张", least="A4", most="A2")
    if len(lines) > _MOST_LINES:
        raise SizeOutside(what="海报文字行数", least="0", most=str(_MOST_LINES))
    width, height = (round(side * dpi / 25.4) for side in SIZES[size])
    if not _LEAST_DPI <= dpi <= _MOST_DPI or width * height > _MOST_PIXELS:
        raise SizeOutside(what="分辨率(dpi)", least=str(_LEAST_DPI), most="200(A2)、300(A4、A3)")
    bitmap = symbol.encode(payload, "Q")
    sheet = Image.new("L", (width, height), 255)
    draw, margin = ImageDraw.Draw(sheet), round(width * _MARGIN)
    top = _centred(draw, title, margin, (width, _TITLE))
    below = len(lines) * width * _LINE * _LEADING + width * _FOOT * _LEADING * 2 + margin
    pixels = int(min(width * _CODE, height - top - below) // bitmap.across)
    code = _picture(bitmap, pixels)
    sheet.paste(code, ((width - code.width) // 2, top))
    top += code.height
    for line in lines:
        top = _centred(draw, line, top, (width, _LINE))
    _centred(draw, foot, height - margin, (width, _FOOT))
    out = BytesIO()
    sheet.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return Poster(out.getvalue(), code.width * 25.4 / dpi, pixels * 25.4 / dpi)


def _picture(bitmap: Bitmap, pixels: int) -> Image.Image:
    small = Image.new("1", (bitmap.across,) * 2, 1)
    small.paste(
        Image.frombytes("1", (bitmap.modules,) * 2, bytes(~byte & 255 for byte in bitmap.rows)), (QUIET_ZONE,) * 2
    )
    return small.resize((bitmap.across * pixels,) * 2, Image.Resampling.NEAREST).convert("L")


def _centred(draw: ImageDraw.ImageDraw, text: str, top: int, measure: tuple[int, float]) -> int:
    """Write a line in the middle; return where the next one begins."""
    width, share = measure
    room = width * (1 - 2 * _MARGIN)
    # `fit` counts in millimetres and points; in a picture both are pixels.
    line = fitting.fit(text, room * font.MM_A_POINT, width * share, width * _LEAST)
    letters = _font(int(line.size))
    draw.text(((width - draw.textlength(line.text, letters)) / 2, top), line.text, fill=0, font=letters)
    return top + round(width * share * _LEADING)


@lru_cache(maxsize=8)
def _font(pixels: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(font.content()), pixels)
