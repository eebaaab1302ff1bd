"""Paragraph 8, What goes wrong in real life: unpaid holds, late money, stray notices, second taps, WeChat away."""

import itertools
import json
import re
import uuid
from pathlib import Path

import pytest
from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric import rsa
from mongoengine.connection import get_db

from backend.settings import load
from backend.wechat import sandbox as sandbox_package
from models.payments import refund
from tests.support import alarms, slots
from tests.support.crowd import at_once
from tests.support.door import NOTICES
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.platform import Platform
from tests.support.queues import drain
from tests.support.wire import Wire

HOLD = 15 * 60 + 1
ORDER = "/v3/pay/transactions/jsapi"
QUERY = "/v3/pay/transactions/out-trade-no/"
REFUND = "/v3/refund/domestic/refunds"
LOGIN = "/sns/jscode2session"
MESSAGE = "/cgi-bin/message/subscribe/send"
DELIVERY = "/wxa/sec/order/upload_shipping_info"
TOKEN = "/cgi-bin/stable_token"
TEMPLATE = "tmpl_order_issued"


@pytest.fixture(scope="module")
def wire(sandbox):
    between = Wire(sandbox.base)
    yield between
    between.stop()


@pytest.fixture(scope="module")
def module_settings(environment, mongod, public_port, wire):
    own = {"WECHATPAY_API_BASE": wire.base, "PUBLIC_BASE_URL": f"http://127.0.0.1:{public_port}"}
    return load({**environment, **own, "MONGODB_URI": mongod.uri("real_life")})


@pytest.fixture(autouse=True)
def calm(sandbox, wire):
    yield
    sandbox.clear()
    wire.clear()


@pytest.fixture
def platform(sandbox):
    return Platform(sandbox)


@pytest.fixture
def slot(phone):
    return slots.make(1)


@pytest.fixture
def someone(client, seeded, sandbox):
    return lambda: Phone(client, sandbox).ready()


def held(phone, slot: str, **more) -> dict:
    answer = phone.book(slot, **more)
    assert answer.status_code == 201, answer.json
    return answer.json


def prepaid(phone, slot: str) -> tuple[dict, str]:
    """Book and open the cash desk; return the order and its package."""
    order = held(phone, slot)
    answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
    assert answer.status_code == 200, answer.json
    return order, answer.json["package"]


def payment_of(order: dict) -> dict:
    return get_db().payments.find_one({"subject": f"order:{order['id']}"})


def at_wechat(sandbox, order: dict) -> dict:
    return sandbox.call(f"/orders/{payment_of(order)['_id']}")


def history(order: dict) -> list[str]:
    return [line["what"] for line in get_db().orders.find_one({"_id": ObjectId(order["id"])})["history"]]


def state(phone, order: dict) -> str:
    return phone.order(order["id"])["state"]


def stored(notice_id: str) -> None:
    until(lambda: get_db().payment_notices.find_one({"_id": notice_id}), what="the notice in the store")


def refunded(phone, order: dict, shift_clock) -> dict:
    """Let the refund come to its end by asking, without a notice; return the order as its owner sees it."""
    drain()
    until(lambda: at_wechat(phone.sandbox, order)["refunded"], what="the refund at WeChat")
    shift_clock(HOLD + 90)
    drain()
    return phone.order(order["id"])


