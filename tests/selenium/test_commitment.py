"""Commitment certificates: per lot, by the rule of 2026, issued by growers and read by anybody."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from backend.store import transactions
from models.selenium import harvesting, lot
from models.selenium.commitment import CommittedGrams
from tests.selenium import cert_kit
from tests.selenium.cert_kit import PUBLIC
from tests.selenium.grower_kit import farmer, producing, town_clerk
from tests.support import printed
from tests.support.crowd import at_once

PATH = "/selenium/commitments"


@pytest.fixture
def own(client, seeded, sandbox):
    return producing(client, sandbox)


@pytest.fixture
def goods(own, client):
    return cert_kit.grown(own, town_clerk(client))


def body(number: str, grams: int = 400_000, **told) -> dict:
    return {"lot": number, "grams": grams, "ticks": ["self_test", "self_commitment"], **told}


def issued(own, number: str, grams: int = 400_000, **told) -> dict:
    answer = own.post(PATH, body(number, grams, **told))
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_certificate_holds_all_fields_of_the_rule(own, goods, client):
    made = issued(own, goods)
    assert made["title_zh"] == "承诺达标合格证"
    assert (made["product_zh"], made["grams"], made["party_zh"]) == ("富硒脐橙", 400_000, "于都县测试种植专业合作社")
    assert made["origin_zh"] == "江西省赣州市于都县梓山镇潭头社区"
    assert (made["issued_at"][:10], made["phone"]) == ("2026-11-20", "138****0000")
    ticked = {one["name_zh"]: one["ticked"] for one in made["ticks"]}
    assert ticked == {"委托检测": False, "自我检测": True, "内部质量控制": False, "自我承诺": True}
    assert client.get(f"{PUBLIC}/commitments/{made['number']}").json == made
    assert [one["number"] for one in own.get(PATH).json["items"]] == [made["number"]]


def test_the_page_shows_the_words_and_the_masked_phone(own, goods, client):
    made = issued(own, goods)
    page = client.get(f"{PUBLIC}/commitments/{made['number']}/page")
    assert "<h1>承诺达标合格证</h1>" in page.text
    assert "138****0000" in page.text
    assert "13800000000" not in page.text
    lot.hold(goods, "failed_test", by="staff:test")
    assert "该批次已冻结" in client.get(f"{PUBLIC}/commitments/{made['number']}/page").text


def test_the_paper_of_who_commits_has_the_phone_in_full(own, goods, client, sandbox):
    made = issued(own, goods)
    answer = own.get(f"{PATH}/{made['number']}/file")
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)
    assert "承诺达标合格证" in text
    assert "13800000000" in text
    assert producing(client, sandbox).get(f"{PATH}/{made['number']}/file").status_code == 404


@pytest.mark.parametrize("paper", ["a4", "label"])
def test_anybody_gets_the_paper_with_the_masked_phone_and_a_code_that_leads_to_the_page(own, goods, client, paper):
    made = issued(own, goods)
    answer = client.get(f"{PUBLIC}/commitments/{made['number']}/file?paper={paper}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    (page,) = PdfReader(BytesIO(answer.data)).pages
    text = page.extract_text()
    assert all(words in text for words in ("承诺达标合格证", made["number"], "138****0000", "自我检测"))
    assert "13800000000" not in text
    assert set(printed.payloads(answer.data)) == {made["page_url"]}
    full = own.get(f"{PATH}/{made['number']}/file?paper={paper}")
    assert "13800000000" in PdfReader(BytesIO(full.data)).pages[0].extract_text()
    assert client.get(f"{PUBLIC}/commitments/{made['number']}/file?paper=a0").status_code == 400


def test_a_label_is_as_large_as_its_printer_and_says_when_it_is_void(own, goods, client):
    made = issued(own, goods)
    own.post(f"{PATH}/{made['number']}/void", {"reason": "not_sold"})
    answer = client.get(f"{PUBLIC}/commitments/{made['number']}/file?paper=label")
    (page,) = PdfReader(BytesIO(answer.data)).pages
    assert [round(float(one) * 25.4 / 72) for one in (page.mediabox.width, page.mediabox.height)] == [100, 70]
    assert "已作废" in page.extract_text()
    picture = client.get(f"{PUBLIC}/commitments/{made['number']}/qr")
    assert zxingcpp.read_barcode(Image.open(BytesIO(picture.data))).text == made["page_url"]
    for what in ("file", "qr"):
        assert client.get(f"{PUBLIC}/commitments/HGZ20261120AAAAAAAA/{what}").status_code == 404


def test_a_farmer_issues_one_without_a_name(client, seeded, sandbox):
    from models.identity import account  # noqa: PLC0415 - only here, by the token of a test
    from models.selenium.producer import acting  # noqa: PLC0415
    from tests.selenium.grower_kit import confirmed_plot  # noqa: PLC0415

    phone = farmer(client, sandbox)
    field = confirmed_plot(phone, town_clerk(client))
    number = cert_kit.lot_of(acting(account.authenticate(phone.token)), field)
    answer = phone.post("/mini/v1/selenium/commitments", body(number))
    assert (answer.status_code, answer.json["party_zh"]) == (201, "梓山镇潭头社区种植户")


@pytest.mark.parametrize(
    "told",
    [
        {"ticks": []},
        {"ticks": ["luck"]},
        {"grams": 0},
        {"grams": "400"},
        {"because": "boredom"},
        {"lot": "x"},
        {"replaces": ["HGZ1"]},
    ],
)
def test_wrong_input_is_refused(own, goods, told):
    assert own.post(PATH, body(goods) | told).status_code == 400


def test_the_same_key_issues_once(own, goods):
    keyed = {"Idempotency-Key": "0123456789abcdef0123456789abcdef"}
    first, second = (own.post(PATH, body(goods), **keyed) for _ in range(2))
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert len(own.get(PATH).json["items"]) == 1


def test_all_of_a_lot_never_commit_to_more_than_it_weighs(own, goods):
    codes = at_once([lambda: own.post(PATH, body(goods)).status_code] * 4)
    assert sorted(codes) == [201, 201, 409, 409]
    assert CommittedGrams._get_collection().find_one({"_id": goods})["grams"] == 800_000
    assert own.post(PATH, body(goods, 1_000_001)).json["code"] == "commitment_too_much"
    assert issued(own, goods, 200_000)["state"] == "valid"


def test_voiding_gives_the_grams_back_once(own, goods, client):
    made = issued(own, goods, 1_000_000)
    path = f"{PATH}/{made['number']}/void"
    assert at_once([lambda: own.post(path, {"reason": "not_sold"}).status_code] * 4) == [200] * 4
    assert CommittedGrams._get_collection().find_one({"_id": goods})["grams"] == 0
    shown = client.get(f"{PUBLIC}/commitments/{made['number']}").json
    assert (shown["state"], shown["reason_zh"]) == ("voided", "未销售")
    assert own.post(path, {"reason": "mood"}).status_code == 400
    issued(own, goods, 1_000_000)


def test_a_correction_takes_the_place_of_the_one_before(own, goods, client):
    first = issued(own, goods, 1_000_000)
    told = {"because": "correction", "replaces": [first["number"]]}
    second = issued(own, goods, 900_000, **told)
    assert client.get(f"{PUBLIC}/commitments/{first['number']}").json["state"] == "replaced"
    assert second["replaces"] == [first["number"]]
    assert own.post(PATH, body(goods, 100, **told)).json["code"] == "commitment_state"
    assert own.post(f"{PATH}/{first['number']}/void", {"reason": "not_sold"}).json["code"] == "commitment_state"


def test_what_was_mixed_gets_a_new_one_that_names_those_before(own, goods, client):
    other = cert_kit.grown(own, town_clerk(client))
    numbers = [issued(own, one)["number"] for one in (goods, other)]
    drafted = harvesting.grade(own.grower(), {goods: 300_000, other: 300_000}, [("一级", 600_000)])
    transactions.run(drafted.store)
    mixed = drafted.lots[0]["_id"]
    assert own.post(PATH, body(mixed)).json["code"] == "commitment_because_wrong"
    made = issued(own, mixed, because="mixed", replaces=numbers)
    assert made["because_zh"] == "混装后重新开具"
    assert client.get(f"{PUBLIC}/commitments/{numbers[0]}").json["state"] == "valid"
    wrong = own.post(PATH, body(goods, because="mixed", replaces=[made["number"]]))
    assert wrong.json["code"] == "commitment_because_wrong"


def test_nobody_commits_for_a_lot_of_others_or_a_held_one(own, goods, client, sandbox):
    made = issued(own, goods)
    stranger = producing(client, sandbox)
    assert stranger.post(PATH, body(goods)).status_code == 404
    assert stranger.post(f"{PATH}/{made['number']}/void", {"reason": "not_sold"}).status_code == 404
    lot.hold(goods, "suspected", by="staff:test")
    assert own.post(PATH, body(goods, 1)).json["code"] == "lot_not_open"
    assert client.get(f"{PUBLIC}/commitments/HGZ20261120AAAAAAAA").status_code == 404
