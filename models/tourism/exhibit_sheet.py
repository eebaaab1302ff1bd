"""Codes of exhibits for printing: A4 pages with number and title below each, or the single pictures in a ZIP."""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from backend.errors import Conflict
from backend.uploads import check

Label = Mapping[str, Any]
DPI = 150
WIDTH, HEIGHT = 1240, 1754
"""A4 at this resolution."""
_COLUMNS, _ROWS, _MARGIN = 3, 4, 60
_SIDE, _SIZE = 320, 28
_LONGEST_TITLE = 12
_FONT = ("pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf")


class NoCodes(Conflict):
    """409: no exhibit of the place has its code."""

    code = "exhibit_codes_missing"
    zh = "该处展品还没有生成小程序码,请先生成再下载。"
    en = "No exhibit of this place has its code yet. Make the codes first."


def pdf(labels: Sequence[Label]) -> bytes:
    """Return the sheets as a PDF.

    Raises:
        NoCodes: there is nothing to print.
    """
    pages = list(_pages(labels))
    if not pages:
        raise NoCodes
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=DPI)
    return out.getvalue()


def _pages(labels: Sequence[Label]) -> Iterator[Image.Image]:
    many = _COLUMNS * _ROWS
    for start in range(0, len(labels), many):
        page = Image.new("L", (WIDTH, HEIGHT), 255)
        for place, label in enumerate(labels[start : start + many]):
            _put(page, place, label)
        yield page


def _put(page: Image.Image, place: int, label: Label) -> None:
    row, column = divmod(place, _COLUMNS)
    cell = ((WIDTH - 2 * _MARGIN) // _COLUMNS, (HEIGHT - 2 * _MARGIN) // _ROWS)
    left = _MARGIN + column * cell[0] + (cell[0] - _SIDE) // 2
    top = _MARGIN + row * cell[1]
    with Image.open(io.BytesIO(label["picture"])) as code:
        page.paste(code.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), (left, top))
    line = f"{label['number']}  {label['title'][:_LONGEST_TITLE]}"
    ImageDraw.Draw(page).text((left + _SIDE // 2, top + _SIDE), line, fill=0, font=_font(_SIZE), anchor="ma")


@lru_cache(maxsize=2)
def _font(size: int) -> ImageFont.FreeTypeFont:
    package, name = _FONT
    with as_file(files(package) / name) as path:
        return ImageFont.truetype(str(path), size)


def archive(labels: Sequence[Label]) -> bytes:
    """Return the pictures in a ZIP, named by number and title, with a list of them.

    Raises:
        NoCodes: there is nothing to print.
    """
    if not labels:
        raise NoCodes
    out, table = io.BytesIO(), io.StringIO()
    lines = csv.writer(table)
    lines.writerow(("编号", "名称", "场景值", "文件"))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for one in labels:
            extension = ".png" if one["picture"].startswith(b"\x89PNG") else ".jpg"
            name = check.safe_name(f"{one['number']:04d}-{one['title']}{extension}", extension)
            packed.writestr(name, one["picture"])
            lines.writerow((one["number"], _harmless(one["title"]), one["scene"], name))
        packed.writestr("codes.csv", "\ufeff" + table.getvalue())
    return out.getvalue()


def _harmless(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@" else cell