class TestAnUnpaidHold:
    def test_wechat_is_asked_then_closed_and_only_then_the_place_returns(self, phone, slot, wire, shift_clock):
        order, _ = prepaid(phone, slot)
        get_db().payments.update_one({"_id": payment_of(order)["_id"]}, {"$set": {"outbox": []}})
        left_at_call = []
        wire.calls.clear()
        wire.watch = lambda _call: left_at_call.append(slots.left(slot))
        shift_clock(HOLD)
        drain("checkout")
        number = f"{QUERY}{payment_of(order)['_id']}"
        assert wire.calls == [f"GET {number}", f"POST {number}/close"]
        assert set(left_at_call) == {0}
        assert slots.left(slot) == 1
        assert (state(phone, order), at_wechat(phone.sandbox, order)["state"]) == ("expired", "CLOSED")
        assert history(order) == ["held", "expired"]
        assert slots.drift(slot) == 0

    def test_until_the_fifteen_minutes_are_over_the_place_is_held(self, phone, slot, shift_clock):
        order, _ = prepaid(phone, slot)
        shift_clock(15 * 60 - 30)
        drain()
        assert (state(phone, order), slots.left(slot)) == ("held", 0)

    def test_a_hold_that_nobody_began_to_pay_returns_without_a_call(self, phone, slot, wire, shift_clock):
        order = held(phone, slot)
        shift_clock(HOLD)
        drain("checkout")
        assert (state(phone, order), slots.left(slot), wire.calls) == ("expired", 1, [])

    def test_after_the_hold_the_same_person_may_book_again(self, phone, slot, shift_clock):
        prepaid(phone, slot)
        assert phone.book(slot).status_code == 409
        shift_clock(HOLD)
        drain("checkout")
        assert phone.book(slot).status_code == 201

    def test_the_expired_order_cannot_be_paid_any_more(self, phone, slot, shift_clock):
        order, package = prepaid(phone, slot)
        shift_clock(HOLD)
        drain("checkout")
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "order_state_wrong")
        assert phone.sandbox.pay(package)["error"] == "order_closed"

    def test_money_that_came_unheard_is_found_before_the_place_is_given_away(self, phone, slot, wire, shift_clock):
        order, package = prepaid(phone, slot)
        phone.sandbox.pay(package)
        get_db().payments.update_one({"_id": payment_of(order)["_id"]}, {"$set": {"outbox": []}})
        wire.calls.clear()
        shift_clock(HOLD)
        drain("checkout")
        assert (state(phone, order), slots.left(slot)) == ("issued", 0)
        assert not [call for call in wire.calls if call.endswith("/close")]

    def test_who_pays_while_the_order_is_being_closed_gets_the_tickets(self, phone, slot, sandbox):
        order, _ = prepaid(phone, slot)
        sandbox.fault("close_races_pay", count=1)
        answer = phone.cancel(order["id"])
        assert (answer.status_code, answer.json["code"]) == (409, "order_just_paid")
        shown = phone.order(order["id"])
        assert (shown["state"], len(shown["tickets"]), slots.left(slot)) == ("issued", 1, 0)

    def test_a_race_on_an_order_whose_answer_got_lost_is_still_money_of_ours(self, phone, slot, sandbox):
        order = held(phone, slot)
        sandbox.fault("answer_lost_after_effect", count=1, path=ORDER)
        assert phone.post(f"/mini/v1/orders/{order['id']}/payment").status_code == 502
        sandbox.fault("close_races_pay", count=1)
        sandbox.fault("notice_lost", count=1)
        assert phone.cancel(order["id"]).json["code"] == "order_just_paid"
        assert (state(phone, order), payment_of(order)["state"]) == ("issued", "paid")

    def test_cancelling_while_the_cash_desk_opens_leaves_nothing_payable(self, phone, slot, wire, app):
        order, other = held(phone, slot), phone.twin(app.test_client())

        def cancels(call: str) -> None:
            if call.endswith("/jsapi"):
                assert other.cancel(order["id"]).status_code == 200

        wire.watch = cancels
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "payment_over")
        assert (state(phone, order), at_wechat(phone.sandbox, order)["state"]) == ("cancelled", "CLOSED")
        assert (slots.left(slot), slots.drift(slot)) == (1, 0)

    def test_opening_the_cash_desk_as_the_hold_ends_leaves_nothing_payable(self, phone, slot, wire, shift_clock):
        order = held(phone, slot)

        def ends(call: str) -> None:
            if call.endswith("/jsapi"):
                wire.after = lambda _call: None
                shift_clock(HOLD)
                drain("checkout")

        shift_clock(HOLD - 75)
        wire.after = ends
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
        assert (answer.status_code, answer.json["code"]) == (409, "payment_over")
        assert (state(phone, order), at_wechat(phone.sandbox, order)["state"]) == ("expired", "CLOSED")


