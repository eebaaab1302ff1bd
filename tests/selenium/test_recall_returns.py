"""After the start: who is told, once; what came back; closing; the report; what everybody reads."""

from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pypdf import PdfReader

from backend import clock
from models.audit.access_line import AccessLine
from models.identity import organisation
from models.selenium import buyer, recall, recall_item, recall_run, uri
from tests.selenium.grower_kit import farmer, firm, office, person_of, producing, town_clerk
from tests.selenium.recall_kit import OFFICE, PUBLIC, Farm, body, drawn, items, started
from tests.support import queues
from tests.support.crowd import at_once


@pytest.fixture
def farm(client, seeded, sandbox):
    return Farm(producing(client, sandbox), town_clerk(client))


@pytest.fixture
def desk(client, seeded):
    return office(client), office(client)


@pytest.fixture
def market(farm, client, sandbox, sms_box):
    """Goods that went to a shop of the county, to a person of the address book, to somebody nobody knows; some here."""
    sms_box.forget()
    shop = firm(client, sandbox, name="于都测试超市")
    person = buyer.add(farm.grower, buyer.Told("李四光", phone="13700000007"))
    a = farm.harvested(1000)
    sold = farm.packed(a, 10)["_id"]
    farm.packed(a, 2)
    box = farm.boxed({sold: 4})
    farm.moved([uri.party(shop.id)], boxes=[box], packs={sold: 3})
    farm.moved([uri.party(person["_id"])], packs={sold: 2}, step="retail_selling")
    farm.moved(["urn:epc:id:pgln:0614141.00001"], packs={sold: 1})
    return {"shop": shop, "person": person, "lot": a, "pack": sold, "box": box}


@pytest.fixture
def running(market, desk):
    """The same goods with their recall under way."""
    return market | started(*desk, market["lot"])


def buyers(who, number: str) -> dict[str, dict]:
    return {one["uri"]: one for one in items(who, f"{OFFICE}/{number}", "buyer")}


class TestNotices:
    def test_buyers_who_are_known_are_told_once_and_the_others_are_named(self, running, farm, desk, sms_box):
        queues.drain("push")
        told = [one["text_zh"] for one in running["shop"].phone.get("/mini/v1/notices").json["items"]]
        assert [running["id"] in one and "停止销售" in one for one in told if "已召回" in one] == [True]
        assert [one["number"] for one in sms_box.messages()].count("+8613700000007") == 1
        found = buyers(desk[0], running["id"])
        shop, person = uri.party(running["shop"].id), uri.party(running["person"]["_id"])
        assert {one["uri"]: one["outcome"] for one in found.values()} == {
            shop: "told",
            person: "told",
            "urn:epc:id:pgln:0614141.00001": "unknown",
        }
        assert (found[shop]["party_name"], found[person]["party_name"]) == ("于都测试超市", "李**")
        own = items(farm.firm, f"/selenium/recalls/{running['id']}", "buyer")
        assert {one["party_name"] for one in own} == {"于都测试超市", "李四光", ""}

    def test_a_buyer_of_the_address_book_who_is_registered_is_one_party(self, farm, desk, client, sandbox):
        shop = firm(client, sandbox, name="于都测试超市")
        code = organisation.read(ObjectId(shop.id))["credit_code"]
        line = buyer.add(farm.grower, buyer.Told("超市", credit_code=code))
        a = farm.harvested()
        farm.moved(buyer.parties(line), lots={a: 100})
        made = started(*desk, a)
        found = buyers(desk[0], made["id"])
        assert {uri: one["grams"] for uri, one in found.items()} == {buyer.parties(line)[-1]: 100_000}
        queues.drain("push")
        told = shop.phone.get("/mini/v1/notices").json["items"]
        assert sum("已召回" in one["text_zh"] for one in told) == 1

    def test_running_the_job_again_tells_nobody_twice(self, running, sms_box):
        queues.drain("push")
        before = get_db().notices.count_documents({"about": running["id"]})
        get_db().selenium_recall_items.update_many({"recall": running["id"]}, {"$set": {"state": "todo"}})
        for item in list(recall_item.each(running["id"])):
            recall_run._STEPS[item["kind"]](recall.read(running["id"]), item)
        queues.drain("push")
        assert get_db().notices.count_documents({"about": running["id"]}) == before == 2
        assert len([one for one in sms_box.messages() if one["number"] == "+8613700000007"]) == 1

    def test_the_office_sees_the_receipts_and_is_noted(self, running, desk):
        queues.drain("push")
        found = desk[0].get(f"{OFFICE}/{running['id']}/notices").json["items"]
        by = {one["buyer_id"]: {each["channel"]: each["state"] for each in one["channels"]} for one in found}
        assert by.keys() == {running["shop"].id, str(running["person"]["_id"])}
        assert by[running["shop"].id]["in_app"] == "put"
        assert by[str(running["person"]["_id"])]["sms"] in {"sent", "delivered"}
        subjects = [one["subjects"] for one in AccessLine._get_collection().find({"_id": {"$exists": True}})]
        assert [person_of(running["shop"].phone)] in subjects

    def test_the_producer_is_told_too(self, running, farm):
        queues.drain("push")
        told = [one["text_zh"] for one in farm.firm.phone.get("/mini/v1/notices").json["items"]]
        assert sum(running["id"] in one and "登记收回数量" in one for one in told) == 1


