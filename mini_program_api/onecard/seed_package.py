"""A drawn seed package as a phone gets it, its own or a relative's."""

from base64 import b64encode
from typing import Any

from backend import clock
from models.onecard.draw import Package


def shown(drawn: Package) -> dict[str, Any]:
    """Return a package with its signature."""
    return {
        "credential_id": str(drawn.credential["_id"]),
        "package": drawn.text,
        "signature": b64encode(drawn.signature).decode(),
        "key_id": drawn.key_id,
        "last_day": drawn.credential["last_day"],
        "server_time": clock.civil(clock.now()).isoformat(timespec="milliseconds"),
    }
