"""Certificates and reports: what is said flows over A4 pages with page numbers, in the order in which it is said."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from types import TracebackType
from typing import BinaryIO, Literal, Self

from PIL import Image

from backend.documents import fitting, font
from backend.documents.bitmap import Bitmap
from backend.documents.canvas import Canvas
from backend.documents.pdf import Writer
from backend.documents.table import Column, draw

A4 = (210.0, 297.0)
MARGIN = 20.0
TEXT_SIZE, SMALL = 10.5, 8.5
"""Points; 10.5 is the Chinese size 五号."""
HEADINGS = {1: 18.0, 2: 14.0, 3: 12.0}
LEADING = 1.6
_FEET = 10.0
_MOST_PIXELS = 20_000_000
Align = Literal["left", "center", "right"]


class Document:
    """A document that is written to `out` while it grows; `close`, or the end of `with`, finishes it."""

    def __init__(
        self, out: BinaryIO, *, title: str, created: datetime, running: str = "", landscape: bool = False
    ) -> None:
        self.page_width, self.page_height = reversed(A4) if landscape else A4
        self.left, self.width = MARGIN, self.page_width - 2 * MARGIN
        self._writer = Writer(out, title=title, created=created)
        self._running = running
        self._bodies: list[int] = []
        self.canvas = Canvas(self.page_height, self._writer.chars)
        self.y = MARGIN

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self.close()

    @property
    def room(self) -> float:
        """Return the millimetres left on this page."""
        return self.page_height - MARGIN - self.y

    @property
    def sha256(self) -> str:
        """Return the digest of the whole file, once it is closed."""
        return self._writer.sha256

    def heading(self, text: str, level: int = 1, *, align: Align = "left") -> None:
        """Write a heading; it stays with the two lines that follow."""
        size = HEADINGS[level]
        self.need((size + 2 * TEXT_SIZE) * font.MM_A_POINT * LEADING)
        self.paragraph(text, size=size, align=align, bold=True)

    def paragraph(
        self, text: str, *, size: float = TEXT_SIZE, align: Align = "left", bold: bool = False, indent: bool = False
    ) -> None:
        """Write a text over as many lines and pages as it needs; `indent` moves its first line in by two characters."""
        for line in fitting.wrap("\u3000\u3000" + text if indent else text, self.width, size):
            self.line(line, size=size, align=align, bold=bold)
        self.space(size * font.MM_A_POINT * 0.4)

    def line(self, line: str, *, size: float, align: Align = "left", bold: bool = False) -> None:
        """Write one line that fits."""
        high = size * font.MM_A_POINT * LEADING
        self.need(high)
        free = self.width - font.width(line, size)
        x = self.left + {"left": 0.0, "center": free / 2, "right": free}[align]
        self.canvas.text(x, self.y + high * 0.7, line, size, bold=bold)
        self.y += high

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, size: float = 9.0) -> None:
        """Write a table; its head stands again on every page, a row taller than a page goes on over the next."""
        draw(self, columns, rows, size)
        self.space(2)

    def code(self, bitmap: Bitmap, side_mm: float, *, align: Align = "left", caption: str = "") -> None:
        """Place a code; `side_mm` is its printed side with the quiet zone."""
        self.need(side_mm + (SMALL * font.MM_A_POINT * LEADING if caption else 0))
        self.canvas.code(self._aside(side_mm, align), self.y, side_mm / bitmap.across, bitmap)
        self.y += side_mm
        if caption:
            told = fitting.fit(caption, self.width, SMALL, SMALL)
            self.line(told.text, size=told.size, align=align)

    def picture(self, content: bytes, width_mm: float, *, align: Align = "center") -> None:
        """Place a picture of any kind that Pillow reads, its height by its proportions.

        Raises:
            ValueError: it has too many pixels, or does not fit a page.
        """
        with Image.open(BytesIO(content)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError("a picture of a document has 20 million pixels at most")
            width, high, pixels = image.width, image.height, _on_white(image).tobytes()
        tall = width_mm * high / width
        if width_mm > self.width or tall > self.page_height - 2 * MARGIN:
            raise ValueError("the picture is larger than a page")
        kind = f"/Type /XObject /Subtype /Image /Width {width} /Height {high} /ColorSpace /DeviceRGB"
        name = self._writer.keep_picture(self._writer.stream(pixels, f"{kind} /BitsPerComponent 8"))
        self.need(tall)
        self.canvas.picture(self._aside(width_mm, align), self.y, width_mm, tall, name)
        self.y += tall + 2

    def _aside(self, wide: float, align: Align) -> float:
        free = self.width - wide
        return self.left + {"left": 0.0, "center": free / 2, "right": free}[align]

    def space(self, mm: float) -> None:
        """Leave room; at the end of a page nothing is carried over."""
        self.y = min(self.y + mm, self.page_height - MARGIN)

    def need(self, mm: float) -> None:
        """Begin a page if this one has less room."""
        if mm > self.room and self.y > MARGIN:
            self.new_page()

    def new_page(self) -> None:
        """Begin a page."""
        self._bodies.append(self._writer.stream(self.canvas.data()))
        self.canvas = Canvas(self.page_height, self._writer.chars)
        self.y = MARGIN

    def close(self) -> None:
        """Write the page numbers, which need the number of pages, and the end of the file."""
        self._bodies.append(self._writer.stream(self.canvas.data()))
        for number, body in enumerate(self._bodies, 1):
            edge = Canvas(self.page_height, self._writer.chars)
            told = f"第 {number} 页,共 {len(self._bodies)} 页"
            wide = font.width(told, SMALL)
            edge.text((self.page_width - wide) / 2, self.page_height - _FEET, told, SMALL)
            head = fitting.fit(self._running, self.width, SMALL, SMALL).text
            edge.text(self.left, _FEET + 2, head, SMALL)
            self._writer.page(self.page_width, self.page_height, [body, self._writer.stream(edge.data())])
        self._writer.close()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in {"RGBA", "LA", "PA", "P"}:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return ground.convert("RGB")