class TestALateSuccess:
    """WeChat said that an order is unpaid and closed; then a success arrives all the same."""

    @pytest.fixture
    def late(self, wire, platform, shift_clock, door):
        """Return a function: end a hold on WeChat's false word; what it returns lets the truth arrive."""

        def end(phone, order: dict, package: str, *, cancel: bool = False):
            number = str(payment_of(order)["_id"])
            unpaid = {**platform.success(number, 6000), "trade_state": "NOTPAY"}

            def not_paid():
                body = json.dumps(unpaid).encode()
                return 200, platform.headers(body) | {"Content-Type": "application/json"}, body

            notice_id = phone.sandbox.pay(package)["notice_id"]
            wire.lies = {f"{number}/close": lambda: (204, platform.headers(b""), b""), number: not_paid}
            if cancel:
                assert phone.cancel(order["id"]).json["state"] == "cancelled"
            else:
                shift_clock(HOLD)
                drain("checkout")
                assert state(phone, order) == "expired"
            wire.lies.clear()

            def arrive():
                phone.sandbox.call("/notices/flush", {})
                stored(notice_id)
                drain()
                return door.notice(notice_id)

            return arrive

        return end

    def test_it_takes_a_seat_again_where_there_is_one(self, phone, slot, late):
        order, package = prepaid(phone, slot)
        arrive = late(phone, order, package)
        assert slots.left(slot) == 1
        arrive()
        shown = phone.order(order["id"])
        assert (shown["state"], [ticket["state"] for ticket in shown["tickets"]]) == ("issued", ["valid"])
        assert (slots.left(slot), slots.drift(slot)) == (0, 0)
        assert history(order) == ["held", "expired", "revived"]
        assert payment_of(order)["late"] is True

    def test_the_seat_taken_again_is_protected_from_a_second_booking(self, phone, late):
        slot = slots.make(5)
        order, package = prepaid(phone, slot)
        late(phone, order, package)()
        answer = phone.book(slot)
        assert (answer.status_code, answer.json["code"]) == (409, "visitor_already_booked")

    def refunded_by_itself(self, phone, order: dict, shift_clock) -> None:
        shown = refunded(phone, order, shift_clock)
        assert shown["refund"] == {"fen": 6000, "state": "succeeded"}
        assert shown["tickets"] == []
        assert history(order)[-2:] == ["paid_too_late", "refund_succeeded"]
        assert at_wechat(phone.sandbox, order)["refunded"] == 6000

    def test_it_is_refunded_by_itself_when_the_slot_is_sold_out(self, phone, slot, late, someone, shift_clock):
        order, package = prepaid(phone, slot)
        arrive = late(phone, order, package)
        other = someone()
        theirs = held(other, slot)
        arrive()
        self.refunded_by_itself(phone, order, shift_clock)
        assert state(phone, order) == "expired"
        assert get_db().orders.find_one({"_id": ObjectId(theirs["id"])})["state"] == "held"
        assert (slots.left(slot), slots.drift(slot)) == (0, 0)

    def test_it_is_refunded_by_itself_when_the_slot_was_closed(self, phone, slot, late, shift_clock):
        order, package = prepaid(phone, slot)
        arrive = late(phone, order, package)
        slots.slot.close(slot, "暴雨")
        arrive()
        self.refunded_by_itself(phone, order, shift_clock)
        assert (slots.left(slot), slots.drift(slot)) == (1, 0)

    def test_it_is_refunded_by_itself_when_the_person_booked_anew(self, phone, late, shift_clock):
        slot = slots.make(5)
        order, package = prepaid(phone, slot)
        arrive = late(phone, order, package)
        anew = held(phone, slot)
        arrive()
        self.refunded_by_itself(phone, order, shift_clock)
        assert phone.order(anew["id"])["visitors"]
        assert (slots.left(slot), slots.drift(slot)) == (4, 0)

    def test_it_is_refunded_by_itself_when_the_owner_had_cancelled(self, phone, slot, late, shift_clock):
        order, package = prepaid(phone, slot)
        late(phone, order, package, cancel=True)()
        self.refunded_by_itself(phone, order, shift_clock)
        assert state(phone, order) == "cancelled"
        assert (slots.left(slot), slots.drift(slot)) == (1, 0)

    def test_hearing_of_it_twice_refunds_once(self, phone, slot, late, platform, client, shift_clock):
        order, package = prepaid(phone, slot)
        arrive = late(phone, order, package, cancel=True)
        arrive()
        body = platform.notice(platform.success(str(payment_of(order)["_id"]), 6000))
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 204
        get_db().payments.update_one(
            {"_id": payment_of(order)["_id"]},
            {"$set": {"outbox": [{**payment_of(order)["on_paid"], "id": ObjectId(), "tries": 0}]}},
        )
        self.refunded_by_itself(phone, order, shift_clock)
        assert len(at_wechat(phone.sandbox, order)["refunds"]) == 1
        assert history(order).count("paid_too_late") == 1


