"""A picture of a bank card's size (ID-1, ISO/IEC 7810) at 300 dots an inch: a QR code, and lines in big letters.

The font is Noto Sans SC (SIL Open Font License) out of the package `pylopdf-fonts-zh-cn`.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from backend.codes import qr

WIDTH, HEIGHT, DPI = 1011, 638, 300
MAX_VERSION = 9
"""Ten pixels a module: 610 of the 638 that the card is high, 0.85 mm a module."""
_MARGIN = 20
_LEADING = 1.45
_FONT = ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf")


def png(text: str, lines: Sequence[tuple[str, int]]) -> bytes:
    """Return the picture; each line comes with the height of its letters in pixels (12 are one millimetre).

    Raises:
        QrTooLarge: the text does not fit a code of this size.
    """
    card = Image.new("L", (WIDTH, HEIGHT), 255)
    with Image.open(BytesIO(qr.png(text, MAX_VERSION))) as code:
        card.paste(code.convert("L"), (_MARGIN // 2, (HEIGHT - code.height) // 2))
        left = code.width + _MARGIN
    draw, top = ImageDraw.Draw(card), float(3 * _MARGIN)
    for line, size in lines:
        draw.text((left, top), line, fill=0, font=_font(size))
        top += size * _LEADING
    picture = BytesIO()
    card.save(picture, "PNG", dpi=(DPI, DPI), optimize=True)
    return picture.getvalue()


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    package, name = _FONT
    with as_file(files(package) / name) as path:
        return ImageFont.truetype(str(path), size)
