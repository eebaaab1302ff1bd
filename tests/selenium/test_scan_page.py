"""What the page of a package says beside its verdict: content by standards, papers, what to do, where it comes from."""

from datetime import timedelta

import pytest

from backend import clock
from backend.store import transactions
from models.selenium import certificate, harvesting, lot, ordered, pack, standard, verdict
from models.selenium.certificate import Certificate
from models.selenium.roll import Roll
from tests.selenium import cert_kit
from tests.selenium.cert_kit import Desk, applied
from tests.selenium.code_kit import Packing, path
from tests.selenium.grower_kit import producing, town_clerk

MOST_BYTES = 30_000
STANDARDS = ("db36t_566_2009", "db36t_566_2017")


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def desk(client, seeded):
    return Desk(client)


@pytest.fixture
def certified(packing, desk):
    """A lot with a certificate; return its number."""
    made = applied(packing.firm, [packing.lot], *STANDARDS)
    return desk.granted(made, f"YD-{made['id'][-10:].upper()}")


def committed(packing, grams: int = 500_000) -> str:
    answer = packing.firm.post(
        "/selenium/commitments", {"lot": packing.lot, "grams": grams, "ticks": ["self_test", "self_commitment"]}
    )
    assert answer.status_code == 201, answer.json
    return answer.json["number"]


def graded(packing, sources: dict[str, int]) -> str:
    """Grade lots into one; return its number."""
    drafted = harvesting.grade(packing.grower, sources, [("一级", sum(sources.values()))])
    transactions.run(drafted.store)
    return drafted.lots[0]["_id"]


def text_of(client, packing, **told) -> str:
    return client.get(path(packing.packed(**told)[0])).text


def test_the_content_stands_with_standard_edition_basis_laboratory_and_day(packing, certified, client):
    text = text_of(client, packing)
    for told in (
        "0.012 mg/kg",
        "以产品(鲜样)计",
        "√ 符合:DB36/T 566-2009《富硒食品硒含量分类标准》,要求 0.010–0.050 mg/kg",
        "× 低于下限,不符合:GB 28050-2011",
        "测试检测中心(CMA 201414000123)",
        "2026-11-20",
        "富硒认定证书:<strong>有效</strong>",
    ):
        assert told in text
    assert "DB36/T 566-2017" in text.partition("不能判定")[2]
    assert f"/public/v1/selenium/certificates/{certified}/page" in text


@pytest.mark.parametrize(
    ("verb", "body", "told"),
    [("suspend", {"reason": "inspection"}, "已暂停"), ("revoke", {"reason": "failed_test"}, "已撤销")],
)
def test_a_certificate_that_no_longer_holds_is_told_at_once(packing, certified, client, desk, verb, body, told):
    labels, _ = packing.packed()
    assert "<strong>有效</strong>" in client.get(path(labels)).text
    assert desk.manager.post(f"/office/v1/certificates/{certified}/{verb}", body).status_code == 200
    text = client.get(path(labels)).text
    assert f"<strong>{told}</strong>({certificate.REASON_ZH[body['reason']]})" in text
    assert f"证书{told},目前不能作为富硒认定的依据" in text


def test_a_certificate_expires_on_the_page_too(packing, certified, client):
    labels, _ = packing.packed()
    last = (clock.today() - timedelta(days=1)).isoformat()
    Certificate._get_collection().update_one({"_id": certified}, {"$set": {"valid_to": last}})
    assert "证书已到期" in client.get(path(labels)).text


def test_a_graded_lot_shows_the_papers_of_the_lots_that_it_came_from_and_says_so(packing, certified, client):
    number = committed(packing, 100_000)
    source = packing.lot
    packing.lot = graded(packing, {graded(packing, {source: 300_000}): 200_000})
    text = text_of(client, packing)
    assert f"检测的是本批次分级前的来源批次:{source}" in text
    assert "0.012 mg/kg" in text
    assert f"来源批次 {source} 的合格证" in text
    own = committed(packing, 50_000)
    text = text_of(client, packing)
    assert (own in text, number in text, "来源批次" in text.partition("<h2>承诺")[2]) == (True, False, False)


def test_without_papers_the_page_says_that_there_are_none(packing, client):
    text = text_of(client, packing)
    assert "该批次没有富硒认定证书,本页不提供硒含量" in text
    assert "该批次尚未开具承诺达标合格证" in text
    assert "mg/kg" not in text


