"""The wallet over HTTP: top-ups that never bounce, payments that count once, refunds by two persons."""

import itertools
from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, personal_data
from models.identity import account
from models.payments import ledger_account, ledger_verify, payment, top_up, transfer
from models.payments.payment import Payment
from models.payments.refund import Refund
from tests.office.conftest import on_duty
from tests.support import cards
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.queues import drain

WALLET = "/mini/v1/wallet"
SHOP = "merchant:canteen"


@pytest.fixture
def finance(client, admin):
    """Two finance clerks."""
    return [on_duty(client, f"finance-{n}", lambda: admin.hire("finance_clerk", unit="finance")) for n in (1, 2)]


@pytest.fixture
def shop(finance):
    body = {"code": "canteen", "name": "食堂", "unit": "changzhengyuan"}
    answer = finance[0].post("/office/v1/ledger/merchants", body)
    assert answer.status_code == 201, answer.json
    return SHOP


@pytest.fixture
def holder(client, seeded, sandbox):
    """A verified resident with an active card."""
    phone = cards.holder(client, sandbox)
    give_card(phone)
    yield phone
    assert ledger_verify.findings() == []


def give_card(phone, state="active"):
    person = get_db().accounts.find_one({"_id": account_of(phone)})["person"]
    get_db().cards.update_one({"person": person, "live": True}, {"$set": {"state": state}}, upsert=True)
    phone.wallet = ledger_account.wallet_of(person)


def account_of(phone):
    return account.authenticate(phone.token).account_id


def top_up_of(phone, fen, key=None):
    return phone.post(f"{WALLET}/top-ups", {"amount_fen": fen}, key=key)


def filled(phone, fen):
    begun = top_up_of(phone, fen)
    assert begun.status_code == 201, begun.json
    phone.sandbox.pay(begun.json["payment"]["package"])
    checked = phone.post(f"{WALLET}/top-ups/{begun.json['id']}/check")
    assert checked.json["state"] == "posted", checked.json
    return begun.json


def pay(phone, fen, *, payee=SHOP, key=None, **more):
    return phone.post(f"{WALLET}/payments", {"payee": payee, "amount_fen": fen, **more}, key=key)


def seen(phone):
    answer = phone.get(WALLET)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_an_empty_wallet_tells_its_limit_and_where_that_stands(holder):
    told = seen(holder)
    assert (told["balance_fen"], told["available_fen"], told["limit_fen"], told["state"]) == (0, 0, 500_000, "open")
    assert "第十八条" in told["limit_source"]


def test_who_was_not_seen_at_a_counter_has_no_wallet(phone):
    assert phone.get(WALLET).json["code"] == "level_needed"
    assert top_up_of(phone, 100).json["code"] == "level_needed"


def test_a_top_up_is_paid_and_posted_once(holder):
    begun = filled(holder, 5_000)
    drain("checkout", "bills")
    top_up.paid(f"top-up:{begun['id']}")
    assert seen(holder)["balance_fen"] == 5_000
    (line,) = holder.get(f"{WALLET}/transfers").json["items"][:1]
    assert (line["direction"], line["amount_fen"], line["what_zh"], line["other_account"]) == (
        "in", 5_000, "充值", "clearing:wechat",
    )  # fmt: skip
    receipts = transfer.Transfer._get_collection().find({"_id": {"$regex": "^receipt:"}})
    assert [one["target"] for one in receipts] == [holder.wallet]


def test_the_same_key_begins_the_same_top_up(holder):
    first, again = top_up_of(holder, 5_000, key="k"), top_up_of(holder, 5_000, key="k")
    assert first.json["id"] == again.json["id"]
    assert seen(holder)["expected_fen"] == 5_000
    assert top_up_of(holder, 6_000, key="k").status_code == 422


def test_room_is_kept_before_anybody_pays(holder):
    assert top_up_of(holder, 400_000).status_code == 201
    refused = top_up_of(holder, 100_001)
    assert (refused.status_code, refused.json["code"]) == (409, "wallet_full")
    assert refused.json["message"] == "钱包余额将超过限额(还可存入 1000.00 元),请减少金额。"
    assert top_up_of(holder, 100_000).status_code == 201


