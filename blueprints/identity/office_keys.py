"""Keys of personal data and their rotation, for the security administrator."""

from typing import Any

from flask import g

from backend import clock
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from blueprints.identity import key_schemas
from models.identity import key_rotation

keys = Surface("office keys", __name__, url_prefix="/office/v1", description="密钥管理与轮换")


@keys.get("/keys", access=staff("key.read"))
@keys.answer(200, key_schemas.KeysView)
def read() -> dict[str, Any]:
    """Ids, algorithms and states of the keys, and the latest rotation; never a key."""
    return key_rotation.shown(g.actor)


@keys.post("/keys/rotation", access=staff("key.rotate"), parameters=[PARAMETER])
@idempotent
@keys.arguments(key_schemas.RotationBody)
@keys.answer(202, key_schemas.RotationJobView)
def rotate(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a rotation while the service runs; a second one at the same time is refused."""
    job = key_rotation.start(g.actor, body["what"])
    told = {name: job[name] for name in ("task", "state", "done", "total", "started_by")}
    return {"id": str(job["_id"]), **told, "started_at": clock.civil(job["started_at"]).isoformat(timespec="seconds")}
