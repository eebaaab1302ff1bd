"""The pages of a round in a real browser: where it stands, the check of a lot, the list of names; on small phones."""

import pytest

from models.school.round import SchoolRound
from tests.pages.checks import EachPictured, Look
from tests.school.draw_kit import DICE, ROUND, A, B, C, Drawing, named

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("shift_clock")]
SAYS = {
    "round": "公开文件",
    "open": "报名截止、审核结束后封存名单",
    "lots": "派位录取",
    "unplaced": "未录取",
    "wrong": "名单中没有这个派位编号",
    "early": "结果尚未公布",
    "list": "第 1 梯次",
}
PICTURES = {"school-round": "round", "school-lots": "lots", "school-list": "list"}


@pytest.fixture
def look(client, seeded, tabs):
    made = Drawing(client, {A: 2, B: 2, C: 3}, overflow=(C,))
    ids = [made.apply(A, B, child=named("欧阳小满"), priority=101 + 100 * (n % 2)) for n in range(7)]
    made.freeze()
    made.approve(made.propose("thaw", reason="录入有误"))
    made.drawn()
    Drawing(None, {A: 2}, round="2028-open")
    SchoolRound._get_collection().update_one({"_id": "2028-open"}, {"$set": {"state": "open"}})
    by_kind = {made.lot(one)["kind"]: made.of(one)["pseudonym"] for one in ids}
    page = f"/school/{ROUND}"
    pages = {
        "round": page,
        "open": "/school/2028-open",
        "lots": f"{page}/lots?pseudonym={by_kind['drawn']}",
        "unplaced": f"{page}/lots?pseudonym={by_kind['unplaced']}",
        "wrong": f"{page}/lots?pseudonym=abc",
        "early": "/school/2028-open/lots",
        "list": f"{page}/list",
    }
    return Look(tabs, pages, SAYS, PICTURES)


class TestEachPage(EachPictured):
    """Pages of rounds, lots and names."""


def test_a_pseudonym_is_typed_and_sent_without_scripts_in_small_letters_with_blanks(look, client):
    tab = look("wrong", scripts=False)
    assert client.get(look.pages["wrong"]).status_code == 404
    typed = look.pages["lots"].partition("=")[2]
    spaced = f" {typed[:8].lower()} {typed[8:]} "
    tab.js(f"document.querySelector('#pseudonym').value = '{spaced}'; document.querySelector('form button').click()")
    tab.loaded()
    text = tab.ask("outline")["text"]
    assert "派位录取" in text
    assert DICE in text


def test_what_is_typed_is_shown_as_text_and_not_more_of_it_than_a_pseudonym(client, seeded):
    Drawing(client, {A: 2, B: 2, C: 3}, overflow=(C,)).several(2)
    made = "<script>alert(1)</script>"
    SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "open"}})
    answer = client.get(f"/school/{ROUND}/lots", query_string={"pseudonym": made})
    assert "<SCRIPT" not in answer.text.upper().replace("<SCRIPT ", "")
    assert client.get(f"/school/{ROUND}/lots", query_string={"pseudonym": "x" * 5000}).status_code == 400
    assert client.get("/school/nothing").status_code == 404
