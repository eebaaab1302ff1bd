"""One code as a picture for whoever designs a package: PNG in whole pixels, SVG in millimetres, by `qrcode`."""

import re
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from backend.codes import qr
from backend.documents.bitmap import QUIET_ZONE
from backend.labels.drawing import LEAST_MODULE_MM
from backend.labels.label import SizeOutside

_PIXELS = 10
"""What `backend.codes.qr` draws a module with."""
_MOST_MODULE_MM, _LEAST_DPI, _MOST_DPI = 10.0, 150, 1200
_SIDES = re.compile(rb'width="[^"]+" height="[^"]+"', re.IGNORECASE)


@dataclass(frozen=True)
class Single:
    """A picture, and the millimetres it has when printed in its own size, quiet zone included."""

    content: bytes
    modules: int
    module_mm: float
    side_mm: float


def png(payload: str, *, module_mm: float = 0.5, dpi: int = 300) -> Single:
    """Return a black and white PNG; a module is a whole number of pixels, the nearest to `module_mm`, not below 0.396.

    Raises:
        QrTooLarge: the text needs too dense a code.
        SizeOutside: no such module, no such resolution.
    """
    _require(module_mm)
    if not _LEAST_DPI <= dpi <= _MOST_DPI:
        raise SizeOutside(what="分辨率(dpi)", least=str(_LEAST_DPI), most=str(_MOST_DPI))
    pixels = max(round(module_mm * dpi / 25.4), -int(-LEAST_MODULE_MM * dpi // 25.4))
    out = BytesIO()
    with Image.open(BytesIO(qr.png(payload))) as drawn:
        across = drawn.width // _PIXELS
        drawn.convert("1").resize((across * pixels,) * 2, Image.Resampling.NEAREST).save(out, "PNG", dpi=(dpi, dpi))
    printed = pixels * 25.4 / dpi
    return Single(out.getvalue(), across - 2 * QUIET_ZONE, printed, printed * across)


def svg(payload: str, *, module_mm: float = 0.5) -> Single:
    """Return an SVG of one path, its sides in millimetres.

    Raises:
        QrTooLarge: the text needs too dense a code.
        SizeOutside: no such module.
    """
    _require(module_mm)
    drawn = qr.svg(payload)
    found = re.search(rb'viewBox="0 0 (\d+)', drawn)
    if found is None:
        raise ValueError("qrcode wrote an SVG without a viewBox")
    across = int(found[1])
    side = f"{across * module_mm:.4f}".rstrip("0").rstrip(".")
    sized, number = _SIDES.subn(f'width="{side}mm" height="{side}mm"'.encode(), drawn, count=1)
    if not number:
        raise ValueError("qrcode wrote an SVG without sides")
    return Single(sized, across - 2 * QUIET_ZONE, module_mm, across * module_mm)


def _require(module_mm: float) -> None:
    if not LEAST_MODULE_MM <= module_mm <= _MOST_MODULE_MM:
        raise SizeOutside(what="每格边长(毫米)", least=LEAST_MODULE_MM, most=f"{_MOST_MODULE_MM:g}")
