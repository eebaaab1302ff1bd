"""The one font of printed documents: Noto Sans SC (SIL Open Font License), measured, and cut down to what is used.

Its glyphs are written by their CIDs, which a subset keeps: pages can be written before it is known which characters
the whole file will hold.
"""

import unicodedata
from functools import lru_cache
from importlib.resources import as_file, files
from io import BytesIO
from pathlib import Path
from typing import Any

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

NAME = "NotoSansSC-Regular"
ASCENT, DESCENT, CAP_HEIGHT = 1160, -288, 733
BOUNDS = (-1002, -1048, 2928, 1808)
"""In thousandths of the letter size, as the font's own tables say."""
LACKING = "〓"
"""Printers' geta mark: stands where the font has no glyph."""
MM_A_POINT = 25.4 / 72
_PACKAGE, _FILE = "pylopdf_fonts_zh_cn", f"{NAME}.otf"
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_UNUSED = ("BASE", "DSIG", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx")


@lru_cache(maxsize=1)
def content() -> bytes:
    """Return the whole font file."""
    with as_file(files(_PACKAGE) / _FILE) as path:
        return Path(path).read_bytes()


class _Widths(dict[str, int]):
    def __missing__(self, char: str) -> int:
        width: int = _tables()[1][_tables()[0][ord(char)]][0]
        return self.setdefault(char, width)


class _Codes(dict[str, str]):
    def __missing__(self, char: str) -> str:
        return self.setdefault(char, f"{cid(char):04X}")


WIDTHS = _Widths()
"""Width of a character that the font has, in thousandths of the letter size."""
CODES = _Codes()
"""Its CID as four hexadecimal digits."""


@lru_cache(maxsize=1)
def _tables() -> tuple[dict[int, str], dict[str, tuple[int, int]]]:
    font = TTFont(BytesIO(content()), lazy=True)
    return font.getBestCmap(), font["hmtx"].metrics


def cid(char: str) -> int:
    """Return the number of a character's glyph; its name in the font is `cid` and that number."""
    return int(_tables()[0][ord(char)][3:])


def has(char: str) -> bool:
    """Tell whether the font can show a character."""
    return ord(char) in _tables()[0]


def lacking(text: str) -> list[str]:
    """Return the visible characters of a text that would be shown as `LACKING`; a name in a certificate has none."""
    return sorted({char for char in _visible(text) if not has(char)})


def clean(text: str) -> str:
    """Return a text as one line that can be printed.

    Line ends and tabs become spaces, other control, direction and unassigned characters go, what the font lacks
    becomes `LACKING`.
    """
    # Serials and payloads take this way, so that those of 100,000 labels are not kept.
    return text if text.isascii() and text.isprintable() else _cleaned(text)


@lru_cache(maxsize=1024)
def _cleaned(text: str) -> str:
    return "".join(char if has(char) else LACKING for char in _visible(text))


def _visible(text: str) -> str:
    spaced = "".join(" " if char in "\t\n\r\x0b\x0c\x85\u2028\u2029" else char for char in text)
    kept = (char for char in unicodedata.normalize("NFC", spaced) if unicodedata.category(char) not in _INVISIBLE)
    return "".join(kept)


def width(text: str, size: float) -> float:
    """Return how wide a clean text is, in millimetres, with letters of `size` points."""
    return sum(map(WIDTHS.__getitem__, text)) * size * MM_A_POINT / 1000


@lru_cache(maxsize=8)
def subset(chars: frozenset[str]) -> bytes:
    """Return the outlines of these characters as a CFF font: the same bytes for the same characters."""
    font: Any = TTFont(BytesIO(content()), lazy=True, recalcTimestamp=False)
    for tag in _UNUSED:
        del font[tag]
    options = Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True, name_IDs=[])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(map(ord, chars)))
    subsetter.subset(font)
    cut: bytes = font["CFF "].compile(font)
    return cut
