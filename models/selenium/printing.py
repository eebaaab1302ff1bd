"""How growers print: the sheets there are, what makes up for a printer, the poster for a farm gate."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from backend import clock
from backend.labels import layout, poster, sheets
from backend.labels.printer import RULER_ACROSS, RULER_DOWN, Printer
from backend.labels.sheets import Plan
from models.selenium import uri

FOOT_ZH = "扫码查看生产者和证书"


def printer(told: Mapping[str, float]) -> Printer:
    """Return a printer from what was measured on the ruler page: the lines as they came out, and how far to move.

    Raises:
        SizeOutside: more than any working printer needs.
    """
    lines = {"across_mm": told.get("across_mm", RULER_ACROSS), "along_mm": told.get("along_mm", RULER_DOWN)}
    moved = Printer.measured(**lines, right_mm=told.get("right_mm", 0), down_mm=told.get("down_mm", 0))
    return Printer(moved.right_mm, moved.down_mm, moved.across, moved.along, int(told.get("dpi", 0)))


def listed() -> list[dict[str, Any]]:
    """Return the sheets that labels are printed on; rolls are named by their size, like `roll_50x30`."""
    told = ("name", "zh", "width", "height", "per_page", "source")
    return [{name: getattr(one, name) for name in told} for one in layout.SHEETS.values()]


def ruler(name: str, told: Mapping[str, float]) -> bytes:
    """Return the page of a sheet that is printed once and measured, as a printer with these measures needs it.

    Raises:
        LayoutUnknown, SizeOutside: no such labels, or no such printer.
    """
    out, found = BytesIO(), layout.named(name)
    sheets.ruler(Plan(found, f"校准页 {found.zh}", clock.now(), printer=printer(told)), out)
    return out.getvalue()


def gate(found: Mapping[str, Any], size: str) -> bytes:
    """Return the poster for the gate of a producer: the code leads to its public page.

    Raises:
        SizeOutside: no such paper.
    """
    address, lines = uri.party(found["_id"]), (found["village_zh"], FOOT_ZH)
    return poster.png(address, found["shown_name"], lines, foot=address, size=size).content
