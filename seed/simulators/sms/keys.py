"""The customer's credentials, and both signatures, written from the published rules without the product's code."""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from seed.simulators.registers import time_of_day
from seed.simulators.registers.wire import Refusal, Request

WINDOW_SECONDS = 300


class Keys:
    """What `credentials.json` holds; made at the first start."""

    def __init__(self, folder: Path) -> None:
        path = folder / "credentials.json"
        if not path.exists():
            made = {
                "simulator": True,
                "secret_id": f"AKID{secrets.token_hex(8)}",
                "secret_key": secrets.token_hex(16),
                "sdk_app_id": "1400006666",
                "sign_name": "雩都文旅",
                "callback_key": secrets.token_hex(16),
            }
            path.touch(mode=0o600)
            path.write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
        self.held: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))

    def check(self, request: Request) -> None:
        """Refuse a call that the customer did not sign for this moment (TC3-HMAC-SHA256)."""
        given = request.headers.get("Authorization", "")
        timestamp = request.headers.get("X-TC-Timestamp", "")
        if not timestamp.isdigit() or not given.startswith("TC3-HMAC-SHA256 "):
            raise Refusal(HTTPStatus.OK, "AuthFailure.InvalidAuthorization")
        parts = dict(one.strip().split("=", 1) for one in given.partition(" ")[2].split(",") if "=" in one)
        secret_id, day, service, _ = (parts.get("Credential", "").split("/") + [""] * 4)[:4]
        if secret_id != self.held["secret_id"]:
            raise Refusal(HTTPStatus.OK, "AuthFailure.SecretIdNotFound")
        if abs(int(timestamp) - time_of_day.now()) > WINDOW_SECONDS:
            raise Refusal(HTTPStatus.OK, "AuthFailure.SignatureExpire")
        today = datetime.fromtimestamp(int(timestamp), UTC).strftime("%Y-%m-%d")
        wanted = self._signature(request, parts.get("SignedHeaders", ""), timestamp, today)
        if (day, service) != (today, "sms") or not hmac.compare_digest(wanted, parts.get("Signature", "")):
            raise Refusal(HTTPStatus.OK, "AuthFailure.SignatureFailure")

    def _signature(self, request: Request, names: str, timestamp: str, day: str) -> str:
        chosen = names.split(";")
        if not {"content-type", "host"} <= set(chosen):
            raise Refusal(HTTPStatus.OK, "AuthFailure.InvalidAuthorization")
        lines = "".join(f"{name}:{_value(request, name)}\n" for name in chosen)
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(request.body).hexdigest()}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        told = f"TC3-HMAC-SHA256\n{timestamp}\n{day}/sms/tc3_request\n{digest}"
        key = b"TC3" + self.held["secret_key"].encode()
        for part in (day, "sms", "tc3_request", told):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex()

    def signed(self, body: bytes) -> dict[str, str]:
        """Return the headers of a push of receipts."""
        timestamp = str(int(time_of_day.now()))
        told = f"{timestamp}\n{hashlib.sha256(body).hexdigest()}"
        digest = hmac.new(self.held["callback_key"].encode(), told.encode(), hashlib.sha256).hexdigest()
        return {"X-Sms-Timestamp": timestamp, "X-Sms-Signature": digest}


def _value(request: Request, name: str) -> str:
    told = request.headers.get(name, "").strip()
    return told.lower() if name == "x-tc-action" else told