@pytest.mark.parametrize("fen", [0, -5, 100_000_001, 1.5, "5", True, None])
def test_odd_amounts_are_bad_requests(holder, fen):
    assert top_up_of(holder, fen).status_code == 400
    assert pay(holder, fen).status_code == 400


def test_a_top_up_that_nobody_pays_gives_its_room_back(holder, shift_clock):
    begun = top_up_of(holder, 400_000).json
    shift_clock(17 * 60)
    drain("checkout")
    assert transfer.read(f"top-up:{begun['id']}")["state"] == "voided"
    assert seen(holder)["expected_fen"] == 0
    assert holder.sandbox.pay(begun["payment"]["package"])["status"] >= 400


def test_a_payment_whose_notice_was_lost_is_posted_when_its_time_is_over(holder, shift_clock):
    begun = top_up_of(holder, 5_000).json
    holder.sandbox.pay(begun["payment"]["package"])
    shift_clock(17 * 60)
    drain("checkout")
    assert (seen(holder)["balance_fen"], seen(holder)["expected_fen"]) == (5_000, 0)


def late(phone, fen):
    """Pay a top-up of which this service was told only after its room was given back."""
    begun = top_up_of(phone, fen).json
    phone.sandbox.pay(begun["payment"]["package"])
    hold = f"top-up:{begun['id']}"
    transfer.void_hold("over", hold)
    return hold


def test_a_late_payment_is_posted_where_there_is_room(holder):
    hold = late(holder, 5_000)
    found = Payment._get_collection().find_one({"subject": hold})
    assert payment.check(found["_id"]) == "paid"
    drain("checkout", "bills")
    assert seen(holder)["balance_fen"] == 5_000


def test_a_late_payment_beyond_the_limit_goes_back_by_itself(holder, shift_clock):
    filled(holder, 10_000)
    hold = late(holder, 490_000)
    filled(holder, 490_000)
    found = Payment._get_collection().find_one({"subject": hold})
    assert payment.check(found["_id"]) == "paid"
    seconds = itertools.count(1)

    def back() -> bool:
        shift_clock(61 * next(seconds))
        drain("checkout", "bills")
        return transfer.find(f"refund:{found['_id']}-late") is not None

    until(back, what="the refund")
    assert Refund._get_collection().find_one({"payment": found["_id"]})["amount_fen"] == 490_000
    assert seen(holder)["balance_fen"] == 500_000
    assert ledger_account.read(top_up.LATE)["balance_fen"] == 0


# Paying


def test_a_payment_moves_money_to_the_merchant_and_counts_once(holder, shop):
    filled(holder, 5_000)
    first = pay(holder, 300, key="k", note="两碗米粉")
    assert (first.status_code, first.json["direction"], first.json["other_account"]) == (201, "out", SHOP)
    assert pay(holder, 300, key="k", note="两碗米粉").json == first.json
    other = pay(holder, 301, key="k")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert (seen(holder)["balance_fen"], ledger_account.read(SHOP)["balance_fen"]) == (4_700, 300)


def test_one_request_sent_by_many_threads_pays_once(app, holder, shop):
    filled(holder, 5_000)
    twins = [holder.twin(app.test_client()) for _ in range(8)]
    answers = at_once([lambda twin=twin: pay(twin, 300, key="k") for twin in twins])
    assert {(one.status_code, one.json["id"]) for one in answers} == {(201, answers[0].json["id"])}
    assert seen(holder)["balance_fen"] == 4_700


def test_nobody_pays_more_than_there_is(holder, shop):
    filled(holder, 505)
    refused = pay(holder, 506)
    assert (refused.status_code, refused.json["code"]) == (409, "insufficient_funds")
    assert refused.json["message"] == "可用余额不足(可用 5.05 元),请先充值或减少金额。"
    assert pay(holder, 505).status_code == 201


def test_the_note_is_sealed_and_shown_to_its_writer_only(holder, shop, finance):
    filled(holder, 500)
    made = pay(holder, 100, note="给小明的午饭").json
    kept = get_db().transfer_notes.find_one({"_id": made["id"]})
    assert "小明".encode() not in kept["text"]
    assert holder.get(f"{WALLET}/transfers?limit=1").json["items"][0]["note"] == "给小明的午饭"
    listed = finance[0].get(f"/office/v1/ledger/transfers?account={SHOP}")
    assert "小明" not in listed.text
    assert holder.wallet not in listed.text
    pay(holder, 5_000, note="太多了")
    assert get_db().transfer_notes.count_documents({"_id": {"$gt": ""}}) == 1


