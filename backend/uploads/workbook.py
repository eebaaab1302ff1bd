"""Workbooks (xlsx): a zip of XML, weighed and searched before a reader unpacks it.

The limits are on what the directory of the archive tells: Python's `zipfile` never reads more than that of an entry
and checks its sum, so an entry that lies about its size is broken.
"""

import io
import re
import zipfile
import zlib

from backend.uploads.errors import FileBroken, FileTypeWrong, WorkbookUnsafe

MOST_ENTRIES = 500
MOST_UNPACKED = 32 << 20
MOST_RATIO = 200
"""Sheets full of like rows shrink to a hundredth; a bomb to a thousandth."""
MOST_TAGS, MOST_TAGS_BESIDE, MOST_STRINGS = 1_200_000, 250_000, 250_000
"""In a part with rows or strings, in any other part, and shared strings: each costs a reader 10 µs and a kilobyte."""
_RATIO_FROM = 1 << 20
_NEEDED = {"[Content_Types].xml", "xl/workbook.xml"}
_REFUSED = re.compile(
    r"vbaproject|/activex/|/externallinks/|/embeddings/|/ctrlprops/|connections\.xml|/querytables/|\.bin$|\.(exe|dll|js|vbs|html?)$",
    re.IGNORECASE,
)
_PRINTER = re.compile(r"^xl/printersettings/[^/]+\.bin$", re.IGNORECASE)
_XML = (".xml", ".rels", ".vml")
_LARGE = re.compile(r"^xl/(?:worksheets/|sharedstrings)", re.IGNORECASE)
_UTF8_MARK = b"\xef\xbb\xbf"
_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def clean(content: bytes) -> bytes:
    """Return the workbook as it is.

    Raises:
        FileTypeWrong: a zip, but no workbook.
        FileBroken: the archive is damaged.
        WorkbookUnsafe: macros, links to elsewhere, XML that declares entities, or too much inside.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError):
        raise FileBroken from None
    return content


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise WorkbookUnsafe
    if not set(names) >= _NEEDED:
        raise FileTypeWrong(allowed="xlsx")
    if len(set(names)) < len(names) or any(_strange(entry) for entry in entries):
        raise WorkbookUnsafe
    for entry in entries:
        part = archive.read(entry)
        if entry.filename.lower().endswith(_XML):
            _check_xml(entry.filename, part)


def _strange(entry: zipfile.ZipInfo) -> bool:
    name = entry.filename
    outside = name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")
    packed = entry.compress_type in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    swells = entry.file_size > _RATIO_FROM and entry.file_size > MOST_RATIO * max(entry.compress_size, 1)
    refused = _REFUSED.search("/" + name) and not _PRINTER.match(name)
    return bool(outside or not packed or swells or refused)


def _check_xml(name: str, part: bytes) -> None:
    plain = part.removeprefix(_UTF8_MARK).lstrip()
    if not plain.startswith(b"<") or b"\x00" in part or _DECLARES.search(part):
        raise WorkbookUnsafe
    most = MOST_TAGS if _LARGE.match(name) else MOST_TAGS_BESIDE
    if part.count(b"<") > most or part.count(b"<si") > MOST_STRINGS:
        raise WorkbookUnsafe
    if name == "[Content_Types].xml" and b"macroenabled" in part.lower():
        raise WorkbookUnsafe
