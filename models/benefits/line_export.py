"""The list of a batch as a table: names masked, an access line before, many rows only by two persons.

What was approved is made when it is fetched, from the lines that were there when it was proposed: no copy lies about.
"""

from decimal import Decimal
from typing import Any

from bson import ObjectId

from models.audit import access_line, entry
from models.benefits import batch, line, views
from models.identity import approval, approved_export, minor_approval
from models.identity.actors import Staff
from models.identity.approved_export import NeedsSecondPerson, NotFetchable

OPERATION = "benefit.read"
HEADERS = ("姓名(已打码)", "证件尾号", "账号尾号", "村(社区)代码", "金额(元)", "状态", "核验情况")
_PAGE = 1_000


class ExportNeedsApproval(NeedsSecondPerson):
    """409: that many rows need a second person."""

    code = "benefit_export_needs_approval"


class ExportNotApproved(NotFetchable):
    """409: nobody has agreed yet, or it is too late."""

    code = "benefit_export_not_approved"


def rows(actor: Staff, batch_id: ObjectId) -> list[list[Any]]:
    """Return the lines of a small batch; the access line is stored before.

    Raises:
        NotFound: no such batch within the actor's scope.
        ExportNeedsApproval: there are too many.
    """
    found = batch.reach(actor, OPERATION, batch_id)
    count = sum(found["counts"].values())
    if count > approval.EXPORT_ROWS:
        raise ExportNeedsApproval(count)
    return _handed_out(actor, found, None)


def propose(actor: Staff, batch_id: ObjectId, *, reason: str) -> dict[str, Any] | None:
    """Propose a large export; return the proposal, None when the rows are few enough to leave at once.

    Raises:
        NotFound: no such batch within the actor's scope.
    """
    found = batch.reach(actor, OPERATION, batch_id)
    count = sum(found["counts"].values())
    return approval.require_for_export(actor, count, f"benefit_batch:{batch_id}", reason=reason)


def approved_rows(actor: Staff, approval_id: ObjectId) -> list[list[Any]]:
    """Return the lines of one's own approved export; the access line is stored before, each time.

    Raises:
        NotFound: no such proposal of the actor, or the batch has left their scope.
        ExportNotApproved: not approved, or longer ago than a day.
    """
    asked, about = approved_export.own(actor, approval_id, "benefit_batch")
    found = batch.reach(actor, OPERATION, ObjectId(about))
    approved_export.require_fetchable(asked, ExportNotApproved)
    return _handed_out(actor, found, approval_id)


def _handed_out(actor: Staff, found: dict[str, Any], before: ObjectId | None) -> list[list[Any]]:
    made, last = [], None
    while some := line.of_batch(found["_id"], after=last, before=before, most=_PAGE):
        made += [_row(row, hidden) for hidden in [_looked(actor, found, some)] for row in some]
        last = some[-1]["_id"]
    told = {"rows": len(made)}
    entry.write(entry.line(actor.key, "benefit.export", f"benefit_batch:{found['_id']}", unit=found["unit"], **told))
    return made


def _looked(actor: Staff, found: dict[str, Any], some: list[dict[str, Any]]) -> set[ObjectId]:
    people = [row["person"] for row in some if row.get("person")]
    hidden = minor_approval.hidden(actor, people)
    seen = [one for one in people if one not in hidden]
    access_line.record(actor, purpose=views.PURPOSE, subjects=seen, fields=views.FIELDS, case=found["number"])
    return hidden


def _row(row: dict[str, Any], hidden: set[ObjectId]) -> list[Any]:
    shown = views.of_line(row, hidden)
    found = "、".join(one["zh"] for one in shown["findings"] if not one["cleared"])
    told = [shown[name] for name in ("name_masked", "number_masked", "account_masked", "area")]
    return [*told, Decimal(row["amount_fen"]) / 100, shown["state_zh"], found]