class TestNotices:
    def test_a_duplicate_notice_issues_once(self, phone, slot, door, sandbox):
        order, package = prepaid(phone, slot)
        sandbox.fault("notice_duplicate", count=1)
        notice_id = sandbox.pay(package, notify=True)["notice_id"]
        assert [door.notice(notice_id, turn).status for turn in (0, 1)] == [204, 204]
        drain()
        shown = phone.order(order["id"])
        assert (shown["state"], len(shown["tickets"])) == ("issued", 1)
        assert get_db().payment_notices.count_documents({"_id": notice_id}) == 1

    def test_a_notice_that_is_lost_is_made_up_for_by_asking(self, phone, slot, sandbox, shift_clock, door):
        order, package = prepaid(phone, slot)
        sandbox.fault("notice_lost", count=1)
        notice_id = sandbox.pay(package, notify=True)["notice_id"]
        shift_clock(16)
        drain()
        assert (state(phone, order), door.notices(notice_id)) == ("issued", [])

    def test_a_delayed_notice_finds_the_order_issued_and_changes_nothing(self, phone, slot, sandbox, door):
        order, package = prepaid(phone, slot)
        sandbox.fault("notice_delayed", count=1, seconds=600)
        notice_id = sandbox.pay(package, notify=True)["notice_id"]
        phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        drain()
        before = get_db().orders.find_one({"_id": ObjectId(order["id"])})
        sandbox.call("/notices/flush", {})
        assert door.notice(notice_id).status == 204
        drain()
        assert get_db().orders.find_one({"_id": ObjectId(order["id"])}) == before

    def test_a_payment_notice_after_the_refund_notice_does_not_bring_the_order_back(self, phone, slot, sandbox, door):
        order, package = prepaid(phone, slot)
        sandbox.fault("notice_reordered", count=1)
        paid_id = sandbox.pay(package, notify=True)["notice_id"]
        phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        assert phone.cancel(order["id"]).json["state"] == "cancelled"
        drain()
        letter = door.notice(paid_id)
        assert letter.status == 204
        kinds = [sandbox_kind(sandbox, order, one.id) for one in door.letters if one.path == NOTICES]
        assert kinds == ["REFUND.SUCCESS", "TRANSACTION.SUCCESS"]
        drain()
        shown = phone.order(order["id"])
        assert (shown["state"], shown["refund"]["state"]) == ("cancelled", "succeeded")
        assert {ticket["state"] for ticket in shown["tickets"]} == {"void"}
        assert (slots.left(slot), slots.drift(slot)) == (1, 0)

    def test_a_forged_notice_issues_nothing(self, phone, slot, platform, client):
        order, _ = prepaid(phone, slot)
        platform._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        body = platform.notice(platform.success(str(payment_of(order)["_id"]), 6000))
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 401
        drain()
        assert (state(phone, order), payment_of(order)["state"]) == ("held", "prepaid")


def sandbox_kind(sandbox, order: dict, notice_id: str) -> str:
    return next(one["event_type"] for one in at_wechat(sandbox, order)["notices"] if one["id"] == notice_id)


