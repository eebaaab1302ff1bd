"""Changing a table: who proposes a version and who agrees are two persons; what was scored keeps its own version.

propose ──▶ proposed ──approve──▶ activate (outbox, once) ──▶ active
                    └──refuse, withdraw, expire──▶ drop (outbox, once): the proposal goes
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import outbox
from backend.errors import Conflict
from backend.store import documents, transactions
from models.audit import entry
from models.eldercare import tool
from models.eldercare.tool import HealthTool
from models.identity import approval, staff
from models.identity.actors import Staff

KIND = "rule_activation"


class ToolOpen(Conflict):
    """409: a version waits, or the first day is not later than that of the last version."""

    code = "health_tool_open"
    zh = "该评分表有待审批的新版本,或新版本的起始日不晚于现行版本,请核对后再提交。"
    en = "A version waits for approval, or the first day is not later than that of the last version."


@dataclass(frozen=True)
class Proposed:
    """The next version of a table that there is."""

    zh: str
    source: Mapping[str, str]
    valid_from: date
    content: Mapping[str, Any]


def propose(actor: Staff, code: str, told: Proposed, *, reason: str) -> tuple[dict[str, Any], ObjectId]:
    """Propose the next version of a table; return it and the approval's id.

    Raises:
        NotFound: there is no such table.
        ToolWrong: an answer would have no result, or several.
        ToolOpen: a version waits, or begins on that day or later.
    """
    last = documents.one(HealthTool, {"_id": _newest(code)})
    if last["state"] != "active" or told.valid_from.isoformat() <= last["valid_from"]:
        raise ToolOpen
    content = tool.checked(
        {
            "kind": last["kind"],
            "zh": told.zh,
            "source": dict(told.source),
            "valid_from": told.valid_from.isoformat(),
            "content": dict(told.content),
        }
    )
    made = {"code": code, "version": last["version"] + 1, "state": "proposed", "approval": ObjectId(), **content}
    made["_id"] = f"{code}:{made['version']}"
    waiting = approval.record(
        actor,
        KIND,
        f"health_tool:{made['_id']}",
        reason=reason,
        approval_id=made["approval"],
        effect=outbox.entry("trust", "eldercare.activate_tool", approval=str(made["approval"])),
        otherwise=outbox.entry("trust", "eldercare.drop_tool", approval=str(made["approval"])),
        details={"tool": made["_id"], "valid_from": made["valid_from"]},
    )

    def store(session: ClientSession) -> None:
        staff.require_acting(actor, {"at": waiting["proposed_at"]}, session)
        HealthTool._get_collection().insert_one(made, session=session)
        approval.store(actor, waiting, session)

    try:
        transactions.run(store)
    except DuplicateKeyError:
        raise ToolOpen from None
    return made, made["approval"]


def _newest(code: str) -> str:
    found = HealthTool._get_collection().find_one({"code": code}, {"_id": 1}, sort=[("version", -1)])
    return str(found["_id"]) if found else ""


def activate(approval_id: ObjectId) -> None:
    """Put a version in force that two persons agreed on, once."""
    found = approval.read(approval_id)
    by, about = f"staff:{found['decided_by']}", found["about"]
    line = entry.line(by, "health.tool", about, unit=found["unit"], approval=str(approval_id))
    guard = {"_id": found["details"]["tool"], "state": "proposed", "approval": approval_id}

    def change(session: ClientSession) -> None:
        if approval.finish(approval_id, "done", session):
            HealthTool._get_collection().update_one(guard, {"$set": {"state": "active"}}, session=session)
            entry.write(line, session)

    transactions.run(change)


def drop(approval_id: ObjectId) -> None:
    """Forget a version that was not agreed on; nothing was ever scored by it."""
    guard = {"_id": approval.read(approval_id)["details"]["tool"], "state": "proposed", "approval": approval_id}
    HealthTool._get_collection().delete_one(guard)
