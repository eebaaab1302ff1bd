"""The keys of personal data as the security administrator sees them, and their rotation. No key is ever shown."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, runtime
from backend.keys import data_key, index_key, rotation
from models.audit import entry
from models.identity.actors import Staff

STATE_ZH = {"active": "使用中", "retiring": "停用中", "retired": "已停用"}
WHAT_ZH = {"field_key": "字段数据密钥", "blind_index": "盲索引密钥", "key_encryption_key": "主密钥"}
_COUNTS = ("seen", "found", "broken", "moved")


def start(actor: Staff, what: rotation.What) -> dict[str, Any]:
    """Begin to rotate keys of one kind and return the job.

    Raises:
        RotationRunning: a rotation is under way.
        KeyUnknown, KeyFileRefused: the key service does not wrap.
    """
    actor.require("key.rotate")
    line = entry.line(actor.key, "key.rotate", f"key:{what}", unit=actor.unit)

    def along(session: ClientSession) -> None:
        entry.write(line, session)

    return rotation.start(what, started_by=actor.key, along=along)


def shown(actor: Staff) -> dict[str, Any]:
    """Return ids, algorithms and states of all keys, and the latest rotation.

    Raises:
        KeyFileRefused: the key file is not as it must be.
    """
    actor.require("key.read")
    entry.write(entry.line(actor.key, "key.read", "key:all", unit=actor.unit))
    complete, parts = index_key.complete(), runtime.current()
    told: dict[str, Any] = {
        "key_encryption_key": parts.keys.current(),
        "field_algorithm": parts.settings.field_algorithm,
        "data_keys": [_key(one) for one in data_key.listed()],
        "index_keys": [{"id": one, "complete": one in complete} for one in sorted(parts.settings.blind_index_keys)],
    }
    if latest := rotation.latest():
        told["rotation"] = _rotation(latest)
    return told


def _key(found: dict[str, Any]) -> dict[str, Any]:
    times = {name: found[name] for name in ("created_at", "retired_at") if found.get(name)}
    return {
        "id": found["_id"],
        "algorithm": found["algorithm"],
        "key_encryption_key": found["kek"],
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        **_civil(times),
    }


def _rotation(found: dict[str, Any]) -> dict[str, Any]:
    times = {name: found[name] for name in ("started_at", "finished_at") if found.get(name)}
    told = {
        "what": found["what"],
        "what_zh": WHAT_ZH[found["what"]],
        "state": "running" if found.get("running") else "done",
        "job_id": str(found["job"]),
        "pass": found["number"],
        **{name: found[name] for name in _COUNTS},
        "started_by": found["started_by"],
        **_civil(times),
    }
    return told | ({"clean": found["ended_clean"]} if "ended_clean" in found else {})


def _civil(times: dict[str, Any]) -> dict[str, str]:
    return {name: clock.civil(at).isoformat(timespec="seconds") for name, at in times.items()}
