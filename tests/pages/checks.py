"""What holds for every page of one object: small, the same without scripts, readable, from this host alone."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.architecture.house import ROOT
from tests.support import axe, browser
from tests.support.browser import FONT, Tab

SCREENSHOTS = ROOT / "docs" / "screenshots"
MOST_BYTES = 150_000
MOST_PAGE_BYTES = 30_000
LETTERS_PX = 20
WIDTHS = (320, 1280)
TALL = 5000


@dataclass
class Look:
    """Opens a page by its name in a fresh tab; knows the words that each must say.

    `counts` is in the line that changes whenever a page is looked at, `pictures` are files in the documentation.
    """

    tabs: Callable[..., Tab]
    pages: dict[str, str]
    says: dict[str, str]
    pictures: dict[str, str] = field(default_factory=dict)
    counts: str = ""

    def __call__(self, name: str, **options: Any) -> Tab:
        return self.tabs(self.pages[name], **options)

    def text(self, name: str, **options: Any) -> str:
        lines = self(name, **options).ask("outline")["text"].splitlines()
        return "\n".join(line for line in lines if not self.counts or self.counts not in line)


def kept_small(name: str, drawn: Callable[[int], Tab]) -> None:
    """Check that a small picture of a page lies in the documentation, at each width; draw it anew where asked."""
    for width in WIDTHS:
        file = SCREENSHOTS / f"{name}-{width}.png"
        if os.environ.get("UPDATE_SNAPSHOTS"):
            browser.save_small(drawn(width).picture(), file)
        assert 1_000 < file.stat().st_size < MOST_BYTES


class EachPage:
    """The checks; a test file has a fixture `look` that returns a `Look`."""

    def test_each_is_small_says_what_it_is_about_and_needs_no_script(self, look, client):
        for name, words in look.says.items():
            assert len(client.get(look.pages[name]).data) < MOST_PAGE_BYTES
            text, plain = (look.text(name, scripts=scripts) for scripts in (True, False))
            assert words in text, name
            assert plain == text

    def test_axe_finds_nothing_serious_on_any_of_them(self, look):
        for name in look.says:
            for width in WIDTHS:
                assert axe.grave(look(name, width=width)) == [], (name, width)

    def test_nothing_is_cut_off_or_reaches_out_also_with_letters_twice_as_large(self, look):
        for name in look.says:
            tab = look(name, width=320)
            assert (tab.ask("wide"), tab.ask("cut")) == ([], []), name
            before = tab.ask("outline")["size"]
            assert before >= LETTERS_PX
            tab.double_text()
            assert tab.ask("outline")["size"] == 2 * before
            assert (tab.ask("wide"), tab.ask("cut"), tab.ask("small")) == ([], [], []), name

    def test_each_is_drawn_well_and_keeps_to_this_host(self, look, door):
        for name in look.says:
            tab = look(name, height=TALL)
            told = tab.ask("outline")
            levels = told["headings"]
            assert (told["lang"], levels[0], levels.count(1), told["mains"]) == ("zh-CN", 1, 1, 1)
            assert all(after - before <= 1 for before, after in pairwise(levels)), name
            assert (tab.ask("weak"), tab.ask("small"), tab.complaints_but_missing()) == ([], [], []), name
            assert (tab.fonts(), tab.hosts()) == ({FONT}, {door.base.removeprefix("http://")})
            assert browser.without_glyph(told["text"]) == set()


class EachPictured(EachPage):
    """Pages of which small pictures lie in the documentation."""

    def test_small_pictures_of_them_lie_in_the_documentation(self, look):
        assert look.pictures
        for name, page in look.pictures.items():
            kept_small(name, lambda width, page=page: look(page, width=width))
