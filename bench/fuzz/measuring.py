"""What the office knows of the kiosks and bands of a village clinic."""

from typing import Any

from backend import clock
from backend.store import transactions
from models.eldercare import health_device

CLINIC, AREA, BY = "demo_tantou_clinic", "360731105", "system:fuzz"
KINDS = {scanner_class: kind for kind, scanner_class in health_device.SCANNER_CLASS.items()}


def add(name: str, scanner_class: str) -> None:
    """Register what measures, by the class of its key."""
    told: dict[str, Any] = {"_id": name, "kind": KINDS[scanner_class], "name": "自助体检机", "maker": "演示医疗器械"}
    told |= {"model": "F-1", "unit": CLINIC, "area": AREA, "calibrations": [], "valid_until": health_device.NEVER}
    told |= {"state": "active", "registered_at": clock.now(), "registered_by": BY}
    transactions.run(lambda session: health_device.add(told, session))
