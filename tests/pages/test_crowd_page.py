"""The page of crowds as somebody uses it who stands before the gate: old phone, bad network, or no script at all."""

import re

import pytest

from backend.http.pages import FOLDER
from models.booking import slot
from models.crowd.spot import Spot
from tests.support.patience import until
from tests.tourism.crowd_kit import fill

pytestmark = pytest.mark.browser
PAGE = "/public/v1/crowd/page"
MUSEUM = (
    "Array.from(document.querySelectorAll('.cards li')).find(one => one.textContent.includes('出发纪念馆')).innerText"
)
HALF_A_MINUTE = 31


@pytest.fixture
def page(visit):
    return visit(PAGE)


def shown(tab, words):
    return until(lambda: words in tab.js("document.body.innerText") or None, what=words)


def test_a_card_says_level_number_time_and_what_is_free(page):
    told = [line for line in page.js(MUSEUM).splitlines() if line]
    assert told == [
        "中央红军长征出发纪念馆",
        "● 舒适",
        "在园 120 人,占承载量 15%",
        "10:00 的数据(刚刚)",
        "最近可约:今天 09:00–11:00,余 500 个名额",
    ]


def test_the_levels_differ_by_word_shape_and_edge_and_not_by_colour_alone(visit):
    fill(3000, spot=Spot("park"))
    fill(550)
    tab = visit(PAGE)
    cards = tab.js(
        "Array.from(document.querySelectorAll('.cards li'))"
        ".map(one => [one.querySelector('.state').innerText, getComputedStyle(one).borderLeftColor])"
    )
    states = dict(cards)
    assert {"■ 已达上限", "▲ 较拥挤", "? 暂无数据"} == set(states)
    assert len(set(states.values())) == 3


def test_a_full_place_is_offered_on_another_day(visit):
    fill(550)
    told = visit(PAGE).js(MUSEUM)
    assert "当日门票暂停预约" in told
    assert re.search(r"最近可约:明天 09:00–11:00,余 \d+ 个名额", told)


def test_the_number_changes_by_itself_and_the_page_stays_where_it_is(page):
    page.js("window.scrollTo(0, 200)")
    fill(30)
    page.pass_time(HALF_A_MINUTE)
    assert "在园 150 人" in until(lambda: "150" in page.js(MUSEUM) and page.js(MUSEUM))
    assert page.js("window.scrollY") == 200
    assert len([one for one in page.asked() if one.endswith(PAGE)]) == 2
    assert page.complaints() == []


def test_without_network_the_last_state_stays_and_says_of_when_it_is(page):
    page.offline(away=True)
    page.pass_time(HALF_A_MINUTE)
    shown(page, "网络不通。下面是 11月20日 10:00 的情况,不是现在的;恢复后自动更新。")
    assert "在园 120 人" in page.js(MUSEUM)
    assert (page.ask("wide"), page.ask("weak")) == ([], [])
    fill(30)
    page.offline(away=False)
    until(lambda: "150" in page.js(MUSEUM), what="the number after the network came back")
    assert "网络不通" not in page.js("document.body.innerText")


def test_a_service_that_is_away_is_told_like_a_network_that_is_away(page, door):
    door.shut()
    page.pass_time(HALF_A_MINUTE)
    shown(page, "网络不通")
    door.open()
    page.pass_time(HALF_A_MINUTE)
    until(lambda: "网络不通" not in page.js("document.body.innerText"))


def test_a_phone_that_cannot_take_a_page_apart_loads_it_again(visit):
    tab = visit("/health/live")
    tab.before_the_page("DOMParser.prototype.parseFromString = function () { throw new Error('old'); }")
    tab.open(tab.js("location.origin") + PAGE)
    fill(30)
    tab.js("dispatchEvent(new Event('online'))")
    until(lambda: "150" in (tab.js(f"document.readyState === 'complete' && {MUSEUM}") or ""), what="the page again")


def test_without_scripts_the_browser_itself_loads_the_page_again(visit):
    tab = visit(PAGE, scripts=False)
    assert "每 30 秒自动刷新。" in tab.js("document.body.innerText")
    assert tab.js("document.querySelector('noscript meta[http-equiv=refresh]').content") == "30"


def test_a_phone_that_wakes_up_looks_at_once(page):
    fill(30)
    page.js("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: "150" in page.js(MUSEUM), what="the number of now")


def test_where_the_script_does_not_come_nothing_is_promised_and_the_link_is_there(visit):
    tab = visit("/health/live")
    tab.call("Network.setBlockedURLs", urls=["*refresh.js"])
    tab.open(tab.js("location.origin") + PAGE)
    text = tab.js("document.body.innerText")
    assert "自动" not in text
    fill(30)
    tab.js("document.querySelector('a.button').click()")
    until(lambda: "150" in (tab.js(f"document.readyState === 'complete' && {MUSEUM}") or ""), what="the page again")


def test_the_script_is_written_for_old_phones():
    code = (FOLDER / "refresh.js").read_text()
    assert not re.search(r"=>|`|\b(const|let|class|async|await|fetch|Promise)\b", code)
    assert len(code) < 3_000


def test_style_and_script_are_kept_by_the_phone(client):
    text = client.get(PAGE).text
    parts = re.findall(r'(?:href|src)="(/pages/[^"]+)"', text)
    assert len(parts) == 2
    for one in parts:
        answer = client.get(one)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    for wrong in ("/pages/x/page.html", "/pages/x/..%2fpage.html", "/pages/x/no.css", "/pages/x/%00", "/pages/x/."):
        assert client.get(wrong).status_code == 404


def test_only_slots_that_anybody_can_book_are_called_free(client, crowds):
    slots = slot.Slot._get_collection()
    first = slots.find_one({"place": "museum", "resource": "", "start": 540})
    assert "今天 09:00–11:00" in client.get(PAGE).text
    slots.update_one({"_id": first["_id"]}, {"$set": {"left": 0}})
    text = client.get(PAGE).text
    assert "纪念馆" in text
    assert "今天 11:00–13:00" in text
    slots.update_many({"place": "museum", "resource": ""}, {"$set": {"state": "closed"}})
    assert "今天 11:00–13:00" not in client.get(PAGE).text
