"""The one gate for uploaded files: which kinds, how many bytes, and that the content is what it says it is.

A picture is decoded and encoded again, so nothing of the original file remains but its pixels. Audio loses its tags.
PDF, workbook and CSV are looked through and kept as they came.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from backend.uploads import audio, pdf, pictures, text, workbook
from backend.uploads.errors import FileTooBig, FileTypeWrong

MIB = 1 << 20
LONGEST_NAME = 100


@dataclass(frozen=True)
class Kind:
    """One kind of file: `begins` are its magic bytes, `clean` returns the bytes to keep or refuses."""

    zh: str
    media_type: str
    extension: str
    most_bytes: int
    begins: tuple[bytes, ...]
    clean: Callable[[bytes], bytes]


KINDS = {
    "jpeg": Kind("JPG 图片", "image/jpeg", ".jpg", 10 * MIB, (b"\xff\xd8\xff",), pictures.clean_jpeg),
    "png": Kind("PNG 图片", "image/png", ".png", 10 * MIB, (b"\x89PNG\r\n\x1a\n",), pictures.clean_png),
    "webp": Kind("WebP 图片", "image/webp", ".webp", 10 * MIB, (b"RIFF",), pictures.clean_webp),
    "pdf": Kind("PDF", "application/pdf", ".pdf", 10 * MIB, (b"%PDF-1.", b"%PDF-2."), pdf.clean),
    "xlsx": Kind(
        "Excel 表格(xlsx)",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        10 * MIB,
        (b"PK\x03\x04",),
        workbook.clean,
    ),
    "csv": Kind("CSV 表格", "text/csv", ".csv", 5 * MIB, (), text.clean_csv),
    "mp3": Kind("MP3 音频", "audio/mpeg", ".mp3", 20 * MIB, (), audio.clean_mp3),
    "m4a": Kind("M4A 音频", "audio/mp4", ".m4a", 20 * MIB, (), audio.clean_m4a),
    "ogg": Kind("OGG 音频", "audio/ogg", ".ogg", 20 * MIB, (b"OggS",), audio.clean_ogg),
}
"""What is ever taken. Formats that cannot be checked by their bytes alone (doc, zip, svg, html) are left out."""
PICTURES = frozenset({"jpeg", "png", "webp"})
DOCUMENTS = PICTURES | {"pdf"}
SHEETS = frozenset({"xlsx", "csv"})
AUDIO = frozenset({"mp3", "m4a", "ogg"})
MOST_BYTES = max(KINDS[name].most_bytes for name in SHEETS)
"""Of a file that comes in one request; others come in parts."""
_SAID = {kind.media_type: name for name, kind in KINDS.items()}
_SAID |= {"image/jpg": "jpeg", "application/csv": "csv", "text/plain": "csv", "application/vnd.ms-excel": "csv"}
_SAID |= {"audio/mp3": "mp3", "audio/x-m4a": "m4a", "audio/m4a": "m4a", "application/ogg": "ogg"}


@dataclass(frozen=True)
class Checked:
    """A file that passed: `content` is what may be kept."""

    kind: str
    content: bytes
    name: str

    @property
    def media_type(self) -> str:
        """Return the media type, ours and not the client's."""
        return KINDS[self.kind].media_type

    @property
    def sha256(self) -> str:
        """Return the digest of what is kept."""
        return hashlib.sha256(self.content).hexdigest()


def said(media_type: str, allowed: frozenset[str]) -> str:
    """Return the kind that a media type names.

    Raises:
        FileTypeWrong: none of those allowed.
    """
    kind = _SAID.get(media_type.partition(";")[0].strip().lower(), "")
    if kind not in allowed:
        raise FileTypeWrong(allowed=_listed(allowed))
    return kind


def require_size(kind: str, size: int) -> None:
    """Refuse a file that is too big for its kind.

    Raises:
        FileTooBig: it is.
    """
    if not 0 < size <= KINDS[kind].most_bytes:
        raise FileTooBig(most_mb=KINDS[kind].most_bytes // MIB)


def check(content: bytes, *, media_type: str, name: str, allowed: frozenset[str]) -> Checked:
    """Check an uploaded file and return what may be kept of it.

    Raises:
        FileRefused: it may not be taken; each subclass says why.
    """
    kind = said(media_type, allowed)
    require_size(kind, len(content))
    rule = KINDS[kind]
    if rule.begins and not content.startswith(rule.begins):
        raise FileTypeWrong(allowed=_listed(allowed))
    return Checked(kind, rule.clean(content), safe_name(name, rule.extension))


def _listed(allowed: frozenset[str]) -> str:
    return "、".join(KINDS[name].zh for name in KINDS if name in allowed)


def safe_name(name: str, extension: str) -> str:
    """Return a file name fit to be shown: no path, no control or direction characters, the extension of the content."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(one for one in last if unicodedata.category(one)[0] != "C" and one not in '<>:"|?*')
    stem = plain.rpartition(".")[0] if "." in plain else plain
    stem = stem.strip(" .")[: LONGEST_NAME - len(extension)]
    return (stem or "file") + extension
