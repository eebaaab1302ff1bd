"""Results on paper: made once after the decision, checked by anybody, revoked by an appeal, delivered."""

import hashlib

import pytest
from bson import ObjectId

from backend import runtime
from backend.codes import compact, link_code
from models.affairs import case, result_code, result_make, result_paper
from models.affairs.delivery import ResultDelivery
from models.affairs.result_paper import ResultPaper
from models.audit.access_line import AccessLine
from models.media.file import File
from tests.affairs.paper_kit import Office, opened, settle, words
from tests.support import queues
from tests.support.affairs import decide, move, seat
from tests.support.phone import Phone

ADDRESS = {"name": "李小满", "phone": "13800000000", "address": "于都县贡江镇红军大道1号"}


@pytest.fixture
def office(client, seeded):
    return Office(client)


@pytest.fixture
def decided(office, resident):
    return office.decided(resident, office.item())


def result(who, case_id: str) -> dict:
    answer = who.get(f"/mini/v1/cases/{case_id}/result")
    assert answer.status_code == 200, answer.json
    return answer.json


def code_of(told: dict) -> str:
    return told["verify_url"].rpartition("/")[2]


def check(client, code: str) -> dict:
    return client.get(f"/public/v1/results/{code}").json


def choose(who, case_id: str, way: str, status: int = 200, **more) -> dict:
    answer = who.call("PUT", f"/mini/v1/cases/{case_id}/result/delivery", {"way": way, **more})
    assert answer.status_code == status, answer.json
    return answer.json


class TestPaper:
    def test_says_name_paragraphs_decision_and_number(self, resident, decided):
        answer = resident.get(f"/mini/v1/cases/{decided}/result.pdf")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
        told = words(answer.data)
        for word in (
            "优待证明",
            "兹证明张三丰符合优待证办理条件,用途:乘车优惠。——",
            result(resident, decided)["number"],
        ):
            assert word in told, word

    def test_its_file_is_the_one_whose_digest_anybody_sees(self, resident, decided, client):
        pdf = resident.get(f"/mini/v1/cases/{decided}/result.pdf").data
        digest = hashlib.sha256(pdf).hexdigest()
        assert check(client, code_of(result(resident, decided)))["sha256"] == digest

    def test_is_made_once_however_often_the_queue_runs(self, decided):
        found = case.read(ObjectId(decided))
        for _ in range(3):
            result_make.settle(found)
        assert ResultPaper._get_collection().count_documents({"case": found["_id"]}) == 1
        assert File._get_collection().count_documents({"attached_to": f"case:{decided}"}) == 1

    def test_a_kill_after_the_file_was_kept_goes_on_with_the_same_number_and_file(self, office, resident, monkeypatch):
        case_id = opened(resident, office.item())
        with monkeypatch.context() as broken:
            broken.setattr(result_paper, "finish", _killed)
            settle(office.clerk, case_id, "granted")
        begun = ResultPaper._get_collection().find_one({"case": ObjectId(case_id)})
        assert begun["state"] == "making"
        assert resident.get(f"/mini/v1/cases/{case_id}/result").json["code"] == "result_paper_not_there"
        result_make.settle(case.read(ObjectId(case_id)))
        stands = ResultPaper._get_collection().find_one({"case": ObjectId(case_id)})
        assert (stands["state"], stands["number"], stands["file"]) == ("standing", begun["number"], begun["file"])

    def test_a_refusal_has_none(self, office, resident):
        case_id = office.decided(resident, office.item(), "refused")
        answer = resident.get(f"/mini/v1/cases/{case_id}/result")
        assert (answer.status_code, answer.json["code"]) == (409, "result_paper_not_there")

    def test_of_another_is_not_found(self, client, sandbox, decided):
        stranger = Phone(client, sandbox).ready().sure()
        assert stranger.get(f"/mini/v1/cases/{decided}/result").status_code == 404
        assert stranger.get(f"/mini/v1/cases/{decided}/result.pdf").status_code == 404

    def test_is_printed_by_the_clerk_with_an_access_line(self, office, decided, client):
        answer = office.clerk.get(f"/office/v1/cases/{decided}/result.pdf")
        assert "张三丰" in words(answer.data)
        line = AccessLine._get_collection().find_one({"who": office.clerk.actor().key})
        assert "case.result" in line["fields"]
        assert (
            seat(client, "case_handler", unit="justice").get(f"/office/v1/cases/{decided}/result.pdf").status_code
            == 404
        )

    def test_the_applicant_is_told(self, resident, decided):
        told = [one["text_zh"] for one in resident.get("/mini/v1/notices").json["items"]]
        assert any("结果文书已出具" in one for one in told)