@pytest.mark.parametrize("state", ["lost", "frozen", "cancelled"])
def test_only_an_active_card_spends_and_the_balance_stays(holder, shop, state):
    filled(holder, 5_000)
    give_card(holder, state)
    refused = pay(holder, 300)
    assert refused.status_code in {403, 409}
    assert seen(holder)["balance_fen"] == 5_000
    give_card(holder)
    assert pay(holder, 300).status_code == 201


@pytest.mark.parametrize("payee", ["merchant:nobody", "fund:nobody"])
def test_who_is_not_there_cannot_be_paid(holder, shop, payee):
    filled(holder, 500)
    assert pay(holder, 1, payee=payee).status_code == 404


@pytest.mark.parametrize("payee", ["wallet:x", "clearing:wechat", "merchant:", "merchant:a#1", "x", "merchant:a\n"])
def test_only_merchants_and_funds_are_payees(holder, shop, payee):
    assert pay(holder, 1, payee=payee).status_code == 400


def test_a_suspended_merchant_is_not_paid(holder, shop, finance):
    filled(holder, 500)
    told = finance[0].call("PUT", "/office/v1/ledger/merchants/canteen/state", {"state": "suspended"})
    assert (told.status_code, told.json["state_zh"]) == (200, "暂停收款")
    assert pay(holder, 1).json["code"] == "merchant_suspended"


def test_lists_page_through_everything_once(holder, shop):
    filled(holder, 5_000)
    made = [pay(holder, n).json["id"] for n in range(1, 6)]
    ids = [one["id"] for page in pages(holder) for one in page]
    assert ids[:5] == made[::-1]
    assert len(ids) == len(set(ids)) == 6  # with the top-up


def pages(phone):
    """Return all pages of two transfers each."""
    found, cursor = [], ""
    while True:
        page = phone.get(f"{WALLET}/transfers?limit=2{cursor}").json
        found.append(page["items"])
        if not page["next"]:
            return found
        cursor = f"&cursor={page['next']}"


def test_a_top_up_is_read_once_pending_before_it_is_paid_and_posted_after(holder):
    begun = top_up_of(holder, 5_000).json
    (line,) = holder.get(f"{WALLET}/transfers").json["items"]
    assert (line["id"], line["state"], line["state_zh"]) == (f"top-up:{begun['id']}", "pending", "待确认")
    holder.sandbox.pay(begun["payment"]["package"])
    holder.post(f"{WALLET}/top-ups/{begun['id']}/check")
    (line,) = holder.get(f"{WALLET}/transfers").json["items"]
    assert (line["id"].split(":")[0], line["state"], line["amount_fen"]) == ("receipt", "posted", 5_000)


def test_a_top_up_that_was_paid_late_is_read_once(holder):
    hold = late(holder, 5_000)
    assert holder.get(f"{WALLET}/transfers").json["items"] == []
    payment.check(Payment._get_collection().find_one({"subject": hold})["_id"])
    drain("checkout", "bills")
    assert [one["state"] for one in holder.get(f"{WALLET}/transfers").json["items"]] == ["posted"]


def test_of_holds_that_ended_only_what_moved_money_is_read_and_pages_stay_full(holder, shop):
    filled(holder, 5_000)
    for name in ("part", "whole", "void", "over", "open"):
        until_then = clock.now() + (timedelta() if name == "over" else timedelta(hours=1))
        transfer.hold(name, holder.wallet, SHOP, 100, what="test", about={}, until=until_then)
    transfer.post_hold("part-posted", "part", 40)
    transfer.post_hold("whole-posted", "whole")
    transfer.void_hold("v", "void")
    assert transfer.expire_hold("over")
    last = pay(holder, 1).json["id"]
    (first, second, third) = pages(holder)
    assert [one["id"] for one in first + second] == [last, "whole-posted", "part-posted", "open"]
    assert [(one["amount_fen"], one["state"]) for one in first[1:] + second] == [
        (100, "posted"), (40, "posted"), (100, "pending"),
    ]  # fmt: skip
    assert [one["what"] for one in third] == ["top_up"]


