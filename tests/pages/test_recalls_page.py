"""The public list of recalls, in a real browser."""

import pytest

from tests.pages.checks import MOST_PAGE_BYTES
from tests.selenium.grower_kit import producing, town_clerk
from tests.selenium.recall_kit import PUBLIC, Farm, body
from tests.support.browser import FONT, Tab

pytestmark = pytest.mark.browser


@pytest.fixture
def recalled(client, seeded, sandbox):
    farm = Farm(producing(client, sandbox), town_clerk(client))
    number = farm.harvested()
    made = farm.firm.post("/selenium/recalls", body(number)).json["id"]
    assert farm.firm.post(f"/selenium/recalls/{made}/start").status_code == 202
    return number


def test_anybody_reads_what_is_recalled_on_a_small_phone_without_scripts(recalled, chromium, door, client):
    assert len(client.get(f"{PUBLIC}/page").data) < MOST_PAGE_BYTES
    for scripts in (True, False):
        with Tab(chromium, width=320, scripts=scripts) as tab:
            tab.open(f"{door.base}{PUBLIC}/page")
            told = tab.ask("outline")
            assert recalled in told["text"]
            assert "请勿食用" in told["text"]
            assert (told["lang"], told["headings"][0], told["mains"]) == ("zh-CN", 1, 1)
            assert (tab.ask("weak"), tab.ask("small"), tab.ask("wide")) == ([], [], [])
            assert tab.fonts() == {FONT}
            assert tab.hosts() == {door.base.removeprefix("http://")}
            tab.double_text()
            assert tab.ask("wide") == []