class TestASecondTap:
    def test_booking_again_with_the_same_key_gives_the_same_order(self, phone):
        slot, key = slots.make(5), uuid.uuid4().hex
        first, second = phone.book(slot, key=key), phone.book(slot, key=key)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json == second.json
        assert (slots.left(slot), slots.drift(slot)) == (4, 0)

    def test_booking_again_with_another_key_is_refused_and_takes_no_place(self, phone):
        slot = slots.make(5)
        held(phone, slot)
        answer = phone.book(slot)
        assert (answer.status_code, answer.json["code"]) == (409, "visitor_already_booked")
        assert (slots.left(slot), slots.drift(slot)) == (4, 0)

    @pytest.mark.parametrize("same_key", [True, False])
    def test_two_taps_at_once_take_one_place(self, phone, app, same_key):
        slot, key = slots.make(5), uuid.uuid4().hex
        taps = [phone.twin(app.test_client()) for _ in range(4)]
        keys = [key if same_key else uuid.uuid4().hex for _ in taps]
        answers = at_once([lambda t=t, k=k: t.book(slot, key=k) for t, k in zip(taps, keys, strict=True)])
        made = {answer.json["id"] for answer in answers if answer.status_code == 201}
        assert len(made) == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert (slots.left(slot), slots.drift(slot)) == (4, 0)

    def test_paying_again_with_the_same_key_gives_the_same_arguments(self, phone, slot):
        order, key = held(phone, slot), uuid.uuid4().hex
        first, second = (phone.post(f"/mini/v1/orders/{order['id']}/payment", key=key) for _ in range(2))
        assert first.json == second.json
        assert second.headers["Idempotency-Replayed"] == "true"

    def test_paying_again_with_another_key_pays_the_same_order_at_wechat(self, phone, slot, wire):
        order = held(phone, slot)
        first, second = (phone.post(f"/mini/v1/orders/{order['id']}/payment").json for _ in range(2))
        assert first["package"] == second["package"]
        assert first["paySign"] != second["paySign"]
        assert len([call for call in wire.calls if call.endswith(ORDER)]) == 1
        assert phone.sandbox.pay(first["package"])["trade_state"] == "SUCCESS"
        assert phone.sandbox.pay(second["package"])["error"] == "order_paid"

    def test_two_taps_on_pay_at_once_open_one_payment(self, phone, slot, app):
        order = held(phone, slot)
        taps = [phone.twin(app.test_client()) for _ in range(4)]
        answers = at_once([lambda t=t: t.post(f"/mini/v1/orders/{order['id']}/payment") for t in taps])
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json["package"] for answer in answers}) == 1
        assert get_db().payments.count_documents({"subject": f"order:{order['id']}"}) == 1

    def test_cancelling_again_changes_nothing(self, phone, slot):
        order = held(phone, slot)
        first, second = phone.cancel(order["id"]), phone.cancel(order["id"])
        assert (first.json, second.status_code) == (second.json, 200)
        assert (slots.left(slot), slots.drift(slot)) == (1, 0)

    def test_cancelling_at_once_gives_the_place_back_once(self, phone, app):
        slot = slots.make(5)
        order = phone.issued(slot)
        taps = [phone.twin(app.test_client()) for _ in range(4)]
        answers = at_once([lambda t=t: t.cancel(order["id"]) for t in taps])
        assert {answer.status_code for answer in answers} == {200}
        drain()
        assert (slots.left(slot), slots.drift(slot)) == (5, 0)
        assert len(at_wechat(phone.sandbox, order)["refunds"]) == 1


class TestTheLastPlace:
    def test_of_two_people_one_gets_it(self, app, seeded, sandbox):
        slot = slots.make(1)
        people = [Phone(app.test_client(), sandbox).ready() for _ in range(2)]
        answers = at_once([lambda p=p: p.book(slot) for p in people])
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        loser = next(answer for answer in answers if answer.status_code == 409)
        assert loser.json["code"] == "slot_sold_out"
        assert (slots.left(slot), slots.drift(slot)) == (0, 0)

    def test_it_is_free_again_when_the_one_who_got_it_cancels(self, phone, slot, someone):
        order, other = held(phone, slot), someone()
        assert other.book(slot).json["code"] == "slot_sold_out"
        phone.cancel(order["id"])
        assert other.book(slot).status_code == 201


PAY_FAULTS = ["answer_500", "answer_timeout", "answer_bad_signature", "answer_lost_after_effect"]
MINI_FAULTS = ["answer_500", "answer_timeout", "answer_lost_after_effect", "busy", "rate_limited"]
OWN_TESTS = {
    "close_races_pay": "TestAnUnpaidHold",
    "notice_lost": "TestNotices",
    "notice_delayed": "TestNotices",
    "notice_reordered": "TestNotices",
    "notice_duplicate": "TestNotices",
    "notice_wrong_signature": "test_4_pay",
    "notice_signtest": "test_4_pay",
    "notice_old_timestamp": "test_4_pay",
    "notice_unknown_serial": "test_4_pay",
    "notice_wrong_amount": "test_4_pay",
    "refund_stays_processing": "TestRefunds",
    "refund_abnormal": "TestRefunds",
    "refund_closed": "TestRefunds",
    "refund_resource_not_exists_once": "TestRefunds",
    "token_invalid": "TestFaults",
}
NOT_YET = {"text_check_down": "nobody can publish a free text in this issue's surfaces"}


