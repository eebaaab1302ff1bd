"""From the end of publicity to money on accounts: approval, payment file, return, repair, and what everybody sees."""

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.benefits import batch
from models.benefits.line import BenefitLine
from models.payments.reconciliation import Reconciliation
from tests.office.conftest import admin  # noqa: F401 - a fixture
from tests.onecard import payment_kit as kit
from tests.onecard.payment_kit import OFFICE
from tests.support.counter import Counter, in_days, resident
from tests.support.phone import Phone, person
from tests.support.queues import drain


@pytest.fixture
def staff(client, admin, bank_box):  # noqa: F811 - the fixture imported above
    bank_box.forget()
    return kit.members(client, admin)


@pytest.fixture
def mine(client, sandbox):
    """A resident whose identity was verified."""
    return Phone(client, sandbox).ready().sure("verified")


def line_of(phone: Phone, fen: int = 15_000, **more):
    return kit.told(fen, number=phone.document, whose=kit.person_of(phone.document), **more)


def own(phone: Phone) -> dict:
    answer = phone.get("/mini/v1/benefits")
    assert answer.status_code == 200, answer.json
    return answer.json["items"][0]


def test_a_batch_is_proposed_approved_sent_paid_and_seen_by_everybody(staff, mine, bank_box):
    kit.fund(100_000)
    told = line_of(mine)
    batch_id = kit.published(staff, told, kit.told(5_000))
    kit.approved(staff, batch_id)
    assert kit.in_ledger() == {"balance_fen": 100_000, "held_fen": 20_000, "available_fen": 80_000}
    number = kit.sent(staff, batch_id)
    assert bank_box.balance(told.account) == 15_000
    shown = kit.payment(staff, batch_id)
    assert (shown["state"], shown["counts"]["paid"], shown["differences"]) == ("paid", 2, [])
    assert [one["state"] for one in shown["files"]] == ["settled"]
    assert kit.in_ledger() == {"balance_fen": 80_000, "held_fen": 0, "available_fen": 80_000}
    line = own(mine)
    assert (line["state"], line["amount_fen"], line["account_tail"]) == ("paid", 15_000, told.account[-4:])
    assert line["batch_number"] == shown["number"]
    messages = [one for one in mine.get("/mini/v1/notices").json["items"] if one["kind"] == "benefit_paid"]
    assert "150.00 元" in messages[0]["text_zh"]
    assert told.account[-4:] in messages[0]["text_zh"]
    whole = mine.get(f"/mini/v1/benefits/{line['id']}").json
    assert [one["what"] for one in whole["timeline"]] == ["collected", "checked", "approved", "sent", "paid"]
    assert whole["why_zh"].startswith("已发放到您的账户")
    assert whole["basis_zh"]
    assert Reconciliation.objects(id=f"bank:{number}").get().differences == []
    kit.agree(batch_id)


def test_who_proposed_a_batch_does_not_approve_it(staff):
    kit.fund(50_000)
    batch_id = kit.published(staff, kit.told())
    approval = kit.proposed(staff, batch_id)
    own_one = staff["finance"].post(f"/office/v1/approvals/{approval}/approve")
    assert (own_one.status_code, own_one.json["code"]) == (409, "own_proposal")
    assert staff["town"].post(f"/office/v1/approvals/{approval}/approve").status_code == 403
    assert batch.read(batch_id)["state"] == "proposed"


def test_a_refused_proposal_lets_the_batch_wait_for_another_one(staff):
    kit.fund(50_000)
    batch_id = kit.published(staff, kit.told())
    answer = staff["second"].post(f"/office/v1/approvals/{kit.proposed(staff, batch_id)}/refuse")
    assert answer.status_code == 200
    drain("trust")
    assert batch.read(batch_id)["state"] == "publicity_done"
    kit.approved(staff, batch_id)


def test_a_batch_is_not_proposed_before_its_publicity_is_over_nor_above_its_fund(staff):
    batch_id = kit.published(staff, kit.told(30_000))
    short = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "申请发放"})
    assert (short.status_code, short.json["code"]) == (409, "benefit_fund_short")
    assert "300.00" in short.json["message"]
    batch.move(batch_id, ("publicity_done",), "in_publicity")
    early = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "申请发放"})
    assert (early.status_code, early.json["code"]) == (409, "benefit_batch_state_wrong")


def test_money_that_went_elsewhere_meanwhile_gives_the_batch_back(staff):
    kit.fund(30_000)
    first, second = kit.published(staff, kit.told(30_000)), kit.published(staff, kit.told(30_000))
    waiting = kit.proposed(staff, second)
    kit.approved(staff, first)
    assert staff["second"].post(f"/office/v1/approvals/{waiting}/approve").status_code == 200
    drain("trust")
    assert batch.read(second)["state"] == "publicity_done"
    assert staff["finance"].get(f"/office/v1/approvals/{waiting}").json["outcome"] == "fund_short"
    assert kit.states(second) == {"ok": 1}


