"""The bank simulator as a process, and its control API."""

import base64
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path


class BankBox:
    def __init__(self, folder: Path, *options: str):
        self.folder, self._options = folder, options

    def start(self, port: int = 0) -> "BankBox":
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "seed.simulators.bank", "--port", str(port), "--folder", str(self.folder)]
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

    def account(self, number: str, **told) -> dict:
        return self.call("/accounts", {"number": number, **told})

    def balance(self, number: str) -> int:
        return self.call("/lookups", {"number": number})["balance_fen"]

    def auto(self, on: bool) -> None:
        self.call("/mode", {"auto": on})

    def settle(self, file_no: str) -> int:
        return self.call("/settlements", {"file_no": file_no})["returns"]

    def reverse(self, file_no: str, *seqs: str) -> int:
        return self.call("/reversals", {"file_no": file_no, "seqs": list(seqs)})["returns"]

    def again(self, file_no: str) -> int:
        return self.call("/again", {"file_no": file_no})["returns"]

    def files(self) -> dict[str, dict]:
        return {one["file_no"]: one for one in self.call("/files")["files"]}

    def returned(self, file_no: str, number: int = 1) -> bytes:
        return base64.b64decode(self.call("/returns", {"file_no": file_no, "number": number})["base64"])

    def fault(self, name: str, **options) -> None:
        answer = self.call("/faults", {"name": name, **options})
        assert "faults" in answer, answer

    def clear(self) -> None:
        self.call("/faults", method="DELETE")

    def forget(self) -> None:
        self.call("/files", method="DELETE")

    def calls(self, name: str) -> int:
        return self.call("/calls")["calls"].get(name, 0)
