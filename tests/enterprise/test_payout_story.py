"""From the tap to the account: published, proposed, agreed on, paid through the ledger, returned and paid again."""

import pytest

from models.audit.entry import AuditEntry
from models.enterprise.offer import Offer
from models.enterprise.payout_payment import FirmPayment
from models.payments import ledger_account
from models.payments.reconciliation import Reconciliation
from tests.enterprise import payout_kit as kit
from tests.enterprise.kit import OFFICE
from tests.support import affairs
from tests.support.queues import drain

PUBLIC = "/public/v1/enterprise/publicities"
WEEK = 7 * 24 * 3600


@pytest.fixture
def confirmed(clerk, manager, garments):
    """The garment firm confirmed its offer."""
    kit.opened(clerk, manager, garments)
    return kit.tapped(garments)


def published(clerk) -> dict:
    answer = clerk.post(f"{kit.PATH}/publicities")
    assert answer.status_code == 201, answer.json
    return answer.json


def over(shift_clock) -> None:
    shift_clock(WEEK + 24 * 3600)
    affairs.stay_awake()
    drain("affairs")


def test_a_confirmed_firm_is_published_then_paid_through_the_ledger(
    client, clerk, finance, garments, confirmed, shift_clock
):
    kit.fund(2_000_000)
    made = published(clerk)
    assert (made["firms"], made["total_fen"], made["time_zh"]) == (1, 500_000, "5个工作日")
    (listed,) = client.get(PUBLIC).json["items"]
    assert listed["last_day"] == "2026-11-27"
    told = client.get(f"{PUBLIC}/{made['id']}").json
    line = {"id": confirmed["id"], "name": kit.NAME, "amount_fen": 500_000, "state": "published"}
    assert told["items"] == [line]
    early = finance[0].post(f"{kit.PATH}/payouts", {"reason": "公示期满无异议"})
    assert (early.status_code, early.json["code"]) == (409, "enterprise_nothing_to_pay")
    over(shift_clock)
    assert client.get(f"{PUBLIC}/{made['id']}").status_code == 404
    garments.phone.log_in()
    assert kit.offered(garments)["state"] == "payable"

    told = kit.sent(*finance)
    assert (told["state"], told["counts"]["paid"], told["posted_fen"]) == ("settled", 1, 500_000)
    mine = kit.offered(garments)
    assert (mine["state"], mine["overdue"], "paid_at" in mine) == ("paid", False, True)
    assert kit.in_fund() == (1_500_000, 0)
    assert ledger_account.read("clearing:bank")["balance_fen"] == 500_000
    found = Reconciliation._get_collection().find_one({"_id": f"bank:{told['number']}"})
    assert found is not None
    assert not found["differences"]
    kit.agree()


def test_the_proposer_is_not_the_second_person_and_a_clerk_pays_nothing(clerk, manager, finance, confirmed):
    kit.fund(2_000_000)
    kit.crowd(1)
    made = kit.proposed(finance[0])
    own = finance[0].post(f"/office/v1/approvals/{made['approval_id']}/approve")
    assert (own.status_code, own.json["code"]) == (409, "own_proposal")
    for other in (clerk, manager):
        assert other.post(f"{kit.PATH}/payouts", {"reason": "公示期满"}).status_code == 403
        assert other.get(f"{OFFICE}/payouts/{made['number']}").status_code == 403
    assert manager.post(f"/office/v1/approvals/{made['approval_id']}/approve").status_code == 404


def test_a_returned_line_is_paid_into_another_account_of_the_firm(clerk, manager, finance, bank, garments):
    kit.fund(2_000_000)
    kit.opened(clerk, manager, garments, skip_publicity=True)
    bad = kit.account()
    bank.account(bad["number"], fails="account_closed")
    mine = kit.offered(garments)
    told = garments.post(f"/offers/{mine['id']}/confirm", {"account": bad})
    assert (told.status_code, told.json["state"]) == (200, "payable")
    first = kit.sent(*finance)
    assert (first["state"], first["counts"]["failed"], kit.in_fund()) == ("settled", 1, (2_000_000, 0))
    mine = kit.offered(garments)
    assert (mine["state"], mine["why_zh"]) == ("failed", "账户已销户")
    wrong = garments.post(f"/offers/{mine['id']}/account", {"account": kit.account(holder="别家公司")})
    assert (wrong.status_code, wrong.json["code"]) == (422, "enterprise_account_needed")
    good = kit.account()
    assert garments.post(f"/offers/{mine['id']}/account", {"account": good}).json["state"] == "payable"
    assert garments.post(f"/offers/{mine['id']}/account", {"account": good}).status_code == 200
    again = garments.post(f"/offers/{mine['id']}/account", {"account": kit.account()})
    assert (again.status_code, again.json["code"]) == (409, "enterprise_offer_state_wrong")
    second = kit.sent(*finance)
    assert second["counts"]["paid"] == 1
    assert (bank.balance(good["number"]), kit.in_fund()) == (500_000, (1_500_000, 0))
    kit.agree()


def test_a_batch_that_is_refused_gives_its_offers_back(finance, confirmed):
    kit.fund(2_000_000)
    kit.crowd(3)
    made = kit.proposed(finance[0])
    assert kit.states() == {"confirmed": 1, "in_batch": 3}
    refused = finance[1].post(f"/office/v1/approvals/{made['approval_id']}/refuse")
    assert refused.status_code == 200, refused.json
    drain("trust")
    assert kit.states() == {"confirmed": 1, "payable": 3}
    told = kit.read(finance[0], made["number"])
    assert (told["state"], told["released_for"]) == ("released", "not_approved")
    assert told["counts"] == {"waiting": 0, "unsent": 3}
    assert kit.sent(*finance)["counts"]["paid"] == 3
    kit.agree()


def test_a_fund_that_is_short_is_said_before_and_after_the_approval(finance, confirmed):
    kit.fund(900_000)
    kit.crowd(2)
    short = finance[0].post(f"{kit.PATH}/payouts", {"reason": "公示期满无异议"})
    assert (short.status_code, short.json["code"]) == (409, "enterprise_fund_short")
    kit.fund(100_000)
    made = kit.proposed(finance[0])
    kit.fund(-1)
    assert finance[1].post(f"/office/v1/approvals/{made['approval_id']}/approve").status_code == 200
    drain("trust")
    assert kit.read(finance[0], made["number"])["released_for"] == "fund_short"
    assert (kit.states(), kit.in_fund()) == ({"confirmed": 1, "payable": 2}, (999_999, 0))


def test_accounts_are_sealed_and_the_audit_names_none(finance, confirmed):
    kit.fund(2_000_000)
    kit.crowd(2)
    kit.sent(*finance)
    for one in FirmPayment._get_collection().find({"payout": {"$gte": ""}}):
        assert b"6218" not in one["account"]
    assert all(b"6218" not in one["account"] for one in Offer._get_collection().find({"policy": kit.CODE}))
    told = str(list(AuditEntry._get_collection().find().hint("_id_")))
    assert "payout" in told
    assert "6218" not in told