def test_a_failed_line_is_repaired_by_the_resident_and_paid_once(staff, mine, bank_box):
    kit.fund(100_000)
    told, other = line_of(mine), kit.told(5_000)
    bank_box.account(told.account, fails="account_closed")
    batch_id = kit.approved(staff, kit.published(staff, told, other))
    kit.sent(staff, batch_id)
    assert kit.in_ledger() == {"balance_fen": 95_000, "held_fen": 0, "available_fen": 95_000}
    line = own(mine)
    assert (line["state"], line["repairable"], line["why_failed_zh"]) == ("failed", True, "账户已销户")
    text = next(one["text_zh"] for one in mine.get("/mini/v1/notices").json["items"] if one["kind"] == "benefit_failed")
    assert "账户已销户" in text
    assert told.account[-4:] in text
    assert "我的补贴" in text
    path = f"/mini/v1/benefits/{line['id']}/repairs"
    same = mine.post(path, {})
    assert (same.status_code, same.json["code"]) == (422, "benefit_same_account")
    assert mine.post(path, {"account": "6217000000000000001"}).json["code"] == "benefit_account_wrong"
    right = kit.account()
    repaired = mine.post(path, {"account": right})
    assert (repaired.status_code, repaired.json["state"]) == (200, "repaired")
    second = kit.sent(staff, batch_id)
    assert second.endswith("-02")
    assert [one["account"] for one in bank_box.files()[second]["lines"]] == [right]
    assert (bank_box.balance(right), own(mine)["state"]) == (15_000, "paid")
    assert kit.payment(staff, batch_id)["state"] == "paid"
    assert kit.in_ledger() == {"balance_fen": 80_000, "held_fen": 0, "available_fen": 80_000}
    kit.agree(batch_id)


def test_a_person_without_a_phone_repairs_at_the_counter(staff, bank_box):
    kit.fund(50_000)
    counter = Counter(staff["counter"])
    body = {"name": "钟桂花", "document_kind": "resident_id", "document_number": kit.resident_id("19440307")}
    elder = counter.registered(body)
    told = kit.told(8_000, number=body["document_number"], name="钟桂华", whose=ObjectId(elder))
    bank_box.account(told.account, name="钟桂花")
    batch_id = kit.approved(staff, kit.published(staff, told))
    kit.sent(staff, batch_id)
    standing = counter.standing(elder)
    listed = staff["counter"].get(f"{OFFICE}/counter-lines", **standing)
    assert [one["why_failed_zh"] for one in listed.json["items"]] == ["户名与账号不符"]
    path = f"{OFFICE}/lines/{listed.json['items'][0]['id']}/repairs"
    assert staff["counter"].post(path, {"account": told.account}).status_code == 409  # nobody stands there
    other = Counter(staff["counter"]).standing(counter.registered(birth="19500101"))
    assert staff["counter"].post(path, {"account": kit.account()}, **other).status_code == 404
    own_one = kit.account()
    bank_box.account(own_one, name="钟桂花")
    answer = staff["counter"].post(path, {"account": own_one}, **standing)
    assert (answer.status_code, answer.json["state"]) == (200, "repaired")
    assert AuditEntry.objects(action="benefit.repair").count() == 1
    assert AccessLine.objects(subjects=ObjectId(elder), purpose="counter_service").count() >= 1
    kit.sent(staff, batch_id)
    assert bank_box.balance(own_one) == 8_000  # under the name by which she is registered, not the town's
    kit.agree(batch_id)


def test_a_line_without_an_account_fails_before_the_bank_and_can_be_repaired(staff, mine, bank_box):
    kit.fund(50_000)
    batch_id = kit.approved(staff, kit.published(staff, line_of(mine, bank=""), kit.told(5_000)))
    number = kit.sent(staff, batch_id)
    assert len(bank_box.files()[number]["lines"]) == 1
    line = own(mine)
    assert (line["state"], line["why_failed_zh"]) == ("failed", "没有可用的收款账号")
    assert mine.post(f"/mini/v1/benefits/{line['id']}/repairs", {"account": kit.account()}).status_code == 200
    kit.sent(staff, batch_id)
    assert own(mine)["state"] == "paid"
    kit.agree(batch_id)


def test_a_payment_that_the_bank_takes_back_is_booked_and_can_be_sent_again(staff, mine, bank_box, shift_clock):
    kit.fund(50_000)
    told = line_of(mine)
    batch_id = kit.approved(staff, kit.published(staff, told, kit.told(5_000)))
    number = kit.sent(staff, batch_id)
    seq = next(one["seq"] for one in bank_box.files()[number]["lines"] if one["account"] == told.account)
    bank_box.reverse(number, seq)
    shift_clock(7 * 3600)
    drain("bills", "notify")
    assert kit.in_ledger() == {"balance_fen": 45_000, "held_fen": 0, "available_fen": 45_000}
    staff["finance"].log_in()
    assert kit.payment(staff, batch_id)["state"] == "paying"
    assert Reconciliation.objects(id=f"bank:{number}").get().differences == []
    mine.log_in()
    line = own(mine)
    assert (line["state"], line["why_failed_zh"]) == ("failed", "银行入账后又退回(冲正)")
    assert mine.post(f"/mini/v1/benefits/{line['id']}/repairs", {}).status_code == 200
    kit.sent(staff, batch_id)
    assert bank_box.balance(told.account) == 15_000
    assert kit.in_ledger()["balance_fen"] == 30_000
    kit.agree(batch_id)