def came_back(who, path: str, party: str, returned: int = 0, destroyed: int = 0, **told):
    amounts = {"returned_grams": returned, "destroyed_grams": destroyed}
    return who.post(f"{path}/returns", {"buyer": party, "day": clock.today().isoformat(), **amounts, **told})


class TestReturns:
    def test_what_came_back_is_counted_by_buyer_and_in_all(self, running, desk, farm):
        path, shop = f"{OFFICE}/{running['id']}", uri.party(running["shop"].id)
        assert running["counts"]["gone_grams"] == 50_000
        assert running["open_grams"] == 50_000
        assert came_back(desk[0], path, shop, 20_000, 5_000).json["open_grams"] == 25_000
        own = came_back(farm.firm, f"/selenium/recalls/{running['id']}", "unknown", 1_000)
        assert (own.status_code, own.json["returned_grams"], own.json["destroyed_grams"]) == (201, 21_000, 5_000)
        found = buyers(desk[0], running["id"])[shop]
        assert (found["returned_grams"], found["destroyed_grams"]) == (20_000, 5_000)
        rows = desk[0].get(f"{path}/returns").json["items"]
        assert [(one["buyer"], one["returned_grams"]) for one in rows] == [(shop, 20_000), ("unknown", 1_000)]

    def test_more_than_went_out_never_comes_back_even_at_once(self, running, desk, app):
        path, out = f"{OFFICE}/{running['id']}", 60_000  # twelve packages were filled
        both = [desk[number % 2].twin(app.test_client()) for number in range(6)]
        answers = at_once([lambda who=who: came_back(who, path, "unknown", 20_000) for who in both])
        assert sorted(one.status_code for one in answers) == [201] * 3 + [409] * 3
        assert {one.json["code"] for one in answers if one.status_code == 409} == {"recall_too_much"}
        assert desk[0].get(path).json["returned_grams"] == out

    def test_wrong_entries_are_refused(self, running, desk):
        path = f"{OFFICE}/{running['id']}"
        assert came_back(desk[0], path, uri.party("5f0000000000000000000009"), 1).json["code"] == "recall_buyer_unknown"
        tomorrow = (clock.today() + timedelta(days=1)).isoformat()
        assert came_back(desk[0], path, "unknown", 1, day=tomorrow).json["code"] == "recall_day_wrong"
        yesterday = (clock.today() - timedelta(days=1)).isoformat()
        assert came_back(desk[0], path, "unknown", 1, day=yesterday).json["code"] == "recall_day_wrong"
        for wrong in ({}, {"returned_grams": -1}, {"destroyed_grams": 1.5}, {"returned_grams": "many"}):
            answer = desk[0].post(f"{path}/returns", {"buyer": "unknown", "day": clock.today().isoformat(), **wrong})
            assert answer.status_code == 400
        assert desk[0].get(path).json["returned_grams"] == 0

    def test_nothing_comes_back_of_what_was_not_started(self, market, desk):
        made = drawn(desk[0], market["lot"])["id"]
        assert came_back(desk[0], f"{OFFICE}/{made}", "unknown", 1).json["code"] == "recall_state"

    def test_closing_needs_the_sum_or_a_reason(self, running, desk):
        path = f"{OFFICE}/{running['id']}"
        answer = desk[0].post(f"{path}/close")
        assert (answer.status_code, answer.json["code"]) == (409, "recall_sum_missing")
        assert "50000 克" in answer.json["message"]
        assert desk[0].post(f"{path}/close", {"short": "x"}).status_code == 400
        came_back(desk[0], path, "unknown", 10_000)
        closed = desk[0].post(f"{path}/close", {"short": "eaten"})
        assert (closed.json["state"], closed.json["short_zh"], closed.json["open_grams"]) == (
            "closed",
            "已被食用",
            40_000,
        )
        assert desk[0].post(f"{path}/close").json["state"] == "closed"
        assert came_back(desk[0], path, "unknown", 1).json["code"] == "recall_state"

    def test_with_the_sum_it_closes_without_a_reason_and_the_lot_may_be_recalled_again(self, running, desk):
        path = f"{OFFICE}/{running['id']}"
        came_back(desk[0], path, "unknown", 50_000)
        assert desk[0].post(f"{path}/close").json["state"] == "closed"
        assert started(*desk, running["lot"])["state"] == "under_way"

    def test_a_recall_whose_job_is_not_done_is_not_closed(self, market, desk):
        made = started(*desk, market["lot"], run=False)
        answer = desk[0].post(f"{OFFICE}/{made['id']}/close", {"short": "eaten"})
        assert answer.json["code"] == "recall_not_reached"

    def test_the_grower_does_not_close_what_the_office_started(self, running, farm):
        answer = farm.firm.post(f"/selenium/recalls/{running['id']}/close", {"short": "eaten"})
        assert answer.json["code"] == "recall_state"


