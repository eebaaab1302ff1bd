"""Cash over the counter for who has no phone, and the boxes that finance counts."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.payments import ledger_account, ledger_verify, transfer
from tests.office.conftest import on_duty
from tests.support import cards
from tests.support.counter import notices
from tests.support.crowd import at_once
from tests.support.phone import person
from tests.support.queues import drain

TOP_UPS, BOXES = "/office/v1/wallets/top-ups", "/office/v1/ledger/cash-boxes"
UNIT = "administrative_approval"
BOX = f"clearing:cash-{UNIT}"


@pytest.fixture
def finance(client, admin):
    """Two finance clerks."""
    return [on_duty(client, f"finance-{n}", lambda: admin.hire("finance_clerk", unit="finance")) for n in (1, 2)]


@pytest.fixture
def elder(counter):
    """The id of somebody without a phone."""
    yield counter.registered(birth="19500307")
    assert ledger_verify.findings() == []
    assert ledger_account.total()["balance_fen"] == 0


def top_up(counter, person_id, fen, *, standing=None, key=None):
    body = {"person_id": person_id, "amount_fen": fen}
    return counter.clerk.post(TOP_UPS, body, key=key, **(standing or counter.standing(person_id)))


def balance(person_id):
    return ledger_account.read(f"wallet:{person_id}")["balance_fen"]


def box(finance, **query):
    told = "&".join(f"{name}={value}" for name, value in query.items())
    (found,) = finance[0].get(f"{BOXES}?{told}").json["items"]
    return found


def agreed(finance, answer):
    assert answer.status_code == 201, answer.json
    approved = finance[1].post(f"/office/v1/approvals/{answer.json['id']}/approve")
    assert approved.status_code == 200, approved.json
    drain("checkout", "notify")
    return get_db().approvals.find_one({"about": answer.json["about"]}, sort=[("_id", -1)])["outcome"]


def test_cash_goes_into_the_wallet_with_a_receipt_and_an_audit_entry(counter, elder):
    answer = top_up(counter, elder, 5_000)
    assert answer.status_code == 201, answer.json
    assert (balance(elder), ledger_account.read(BOX)["balance_fen"]) == (5_000, -5_000)
    told = answer.json
    assert (told["amount_fen"], told["unit"], len(told["receipt_number"])) == (5_000, UNIT, 16)
    made = get_db().transfers.find_one({"reference": told["receipt_number"]})
    line = get_db().audit_entries.find_one({"action": "wallet.top_up"})
    assert (line["object"], line["details"]["fen"], line["details"]["transfer"]) == (
        f"person:{elder}",
        5_000,
        made["_id"],
    )
    assert elder not in str(told)


def test_the_same_key_takes_the_cash_once_and_with_another_amount_never(counter, elder):
    standing = counter.standing(elder)
    first, again = (top_up(counter, elder, 5_000, standing=standing, key="k") for _ in range(2))
    assert first.json == again.json
    assert top_up(counter, elder, 6_000, standing=standing, key="k").status_code == 422
    get_db().idempotency_keys.delete_many({})
    later = top_up(counter, elder, 5_000, standing=counter.standing(elder), key="k")
    assert later.json == first.json
    assert top_up(counter, elder, 6_000, key="k").json["code"] == "idempotency_key_reused"
    assert balance(elder) == 5_000
    assert get_db().audit_entries.count_documents({"action": "wallet.top_up"}) == 1


def test_many_at_once_stay_under_the_limit(app, counter, elder):
    standing = counter.standing(elder)
    calls = [
        lambda: top_up(counter.twin(app.test_client()), elder, 200_000, standing=standing).status_code for _ in range(6)
    ]
    assert sorted(at_once(calls)) == [201, 201, 409, 409, 409, 409]
    assert balance(elder) == 400_000
    refused = top_up(counter, elder, 200_000)
    assert (refused.json["code"], refused.json["message"]) == (
        "wallet_full",
        "钱包余额将超过限额(还可存入 1000.00 元),请减少金额。",
    )
    line = get_db().access_lines.find_one({"subjects": ObjectId(elder), "purpose": "card_service"})
    assert line["fields"] == ["wallet"]


def test_one_key_from_many_threads_takes_the_cash_once(app, counter, elder):
    standing = counter.standing(elder)
    calls = [
        lambda: top_up(counter.twin(app.test_client()), elder, 100, standing=standing, key="one").status_code
        for _ in range(6)
    ]
    assert set(at_once(calls)) <= {201, 409}
    assert balance(elder) == 100


@pytest.mark.parametrize("fen", [0, -5, 1.5, "5", True, None, 10**19])
def test_what_is_no_amount_is_refused(counter, elder, fen):
    assert top_up(counter, elder, fen).status_code == 400
    assert get_db().ledger_accounts.find_one({"_id": f"wallet:{elder}"}) is None


def test_only_for_who_stands_there_and_only_by_a_clerk_of_a_counter(counter, elder, finance, hotline):
    other = counter.registered(person(birth="19600101"))
    standing = counter.standing(other)
    assert top_up(counter, elder, 100, standing=standing).json["code"] == "person_not_at_counter"
    assert top_up(counter, elder, 100, standing={"Counter-Session": "x"}).json["code"] == "counter_session_over"
    assert top_up(counter, "nobody", 100, standing=standing).status_code in {400, 404}
    for clerk in (*finance, hotline):
        body = {"person_id": elder, "amount_fen": 100}
        assert clerk.post(TOP_UPS, body, **standing).status_code == 403
    assert get_db().ledger_accounts.find_one({"_id": f"wallet:{elder}"}) is None


def test_who_has_a_phone_is_told(counter, client, seeded, sandbox):
    phone = cards.holder(client, sandbox)
    mine = str(get_db().accounts.find_one({"person": {"$ne": None}})["person"])
    number = top_up(counter, mine, 1_234).json["receipt_number"]
    drain("notify")
    (told,) = [one for one in phone.get("/mini/v1/notices").json["items"] if one["kind"] == "wallet_topped_up"]
    assert "12.34 元" in told["text_zh"]
    assert number in told["text_zh"]
    (line,) = phone.get("/mini/v1/wallet/transfers").json["items"]
    assert (line["what_zh"], line["direction"]) == ("现金充值", "in")


def test_finance_sees_what_each_box_took_on_a_day(counter, elder, finance, travel):
    first = clock.today()
    top_up(counter, elder, 5_000)
    top_up(counter, elder, 700)
    told = box(finance)
    assert (told["unit"], told["top_ups"], told["taken_fen"], told["day_fen"], told["box_fen"]) == (
        UNIT,
        2,
        5_700,
        5_700,
        5_700,
    )
    yesterday = box(finance, day=first - timedelta(days=1))
    assert (yesterday["top_ups"], yesterday["day_fen"], yesterday["box_fen"]) == (0, 0, 5_700)
    assert finance[0].get(f"{BOXES}?day=yesterday").status_code == 400
    assert counter.clerk.get(BOXES).status_code == 403


def test_boxes_come_in_pages(counter, elder, finance):
    top_up(counter, elder, 100)
    for unit in ("a", "b", "c"):
        ledger_account.open_account(f"clearing:cash-{unit}")
    seen, following = [], ""
    while following is not None:
        page = finance[0].get(f"{BOXES}?limit=1{following and '&cursor=' + following}").json
        seen += [one["unit"] for one in page["items"]]
        following = page["next"]
    assert seen == ["a", UNIT, "b", "c"]


def test_a_wrong_amount_is_handed_back_when_two_agree_and_the_person_is_told(client, seeded, sandbox, counter, finance):
    phone = cards.holder(client, sandbox)
    mine = str(get_db().accounts.find_one({"person": {"$ne": None}})["person"])
    number = top_up(counter, mine, 10_000).json["receipt_number"]
    made = get_db().transfers.find_one({"reference": number})["_id"]
    path = f"/office/v1/ledger/transfers/{made}/refund"
    proposed = finance[0].post(path, {"amount_fen": 9_000, "reason": "多录一个零"})
    assert mine not in str(proposed.json)
    assert agreed(finance, proposed) == "done"
    assert balance(mine) == 1_000
    told = box(finance)
    assert (told["returns"], told["returned_fen"], told["day_fen"], told["box_fen"]) == (1, 9_000, 1_000, 1_000)
    assert "wallet_cash_returned" in notices(phone)
    assert finance[0].post(path, {"amount_fen": 1_001, "reason": "x"}).json["code"] == "refund_exceeds_transfer"


def test_what_was_spent_is_not_handed_back(counter, elder, finance):
    number = top_up(counter, elder, 1_000).json["receipt_number"]
    made = get_db().transfers.find_one({"reference": number})["_id"]
    ledger_account.open_account("merchant:shop")
    transfer.post("spent", f"wallet:{elder}", "merchant:shop", 400, what="wallet_payment", about={})
    path = f"/office/v1/ledger/transfers/{made}/refund"
    assert agreed(finance, finance[0].post(path, {"amount_fen": 1_000, "reason": "退"})) == "insufficient_funds"
    assert balance(elder) == 600


def test_cash_that_was_taken_to_the_bank_leaves_the_box(counter, elder, finance):
    top_up(counter, elder, 1_000)
    body = {"source": "clearing:bank", "target": BOX, "amount_fen": 1_000, "reason": "现金解存银行"}
    assert agreed(finance, finance[0].post("/office/v1/ledger/transfers", body)) == "done"
    told = box(finance)
    assert (told["day_fen"], told["box_fen"]) == (1_000, 0)