def test_others_neither_see_nor_repair_a_line(staff, mine, client, sandbox):
    kit.fund(50_000)
    batch_id = kit.approved(staff, kit.published(staff, line_of(mine)))
    line = own(mine)["id"]
    stranger = Phone(client, sandbox).ready().sure("verified")
    assert stranger.get("/mini/v1/benefits").json["items"] == []
    assert stranger.get(f"/mini/v1/benefits/{line}").status_code == 404
    assert stranger.post(f"/mini/v1/benefits/{line}/repairs", {"account": kit.account()}).status_code == 404
    assert mine.post(f"/mini/v1/benefits/{line}/repairs", {"account": kit.account()}).status_code == 409  # not failed
    only_said = Phone(client, sandbox).ready()
    assert only_said.get("/mini/v1/benefits").status_code == 403
    assert staff["town"].post(f"{OFFICE}/batches/{batch_id}/files").status_code == 403


def test_why_is_told_with_and_without_a_line(staff, mine):
    kit.fund(50_000)
    kit.published(staff, kit.told())
    year = str(kit.clock.today().year)
    answer = mine.get(f"/mini/v1/benefits/items/kit_farmland/why?period={year}")
    assert (answer.status_code, answer.json["in_list"]) == (200, False)
    assert answer.json["why_zh"].startswith("本期名单中没有您")
    kit.published(staff, line_of(mine))
    answer = mine.get(f"/mini/v1/benefits/items/kit_farmland/why?period={year}")
    assert answer.json["in_list"] is True
    assert answer.json["lines"][0]["state"] == "ok"
    assert mine.get("/mini/v1/benefits/items/nothing_such/why?period=2026").status_code == 404
    assert mine.get("/mini/v1/benefits/items/kit_farmland/why?period=soon").status_code == 422


def test_failed_lines_show_finance_no_name_and_leave_an_access_line(staff, mine, bank_box):
    kit.fund(50_000)
    told = line_of(mine)
    bank_box.account(told.account, fails="dormant")
    batch_id = kit.approved(staff, kit.published(staff, told))
    kit.sent(staff, batch_id)
    answer = staff["finance"].get(f"{OFFICE}/batches/{batch_id}/failed-lines")
    assert [(one["code"], one["account_tail"]) for one in answer.json["items"]] == [("dormant", told.account[-4:])]
    assert "张三" not in answer.text
    assert told.account not in answer.text
    assert AccessLine.objects(subjects=kit.person_of(mine.document), purpose="benefit_payment").count() == 1
    listed = staff["finance"].get(f"{OFFICE}/files?state=settled")
    assert [one["counts"]["failed"] for one in listed.json["items"]] == [1]
    assert BenefitLine.objects(batch=batch_id).get().account != told.account.encode()


def test_a_helper_with_the_scope_sees_and_repairs_for_an_elder(staff, client, sandbox, bank_box):
    kit.fund(50_000)
    counter = Counter(staff["counter"])
    body = {"name": "钟桂花", "document_kind": "resident_id", "document_number": kit.resident_id("19440307")}
    elder = counter.registered(body)
    told = kit.told(8_000, number=body["document_number"], name="钟桂花", whose=ObjectId(elder))
    bank_box.account(told.account, fails="account_not_found")
    kit.sent(staff, kit.approved(staff, kit.published(staff, told)))
    daughter = resident(client, sandbox)
    agent = counter.verified(daughter, person(name="李小红"))
    related = counter.relate("helper", elder, agent, scope=["card"], last_day=in_days(30))
    assert related.status_code == 201, related.json
    acting = {"Acting-For": related.json["id"]}
    assert daughter.get("/mini/v1/benefits").json["items"] == []
    seen = daughter.get("/mini/v1/benefits", **acting).json["items"]
    assert [one["why_failed_zh"] for one in seen] == ["账号不存在"]
    assert AccessLine.objects(subjects=ObjectId(elder), purpose="acting_for").count() == 1
    right = kit.account()
    answer = daughter.post(f"/mini/v1/benefits/{seen[0]['id']}/repairs", {"account": right}, **acting)
    assert (answer.status_code, answer.json["state"]) == (200, "repaired")


def test_a_helper_without_the_scope_sees_nothing(staff, client, sandbox):
    counter = Counter(staff["counter"])
    elder = counter.registered(birth="19440308")
    daughter = resident(client, sandbox)
    agent = counter.verified(daughter, person(name="李小红"))
    related = counter.relate("helper", elder, agent, scope=["book"], last_day=in_days(30))
    assert related.status_code == 201, related.json
    refused = daughter.get("/mini/v1/benefits", **{"Acting-For": related.json["id"]})
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