class TestReport:
    def test_the_sheet_has_a_row_for_each_thing_of_the_reach(self, running, desk):
        answer = desk[0].get(f"{OFFICE}/{running['id']}/report.xlsx")
        sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
        head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        told = [dict(zip(head, row, strict=True)) for row in rows]
        reached = {
            (one["kind_zh"], one["name"])
            for kind in ("lot", "pack", "box", "thing", "buyer")
            for one in items(desk[0], f"{OFFICE}/{running['id']}", kind)
        }
        assert {(one["类别"], one["编号"]) for one in told} == reached
        (pack,) = [one for one in told if one["编号"] == running["pack"]]
        assert (pack["标签"], pack["包装数"], pack["重量(kg)"], pack["已流出(kg)"]) == ("1-10", 10, 50, 50)
        assert (pack["召回前状态"], pack["处理结果"], pack["所属批次"]) == ("已激活", "已停止销售", running["lot"])
        (shop,) = [one for one in told if one["生产主体/接收方"] == "于都测试超市"]
        assert (shop["重量(kg)"], shop["处理结果"], shop["来自"]) == (35, "已通知", running["pack"])

    def test_the_paper_says_the_same(self, running, desk):
        came_back(desk[0], f"{OFFICE}/{running['id']}", "unknown", 10_000)
        answer = desk[0].get(f"{OFFICE}/{running['id']}/report.pdf")
        text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages).replace("\n", "")
        for word in ("产品召回报告", running["id"], running["lot"], running["pack"], running["box"], "于都测试超市"):
            assert word in text
        for word in ("李**", "已流出", "二级召回", "农药兽药残留超标", "回收登记", "已停止销售"):
            assert word in text
        assert "李四光" not in text

    def test_a_report_that_is_cut_says_so(self, running, desk):
        get_db().selenium_recalls.update_one({"_id": running["id"]}, {"$set": {"cut": True}})
        answer = desk[0].get(f"{OFFICE}/{running['id']}/report.pdf")
        assert "本报告不完整" in "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages)

    def test_who_grows_as_a_person_is_noted_before_staff_have_the_report(self, client, seeded, sandbox, desk):
        phone = farmer(client, sandbox)
        farm = Farm(phone, town_clerk(client))
        made = drawn(desk[0], farm.harvested())["id"]
        before = AccessLine._get_collection().count_documents({"_id": {"$exists": True}})
        assert desk[0].get(f"{OFFICE}/{made}/report.xlsx").status_code == 200
        lines = list(AccessLine._get_collection().find({"_id": {"$exists": True}}).sort("_id", -1))
        assert (len(lines), lines[0]["subjects"]) == (before + 1, [person_of(phone)])
        assert lines[0]["purpose"] == "produce_supervision"


class TestPublic:
    def test_everybody_reads_what_is_recalled_and_what_to_do(self, running, market, farm, client):
        assert [one["number"] for one in client.get(PUBLIC).json["items"]] == [running["id"]]
        told = client.get(f"{PUBLIC}/{running['id']}").json
        assert (told["product_zh"], told["lots"], told["state"]) == ("富硒脐橙", [market["lot"]], "under_way")
        assert (told["producer_name"], told["started_on"]) == ("于都县测试种植专业合作社", clock.today().isoformat())
        assert "请勿食用" in told["advice_zh"]
        page = client.get(f"{PUBLIC}/page")
        assert page.mimetype == "text/html"
        for word in ("产品召回公告", market["lot"], "富硒脐橙", "于都县测试种植专业合作社", "请勿食用", running["id"]):
            assert word in page.text
        assert "超市" not in page.text

    def test_what_is_not_started_is_not_public(self, farm, desk, client):
        made = drawn(desk[0], farm.harvested())["id"]
        assert client.get(f"{PUBLIC}/{made}").status_code == 404
        assert client.get(PUBLIC).json["items"] == []
        assert "目前没有召回" in client.get(f"{PUBLIC}/page").text

    def test_the_list_is_paged(self, farm, client):
        made = []
        for _ in range(3):
            number = farm.firm.post("/selenium/recalls", body(farm.harvested(1))).json["id"]
            farm.firm.post(f"/selenium/recalls/{number}/start")
            made.append(number)
        first = client.get(f"{PUBLIC}?limit=2").json
        rest = client.get(f"{PUBLIC}?limit=2&cursor={first['next']}").json
        assert {one["number"] for one in (*first["items"], *rest["items"])} == set(made)
        assert rest["next"] is None
        assert "更早的召回" in client.get(f"{PUBLIC}/page?limit=2").text


def test_deadlines_come_from_the_level(farm, desk):
    made = drawn(desk[0], farm.harvested(), level="one")
    start_by = clock.civil(clock.now() + timedelta(hours=24)).date().isoformat()
    assert made["start_by"].startswith(start_by)
    under_way = started(*desk, farm.harvested(), level="three")
    assert under_way["done_by"] > under_way["started_at"]
