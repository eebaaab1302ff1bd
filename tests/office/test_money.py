"""Bills and refunds before the tourism office."""

from datetime import timedelta

import pytest

from backend import clock
from models.audit.entry import AuditEntry
from models.booking.order import Order
from models.payments.payment import Payment
from tests.support import slots
from tests.support.patience import until
from tests.support.queues import drain


@pytest.fixture
def paid(phone):
    """The payment of an issued order."""
    order = phone.issued(slots.make(5, days=5))
    return Order.objects(id=order["id"]).get().payment


@pytest.fixture
def yesterday(paid, travel):
    """Go to the day after the payment, after ten, and return the day of the payment."""
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "10:30")
    return day.isoformat()


def numbers(bill: dict) -> dict[str, str]:
    return {one["number"]: one["what"] for one in bill["differences"]}


def test_a_bill_is_matched_and_can_be_read_afterwards(office, paid, yesterday):
    office.log_in()
    assert office.get(f"/office/v1/payments/bills/{yesterday}").status_code == 404
    matched = office.post(f"/office/v1/payments/bills/{yesterday}/match")
    assert matched.status_code == 200, matched.json
    assert matched.json["day"] == yesterday
    assert matched.json["paid_fen"] >= 6000
    assert str(paid) not in numbers(matched.json)
    assert office.get(f"/office/v1/payments/bills/{yesterday}").json == matched.json


def test_a_difference_is_named_with_both_amounts(office, paid, yesterday):
    office.log_in()
    Payment._get_collection().update_one({"_id": paid}, {"$set": {"amount_fen": 5999}})
    matched = office.post(f"/office/v1/payments/bills/{yesterday}/match").json
    (found,) = [one for one in matched["differences"] if one["number"] == str(paid)]
    assert found == {
        "kind": "payment", "what": "amount_differs", "number": str(paid), "here_fen": 5999, "there_fen": 6000,
    }  # fmt: skip


def test_what_only_wechat_knows_has_no_amount_here(office, paid, yesterday):
    office.log_in()
    Payment._get_collection().delete_one({"_id": paid})
    matched = office.post(f"/office/v1/payments/bills/{yesterday}/match").json
    (found,) = [one for one in matched["differences"] if one["number"] == str(paid)]
    assert (found["what"], found["there_fen"]) == ("only_at_wechat", 6000)
    assert "here_fen" not in found


def test_before_ten_there_is_no_bill_yet(office, paid, travel):
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "09:30")
    office.log_in()
    answer = office.post(f"/office/v1/payments/bills/{day.isoformat()}/match")
    assert (answer.status_code, answer.json["code"]) == (409, "bill_not_ready")


@pytest.mark.parametrize("later", [0, 1, -91, -40_000])
def test_no_bill_is_asked_of_a_day_that_can_have_none(office, later):
    day = (clock.today() + timedelta(days=later)).isoformat()
    answer = office.post(f"/office/v1/payments/bills/{day}/match")
    assert (answer.status_code, answer.json["code"]) == (400, "bill_day_out_of_reach")


@pytest.mark.parametrize(
    "day", ["x", "20261123", "2026-W48-1", "2026-02-30", "2026-11-23T00:00:00", "%00", "０９２６-11-23"]
)
def test_what_is_no_day_is_a_bad_request(office, day):
    assert office.get(f"/office/v1/payments/bills/{day}").json["code"] == "bad_day"
    assert office.post(f"/office/v1/payments/bills/{day}/match").status_code == 400


def test_matching_stands_in_the_audit(office, paid, yesterday):
    office.log_in()
    office.post(f"/office/v1/payments/bills/{yesterday}/match")
    (line,) = AuditEntry._get_collection().find({"object": f"bill:{yesterday}"})
    assert (line["action"], line["actor"], line["unit"]) == ("bill.match", f"staff:{office.id}", "culture_tourism")


@pytest.fixture
def stuck(phone, sandbox):
    """The payments of two orders whose refunds do not reach the payer."""
    slot, payments = slots.make(5, days=5), []
    sandbox.fault("refund_abnormal")
    for visitor in (phone.me, phone.companion()):
        order = phone.issued(slot, (visitor, "adult"))
        phone.cancel(order["id"])
        payments.append(str(Order.objects(id=order["id"]).get().payment))
    drain("checkout")
    yield payments
    sandbox.clear()


def test_refunds_that_need_a_person_are_listed_until_there_are_none(office, stuck, shift_clock):
    minutes = iter(range(2, 25))

    def listed():
        shift_clock(60 * next(minutes))
        drain("checkout")
        found = office.get("/office/v1/payments/refunds?needing=person").json
        return found if len(found["items"]) == len(stuck) else None

    found = until(listed, what="the end of both refunds")
    assert sorted(one["payment_id"] for one in found["items"]) == sorted(stuck)
    assert {(one["state"], one["amount_fen"]) for one in found["items"]} == {("abnormal", 6000)}
    assert "商户平台" in found["items"][0]["state_zh"]
    first = office.get("/office/v1/payments/refunds?needing=person&limit=1").json
    second = office.get(f"/office/v1/payments/refunds?needing=person&limit=1&cursor={first['next']}").json
    assert first["items"] + second["items"] == found["items"]
    assert second["next"] is None


def test_without_trouble_no_refund_needs_a_person(office, phone):
    order = phone.issued(slots.make(5, days=5))
    phone.cancel(order["id"])
    drain("checkout")
    assert office.get("/office/v1/payments/refunds?needing=person").json == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query", ["", "needing=all", "needing[$ne]=person", "needing=person&limit=0", "needing=person&cursor=x"]
)
def test_odd_questions_are_bad_requests(office, query):
    assert office.get(f"/office/v1/payments/refunds?{query}").status_code == 400