def test_the_commitment_stands_with_its_words_and_leads_to_its_page(packing, client):
    number = committed(packing)
    labels, _ = packing.packed()
    text = client.get(path(labels)).text
    assert '<p class="state">承诺达标合格证</p>' in text
    assert "自我检测、自我承诺" in text
    link = text[: text.index(f"commitments/{number}/page")].rpartition('href="')[2]
    assert client.get(f"/{link.partition('://')[2].partition('/')[2]}commitments/{number}/page").status_code == 200
    assert packing.firm.post(f"/selenium/commitments/{number}/void", {"reason": "not_sold"}).status_code == 200
    assert number not in client.get(path(labels)).text


def test_a_recall_is_told_with_what_to_do(packing, certified, client):
    labels, _ = packing.packed(state="sold")
    assert "请您" not in client.get(path(labels)).text
    lot.hold(packing.lot, "failed_test", by="staff:test")
    assert "暂不食用" in client.get(path(labels)).text
    lot.recall(packing.lot, by="staff:test")
    text = client.get(path(labels)).text
    banner = text[text.index('role="alert"') :]
    assert all(words in banner for words in ("停止食用", "持包装到购买处退货", "12345"))
    assert "累计查验:3 次" in text


def test_the_whole_page_is_small_and_needs_no_script(packing, certified, client):
    for _ in range(4):
        committed(packing, 1000)
    answer = client.get(path(packing.packed(scratch=True)[0]))
    assert len(answer.data) < MOST_BYTES / 2
    assert answer.text.count("查看合格证") == 3
    assert "<script" not in answer.text
    assert "138" not in answer.text
    assert packing.firm.phone.token not in answer.text


def test_the_timeline_is_in_the_order_of_days(packing, certified, client, travel):
    labels = packing.rolled(2)
    travel("2026-11-25", "10:00")
    made = pack.bind(packing.grower, labels["_id"], packing.lot, 1, 2)
    pack.activate(packing.grower, made["_id"])
    steps = client.get(path(labels)).text.partition("<h2>经过</h2>")[2].partition("</ol>")[0]
    told = [one.partition("</li>")[0] for one in steps.split("<li>")[1:]]
    assert told == [
        "2026-11-20 采收(梓山镇潭头社区)",
        "2026-11-20 检测报告",
        "2026-11-25 包装赋码",
        "2026-11-25 启用",
    ]


def test_a_corrected_title_is_shown_after_a_minute(packing, certified, client, shift_clock):
    labels, _ = packing.packed()
    assert "富硒食品硒含量分类标准" in client.get(path(labels)).text
    titles = standard.Standard._get_collection()
    titles.update_one({"_id": STANDARDS[0]}, {"$set": {"title_zh": "更正后的名称"}})
    shift_clock(61)
    assert "更正后的名称" in client.get(path(labels)).text


def test_the_same_serials_of_another_store_are_judged_by_that_store(packing):
    labels, _ = packing.packed()
    told = (labels["form"], labels["key_id"], labels["first_counter"])
    other = Roll._get_collection().find_one({"_id": labels["_id"]}) | {"_id": "ROTHER", "scope": "item:rice/none"}
    stale = {name: other[name] for name in ("_id", "first_counter", "count", "scope")}
    for scope in (stale["scope"], labels["scope"]):
        ordered._keep(told[:2], stale | {"scope": scope}, ordered._kept[told[:2]].find(told[2]))
        assert verdict.look(cert_text(labels), "").kind == "genuine"


def test_of_many_rolls_each_keeps_its_serials(packing):
    rolls = [packing.packed(2)[0] for _ in range(4)]
    for _ in range(2):
        assert [verdict.look(cert_text(one), "").kind for one in rolls] == ["genuine"] * 4
    kept = ordered._kept["short", rolls[0]["key_id"]]
    assert kept.firsts == sorted(kept.firsts)
    assert kept.find(rolls[-1]["first_counter"] + 2) is None


def cert_text(labels) -> str:
    return path(labels).rpartition("/")[2]


def test_the_standards_of_the_page_are_those_of_the_verdict(packing, certified, client):
    shown = client.get(f"{cert_kit.PUBLIC}/certificates/{certified}").json
    assert shown["report"]["se_mg_per_kg"] == "0.012"
    assert shown["standards"][0]["number"] in text_of(client, packing)
