"""Who calls during the fuzzing: residents and a member of staff for each role, logged in over HTTP.

Each comes twice: `steady` actors keep their sessions; `doomed` ones call what ends sessions or accounts.
"""

import json
from pathlib import Path
from typing import Any

from models.identity import roles
from seed.demo.stage import Stage
from seed.demo.visit import new_family

ENDS_SESSIONS = ("/logout", "/logout-everywhere", "/sessions", "/consents/", "/disable", "/assignments", "/password")


def write(stage: Stage, path: Path) -> None:
    """Log everybody in and write their tokens."""
    told: dict[str, Any] = {"residents": [_resident(stage) for _ in range(2)], "staff": {}}
    for role in roles.ROLES:
        told["staff"][role] = stage.clerk(role).token
    path.write_text(json.dumps(told))


def _resident(stage: Stage) -> str:
    phone, _ = stage.tourist()
    new_family(phone)
    return str(phone.token)


def token_for(cast: dict[str, Any], access: dict[str, str], path: str) -> str | None:
    """Return the token of somebody who may call an operation, None where nobody logs in."""
    if access.get("actor") == "resident":
        doomed = any(part in path for part in ENDS_SESSIONS)
        return str(cast["residents"][1 if doomed else 0])
    if access.get("actor") == "staff":
        holders = [role for role, told in roles.ROLES.items() if access.get("operation") in told.operations]
        return str(cast["staff"][holders[0] if holders else "auditor"])
    return None
