"""What became of a message, and telling the customer of it by a signed push."""

import json
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from seed.simulators.sms import faults

if TYPE_CHECKING:
    from seed.simulators.sms.desk import Box

TRIES, PAUSE_SECONDS, PATIENCE_SECONDS = 3, 0.2, 10


def decide(box: "Box", message: dict[str, Any], status: str = "", reason: str = "") -> None:
    """Say what became of a message: as told, else by what is known of its number."""
    absent = box.state.told["numbers"].get(message["number"]) == "absent"
    message["status"] = status or ("FAIL" if absent else "SUCCESS")
    message["reason"] = reason or ("MK:0001" if message["status"] == "FAIL" else "DELIVRD")


def push(box: "Box", message: dict[str, Any]) -> int:
    """Push the receipt of a message to the customer; return the HTTP status of the last try, 0 for none."""
    url = box.state.told["callback"]
    struck = box.faults.struck("push", names=faults.RECEIPTS)
    if not url or "receipt_lost" in struck:
        return 0
    body = _body(message, "receipt_of_nobody" in struck)
    signed = {} if "receipt_unsigned" in struck else box.keys.signed(body)
    status = 0
    for _ in range(2 if "receipt_twice" in struck else 1):
        status = _deliver(box, url, body, signed)
    return status


def _deliver(box: "Box", url: str, body: bytes, signed: dict[str, str]) -> int:
    status = 0
    for number in range(TRIES):
        box.calls["push"] += 1
        status = _post(url, body, signed)
        if status and status < 500:  # noqa: PLR2004
            return status
        threading.Event().wait(PAUSE_SECONDS * number)
    return status


def _post(url: str, body: bytes, signed: dict[str, str]) -> int:
    headers = {"Content-Type": "application/json", **signed}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - the URL is the customer's
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _body(message: dict[str, Any], nobody: bool) -> bytes:
    told = {
        "user_receive_time": message["day"] + " 00:00:00",
        "nationcode": "86",
        "mobile": message["number"].removeprefix("+86"),
        "report_status": message["status"],
        "errmsg": message["reason"],
        "description": message["reason"],
        "sid": message["serial"],
        "session_context": "f" * 24 if nobody else message["session_context"],
    }
    return json.dumps([told], ensure_ascii=False).encode()
