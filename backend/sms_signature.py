"""How an SMS service in Tencent Cloud's form is signed: requests by TC3-HMAC-SHA256, receipts by a keyed digest."""

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
SERVICE = "sms"
_SIGNED = "content-type;host;x-tc-action"


def authorization(secret_id: str, secret_key: str, *, host: str, action: str, body: bytes, timestamp: int) -> str:
    """Return the `Authorization` header of one call."""
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    headers = f"content-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    canonical = f"POST\n/\n\n{headers}\n{_SIGNED}\n{_digest(body)}"
    scope = f"{day}/{SERVICE}/tc3_request"
    told = f"{ALGORITHM}\n{timestamp}\n{scope}\n{_digest(canonical.encode())}"
    key = f"TC3{secret_key}".encode()
    for part in (day, SERVICE, "tc3_request"):
        key = _keyed(key, part)
    signature = _keyed(key, told).hex()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={_SIGNED}, Signature={signature}"


def of_receipts(callback_key: str, timestamp: str, body: bytes) -> str:
    """Return the signature that a body of delivery receipts carries, in hex."""
    return _keyed(callback_key.encode(), f"{timestamp}\n{_digest(body)}").hex()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
