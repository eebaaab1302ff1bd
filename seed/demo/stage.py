"""Who and what the stories need: the service, the sandboxes, the demonstration's staff, a gate with a key."""

import json
import os
import secrets
import time
import uuid
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from backend import signed_requests
from backend.identity_documents import check_character
from seed.demo import accounts
from seed.demo.gate_link import over_http
from seed.demo.http import TIMEOUT, Caller, StoryFailed
from seed.demo.offline_gate import OfflineGate

PATIENCE_SECONDS = 40
ACCOUNTS_SECONDS = 180


class Stage:
    """Opens the service, and the WeChat sandbox and the registers simulator beside it."""

    def __init__(self, base: str, folder: Path) -> None:
        self.base = base
        self.folder = folder
        self.sandbox = _beside("SANDBOX_URL", folder / "sandbox.port")
        self._registers = _beside("REGISTERS_URL", folder / "registers.port")
        self._bank = _beside("BANK_URL", folder / "bank.port")
        self._sms = _beside("SMS_URL", folder / "sms.port")
        self._accounts = folder / "demo-accounts.json"
        self._clerks: dict[str, Caller] = {}
        self.anybody = Caller(base)

    def play(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the sandbox's control API, which plays the user at WeChat."""
        url = f"{self.sandbox}/sandbox{path}"
        answer = requests.get(url, timeout=TIMEOUT) if body is None else requests.post(url, json=body, timeout=TIMEOUT)
        return answer.json()

    @property
    def makes_people_up(self) -> bool:
        """Tell whether the registers beside the service are simulated."""
        return bool(self._registers)

    def register(self, path: str, body: dict[str, Any]) -> Any:
        """Call the control API of the registers simulator, which makes people up.

        Raises:
            StoryFailed: there is no simulator beside the service.
        """
        return _control(self._registers, "registers", path, body)

    def bank(self, path: str, body: dict[str, Any]) -> Any:
        """Call the control API of the bank simulator, which says what becomes of payments.

        Raises:
            StoryFailed: there is no simulator beside the service.
        """
        return _control(self._bank, "bank", path, body)

    def texts(self) -> list[dict[str, Any]]:
        """Return what the simulator of the SMS service has accepted, oldest first.

        Raises:
            StoryFailed: there is no simulator beside the service.
        """
        _require(self._sms, "sms")
        return list(requests.get(f"{self._sms}/control/messages", timeout=TIMEOUT).json()["messages"])

    def tourist(self) -> tuple[Caller, dict[str, Any]]:
        """Return the phone of a new tourist who logged in, and the sandbox's user."""
        user = self.play("/users", {"name": f"tourist-{uuid.uuid4().hex[:10]}"})
        return self.log_in(user), user

    def log_in(self, user: dict[str, Any]) -> Caller:
        """Return the phone of a user at WeChat who logged in."""
        phone = Caller(self.base)
        version = phone.get("/mini/v1/privacy-text")["version"]
        code = self.play(f"/users/{user['user_id']}/js_code", {})["code"]
        phone.token = phone.post("/mini/v1/login", {"js_code": code, "privacy_version": version})["access_token"]
        return phone

    def clerk(self, wanted: str) -> Caller:
        """Return a logged-in member of the demonstration's staff, by login or as the first one with a role."""
        if wanted not in self._clerks:
            self._wait_for_accounts()
            staff = orjson.loads(self._accounts.read_bytes())["staff"]
            account = next((one for one in staff if wanted in (one["login"], one["role"])), None)
            if account is None:
                raise StoryFailed(f"no demo account {wanted} here; start the service with an empty folder (VAR=…)")
            self._clerks[wanted] = accounts.logged_in(self.base, account)
            accounts.keep(self._accounts, staff)
        return self._clerks[wanted]

    def _wait_for_accounts(self) -> None:
        """Wait while a first start still makes the staff's accounts, which the limit of invitations makes slow."""
        deadline = time.monotonic() + ACCOUNTS_SECONDS
        while not self._accounts.exists():
            if not self.sandbox or time.monotonic() > deadline:
                raise StoryFailed("no demo accounts here; start the service with `make run` on this machine")
            time.sleep(0.5)

    def gate(self, place: str) -> "Gate":
        """Register a gate at a place and return it."""
        return Gate(self.base, *self._registered("venue", place, "东门1号闸机", ""))

    def reader(self, place: str, shown: str) -> "Gate":
        """Register a gate, or a kiosk, that reads ID cards."""
        gate = Gate(self.base, *self._registered("venue", place, shown, ""))
        post = {"direction": "in", "reads_documents": True, "signs_entries": True}
        self.clerk("system_admin").call("PUT", f"/office/v1/devices/{gate.name}/post", post)
        return gate

    def scanner(self, scanner_class: str, place: str, *, unit: str) -> "Gate":
        """Register a scanner of another class at its post: a line for a bus, a merchant for a till."""
        return Gate(self.base, *self._registered(scanner_class, place, "演示终端", unit))

    def offline_gate(self, place: str) -> OfflineGate:
        """Register a gate that decides without network, and return it before its first sync."""
        name, private = self._registered("venue", place, "西门离线闸机", "")
        kept = self.folder / "offline-gates"
        kept.mkdir(exist_ok=True)
        keys = self.anybody.get("/public/v1/ticket-keys")["items"]
        pinned = {str(one["key_id"]): one["public_key"] for one in keys}
        return OfflineGate(name, private, kept / f"{name}.json", over_http(self.base), pinned)

    def _registered(self, scanner_class: str, place: str, shown: str, unit: str) -> tuple[str, Ed25519PrivateKey]:
        private, name = Ed25519PrivateKey.generate(), f"{scanner_class}-{secrets.token_hex(4)}"
        public = b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        body = {"id": name, "name": shown, "place_id": place, "public_key": public, "scanner_class": scanner_class}
        self.clerk("system_admin").post("/office/v1/devices", body | ({"unit": unit} if unit else {}), expect=201)
        return name, private


class Gate:
    """A gate, or another scanner, that signs its requests."""

    def __init__(self, base: str, name: str, private: Ed25519PrivateKey) -> None:
        self.name, self.private, self._caller = name, private, Caller(base)

    def scan(self, code: str) -> Any:
        """Show a ticket's code, or the code of a card."""
        return self.send("/gate/v1/scans", {"code": code})

    def send(self, path: str, body: dict[str, Any], *, expect: int = 200) -> Any:
        """Send a signed request and return what the scanner shows."""
        signed = self.proof("POST", path, json.dumps(body).encode())  # as `requests` writes it
        return self._caller.post(path, body, expect=expect, Authorization=signed)

    def proof(self, method: str, path: str, body: bytes) -> str:
        """Return the header that proves a request to be the gate's."""
        nonce = secrets.token_hex(12)
        return signed_requests.header(self.name, self.private, method=method, path=path, body=body, nonce=nonce)


def _control(base: str, name: str, path: str, body: dict[str, Any]) -> Any:
    _require(base, name)
    return requests.post(f"{base}/control{path}", json=body, timeout=TIMEOUT).json()


def _require(base: str, name: str) -> None:
    if not base:
        raise StoryFailed(f"no {name} simulator here; start the service with `make run`, or set {name.upper()}_URL")


def _beside(variable: str, port: Path) -> str:
    """Return the address of a server that `make run` started, or the one that is given."""
    return os.environ.get(variable) or (f"http://127.0.0.1:{port.read_text()}" if port.exists() else "")


def until(
    read: Callable[[], Any],
    holds: Callable[[Any], bool],
    what: str,
    *,
    seconds: int = PATIENCE_SECONDS,
    pause: float = 0.1,
) -> Any:
    """Return what `read` gives as soon as it holds.

    Raises:
        StoryFailed: it did not within the time that the queues are given.
    """
    deadline = time.monotonic() + seconds
    while not holds(found := read()):
        if time.monotonic() > deadline:
            raise StoryFailed(f"{what} did not come within {seconds} s")
        time.sleep(pause)
    return found


def somebody(name: str, first_year: int, last_year: int) -> dict[str, str]:
    """Return name and resident id of nobody; days and numbers vary, so that no two runs mean the same person."""
    year = first_year + secrets.randbelow(last_year - first_year + 1)
    birth = f"{year}{secrets.randbelow(12) + 1:02d}{secrets.randbelow(28) + 1:02d}"
    body = f"360731{birth}{secrets.randbelow(1000):03d}"
    return {"name": name, "document_kind": "resident_id", "document_number": body + check_character(body)}
