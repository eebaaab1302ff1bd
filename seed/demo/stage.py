"""Who and what the stories need: the service, the sandbox, the demonstration's staff, a gate with a key."""

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
from seed.demo.http import TIMEOUT, Caller, StoryFailed

PATIENCE_SECONDS = 40


class Stage:
    """Opens the service and the sandbox beside it."""

    def __init__(self, base: str, folder: Path) -> None:
        self.base = base
        port = folder / "sandbox.port"
        self.sandbox = os.environ.get("SANDBOX_URL") or (
            f"http://127.0.0.1:{port.read_text()}" if port.exists() else ""
        )
        self._accounts = folder / "demo-accounts.json"
        self._clerks: dict[str, Caller] = {}
        self.anybody = Caller(base)

    def play(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the sandbox's control API, which plays the user at WeChat."""
        url = f"{self.sandbox}/sandbox{path}"
        answer = requests.get(url, timeout=TIMEOUT) if body is None else requests.post(url, json=body, timeout=TIMEOUT)
        return answer.json()

    def tourist(self) -> tuple[Caller, dict[str, Any]]:
        """Return the phone of a new tourist who logged in, and the sandbox's user."""
        user = self.play("/users", {"name": f"tourist-{uuid.uuid4().hex[:10]}"})
        phone = Caller(self.base)
        version = phone.get("/mini/v1/privacy-text")["version"]
        code = self.play(f"/users/{user['user_id']}/js_code", {})["code"]
        phone.token = phone.post("/mini/v1/login", {"js_code": code, "privacy_version": version})["access_token"]
        return phone, user

    def clerk(self, role: str) -> Caller:
        """Return a logged-in member of staff with a role of the demonstration."""
        if role not in self._clerks:
            if not self._accounts.exists():
                raise StoryFailed("no demo accounts here; start the service with `make run` on this machine")
            staff = orjson.loads(self._accounts.read_bytes())["staff"]
            self._clerks[role] = accounts.logged_in(self.base, next(one for one in staff if one["role"] == role))
            accounts.keep(self._accounts, staff)
        return self._clerks[role]

    def gate(self, place: str) -> "Gate":
        """Register a gate at a place and return it."""
        private = Ed25519PrivateKey.generate()
        public = b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        gate = Gate(self.base, f"gate-{secrets.token_hex(4)}", private)
        body = {"id": gate.name, "name": "东门1号闸机", "place_id": place, "public_key": public}
        self.clerk("system_admin").post("/office/v1/devices", body, expect=201)
        return gate


class Gate:
    """A gate that signs its requests."""

    def __init__(self, base: str, name: str, private: Ed25519PrivateKey) -> None:
        self.name, self._private, self._caller = name, private, Caller(base)

    def scan(self, code: str) -> Any:
        """Show a ticket's code."""
        body = {"code": code}
        signed = signed_requests.header(
            self.name,
            self._private,
            method="POST",
            path="/gate/v1/scans",
            body=json.dumps(body).encode(),  # as `requests` writes it
            nonce=secrets.token_hex(12),
        )
        return self._caller.post("/gate/v1/scans", body, Authorization=signed)


def until(read: Callable[[], Any], holds: Callable[[Any], bool], what: str) -> Any:
    """Return what `read` gives as soon as it holds.

    Raises:
        StoryFailed: it did not within the time that the queues are given.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds(found := read()):
        if time.monotonic() > deadline:
            raise StoryFailed(f"{what} did not come within {PATIENCE_SECONDS} s")
        time.sleep(0.1)
    return found


def resident_id(birth: str) -> str:
    """Return a made-up resident id of the county with a right check character."""
    body = f"360731{birth}{secrets.randbelow(999):03d}"
    return body + check_character(body)
