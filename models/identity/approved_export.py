"""An export that a second person agreed on: whose proposal it is, and whether it may still be fetched.

A proposal's `about` reads kind and object (`orders:museum:2026-11-20`). What was approved is made when it is fetched,
for a day; each module of an export names its errors, so that a client tells them apart by their codes.
"""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import Conflict, NotFound
from models.identity import approval
from models.identity.actors import Staff

FETCHABLE = timedelta(hours=24)


class NeedsSecondPerson(Conflict):
    """409: that many rows need a second person."""

    code = "export_needs_approval"
    zh = "共 {rows} 行,超过 {most} 行的导出需经第二人同意:请先提交导出申请,同意后 24 小时内下载。"
    en = "{rows} rows; more than {most} need a second person. Propose the export and fetch it once approved."

    def __init__(self, rows: int) -> None:
        super().__init__(rows=rows, most=approval.EXPORT_ROWS)


class NotFetchable(Conflict):
    """409: nobody has agreed yet, or it is too late."""

    code = "export_not_approved"
    zh = "导出申请{state_zh},不能下载;如仍有需要请重新提交申请。"
    en = "Nobody has approved this export, or it is too late to fetch it. Propose it again."

    def __init__(self, state: str) -> None:
        super().__init__(state_zh=approval.STATE_ZH[state])


def own(actor: Staff, approval_id: ObjectId, kind: str) -> tuple[dict[str, Any], str]:
    """Return one's own proposal to export a kind of object, and which object it is about.

    Raises:
        NotFound: no such proposal of the actor.
    """
    asked = approval.read(approval_id)
    told, _, about = asked["about"].partition(":")
    if asked["kind"] != "export" or told != kind or asked["proposed_by"] != actor.staff_id:
        raise NotFound
    return asked, about


def require_fetchable(asked: dict[str, Any], refused: type[NotFetchable] = NotFetchable) -> None:
    """Check that a proposal was approved, at most a day ago.

    Raises:
        NotFetchable: it was not, as the error `refused`.
    """
    state = approval.state_of(asked)
    if state == "approved" and asked["decided_at"] + FETCHABLE <= clock.now():
        state = "expired"
    if state != "approved":
        raise refused(state)
