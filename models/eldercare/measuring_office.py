"""Measuring devices at the office: registered with their keys, calibrated, listed, retired."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import NotFound
from backend.store import transactions
from models.audit import entry
from models.eldercare import health_device
from models.identity import device, unit
from models.identity.actors import Staff
from models.identity.device import Duty

OPERATION = "health.device"


@dataclass(frozen=True)
class Plate:
    """What stands on a device, and where it stands; `claim` is the code in a wearable's box."""

    kind: str
    name: str
    maker: str
    model: str
    unit: str
    claim: str = ""


@dataclass(frozen=True)
class Calibrated:
    """A calibration as its certificate says; `until` is the last day on which it holds."""

    on: date
    until: date
    certificate: str = ""


def register(
    actor: Staff, device_id: str, plate: Plate, *, public_key: bytes, calibrated: Calibrated | None = None
) -> dict[str, Any]:
    """Register a device with its raw Ed25519 public key (32 bytes); return it.

    Raises:
        NotFound: no such unit in the actor's scope.
        CalibrationWrong: the calibration is later than today or ends before it begins.
        DeviceKnown, HealthDeviceKnown: the id is taken.
    """
    area = _reached(actor, plate.unit)
    made = _made(actor, device_id, plate, area, calibrated)
    line = entry.line(
        actor.key, "health.device_register", f"health_device:{device_id}", unit=plate.unit, kind=plate.kind
    )

    def change(session: ClientSession) -> None:
        device.register(
            actor.key,
            device_id,
            name=plate.name,
            place=plate.unit,
            public_key=public_key,
            scanner_class=health_device.SCANNER_CLASS[plate.kind],
            unit=plate.unit,
            area=area,
            duty=Duty(),
            session=session,
        )
        health_device.add(made, session)
        entry.write(line, session)

    transactions.run(change)
    return shown(made)


def _made(actor: Staff, device_id: str, plate: Plate, area: str, calibrated: Calibrated | None) -> dict[str, Any]:
    names = ("kind", "name", "maker", "model", "unit")
    made: dict[str, Any] = {"_id": device_id, **{name: getattr(plate, name) for name in names}, "area": area}
    made |= {"calibrations": [], "valid_until": health_device.NEVER, "state": "active"}
    made |= {"registered_at": clock.now(), "registered_by": actor.key}
    if plate.claim:
        made["claim"] = health_device.claim_digest(device_id, plate.claim)
    if calibrated:
        told = _calibration(actor, calibrated)
        made |= {"calibrations": [told], "valid_until": told["until"]}
    return made


def _calibration(actor: Staff, told: Calibrated) -> dict[str, Any]:
    return health_device.calibration(told.on, told.until, told.certificate, actor.key)


def calibrate(actor: Staff, device_id: str, told: Calibrated) -> dict[str, Any]:
    """Add a calibration and return the device.

    Raises:
        NotFound: no such device in use in the actor's scope.
        CalibrationWrong: its days do not fit.
        TooManyCalibrations: the list is full.
    """
    found = reach(actor, device_id)
    made = _calibration(actor, told)
    about = f"health_device:{device_id}"
    line = entry.line(actor.key, "health.device_calibrate", about, unit=found["unit"], on=made["on"])

    def change(session: ClientSession) -> None:
        health_device.calibrate(device_id, made, session)
        entry.write(line, session)

    transactions.run(change)
    return shown(health_device.read(device_id))


def retire(actor: Staff, device_id: str) -> None:
    """Refuse a device from now on; repeating it changes nothing. What it measured stays.

    Raises:
        NotFound: no such device in the actor's scope.
    """
    found = reach(actor, device_id)
    line = entry.line(actor.key, "health.device_retire", f"health_device:{device_id}", unit=found["unit"])

    def change(session: ClientSession) -> None:
        health_device.retire(device_id, session)
        device.revoke(device_id, session)
        entry.write(line, session)

    transactions.run(change)


def read(actor: Staff, device_id: str) -> dict[str, Any]:
    """Return a device with its calibrations.

    Raises:
        NotFound: no such device in the actor's scope.
    """
    return shown(reach(actor, device_id))


def listed(
    actor: Staff, *, unit_code: str, overdue: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the devices in use, those whose calibration ends first before the others.

    Raises:
        NotFound: the unit is out of the actor's scope.
    """
    if unit_code:
        _reached(actor, unit_code)
    elif actor.units_for(OPERATION) is not None:
        raise NotFound
    found, following = health_device.listed(unit=unit_code, overdue=overdue, cursor=cursor, limit=limit)
    return [shown(one) for one in found], following


def reach(actor: Staff, device_id: str) -> dict[str, Any]:
    """Return a device in the actor's scope.

    Raises:
        NotFound: there is none.
    """
    found = health_device.read(device_id)
    if not actor.covers(OPERATION, unit=found["unit"], area=found.get("area") or ""):
        raise NotFound
    return found


def _reached(actor: Staff, unit_code: str) -> str:
    """Return the area of a unit in the actor's scope."""
    area = unit.read(unit_code).get("area") or ""
    if not actor.covers(OPERATION, unit=unit_code, area=area):
        raise NotFound
    return area


def shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a device as the office sees it."""
    last = found["calibrations"][-1] if found["calibrations"] else {}
    told = {
        "id": found["_id"],
        "kind": found["kind"],
        "kind_zh": health_device.KIND_ZH[found["kind"]],
        **{name: found[name] for name in ("name", "maker", "model", "unit", "state")},
        "state_zh": health_device.STATE_ZH[found["state"]],
        "calibrated_on": last.get("on", ""),
        "valid_until": last.get("until", ""),
        "certificate": last.get("certificate", ""),
        "overdue": found["valid_until"] < clock.today().isoformat(),
        "calibrations": [
            {"on": one["on"], "until": one["until"], "certificate": one.get("certificate", "")}
            for one in reversed(found["calibrations"])
        ],
    }
    return {name: value for name, value in told.items() if value != ""}
