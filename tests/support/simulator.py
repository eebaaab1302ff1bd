"""A simulator of an outside system as a process, and the calls of its control API that all have."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import ClassVar, Self


class SimulatorBox:
    """`NAME` is its package in `seed.simulators`, `HOLDS` the path that is emptied to forget everything."""

    NAME: ClassVar[str]
    HOLDS: ClassVar[str]

    def __init__(self, folder: Path, *options: str):
        self.folder, self._options = folder, options

    def start(self, port: int = 0) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        module = f"seed.simulators.{self.NAME}"
        command = [sys.executable, "-m", module, "--port", str(port), "--folder", str(self.folder)]
        self.log = (self.folder / "simulator.log").open("ab")
        self.process = subprocess.Popen([*command, *self._options], stdout=subprocess.PIPE, stderr=self.log)
        self.base = json.loads(self.process.stdout.readline())["base_url"]
        return self

    @property
    def credentials(self) -> str:
        return str(self.folder / "credentials.json")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
        self.log.close()

    def call(self, path: str, body=None, method: str | None = None):
        data = None if body is None else json.dumps(body).encode()
        method = method or ("GET" if body is None else "POST")
        request = urllib.request.Request(f"{self.base}/control{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return {"status": error.code, **json.loads(error.read())}

    def fault(self, name: str, **options) -> None:
        answer = self.call("/faults", {"name": name, **options})
        assert "faults" in answer, answer

    def clear(self) -> None:
        self.call("/faults", method="DELETE")

    def forget(self) -> None:
        self.call(self.HOLDS, method="DELETE")

    def calls(self, name: str) -> int:
        return self.call("/calls")["calls"].get(name, 0)