class TestFaults:
    """Each fault of the sandbox where it can strike: once it is over, the product stands where it should."""

    def fault(self, sandbox, name: str, path: str) -> None:
        sandbox.fault(name, count=1, path=path, seconds=0.05)

    def test_every_fault_of_the_sandbox_has_its_case(self):
        readme = (Path(sandbox_package.__file__).parent / "README.md").read_text()
        table = readme[readme.index("## Faults") :]
        named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|(.*?)\|", table, re.MULTILINE))))
        assert named == {*PAY_FAULTS, *MINI_FAULTS, *OWN_TESTS, *NOT_YET}

    @pytest.mark.parametrize("fault", PAY_FAULTS)
    def test_on_opening_the_cash_desk(self, phone, slot, sandbox, fault):
        order, key = held(phone, slot), uuid.uuid4().hex
        self.fault(sandbox, fault, ORDER)
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment", key=key)
        assert (answer.status_code, answer.json["code"]) == (502, "payment_unknown")
        assert (state(phone, order), slots.left(slot)) == ("held", 0)
        again = phone.post(f"/mini/v1/orders/{order['id']}/payment", key=key)
        assert again.status_code == 200, again.json
        assert sandbox.pay(again.json["package"], **again.json)["trade_state"] == "SUCCESS"
        assert phone.post(f"/mini/v1/orders/{order['id']}/payment-check").json["state"] == "issued"

    @pytest.mark.parametrize("fault", PAY_FAULTS)
    def test_on_asking_whether_it_was_paid(self, phone, slot, sandbox, fault):
        order, package = prepaid(phone, slot)
        sandbox.pay(package)
        self.fault(sandbox, fault, QUERY)
        answer = phone.post(f"/mini/v1/orders/{order['id']}/payment-check")
        assert (answer.status_code, answer.json["code"]) == (502, "payment_unknown")
        assert state(phone, order) == "held"
        assert phone.post(f"/mini/v1/orders/{order['id']}/payment-check").json["state"] == "issued"

    @pytest.mark.parametrize("fault", PAY_FAULTS)
    @pytest.mark.parametrize("end", ["", "/close"])
    def test_on_ending_an_unpaid_hold(self, phone, slot, sandbox, shift_clock, fault, end):
        order, _ = prepaid(phone, slot)
        get_db().payments.update_one({"_id": payment_of(order)["_id"]}, {"$set": {"outbox": []}})
        shift_clock(HOLD)
        self.fault(sandbox, fault, f"{QUERY}{payment_of(order)['_id']}{end}")
        drain("checkout")
        assert (state(phone, order), slots.left(slot)) == ("held", 0)
        shift_clock(HOLD + 5)
        drain("checkout")
        assert (state(phone, order), slots.left(slot)) == ("expired", 1)
        assert at_wechat(sandbox, order)["state"] == "CLOSED"

    @pytest.mark.parametrize("fault", PAY_FAULTS)
    @pytest.mark.parametrize("path", [REFUND, REFUND + "/"])
    def test_on_refunding_and_asking_for_the_refund(self, phone, slot, sandbox, shift_clock, fault, path):
        order = phone.issued(slot)
        self.fault(sandbox, fault, path)
        assert phone.cancel(order["id"]).json["refund"] == {"fen": 6000, "state": "requested"}
        for seconds in (0, 5, 70, 140, 210):
            shift_clock(seconds)
            drain("checkout")
            if seconds >= 5:
                until(lambda: at_wechat(sandbox, order)["refunded"], what="the refund at WeChat")
        assert phone.order(order["id"])["refund"]["state"] == "succeeded"
        assert [one["amount"]["refund"] for one in at_wechat(sandbox, order)["refunds"]] == [6000]
        assert sandbox.call("/faults")["faults"][0]["fired"] == 1

    @pytest.mark.parametrize("fault", MINI_FAULTS)
    def test_on_logging_in(self, client, seeded, sandbox, fault):
        someone = Phone(client, sandbox)
        version = someone.get("/mini/v1/privacy-text").json["version"]
        self.fault(sandbox, fault, LOGIN)
        code = sandbox.js_code(someone.user)
        answer = someone.post("/mini/v1/login", {"js_code": code, "privacy_version": version})
        assert answer.status_code == 502
        assert answer.json["code"] == "wechat_busy"
        assert get_db().accounts.count_documents({"_id": {"$exists": True}}) == 0
        someone.log_in()

    @pytest.mark.parametrize("fault", MINI_FAULTS)
    def test_on_telling_the_owner(self, phone, slot, sandbox, door, shift_clock, fault):
        allow(phone, door)
        order = phone.issued(slot)
        self.fault(sandbox, fault, MESSAGE)
        drain("push")
        shift_clock(5)
        drain("push")
        [message] = delivered(phone)
        assert message["data"]["date2"] == {"value": order["day"]}

    @pytest.mark.parametrize("fault", MINI_FAULTS)
    @pytest.mark.parametrize("path", [DELIVERY, TOKEN])
    def test_on_reporting_the_delivery(self, phone, slot, sandbox, store, shift_clock, fault, path):
        order = phone.issued(slot)
        store.redis.flushdb()
        self.fault(sandbox, fault, path)
        drain("push")
        assert "shipped_at" not in payment_of(order)
        shift_clock(5)
        drain("push")
        assert payment_of(order)["shipped_at"]
        assert at_wechat(sandbox, order)["shipping"]["report"]["order_key"]["order_number_type"] == 2

    @pytest.mark.parametrize("path", [DELIVERY, MESSAGE])
    def test_on_a_token_that_wechat_takes_no_more(self, phone, slot, sandbox, door, path):
        allow(phone, door)
        order = phone.issued(slot)
        self.fault(sandbox, "token_invalid", path)
        drain("push")
        assert payment_of(order)["shipped_at"]
        assert len(delivered(phone)) == 1


