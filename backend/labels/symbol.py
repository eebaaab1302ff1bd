"""QR codes in bulk, by a compiled encoder (zint) that chooses mask and modes as ISO/IEC 18004 says."""

from threading import local

import zint

from backend.codes.qr import MAX_VERSION, QrTooLarge
from backend.documents.bitmap import Bitmap
from backend.labels.label import PayloadNotPlain

CORRECTIONS = {"L": 1, "M": 2, "Q": 3, "H": 4}
_MOST_MODULES = 17 + 4 * MAX_VERSION
_MOST_LETTERS = 500
_STRIDE = 144
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_encoders = local()


def encode(payload: str, correction: str = "M") -> Bitmap:
    """Return the code of a text of printable ASCII.

    Raises:
        PayloadNotPlain: it holds other characters, or none.
        QrTooLarge: it needs a version that no longer scans well.
    """
    if not (payload and payload.isascii() and payload.isprintable()):
        raise PayloadNotPlain
    if len(payload) > _MOST_LETTERS:
        raise QrTooLarge
    encoder = _encoder(correction)
    encoder.clear()
    encoder.encode(payload.encode("ascii"))
    modules = encoder.width
    if modules > _MOST_MODULES:
        raise QrTooLarge
    packed, wide = bytes(encoder.encoded_data), (modules + 7) // 8
    rows = b"".join(packed[row * _STRIDE : row * _STRIDE + wide] for row in range(modules))
    return Bitmap(modules, rows.translate(_MIRRORED))


def _encoder(correction: str) -> zint.Symbol:
    known: dict[str, zint.Symbol] = _encoders.__dict__.setdefault("known", {})
    if correction not in known:
        encoder = zint.Symbol()
        encoder.symbology, encoder.option_1 = zint.Symbology.QRCODE, CORRECTIONS[correction]
        known[correction] = encoder
    return known[correction]
