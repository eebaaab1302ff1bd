"""The elders of a town whose yearly check is not complete, as a table: only by two persons, with access lines.

Names and what a check misses stand in it, so there is no export without the second person, however few its rows. What
was approved is made when it is fetched, and for a day: no copy lies about.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import ObjectId

from backend.errors import NotFound
from models.audit import access_line, entry
from models.eldercare import figure_alerts, figure_checks, figure_reads, subject
from models.eldercare.figure_tally import Elder
from models.eldercare.subject import HealthSubject
from models.identity import approval, approved_export, person
from models.identity.actors import Staff
from models.identity.approved_export import NotFetchable
from models.places import area

OPERATION, PURPOSE = "health.export", "health_care"
KIND = "health_due_checks"
FIELDS = ("person.name", "health.elder", "health.check")
MOST = 20_000
PAGE = 500
HEADERS = ("姓名", "村(社区)", "出生年份", "年度体检", "缺项数", "缺少的项目")
STATE_ZH = {"partly": "未做完", "not_begun": "未开始"}
AFTER_DIGITS = ":"
"""The character after the digits: codes that begin with a town's lie between it and this."""


class HealthExportNotApproved(NotFetchable):
    """409: nobody has agreed yet, or it is too late."""

    code = "health_export_not_approved"


def propose(actor: Staff, town: str, year: int, *, reason: str) -> dict[str, Any]:
    """Propose to export whose check of a year is due in a town, and return the proposal; `rows` is how many at most.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such town, or outside the actor's area, or no check in that year.
    """
    actor.require(OPERATION)
    _require_reach(actor, town)
    query = _query(town, year)
    rows = HealthSubject._get_collection().count_documents(query, limit=MOST)
    made = approval.record(actor, "export", f"{KIND}:{town}:{year}", reason=reason, details={"rows": rows})
    return approval.propose(actor, made)


def _require_reach(actor: Staff, town: str) -> None:
    if not actor.covers(OPERATION, unit="", area=town):
        raise NotFound


def _query(town: str, year: int) -> dict[str, Any]:
    born = figure_checks.born_until(year)
    if town not in area.towns() or born is None:
        raise NotFound
    return {"area": {"$gte": town, "$lt": town + AFTER_DIGITS}, "birth_year": {"$lte": born}}


def approved_rows(actor: Staff, approval_id: ObjectId) -> list[list[Any]]:
    """Return the lines of one's own approved export; access lines are stored before, each time.

    Raises:
        NotFound: no such proposal of the actor, or the town has left their area.
        HealthExportNotApproved: not approved, or longer ago than a day.
    """
    actor.require(OPERATION)
    asked, about = approved_export.own(actor, approval_id, KIND)
    approved_export.require_fetchable(asked, HealthExportNotApproved)
    town, _, year = about.partition(":")
    _require_reach(actor, town)
    rows = [row for page in _pages(town, int(year)) for row in _page(actor, page, int(year), approval_id)]
    told = {"rows": len(rows), "approval": str(approval_id)}
    entry.write(entry.line(actor.key, "health_export.fetch", asked["about"], unit=actor.unit, **told))
    return rows


def _pages(town: str, year: int) -> Iterator[list[dict[str, Any]]]:
    shown = {"person": 1, "area": 1, "birth_year": 1}
    found = HealthSubject._get_collection().find(_query(town, year), shown)
    page: list[dict[str, Any]] = []
    for one in found.sort([("area", 1), ("birth_year", 1), ("_id", 1)]).limit(MOST):
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _page(actor: Staff, found: list[dict[str, Any]], year: int, approval_id: ObjectId) -> list[list[Any]]:
    """Return the lines of those of a page whose check is due, after an access line about them."""
    living = {one.id for one in figure_alerts.living(Elder.of(each) for each in found)}
    checks = {one["subject"]: one for one in figure_reads.checks(living, year, items=True)}
    due = [one for one in found if one["_id"] in living and checks.get(one["_id"], {"left": 1})["left"]]
    persons = {one["_id"]: subject.person_of(one) for one in due}
    access_line.record(actor, purpose=PURPOSE, subjects=persons.values(), fields=FIELDS, case=str(approval_id))
    known, villages = person.several(list(persons.values())), area.names({one["area"] for one in due})
    tables = figure_reads.check_tables()
    return [
        _row(one, known.get(persons[one["_id"]]), villages.get(one["area"], ""), checks.get(one["_id"]), tables)
        for one in due
    ]


def _row(
    elder: Mapping[str, Any],
    known: Any,
    village: str,
    check: Mapping[str, Any] | None,
    tables: Mapping[int, Mapping[str, Any]],
) -> list[Any]:
    name = known.name if known else ""
    if check is None:
        return [name, village, elder["birth_year"], STATE_ZH["not_begun"], "", "全部项目"]
    items = tables[check["tool_version"]]["content"]["items"]
    missing = [one["zh"] for one in items if one["code"] not in check.get("items", {})]
    return [name, village, elder["birth_year"], STATE_ZH["partly"], len(missing), "、".join(missing)]
