"""Faults, keys and tokens of the sandbox itself."""

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import Request, Response, as_json

OVERLAP_SECONDS = 60

routes = Router()


@routes.on("POST", "/sandbox/faults")
def set_faults(box: Sandbox, request: Request) -> Response:
    """Set one fault, or several as `faults`."""
    wanted = request.json()
    for fault in wanted.get("faults", [wanted]):
        box.faults.add(fault)
    return show_faults(box, request)


@routes.on("GET", "/sandbox/faults")
def show_faults(box: Sandbox, _request: Request) -> Response:
    """What is set, and how often each fault struck."""
    return as_json({"faults": box.faults.shown()})


@routes.on("DELETE", "/sandbox/faults")
def clear_faults(box: Sandbox, request: Request) -> Response:
    """Clear all faults, or those called `?name=`."""
    box.faults.clear(request.query.get("name"))
    return show_faults(box, request)


@routes.on("POST", "/sandbox/rotate_key", locked=False)
def rotate_key(box: Sandbox, request: Request) -> Response:
    """Bring in a new platform key; old and new take turns for `overlap_seconds`."""
    overlap = float(request.json().get("overlap_seconds", OVERLAP_SECONDS))
    return as_json({**box.keys.rotate(overlap), "overlap_seconds": overlap})


@routes.on("POST", "/sandbox/expire_token")
def expire_token(box: Sandbox, _request: Request) -> Response:
    """End the current access token before its time."""
    current = box.journal.get("token", "current")
    if current:
        past = clock.now() - 1
        box.journal.put("tokens", current["token"], past)
        box.journal.put("token", "current", {**current, "expires": past})
    return as_json({"expired": bool(current)})


@routes.on("GET", "/sandbox/health")
def health(box: Sandbox, _request: Request) -> Response:
    """Alive, and how much there is."""
    counts = {table: len(box.journal.all(table)) for table in ("users", "orders", "refunds", "notices", "messages")}
    return as_json({"status": "ok", "base_url": box.base_url, **counts})