class TestCheck:
    def test_anybody_sees_what_it_is_with_a_masked_name(self, client, resident, decided):
        told = result(resident, decided)
        seen = check(client, code_of(told))
        assert (seen["state"], seen["zh"], seen["holder"]) == ("authentic", "优待证明", "张**")
        assert told["number"].endswith(seen["number_tail"])
        page = client.get(f"/r/{code_of(told)}")
        assert "真实有效" in page.get_data(as_text=True)
        assert "张三丰" not in page.get_data(as_text=True)
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")

    def test_forged_foreign_and_damaged_codes_are_unknown(self, client, resident, decided):
        good = code_of(result(resident, decided))
        for wrong in (
            good[:-2],
            good + "A",
            "x",
            "A" * 5000,
            good[:30] + ("B" if good[30] != "B" else "C") + good[31:],
        ):
            assert check(client, wrong)["state"] == "unknown", wrong

    def test_its_first_byte_is_its_kind(self, resident, decided):
        keys = runtime.current().certificate_keys.public
        code = code_of(result(resident, decided))
        assert len(link_code.verify(code, result_code.KIND, link_code.PAPER_BYTES, keys)) == link_code.PAPER_BYTES
        with pytest.raises(compact.BadCode):
            link_code.verify(code, 0x4E, link_code.PAPER_BYTES, keys)


class TestAppeal:
    def appeal(self, office, resident, case_id, outcome):
        assert resident.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "用途写错了"}).status_code == 200
        move(office.supervisor, case_id, "claim")
        decide(office.supervisor, case_id, outcome)

    def test_that_is_upheld_leaves_it(self, office, client, resident, decided):
        code = code_of(result(resident, decided))
        self.appeal(office, resident, decided, "upheld")
        queues.drain("affairs")
        assert check(client, code)["state"] == "authentic"

    def test_that_overturns_revokes_it_at_once_and_the_next_decision_makes_another(
        self, office, client, resident, decided
    ):
        code = code_of(result(resident, decided))
        self.appeal(office, resident, decided, "overturned")
        assert check(client, code)["state"] == "revoked"  # before the queue has run
        assert resident.get(f"/mini/v1/cases/{decided}/result").status_code == 409
        queues.drain("affairs")
        assert check(client, code)["reason_zh"] == "原决定经复核撤销"
        settle(office.colleague, decided, "granted")
        again = code_of(result(resident, decided))
        assert again != code
        assert (check(client, code)["state"], check(client, again)["state"]) == ("revoked", "authentic")

    def test_that_overturns_stops_the_delivery(self, office, resident, decided):
        choose(resident, decided, "counter")
        self.appeal(office, resident, decided, "overturned")
        queues.drain("affairs")
        paper = ResultPaper._get_collection().find_one({"case": ObjectId(decided)})["_id"]
        assert ResultDelivery._get_collection().find_one({"_id": paper})["state"] == "stopped"
        answer = office.clerk.post(f"/office/v1/result-deliveries/{paper}/ready")
        assert (answer.status_code, answer.json["code"]) == (409, "delivery_state_wrong")

    def test_a_correction_of_the_wording_replaces_it(self, office, client, resident, decided):
        code = code_of(result(resident, decided))
        move(
            office.clerk, decided, "correct", {"reason": "更正:依据第五十三条。", "rule": "老年人权益保障法第五十三条"}
        )
        queues.drain("affairs")
        assert check(client, code)["reason_zh"] == "已由新的决定取代"
        assert check(client, code_of(result(resident, decided)))["state"] == "authentic"


def _killed(*_args):
    raise SystemError


