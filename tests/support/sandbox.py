"""The WeChat sandbox as a process, and its control API."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path


class Sandbox:
    def __init__(self, folder: Path, *options: str, env=None):
        self.folder = folder
        self._options = ["--retry-scale", "0.01", "--refund-delay", "0.05", *options]
        self._env = env

    def start(self, port: int = 0) -> "Sandbox":
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "backend.wechat.sandbox", "--port", str(port), "--state-dir", str(self.folder)]
        self.log = (self.folder / "sandbox.log").open("ab")
        self.process = subprocess.Popen(
            [*command, *self._options], stdout=subprocess.PIPE, stderr=self.log, env=self._env
        )
        self.base = json.loads(self.process.stdout.readline())["base_url"]
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        self.log.close()

    def call(self, path: str, body=None, method: str | None = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.base}/sandbox{path}",
            data=data,
            method=method or ("GET" if body is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return {"status": error.code, **json.loads(error.read() or b"{}")}

    def user(self, name: str):
        return self.call("/users", {"name": name})

    def js_code(self, user) -> str:
        return self.call(f"/users/{user['user_id']}/js_code", {})["code"]

    def pay(self, package: str, /, **options):
        return self.call(f"/payments/{package.removeprefix('prepay_id=')}/pay", {"notify": False, **options})

    def fault(self, name: str, **options):
        return self.call("/faults", {"name": name, **options})

    def clear(self) -> None:
        self.call("/faults", method="DELETE")

    def forget_orders(self) -> None:
        self.call("/orders", method="DELETE")
