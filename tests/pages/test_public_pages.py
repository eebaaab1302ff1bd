"""What holds for every page that the service shows to the public, seen in a real browser."""

import json
import re
from urllib.parse import quote

import pytest

from tests.architecture.house import ROOT
from tests.pages.checks import LETTERS_PX, WIDTHS, kept_small
from tests.support import axe, browser
from tests.support.patience import until

pytestmark = pytest.mark.browser
OURS = {"crowd": "/public/v1/crowd/page", "culture-map": "/public/v1/culture-map"}
"""Pages for residents and tourists; whatever is added here must hold all of it."""
API = "/docs"
PAGES = {**OURS, "api": API}
BY_NUMBER = {
    "/public/v1/selenium/certificates/<number>/page",
    "/t/<code>",
    "/01/<gtin>/21/<serial>",
    "/party/<party_id>",
    "/public/v1/selenium/commitments/<number>/page",
    "/public/v1/selenium/recalls/page",
    "/n/<code>",
    "/r/<code>",
    "/school/<round_code>",
    "/school/<round_code>/lots",
    "/school/<round_code>/list",
}
"""Pages of one object each, and that of recalls, looked at in test_produce_pages.py, test_recalls_page.py,
test_notice_page.py, test_result_page.py and test_school_pages.py."""
PICTURE_LETTERS_PX = 12

every_page = pytest.mark.parametrize("name", PAGES)
our_page = pytest.mark.parametrize("name", OURS)
on_both = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture
def look(visit):
    """Open a page by its name, and wait until it is drawn."""

    def go(name, **options):
        tab = visit(PAGES[name], **options)
        if name == "api" and options.get("scripts", True):
            until(lambda: tab.js("document.querySelectorAll('.opblock').length > 2"), what="the list of operations")
        return tab

    return go


def test_every_page_of_the_service_is_looked_at(app):
    answers = {rule.rule: app.view_functions[rule.endpoint]._apidoc for rule in app.url_map.iter_rules()}
    pages = {rule for rule, told in answers.items() if "text/html" in str(told)}
    assert pages == set(PAGES.values()) | BY_NUMBER


@on_both
@every_page
def test_nothing_reaches_out_of_the_screen_also_with_letters_twice_as_large(name, width, look):
    tab = look(name, width=width)
    assert tab.ask("wide") == []
    before = tab.ask("outline")["size"]
    tab.double_text()
    assert tab.ask("outline")["size"] == 2 * before
    assert tab.ask("wide") == []


@every_page
def test_the_browser_complains_of_nothing_and_asks_no_other_host(name, look, door):
    tab = look(name)
    assert tab.complaints() == []
    assert tab.hosts() == {door.base.removeprefix("http://")}


@on_both
@every_page
def test_all_text_stands_out_from_its_ground(name, width, look):
    assert look(name, width=width, height=3000).ask("weak") == []


@on_both
@our_page
def test_axe_finds_nothing_serious(name, width, look):
    assert axe.grave(look(name, width=width)) == []


@every_page
def test_every_letter_is_drawn_by_a_font_that_has_it(name, look):
    tab = look(name)
    assert tab.fonts() == {browser.FONT}
    text = tab.ask("outline")["text"]
    assert re.search("[一-龥]{2}", text)
    assert browser.without_glyph(text) == set()


@every_page
def test_language_and_one_main_heading_are_told(name, look):
    told = look(name).ask("outline")
    assert (told["lang"], bool(told["title"])) == ("zh-CN", True)
    assert told["headings"].count(1) == 1
    assert told["headings"][0] == 1


@our_page
def test_headings_go_down_step_by_step_and_letters_are_large(name, look):
    tab = look(name)
    told = tab.ask("outline")
    assert all(after - before <= 1 for before, after in zip(told["headings"], told["headings"][1:], strict=False))
    assert told["mains"] == 1
    assert told["size"] >= LETTERS_PX
    assert (tab.ask("smallest_number") or PICTURE_LETTERS_PX) >= PICTURE_LETTERS_PX


@our_page
def test_whatever_is_touched_is_large_enough_for_a_finger(name, look):
    tab = look(name)
    assert tab.ask("stops") > 0
    assert tab.ask("small") == []


@our_page
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(name, look):
    tab = look(name, width=1280)
    reached = []
    for _ in range(tab.ask("stops")):
        tab.press_tab()
        at = tab.ask("focus")
        assert at["width"] >= 3, at
        assert at["contrast"] >= 3, at
        reached.append(at["at"])
    assert reached == list(range(len(reached)))


@our_page
def test_without_scripts_the_page_says_the_same(name, look):
    lines = [set(look(name, scripts=scripts).ask("outline")["text"].splitlines()) for scripts in (True, False)]
    told, plain = ({line for line in one if "自动" not in line} for one in lines)
    assert len(plain) > 10
    assert plain == told


def test_without_scripts_the_description_of_the_api_says_where_it_lies(look):
    tab = look("api", scripts=False)
    assert tab.ask("outline")["headings"] == [1]
    assert "/openapi.json" in tab.ask("outline")["text"]
    assert (tab.ask("wide"), tab.ask("weak"), tab.complaints()) == ([], [], [])


@every_page
def test_a_small_picture_of_the_page_lies_in_the_documentation(name, look):
    kept_small(name, lambda width: look(name, width=width))
    assert any(f"screenshots/{name}-320.png" in page.read_text() for page in (ROOT / "docs").glob("*.md"))


# The control: a page that breaks every rule is told apart


BAD = """<!doctype html><meta name="viewport" content="width=device-width"><body style="font: 12px serif">
<h2>x</h2><p style="color:#999;background:rgba(255,255,255,.5)">pale</p><p style="width:500px;font-size:20px">wide</p>
<a href="#" style="outline:none">a</a><img src="http://other.invalid/a.png"><script>nothing.here()</script>"""


def test_a_bad_page_is_told_apart(chromium):
    with browser.Tab(chromium) as tab:
        tab.open("data:text/html;charset=utf-8," + quote(BAD))
        every_question_finds_it(tab)


def every_question_finds_it(tab):
    assert "other.invalid" in tab.hosts()
    assert "nothing" in json.dumps(tab.complaints())
    assert any("image-alt" in one for one in axe.grave(tab))
    assert len(tab.ask("weak")) == 1
    assert tab.ask("weak")[0].startswith("2.85 pale")
    assert any("500" in one or "wide" in one for one in tab.ask("wide"))
    assert len(tab.ask("small")) == 1
    tab.press_tab()
    assert tab.ask("focus")["width"] == 0
    assert tab.ask("outline")["lang"] == ""
    assert browser.without_glyph("于都\ue123") == {"\ue123"}
