"""PDF: kept as it came when it is whole and only shows something.

Names are looked for where a reader finds them: in the file itself and inside its compressed object streams. A file
whose object streams cannot be looked into (encrypted, or packed in another way than Flate) is refused.
"""

import re
import zlib

from backend.uploads.errors import FileBroken, PdfActive

MOST_UNPACKED = 64 << 20
MOST_STREAMS = 100_000
_TAIL = 1024
# Short names (/JS, /AA) are left out: compressed pictures hold them by chance, and no action works by them alone.
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|ImportData|SubmitForm|Rendition|Encrypt)(?![A-Za-z0-9_.-])"
    rb"|/XFA(?:[\s\x00]|%[^\r\n]*[\r\n])*(?:\[|\d)"
)
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream(?:\r\n|\n|\r| )")
# Without the /Type before it: remarks may stand between the two.
_OBJECT_STREAM = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
_FLATE = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])")


def clean(content: bytes) -> bytes:
    """Return the PDF as it is.

    Raises:
        FileBroken: its end is missing, or an object stream does not unpack.
        PdfActive: it would act, carries files, or cannot be looked into.
    """
    if b"%%EOF" not in content[-_TAIL:] or b"startxref" not in content:
        raise FileBroken
    _require_quiet(content)
    spans = [found.span() for found in _STREAM.finditer(content)]
    if len(spans) > MOST_STREAMS:
        raise PdfActive
    before, left = 0, MOST_UNPACKED
    following_starts = [*(start for start, _ in spans[1:]), len(content)]
    for (start, end), following in zip(spans, following_starts, strict=False):
        head, before = _spelled(content[before:start]), end
        if _OBJECT_STREAM.search(head):
            objects = _unpacked(head, content[end:following], left)
            _require_quiet(objects)
            left -= len(objects)
    return content


def _spelled(part: bytes) -> bytes:
    """Return a part with its names spelled plainly: `/J#53` is `/JS`."""
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), part)


def _require_quiet(part: bytes) -> None:
    if _ACTIVE.search(part) or _ACTIVE.search(_spelled(part)):
        raise PdfActive


def _unpacked(head: bytes, packed: bytes, most: int) -> bytes:
    # Without a filter it is not packed, or the word `stream` inside of its dictionary hides the filter.
    if head.count(b"/Filter") != 1 or not _FLATE.search(head) or b"/Predictor" in head:
        raise PdfActive
    try:
        objects = zlib.decompressobj().decompress(packed, most + 1)
    except zlib.error:
        raise FileBroken from None
    if len(objects) > most:
        raise PdfActive
    return objects