def test_others_top_ups_are_not_there(client, holder, sandbox):
    begun = top_up_of(holder, 500).json
    other = cards.holder(client, sandbox, name="李四光")
    assert other.post(f"{WALLET}/top-ups/{begun['id']}/check").status_code == 404
    assert other.get(f"{WALLET}/transfers").json["items"] == []


# Refunds and postings by hand


def approve(clerk, answer):
    assert answer.status_code == 201, answer.json
    told = clerk.post(f"/office/v1/approvals/{answer.json['id']}/approve")
    drain("checkout")
    return told


def test_a_wallet_payment_goes_back_when_two_agree_and_never_more_than_it(holder, shop, finance):
    first, second = finance
    filled(holder, 5_000)
    made = pay(holder, 300).json["id"]
    path = f"/office/v1/ledger/transfers/{made}/refund"
    answer = first.post(path, {"amount_fen": 200, "reason": "退货"})
    assert approve(first, answer).json["code"] == "own_proposal"
    assert seen(holder)["balance_fen"] == 4_700
    assert approve(second, answer).status_code == 200
    assert seen(holder)["balance_fen"] == 4_900
    assert first.post(path, {"amount_fen": 101, "reason": "退货"}).json["code"] == "refund_exceeds_transfer"
    line = holder.get(f"{WALLET}/transfers?limit=2").json["items"]
    assert (line[0]["what_zh"], line[1]["refunded_fen"]) == ("退款", 200)


def test_a_posting_by_hand_takes_two_and_touches_no_wallet(holder, shop, finance):
    first, second = finance
    body = {"source": "suspense:unassigned", "target": SHOP, "amount_fen": 700, "reason": "款项归属已查明"}
    assert approve(second, first.post("/office/v1/ledger/transfers", body)).status_code == 200
    assert ledger_account.read(SHOP)["balance_fen"] == 700
    refused = first.post("/office/v1/ledger/transfers", body | {"target": holder.wallet})
    assert refused.json["code"] == "wallet_by_hand"
    too_much = body | {"source": SHOP, "target": "suspense:unassigned", "amount_fen": 701}
    answer = first.post("/office/v1/ledger/transfers", too_much)
    approve(second, answer)
    shown = second.get(f"/office/v1/approvals/{answer.json['id']}")
    assert ledger_account.read(SHOP)["balance_fen"] == 700
    assert get_db().approvals.find_one({"_id": ObjectId(answer.json["id"])})["outcome"] == "insufficient_funds", shown


def test_staff_never_read_a_wallet(holder, finance):
    filled(holder, 500)
    for path in (f"accounts/{holder.wallet}", f"transfers?account={holder.wallet}"):
        assert finance[0].get(f"/office/v1/ledger/{path}").status_code == 404
    assert finance[0].get("/office/v1/ledger/accounts?kind=wallet").status_code == 400
    kinds = finance[0].get("/office/v1/ledger/accounts?kind=clearing").json["items"]
    assert {one["id"]: one["balance_fen"] for one in kinds}["clearing:wechat"] == -500


def test_a_merchant_is_registered_once_and_listed(shop, finance):
    body = {"code": "canteen", "name": "食堂", "unit": "changzhengyuan"}
    assert finance[0].post("/office/v1/ledger/merchants", body).json["code"] == "merchant_exists"
    listed = finance[0].get("/office/v1/ledger/merchants").json["items"]
    assert [one["account"] for one in listed if one["code"] == "canteen"] == [SHOP]
    assert get_db().audit_entries.find_one({"object": "merchant:canteen"})["action"] == "merchant.register"


def test_a_merchant_needs_an_active_unit_and_leaves_no_account_without_one(finance):
    body = {"code": "nobodys", "name": "食堂", "unit": "no_such_unit"}
    answer = finance[0].post("/office/v1/ledger/merchants", body)
    assert (answer.status_code, answer.json["code"]) == (422, "unit_unknown")
    assert list(answer.json["fields"]) == ["unit"]
    assert get_db().merchants.find_one({"_id": "nobodys"}) is None
    assert get_db().ledger_accounts.find_one({"head": "merchant:nobodys"}) is None


def test_an_account_with_money_in_its_wallet_is_not_closed(holder):
    filled(holder, 500)
    busy = personal_data.holding("ledger_accounts").busy()
    assert get_db().ledger_accounts.find_one({"$and": [{"_id": holder.wallet}, busy]}) is not None
