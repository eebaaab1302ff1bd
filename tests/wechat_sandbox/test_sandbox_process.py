"""The process: its keys, its memory, its signing modes."""

import json
import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.wechat_sandbox.sandbox_kit import Merchant, Process, eventually


@pytest.fixture
def start(tmp_path):
    """Start a sandbox in this test's folder."""
    started = []

    def run(*options):
        started.append(Process(tmp_path, "--retry-scale", "0.002", "--refund-delay", "0.02", *options))
        return started[-1]

    yield run
    for process in started:
        if process.process.poll() is None:
            process.stop()


def test_the_first_line_names_the_port_and_the_keys_have_their_shape(sandbox):
    line = json.loads(sandbox.first_line)
    assert line == {"port": int((sandbox.folder / "port").read_text()), "base_url": sandbox.base_url}
    keys = sandbox.credentials
    shapes = {
        "appid": r"wx[0-9a-f]{16}",
        "secret": r"[0-9a-f]{32}",
        "mchid": r"\d{10}",
        "merchant_serial": r"[0-9A-F]{40}",
        "apiv3_key": r"\w{32}",
        "pay_public_key_id": r"PUB_KEY_ID_\d{32}",
        "push_token": r"\w+",
        "push_aes_key": r"[A-Za-z0-9+/]{43}",
    }
    assert {name for name, shape in shapes.items() if not re.fullmatch(shape, keys[name])} == set()
    assert keys.keys() == {*shapes, "merchant_private_key", "pay_public_key"}
    for name in ("credentials.json", "platform.json"):
        assert stat.S_IMODE((sandbox.folder / name).stat().st_mode) == 0o600


def test_a_killed_sandbox_remembers(start, shop):
    sandbox = start()
    merchant = Merchant(sandbox, f"{shop.url}/pay/restart")
    order = merchant.paid()
    merchant.refund(order, 300, "kept")
    user = sandbox.user(name="kept")
    sandbox.control(f"users/{user['user_id']}/grants", {"template_id": "T", "count": 2})
    eventually(lambda: merchant.refund_status("kept") == "SUCCESS")
    token, before = sandbox.token()["access_token"], sandbox.control(f"orders/{order['out_trade_no']}")
    sandbox.stop(kill=True)
    with (sandbox.folder / "journal.jsonl").open("a") as journal:
        journal.write('["orders","half')
    sandbox.start()
    after = sandbox.control(f"orders/{order['out_trade_no']}")
    assert (after["transaction"], after["refunds"]) == (before["transaction"], before["refunds"])
    assert sandbox.token()["access_token"] == token
    assert sandbox.user(name="kept") == user
    assert sandbox.control(f"users/{user['user_id']}/grants", {"template_id": "T", "count": 1})["granted"] == 3
    assert merchant.query(order["out_trade_no"]).json["trade_state"] == "REFUND"


def test_orders_that_were_forgotten_stay_so_and_new_ones_are_kept(start, shop):
    sandbox = start()
    merchant = Merchant(sandbox, f"{shop.url}/pay/forgotten")
    merchant.refund(merchant.paid(), 300, "gone")
    assert sandbox.control("orders", method="DELETE")["orders"] == []
    kept = merchant.paid()
    sandbox.stop(kill=True)
    sandbox.start()
    assert [one["out_trade_no"] for one in sandbox.control("orders")["orders"]] == [kept["out_trade_no"]]


def test_what_was_under_way_goes_on_after_a_restart(start, shop):
    sandbox = start("--refund-delay", "60")
    merchant = Merchant(sandbox, f"{shop.url}/pay/under_way")
    order = merchant.paid()
    merchant.refund(order, 300, "slow")
    sandbox.stop(kill=True)
    sandbox.options = ("--retry-scale", "0.002", "--refund-delay", "0.02")
    sandbox.start()
    eventually(lambda: merchant.refund_status("slow") == "SUCCESS")
    eventually(lambda: shop.at("/pay/under_way"))


def test_a_new_key_and_the_old_one_take_turns_and_then_the_new_one_stays(start, shop):
    sandbox = start()
    merchant = Merchant(sandbox, f"{shop.url}/pay/rotation")
    old = sandbox.credentials["pay_public_key_id"]
    rotated = sandbox.control("rotate_key", {"overlap_seconds": 100})
    new = rotated["pay_public_key_id"]
    merchant.learn(new, rotated["pay_public_key"])
    assert rotated["former_public_key_id"] == old != new
    assert json.loads((sandbox.folder / "credentials.json").read_text())["pay_public_key_id"] == new

    def signers():
        answers = [merchant.query("nothing_1") for _ in range(6)]
        return {merchant.check(answer.headers, answer.body) for answer in answers}

    assert signers() == {old, new}
    sandbox.set_clock(101)
    assert signers() == {new}
    sandbox.stop()
    sandbox.start()
    assert signers() == {new}


def learn_certificate(merchant):
    """Open the platform certificate; its serial."""
    entry = merchant.call("GET", "/v3/certificates", verify=False).json["data"][0]
    certificate = x509.load_pem_x509_certificate(merchant.open(entry["encrypt_certificate"]))
    assert certificate.serial_number == int(entry["serial_no"], 16)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    public = certificate.public_key().public_bytes(serialization.Encoding.PEM, spki)
    merchant.learn(entry["serial_no"], public.decode())
    return entry["serial_no"]


def test_in_certificate_mode_the_certificate_verifies_answers(start, shop):
    merchant = Merchant(start("--signing", "cert"), f"{shop.url}/pay/cert")
    serial = learn_certificate(merchant)
    answers = [merchant.query("nothing_1") for _ in range(3)]
    assert {answer.headers["Wechatpay-Serial"] for answer in answers} == {serial}


def test_during_a_switch_certificate_and_key_both_sign(start, shop):
    sandbox = start("--signing", "switch")
    merchant = Merchant(sandbox, f"{shop.url}/pay/switch")
    serial = learn_certificate(merchant)
    answers = [merchant.query("nothing_1") for _ in range(4)]
    serials = {answer.headers["Wechatpay-Serial"] for answer in answers}
    assert serials == {serial, sandbox.credentials["pay_public_key_id"]}


def test_in_key_mode_there_is_no_certificate(merchant):
    answer = merchant.call("GET", "/v3/certificates")
    assert (answer.status, answer.json["code"]) == (404, "RESOURCE_NOT_EXISTS")


def test_many_at_once_lose_nothing(sandbox, merchant):
    with ThreadPoolExecutor(16) as pool:
        orders = list(pool.map(lambda _: merchant.order(), range(100)))
        statuses = list(pool.map(lambda order: merchant.close(order[0]).status, orders))
    assert len({prepay_id for _, prepay_id in orders}) == 100
    assert set(statuses) == {204}
    closed = {order["out_trade_no"] for order in sandbox.control("orders")["orders"] if order["state"] == "CLOSED"}
    assert {number for number, _ in orders} <= closed


def test_one_refund_wins_when_many_ask_for_the_whole(sandbox, merchant):
    order = merchant.paid()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda turn: merchant.refund(order, 1000, f"race_{turn}").status, range(8)))
    assert sorted(statuses) == [200, *[400] * 7]


def test_the_clock_file_is_read_on_each_use(sandbox, merchant):
    sandbox.set_clock(86400)
    paid = merchant.paid()
    tomorrow = time.strftime("%Y%m%d", time.gmtime(time.time() + 86400 + 8 * 3600))
    assert paid["success_time"][:10].replace("-", "") == tomorrow
