"""A PDF written from front to back: nothing but the places of its objects stays in memory.

The same content gives the same bytes: dates are handed in, the file's id is the digest of what stands before it.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from backend import clock
from backend.documents import font

_LEVEL = 6
_LETTERS = 6


class Writer:
    """One file; `chars` gathers the characters of all pages, `close` embeds the font that they need."""

    def __init__(self, out: BinaryIO, *, title: str, created: datetime) -> None:
        self._out, self._title, self._created = out, title, created
        self._places: dict[int, int] = {}
        self._pages: list[int] = []
        self._pictures: dict[str, int] = {}
        self._digest = hashlib.sha256()
        self.chars: set[str] = set()
        self.size = self._last = 0
        self._put(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._tree, self._resources = self.reserve(), self.reserve()

    @property
    def sha256(self) -> str:
        """Return the digest of all that was written so far, as hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def pages(self) -> int:
        """Return how many pages there are so far."""
        return len(self._pages)

    def reserve(self) -> int:
        """Return the number of an object that is written later."""
        self._last += 1
        return self._last

    def add(self, body: str, number: int | None = None) -> int:
        """Write an object; return its number."""
        return self._object(body.encode("ascii"), number)

    def stream(self, content: bytes, entries: str = "", *, packed: bool = True) -> int:
        """Write a stream, deflated unless it already is what `entries` say; return its number."""
        body = zlib.compress(content, _LEVEL) if packed else content
        head = f"<< {entries} {'/Filter /FlateDecode ' if packed else ''}/Length {len(body)} >>"
        return self._object(head.encode("ascii") + b"\nstream\n" + body + b"\nendstream", None)

    def page(self, width_mm: float, height_mm: float, contents: Sequence[int]) -> None:
        """Write a page of streams that were written before."""
        box = f"[0 0 {width_mm / font.MM_A_POINT:.3f} {height_mm / font.MM_A_POINT:.3f}]"
        streams = " ".join(f"{number} 0 R" for number in contents)
        self._pages.append(
            self.add(
                f"<< /Type /Page /Parent {self._tree} 0 R /MediaBox {box} "
                f"/Resources {self._resources} 0 R /Contents [{streams}] >>"
            )
        )

    def keep_picture(self, number: int) -> str:
        """Return the name under which pages draw a picture that was written."""
        name = f"P{len(self._pictures) + 1}"
        self._pictures[name] = number
        return name

    def close(self) -> None:
        """Write the font, the lists of pages and objects, and the end."""
        face = _embed(self, frozenset(self.chars)) if self.chars else 0
        fonts = f"/Font << /F1 {face} 0 R >> " if face else ""
        pictures = " ".join(f"/{name} {number} 0 R" for name, number in self._pictures.items())
        self.add(f"<< {fonts}/XObject << {pictures} >> >>", self._resources)
        pages = " ".join(f"{number} 0 R" for number in self._pages)
        self.add(f"<< /Type /Pages /Count {len(self._pages)} /Kids [{pages}] >>", self._tree)
        # Labels are measured in millimetres: a viewer shall not fit the page to the paper.
        root = self.add(
            f"<< /Type /Catalog /Pages {self._tree} 0 R /Lang (zh-CN) "
            "/ViewerPreferences << /PrintScaling /None /DisplayDocTitle true >> >>"
        )
        stamp = clock.civil(self._created).strftime("D:%Y%m%d%H%M%S+08'00'")
        info = self.add(f"<< /Title {_text(self._title)} /CreationDate ({stamp}) /ModDate ({stamp}) >>")
        self._end(root, info)

    def _end(self, root: int, info: int) -> None:
        begins = self.size
        lines = "".join(f"{self._places[number]:010d} 00000 n \n" for number in range(1, self._last + 1))
        name = self._digest.hexdigest()[:32]
        tail = f"xref\n0 {self._last + 1}\n0000000000 65535 f \n{lines}trailer\n<< /Size {self._last + 1} "
        tail += f"/Root {root} 0 R /Info {info} 0 R /ID [<{name}> <{name}>] >>\nstartxref\n{begins}\n%%EOF\n"
        self._put(tail.encode("ascii"))

    def _object(self, body: bytes, number: int | None) -> int:
        number = number or self.reserve()
        self._places[number] = self.size
        self._put(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def _put(self, content: bytes) -> None:
        self._out.write(content)
        self._digest.update(content)
        self.size += len(content)


def _text(told: str) -> str:
    return "<" + ("\ufeff" + font.clean(told)).encode("utf-16-be").hex() + ">"


def _embed(writer: Writer, chars: frozenset[str]) -> int:
    """Write the font with the glyphs of these characters; return its number."""
    cut = font.subset(chars)
    by_cid = {font.cid(char): char for char in sorted(chars, reverse=True)}
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256("".join(sorted(chars)).encode()).digest()[:_LETTERS])
    name, bounds = f"{tag}+{font.NAME}", " ".join(map(str, font.BOUNDS))
    file = writer.stream(cut, "/Subtype /CIDFontType0C")
    described = writer.add(
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{bounds}] /ItalicAngle 0 /StemV 80 "
        f"/Ascent {font.ASCENT} /Descent {font.DESCENT} /CapHeight {font.CAP_HEIGHT} /FontFile3 {file} 0 R >>"
    )
    widths = " ".join(f"{number} [{font.WIDTHS[char]}]" for number, char in sorted(by_cid.items()))
    glyphs = writer.add(
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{name} /FontDescriptor {described} 0 R /DW 1000 "
        f"/W [{widths}] /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    )
    readable = writer.stream(_to_unicode(by_cid))
    return writer.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H "
        f"/DescendantFonts [{glyphs} 0 R] /ToUnicode {readable} 0 R >>"
    )


def _to_unicode(by_cid: Mapping[int, str]) -> bytes:
    """Return the map by which a reader copies text out of the page."""
    pairs = [f"<{number:04X}> <{char.encode('utf-16-be').hex().upper()}>" for number, char in sorted(by_cid.items())]
    blocks = [pairs[first : first + 100] for first in range(0, len(pairs), 100)]
    body = "".join(f"{len(block)} beginbfchar\n{chr(10).join(block)}\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{body}endcmap CMapName currentdict /CMap defineresource pop end end\n"
    ).encode("ascii")