def allow(phone, door) -> None:
    """The user allows one message, and WeChat tells us so."""
    phone.sandbox.call(f"/users/{phone.user['user_id']}/grants", {"template_id": TEMPLATE})
    item = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "0"}
    event = {"FromUserName": phone.user["openid"], "Event": "subscribe_msg_popup_event", "List": [item]}
    told = phone.sandbox.call("/push", {"url": f"{door.base}/open/v1/wechat/push", "event": event})
    assert (told["status"], told["body"]) == (200, "success")
    drain("push")


def delivered(phone) -> list[dict]:
    told = phone.sandbox.call(f"/users/{phone.user['user_id']}/messages")["messages"]
    return [message for message in told if message["delivered"]]


class TestCancellingWhileWeChatDoesNotAnswer:
    @pytest.mark.parametrize("fault", ["answer_500", "answer_timeout", "answer_bad_signature"])
    def test_a_held_order_stays_as_it_was(self, phone, slot, sandbox, fault):
        order, package = prepaid(phone, slot)
        before = get_db().orders.find_one({"_id": ObjectId(order["id"])})
        sandbox.fault(fault, path="/v3/", seconds=0.05)
        answer = phone.cancel(order["id"])
        assert (answer.status_code, answer.json["code"]) == (502, "payment_unknown")
        assert get_db().orders.find_one({"_id": ObjectId(order["id"])}) == before
        assert (slots.left(slot), payment_of(order)["state"]) == (0, "prepaid")
        sandbox.clear()
        assert phone.cancel(order["id"]).json["state"] == "cancelled"
        assert (slots.left(slot), sandbox.pay(package)["error"]) == (1, "order_closed")

    def test_an_issued_order_is_cancelled_and_its_money_follows_later(self, phone, slot, sandbox, shift_clock):
        order = phone.issued(slot)
        sandbox.fault("answer_500", path="/v3/")
        assert phone.cancel(order["id"]).json["state"] == "cancelled"
        drain()
        assert phone.order(order["id"])["refund"]["state"] == "requested"
        assert slots.left(slot) == 1
        sandbox.clear()
        shift_clock(10)
        shown = refunded(phone, order, shift_clock)
        assert shown["refund"] == {"fen": 6000, "state": "succeeded"}

    def test_the_end_of_the_hold_waits_until_wechat_answers(self, phone, slot, sandbox, shift_clock):
        order, _ = prepaid(phone, slot)
        sandbox.fault("answer_500", path="/v3/")
        for seconds in range(HOLD, HOLD + 3600, 400):
            shift_clock(seconds)
            drain("checkout")
            assert (state_in_store(order), slots.left(slot)) == ("held", 0)
        sandbox.clear()
        shift_clock(HOLD + 4000)
        drain("checkout")
        assert (state_in_store(order), slots.left(slot)) == ("expired", 1)


def state_in_store(order: dict) -> str:
    return get_db().orders.find_one({"_id": ObjectId(order["id"])})["state"]


