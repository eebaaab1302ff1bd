"""What the tests of the adapters need: the sandbox as a process, a session that counts, and patience."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from backend.wechat.boundary import WeChatSettings, from_credentials
from backend.wechat.transport import pooled_session

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 20
DATABASE = 9


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)
    return value


class SandboxProcess:
    """The sandbox and its control API."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        command = [sys.executable, "-m", "backend.wechat.sandbox", "--port", "0", "--state-dir", str(state_dir)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
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
