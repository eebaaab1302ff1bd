"""One sandbox process and one shop a test module, and a clean slate between tests."""

import secrets

import pytest

from tests.wechat_sandbox.sandbox_kit import Merchant, Process, Shop


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    process = Process(tmp_path_factory.mktemp("sandbox"), "--retry-scale", "0.002", "--refund-delay", "0.02")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def shop():
    shop = Shop()
    yield shop
    shop.stop()


@pytest.fixture
def merchant(sandbox, shop):
    return Merchant(sandbox, f"{shop.url}/pay/{secrets.token_hex(6)}")


@pytest.fixture(autouse=True)
def _clean(request):
    yield
    for name in {"sandbox", "shop"} & set(request.fixturenames):
        thing = request.getfixturevalue(name)
        if name == "sandbox":
            thing.control("faults", method="DELETE")
            thing.set_clock(0)
        else:
            thing.statuses, thing.reply = {}, lambda _delivery: b""
