"""Pictures: their size is read from the header first, then they are decoded and written anew from pixels alone."""

import io
from typing import Any

from PIL import Image, ImageOps

from backend.uploads.errors import FileBroken, FileRefused, PictureMoves, PictureTooLarge

MOST_PIXELS = 25_000_000
"""Decoded, this is 100 MB; the cameras of phones make 12 million."""
LONGEST_SIDE = 20_000
_QUALITY = 90


def clean_jpeg(content: bytes) -> bytes:
    """Return the first picture of a JPEG, upright, without EXIF, comments or anything behind it."""
    # Phones add depth and gain maps as further pictures; they end here.
    return _again(content, "JPEG", quality=_QUALITY)


def clean_png(content: bytes) -> bytes:
    """Return the pixels of a PNG without text, profiles or anything behind them."""
    return _again(content, "PNG")


def clean_webp(content: bytes) -> bytes:
    """Return the pixels of a WebP without EXIF, XMP or anything behind them."""
    return _again(content, "WEBP", quality=_QUALITY)


def _again(content: bytes, form: str, **options: Any) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as picture:
            _require_small_and_still(picture, form)
            return _written(ImageOps.exif_transpose(picture), form, options)
    except FileRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooLarge(most_mp=MOST_PIXELS // 1_000_000) from None
    except Exception:  # noqa: BLE001 - decoders raise whatever they stumble over; none of it may become a 500
        raise FileBroken from None


def _require_small_and_still(picture: Image.Image, form: str) -> None:
    if picture.width * picture.height > MOST_PIXELS or max(picture.size) > LONGEST_SIDE:
        raise PictureTooLarge(most_mp=MOST_PIXELS // 1_000_000)
    if form != "JPEG" and getattr(picture, "n_frames", 1) > 1:
        raise PictureMoves


def _written(picture: Image.Image, form: str, options: dict[str, Any]) -> bytes:
    clear = picture.has_transparency_data and form != "JPEG"
    grey = picture.mode in {"1", "L"} and not clear
    plain = picture.convert("RGBA" if clear else "L" if grey else "RGB")
    plain.info.clear()
    out = io.BytesIO()
    plain.save(out, form, **options)
    return out.getvalue()
