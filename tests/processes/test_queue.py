"""Queues between real processes: API, workers, beat, store, Redis and sandbox, killed and brought back."""

import signal
import time

import pytest

from deploy.stack import QUEUES, Stack
from tests.support.patience import until
from tests.support.phone import Phone
from tests.support.remote import RemoteClient, remote_sandbox

pytestmark = [pytest.mark.processes, pytest.mark.soak]
SANDBOX = ["--retry-scale", "0.01", "--refund-delay", "0.05"]


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The stack of this module; a test may put another one on the same folder in its place."""
    folder = tmp_path_factory.mktemp("stack")
    held = {"stack": Stack(folder, worker_processes=1, api_workers=1, sandbox_options=SANDBOX)}
    try:
        held["stack"].start()
        yield held
    finally:
        held["stack"].stop()


@pytest.fixture
def stack(running):
    return running["stack"]


@pytest.fixture
def phone(stack):
    box = remote_sandbox(stack.env["WECHAT_API_BASE"], stack.folder / "wechat")
    return Phone(RemoteClient(stack.base), box).ready()


def paid(phone) -> dict:
    """Book and pay; nothing but WeChat's notice tells the product."""
    order = phone.book(phone.free_slot("pingshan")).json
    answer = phone.post(f"/mini/v1/orders/{order['id']}/payment")
    assert answer.status_code == 200, answer.json
    phone.sandbox.pay(answer.json["package"], **{**answer.json, "notify": True})
    return order


def issued(phone, order: dict) -> bool:
    return phone.order(order["id"])["state"] == "issued"


def test_a_paid_booking_is_issued_by_the_worker_on_wechats_notice(phone):
    order = paid(phone)
    until(lambda: issued(phone, order), what="the tickets")
    assert [ticket["state"] for ticket in phone.order(order["id"])["tickets"]] == ["valid"]


def test_a_cancelled_booking_gets_its_money_back_by_the_workers(phone):
    order = paid(phone)
    until(lambda: issued(phone, order), what="the tickets")
    assert phone.cancel(order["id"]).status_code == 200
    until(lambda: phone.order(order["id"])["refund"]["state"] == "succeeded", what="the refund")


def test_the_request_id_of_the_phone_follows_its_payment_to_the_last_worker(stack, phone):
    phone.sandbox.fault("busy", path="/wxa/sec/order/upload_shipping_info", count=1)
    order = phone.book(phone.free_slot("pingshan")).json
    answer = phone.post(f"/mini/v1/orders/{order['id']}/payment", **{"X-Request-Id": "followme42"})
    assert answer.headers["X-Request-Id"] == "followme42"
    phone.sandbox.pay(answer.json["package"], notify=True)
    log = stack.folder / "logs" / "worker-slow.log"

    def failed():
        return [line for line in log.read_text().splitlines() if "outbox_failed" in line and "report_shipping" in line]

    assert "followme42" in until(failed, what="the failure in the log")[-1]


@pytest.mark.parametrize("worker", QUEUES)
def test_what_is_queued_while_a_worker_is_dead_is_done_when_it_is_back(stack, phone, worker):
    dead = stack.children[worker]
    dead.kill(signal.SIGKILL)
    dead.popen.wait(10)
    order = paid(phone)
    if worker == "worker-fast":
        number = until(lambda: told(phone, order), what="the notice's delivery")
        assert number["state"] == "delivered"
        assert phone.order(order["id"])["state"] == "held"
    stack.start_worker(worker, QUEUES[worker])
    until(lambda: issued(phone, order), seconds=40, what="the tickets")
    until(lambda: at_wechat(phone, order)["shipping"], seconds=40, what="the report of delivery")


def at_wechat(phone, order: dict) -> dict:
    brief = next(one for one in phone.sandbox.call("/orders")["orders"] if pays(phone, one, order))
    return phone.sandbox.call(f"/orders/{brief['out_trade_no']}")


def pays(phone, brief: dict, order: dict) -> bool:
    asked = phone.sandbox.call(f"/orders/{brief['out_trade_no']}")["request"]
    return asked["payer"]["openid"] == phone.user["openid"] and order["day"] in asked["description"]


def told(phone, order: dict) -> dict | None:
    return next((one for one in at_wechat(phone, order)["notices"] if one["state"] == "delivered"), None)


class TestWithoutRedis:
    @pytest.fixture
    def away(self, stack, phone):
        """Kill Redis once somebody is logged in, and bring it back on its data afterwards."""
        stack.redis.child.kill(signal.SIGKILL)
        stack.redis.child.popen.wait(10)
        yield phone
        if not stack.redis.child.running:
            stack.redis.start()

    def test_reading_and_booking_go_on_and_a_new_login_is_refused_until_it_is_back(self, stack, away):
        phone, client = away, RemoteClient(stack.base)
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json["redis"], ready.json["store"]) == (503, False, True)
        assert client.get("/health/live").status_code == 200
        assert client.get("/mini/v1/places").status_code == 200
        assert phone.get("/mini/v1/orders").status_code == 200
        order = phone.book(phone.free_slot("museum")).json
        assert phone.order(order["id"])["state"] == "issued"
        other = Phone(client, phone.sandbox)
        version = other.get("/mini/v1/privacy-text").json["version"]
        body = {"js_code": phone.sandbox.js_code(other.user), "privacy_version": version}
        refused = other.post("/mini/v1/login", body)
        assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
        stack.redis.start()
        until(lambda: client.get("/health/ready").status_code == 200, what="readiness")
        assert other.post("/mini/v1/login", body).status_code == 200
        paid_order = paid(phone)
        until(lambda: issued(phone, paid_order), seconds=60, what="the tickets")


def test_a_second_start_on_the_folder_has_the_data_and_works_within_three_seconds(running, phone):
    before = paid(phone)
    until(lambda: issued(phone, before), what="the tickets")
    first = running["stack"]
    first.stop()
    second = running["stack"] = Stack(
        first.folder, port=first.port, worker_processes=1, api_workers=1, sandbox_options=SANDBOX
    )
    second.start()
    assert RemoteClient(second.base).get("/health/ready").status_code == 200
    assert (second.env["MONGODB_URI"], second.env["REDIS_URL"]) == (first.env["MONGODB_URI"], first.env["REDIS_URL"])
    shown = phone.order(before["id"])
    assert (shown["state"], shown["tickets"][0]["state"]) == ("issued", "valid")
    assert min(seconds_to_issue(phone) for _ in range(3)) < 3


def seconds_to_issue(phone) -> float:
    """Book for another visitor, pay, and wait for the worker; the best of some tries is the product's own time."""
    order = phone.book(phone.free_slot("pingshan"), (phone.companion(), "adult")).json
    package = phone.post(f"/mini/v1/orders/{order['id']}/payment").json["package"]
    phone.sandbox.pay(package, notify=True)
    began = time.monotonic()
    until(lambda: issued(phone, order), what="the tickets")
    return time.monotonic() - began
