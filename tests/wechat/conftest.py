"""The adapters on a real Redis and a real sandbox process of their own, for its keys rotate here."""

import itertools
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from backend.embedded import process
from backend.wechat.mini_program import MiniProgram
from backend.wechat.pay import WeChatPay
from backend.wechat.tokens import AccessTokens
from tests.wechat.kit import DATABASE, CountingSession, SandboxProcess


@pytest.fixture
def store(redis_server) -> Iterator[redis.Redis]:
    with redis.Redis(port=redis_server.port, db=DATABASE) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory):
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process):
    yield sandbox_process
    sandbox_process.do("faults", "DELETE")


@pytest.fixture
def shift(sandbox, shift_clock):
    """Moves the clock of the sandbox and of this process by so many seconds."""
    yield shift_clock
    shift_clock(0)
    # A token of the shifted time would outlive those of the tests that follow.
    sandbox.do("expire_token")


@pytest.fixture
def settings(sandbox):
    return sandbox.settings()


@pytest.fixture
def session() -> CountingSession:
    return CountingSession()


@pytest.fixture
def make_tokens(settings, store, session):
    def make(**changes: Any) -> AccessTokens:
        values = {"appid": settings.appid, "secret": settings.secret, "api_base": settings.api_base}
        return AccessTokens(**{**values, "redis": store, "session": session, **changes})

    return make


@pytest.fixture
def make_program(settings, make_tokens, session):
    def make(**changes: Any) -> MiniProgram:
        values = {"appid": settings.appid, "secret": settings.secret, "api_base": settings.api_base}
        values |= {"tokens": make_tokens(), "session": session}
        return MiniProgram(**{**values, **changes})

    return make


@pytest.fixture
def program(make_program) -> MiniProgram:
    return make_program()


@pytest.fixture
def make_pay(settings, session):
    def make(**changes: Any) -> WeChatPay:
        names = ("appid", "mchid", "merchant_private_key", "merchant_serial", "apiv3_key", "pay_base")
        values = {name: getattr(settings, name) for name in names}
        return WeChatPay(**{**values, "public_keys": settings.pay_public_keys, "session": session, **changes})

    return make


@pytest.fixture
def pay(make_pay) -> WeChatPay:
    return make_pay()


@pytest.fixture
def number() -> Callable[[], str]:
    """Gives fresh order and refund numbers."""
    stem, count = secrets.token_hex(8), itertools.count()
    return lambda: f"T{stem}{next(count):04d}"


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return process.free_port()