class TestRefunds:
    def cancelled(self, phone, slot) -> dict:
        order = phone.issued(slot)
        assert phone.cancel(order["id"]).status_code == 200
        drain("checkout")
        return order

    def number(self, order: dict) -> str:
        return f"{payment_of(order)['_id']}-order"

    @pytest.mark.parametrize(("fault", "ended"), [("refund_abnormal", "abnormal"), ("refund_closed", "closed")])
    def test_one_that_fails_is_shown_alarmed_and_waits_for_a_person(
        self, phone, slot, sandbox, door, shift_clock, fault, ended
    ):
        before = alarms.raised(f"refund_{ended}")
        sandbox.fault(fault, count=1)
        order = self.cancelled(phone, slot)
        until(lambda: at_wechat(sandbox, order)["notices"][-1]["state"] == "delivered", what="the refund's notice")
        drain()
        shown = phone.order(order["id"])
        assert (shown["state"], shown["refund"]) == ("cancelled", {"fen": 6000, "state": ended})
        assert alarms.raised(f"refund_{ended}") == before + 1
        assert [one["_id"] for one in refund.needing_a_person()] == [self.number(order)]
        assert history(order)[-1] == f"refund_{ended}"
        assert slots.left(slot) == 1

    def test_an_abnormal_one_that_a_person_settled_becomes_a_success(self, phone, slot, sandbox, door):
        sandbox.fault("refund_abnormal", count=1)
        order = self.cancelled(phone, slot)
        until(lambda: at_wechat(sandbox, order)["notices"][-1]["state"] == "delivered", what="the refund's notice")
        drain()
        sandbox.call(f"/refunds/{self.number(order)}", {"status": "SUCCESS"})
        until(lambda: at_wechat(sandbox, order)["notices"][-1]["state"] == "delivered", what="the second notice")
        drain()
        assert phone.order(order["id"])["refund"]["state"] == "succeeded"
        assert refund.needing_a_person() == []
        assert history(order)[-2:] == ["refund_abnormal", "refund_succeeded"]

    def test_a_success_is_not_undone_by_an_older_notice_of_failure(self, phone, slot, sandbox, client, platform, door):
        order = self.cancelled(phone, slot)
        until(lambda: at_wechat(sandbox, order)["refunded"], what="the refund at WeChat")
        until(lambda: at_wechat(sandbox, order)["notices"][-1]["state"] == "delivered", what="the refund's notice")
        drain()
        told = {"mchid": platform.merchant["mchid"], "out_refund_no": self.number(order), "refund_id": "50300"}
        body = platform.notice(told, "REFUND.ABNORMAL")
        assert client.post(NOTICES, data=body, headers=platform.headers(body)).status_code == 204
        drain()
        assert phone.order(order["id"])["refund"]["state"] == "succeeded"

    def test_one_that_stays_under_way_is_asked_for_ever_more_rarely(self, phone, slot, sandbox, shift_clock, wire):
        sandbox.fault("refund_stays_processing", count=1)
        order = self.cancelled(phone, slot)
        asked = []
        for seconds in range(0, 2 * 3600, 30):
            wire.calls.clear()
            shift_clock(seconds)
            drain("checkout")
            asked += [seconds for call in wire.calls if "refunds" in call]
        assert refund.read(self.number(order))["state"] == "processing"
        pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
        assert pauses == sorted(pauses)
        assert 6 <= len(asked) <= 10
        sandbox.call(f"/refunds/{self.number(order)}", {"status": "SUCCESS"})
        shift_clock(4 * 3600)
        drain("checkout")
        assert phone.log_in().order(order["id"])["refund"]["state"] == "succeeded"

    def test_one_that_wechat_does_not_find_at_first_is_asked_again(self, phone, slot, sandbox, shift_clock):
        sandbox.fault("refund_resource_not_exists_once", count=1)
        order = self.cancelled(phone, slot)
        waiting = refund.read(self.number(order))
        assert (waiting["state"], at_wechat(sandbox, order)["refunds"]) == ("requested", [])
        assert [entry["failures"] for entry in waiting["outbox"]] == [0]
        shift_clock(31)
        shown = refunded(phone, order, shift_clock)
        assert shown["refund"]["state"] == "succeeded"

    def test_a_refund_is_never_more_than_the_payment(self, phone, slot):
        order = self.cancelled(phone, slot)
        with pytest.raises(refund.RefundTooLarge):
            refund.request(payment_of(order)["_id"], "second", fen=1, reason="测试", on_done={})
        assert payment_of(order)["refunded_fen"] == 6000
        assert get_db().refunds.count_documents({"payment": payment_of(order)["_id"]}) == 1
