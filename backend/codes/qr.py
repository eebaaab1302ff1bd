"""QR pictures of a text.

Text of the 45 alphanumeric characters is packed in that mode, two characters in 11 bits; `qrcode` chooses it.
"""

from io import BytesIO

import qrcode
from qrcode.exceptions import DataOverflowError
from qrcode.image.pil import PilImage
from qrcode.image.svg import SvgPathFillImage

from backend.errors import Unprocessable

# Version 10 with its margin is 65 modules wide: at GS1's smallest module of 0.396 mm that is 26 mm, which still
# fits a ticket and a phone's screen held at arm's length.
MAX_VERSION = 10


class QrTooLarge(Unprocessable):
    """422: the text needs a picture too dense to be scanned with ease."""

    code = "qr_too_large"
    zh = "内容太长,生成的二维码不易识读,请缩短后再试。"
    en = "The text is too long for a QR code that scans well. Please shorten it."


def png(text: str, max_version: int = MAX_VERSION) -> bytes:
    """Return a black and white PNG, ten pixels a module, margin of four modules, error correction M.

    Raises:
        QrTooLarge: the text needs a version above `max_version`.
    """
    picture = BytesIO()
    _fitted(text, max_version).make_image(image_factory=PilImage).save(picture)
    return picture.getvalue()


def svg(text: str, max_version: int = MAX_VERSION) -> bytes:
    """Return the same picture as SVG: one path on a white ground.

    Raises:
        QrTooLarge: the text needs a version above `max_version`.
    """
    return _fitted(text, max_version).make_image(image_factory=SvgPathFillImage).to_string()


def _fitted(text: str, max_version: int) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(text)
    try:
        version = code.best_fit()
    except (DataOverflowError, ValueError):  # 8.2 checks the impossible version 41 before it reports the overflow
        raise QrTooLarge from None
    if version > max_version:
        raise QrTooLarge
    return code
