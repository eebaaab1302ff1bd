"""Confirming an offer by one tap, and a budget that nobody exceeds however many confirm at once."""

from dataclasses import replace

import pytest
from bson import ObjectId

from backend import clock
from models.enterprise import confirm, policy
from models.enterprise.offer import Offer
from models.enterprise.policy import Policy
from models.enterprise.policy_errors import BudgetSpent
from models.identity.actors import Member
from models.identity.membership import Membership
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE
from tests.selenium.grower_kit import credit_code, resident
from tests.support import queues
from tests.support.crowd import at_once

CODE = "garment_growth"
NAME = "于都县演示服装有限公司"
ACCOUNT = {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": NAME}


@pytest.fixture
def offered(clerk, manager, garments):
    """The offer of a policy to the garment firm."""
    kit.asked(garments)
    kit.opened(clerk, manager, CODE, TEXTILE, budget=1_000_000)
    assert clerk.post(f"{OFFICE}/policies/{CODE}/runs").status_code == 202
    queues.drain("reports")
    (told,) = garments.get("/offers").json["items"]
    return f"/offers/{told['id']}/confirm"


def left() -> int:
    return Policy._get_collection().find_one({"_id": CODE})["left_fen"]


def test_one_tap_confirms_and_takes_the_amount_once(garments, offered):
    first = garments.post(offered, {"account": ACCOUNT}, key="k1")
    assert (first.status_code, first.json["state"], first.json["account"]["tail"]) == (200, "confirmed", "0123")
    assert garments.post(offered, {"account": ACCOUNT}, key="k1").json == first.json
    assert garments.post(offered, {"account": ACCOUNT}, key="k2").json == first.json
    assert left() == 500_000
    other = garments.post(offered, {"account": {**ACCOUNT, "number": "6217001234567890124"}})
    assert (other.status_code, other.json["code"]) == (409, "enterprise_offer_state_wrong")
    stored = Offer._get_collection().find_one({"policy": CODE})
    assert b"6217" not in stored["account"]


@pytest.mark.parametrize(
    "account", [None, {**ACCOUNT, "holder": "别家公司"}], ids=["without an account", "of another holder"]
)
def test_money_goes_only_to_an_account_of_the_firm(garments, offered, account):
    answer = garments.post(offered, {"account": account})
    assert (answer.status_code, answer.json["code"]) == (422, "enterprise_account_needed")
    assert left() == 1_000_000


@pytest.mark.parametrize("number", ["12", "6217 0012", "abc", "6" * 31, "６２１７００１２３４５６"])
def test_an_account_number_that_is_none_is_refused(garments, offered, number):
    assert garments.post(offered, {"account": {**ACCOUNT, "number": number}}).status_code == 400


def test_neither_a_clerk_of_the_firm_nor_another_firm_confirms(client, sandbox, garments, offered):
    helper = garments.joined(resident(client, sandbox), "clerk")
    assert helper.post(offered, {"account": ACCOUNT}).status_code == 403
    other = kit.joined(client, sandbox, "别家公司")
    assert other.post(offered, {"account": ACCOUNT}).status_code == 404
    assert left() == 1_000_000


def test_nothing_is_confirmed_after_the_policy_is_closed_or_its_time_is_over(clerk, garments, offered, shift_clock):
    shift_clock(60 * 24 * 3600)
    garments.phone.log_in()
    late = garments.post(offered, {"account": ACCOUNT})
    assert (late.status_code, late.json["code"]) == (409, "enterprise_offer_over")
    shift_clock(0)
    garments.phone.log_in()
    assert clerk.post(f"{OFFICE}/policies/{CODE}/close", {"reason": "repealed"}).status_code == 200
    closed = garments.post(offered, {"account": ACCOUNT})
    assert (closed.status_code, closed.json["code"]) == (409, "enterprise_offer_over")
    assert left() == 1_000_000


def test_a_spent_budget_says_so_and_leaves_the_offer(garments, offered, manager):
    Policy._get_collection().update_one({"_id": CODE}, {"$set": {"left_fen": 499_999}})
    answer = garments.post(offered, {"account": ACCOUNT})
    assert (answer.status_code, answer.json["code"]) == (409, "enterprise_budget_spent")
    assert (garments.get("/offers").json["items"][0]["state"], left()) == ("offered", 499_999)
    kit.funded(manager, CODE, 1_500_000)
    assert garments.post(offered, {"account": ACCOUNT}).status_code == 200


def test_the_same_offer_confirmed_at_once_by_many_takes_its_amount_once(garments, offered):
    member, offer_id = garments.member(), ObjectId(offered.split("/")[2])
    told = at_once([lambda: confirm.confirm(member, offer_id, ACCOUNT)] * 20)
    assert {one["state"] for one in told} == {"confirmed"}
    assert left() == 500_000


FIRMS, EACH, LAST = 200, 9_000, 1_000_000


@pytest.fixture
def rush(garments, offered):
    """As many firms as confirm at once, each with an offer of the same amount; one person speaks for all."""
    one, now = garments.member(), clock.now()
    members: list[tuple[Member, ObjectId]] = []
    offers, memberships = [], []
    for _ in range(FIRMS):
        code, organisation_id, offer_id = credit_code(), ObjectId(), ObjectId()
        told = {"_id": organisation_id, "credit_code": code, "name": NAME}
        members.append((replace(one, organisation_id=organisation_id, organisation=told), offer_id))
        offers.append({"_id": offer_id, "policy": CODE, "firm": code, "amount_fen": EACH, "state": "offered"})
        memberships.append({"organisation": organisation_id, "person": one.person_id, "role": one.role})
    run_id = Offer._get_collection().find_one({"policy": CODE})["run"]
    Offer._get_collection().insert_many([{**row, "run": run_id, "at": now} for row in offers])
    more = {"state": "active", "how": "counter", "evidence": {}, "since": now, "given_by": "staff:test"}
    Membership._get_collection().insert_many([{**row, **more} for row in memberships])
    Policy._get_collection().update_one({"_id": CODE}, {"$set": {"left_fen": LAST, "budget_fen": LAST}})
    return members


def tapped(member: Member, offer_id: ObjectId) -> int:
    try:
        return int(confirm.confirm(member, offer_id, ACCOUNT)["amount_fen"])
    except BudgetSpent:
        return 0


def confirmed_at_once(rush) -> int:
    sums = at_once([lambda pair=pair: tapped(*pair) for pair in rush])
    stored = Offer._get_collection().count_documents({"policy": CODE, "state": "confirmed"})
    assert stored * EACH == sum(sums)
    return sum(sums)


def test_two_hundred_firms_at_once_never_exceed_the_last_of_the_budget(rush):
    taken = confirmed_at_once(rush)
    assert taken == LAST // EACH * EACH
    assert left() == LAST - taken


def test_without_the_guard_the_same_rush_oversells(rush, monkeypatch):
    monkeypatch.setattr(policy, "enough", lambda _fen: {})
    assert confirmed_at_once(rush) > LAST
    assert left() < 0