class TestDelivery:
    def deliveries(self, clerk, state: str = "preparing") -> list[dict]:
        return clerk.get(f"/office/v1/result-deliveries?state={state}").json["items"]

    def test_electronic_has_arrived_with_the_first_download(self, resident, decided):
        assert choose(resident, decided, "electronic")["state"] == "available"
        resident.get(f"/mini/v1/cases/{decided}/result.pdf")
        resident.get(f"/mini/v1/cases/{decided}/result.pdf")
        told = result(resident, decided)["delivery"]
        assert [one["state"] for one in told["history"]] == ["available", "received"]

    def test_the_counter_hands_it_to_whoever_shows_the_code(self, office, resident, decided):
        choose(resident, decided, "counter")
        (waiting,) = self.deliveries(office.clerk)
        path = f"/office/v1/result-deliveries/{waiting['id']}"
        assert office.clerk.post(f"{path}/hand-over", {"code": "000000"}).json["code"] == "delivery_state_wrong"
        ready = office.clerk.post(f"{path}/ready").json
        assert (ready["state"], "pick_up_code" in ready) == ("ready", False)
        code = result(resident, decided)["delivery"]["pick_up_code"]
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert office.clerk.post(f"{path}/hand-over", {"code": wrong}).json["code"] == "pick_up_code_wrong"
        assert office.clerk.post(f"{path}/hand-over", {"code": code}).json["state"] == "received"
        assert "pick_up_code" not in result(resident, decided)["delivery"]

    def test_after_five_wrong_codes_the_right_one_is_refused_until_a_new_one_is_asked_for(
        self, office, resident, decided
    ):
        choose(resident, decided, "counter")
        (waiting,) = self.deliveries(office.clerk)
        path = f"/office/v1/result-deliveries/{waiting['id']}"
        office.clerk.post(f"{path}/ready")
        code = result(resident, decided)["delivery"]["pick_up_code"]
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        for _ in range(5):
            office.clerk.post(f"{path}/hand-over", {"code": wrong})
        assert office.clerk.post(f"{path}/hand-over", {"code": code}).status_code == 422
        fresh = resident.post(f"/mini/v1/cases/{decided}/result/delivery/code").json["pick_up_code"]
        assert office.clerk.post(f"{path}/hand-over", {"code": fresh}).status_code == 200

    def test_the_post_has_a_sealed_address_and_a_tracking_number(self, office, resident, decided):
        choose(resident, decided, "post", address=ADDRESS)
        (waiting,) = self.deliveries(office.clerk)
        stored = ResultDelivery._get_collection().find_one({"_id": ObjectId(waiting["id"])})
        assert ADDRESS["phone"] not in str(stored)
        path = f"/office/v1/result-deliveries/{waiting['id']}"
        assert office.clerk.get(path).json["address"] == ADDRESS
        line = AccessLine._get_collection().find_one({"who": office.clerk.actor().key})
        assert line["fields"] == ["case.delivery"]
        sent = office.clerk.post(f"{path}/send", {"carrier": "中国邮政EMS", "tracking": "1234567890123"}).json
        assert (sent["state"], sent["tracking"]) == ("sent", "1234567890123")
        queues.drain("affairs")
        told = [one["text_zh"] for one in resident.get("/mini/v1/notices").json["items"]]
        assert any("1234567890123" in one for one in told)
        answer = resident.post(f"/mini/v1/cases/{decided}/result/delivery/received")
        assert answer.json["state"] == "received"

    def test_what_came_back_may_be_fetched_at_the_counter(self, office, resident, decided):
        choose(resident, decided, "post", address=ADDRESS)
        (waiting,) = self.deliveries(office.clerk)
        path = f"/office/v1/result-deliveries/{waiting['id']}"
        office.clerk.post(f"{path}/send", {"carrier": "中国邮政EMS", "tracking": "1234567890123"})
        assert choose(resident, decided, "counter", status=409)["code"] == "delivery_state_wrong"
        assert office.clerk.post(f"{path}/settle", {"state": "returned"}).json["state"] == "returned"
        told = choose(resident, decided, "counter")
        assert (told["state"], "address" in told, "tracking" in told) == ("preparing", False, False)

    def test_a_way_that_the_item_does_not_offer_is_refused(self, office, resident):
        case_id = office.decided(resident, office.item(delivery=["electronic"]))
        assert choose(resident, case_id, "counter", status=422)["code"] == "delivery_way_not_offered"

    def test_the_post_needs_an_address_and_nothing_else_takes_one(self, resident, decided):
        assert choose(resident, decided, "post", status=422)["code"] == "delivery_way_not_offered"
        assert choose(resident, decided, "counter", status=422, address=ADDRESS)["code"] == "delivery_way_not_offered"

    def test_another_unit_neither_sees_nor_moves_it(self, client, office, resident, decided):
        choose(resident, decided, "counter")
        (waiting,) = self.deliveries(office.clerk)
        other = seat(client, "case_handler", unit="justice")
        assert self.deliveries(other) == []
        path = f"/office/v1/result-deliveries/{waiting['id']}"
        assert (other.get(path).status_code, other.post(f"{path}/ready").status_code) == (404, 404)
