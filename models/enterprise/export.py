"""What leaves as a workbook: lists of a run, offers of a policy, figures of a month; large ones by two persons.

No person and no account stands in them. What was approved is made when it is fetched, and for a day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from bson import ObjectId

from backend import clock
from backend.errors import Conflict, NotFound
from backend.store import object_ids
from models.audit import entry
from models.enterprise import figure, figure_views, firm, judge, offer, policy, run
from models.enterprise.finding import Finding
from models.enterprise.offer import Offer
from models.identity import approval, approved_export
from models.identity.actors import Staff
from models.identity.approved_export import NeedsSecondPerson

OPERATION = "policy.export"
KIND = "enterprise"
WHAT_ZH = {"run": "筛查结果", "offers": "兑现事项", "figures": "兑现统计"}
MOST = 60_000
PAGE = 500
_FEN = 100
HEADERS = {
    "run": ("统一社会信用代码", "单位名称", "结果", "金额(元)", "缺少的数据", "不符合的条件"),
    "offers": ("统一社会信用代码", "单位名称", "状态", "金额(元)", "提出时间", "确认时间", "拨付时间"),
    "figures": (
        *("类别", "代码", "名称", "新增兑现事项", "确认", "确认金额(元)", "拨付", "拨付金额(元)"),
        *("免申即享比例(%)", "中位用时(小时)", "90% 用时(小时)", "超时拨付", "当月逾期"),
    ),
}
BY_ZH = {"county": "全县", "unit": "单位", "policy": "政策"}


class ExportTooLarge(Conflict):
    """409: more rows than one file takes."""

    code = "enterprise_export_too_large"
    zh = "共超过 {most} 行,不能导出为一个文件;请缩小范围后再导出。"
    en = "More than {most} rows; one file does not take them. Narrow it down."


@dataclass(frozen=True)
class Wanted:
    """Which table: `of` is a run, a policy or a month, `part` a verdict or a state, "" for figures."""

    what: str
    of: str
    part: str = ""

    @property
    def about(self) -> str:
        """Return how a proposal names it."""
        return f"{KIND}:{self.what}:{self.of}:{self.part}"


def _of(about: str) -> Wanted:
    what, of, part = about.split(":")
    return Wanted(what, of, part)


def rows(actor: Staff, wanted: Wanted) -> list[list[Any]]:
    """Return the lines of a small export.

    Raises:
        NotFound: no such run or policy of the actor's unit.
        NeedsSecondPerson: there are too many.
        ExportTooLarge: there are more than any file takes.
    """
    lines = _lines(actor, wanted)
    if len(lines) > approval.EXPORT_ROWS:
        raise NeedsSecondPerson(len(lines))
    return _handed_out(actor, lines, wanted.about)


def propose(actor: Staff, wanted: Wanted, *, reason: str) -> dict[str, Any] | None:
    """Propose a large export; return the proposal, None when the rows are few enough to leave at once.

    Raises:
        NotFound: no such run or policy of the actor's unit.
        ExportTooLarge: there are more than any file takes.
    """
    return approval.require_for_export(actor, len(_lines(actor, wanted)), wanted.about, reason=reason)


def approved_rows(actor: Staff, approval_id: ObjectId) -> tuple[Wanted, list[list[Any]]]:
    """Return the lines of one's own approved export, and which table it is.

    Raises:
        NotFound: no such proposal of the actor, or it has left their units.
        NotFetchable: not approved, or longer ago than a day.
    """
    actor.require(OPERATION)
    asked, about = approved_export.own(actor, approval_id, KIND)
    approved_export.require_fetchable(asked)
    wanted = _of(about)
    return wanted, _handed_out(actor, _lines(actor, wanted), asked["about"])


def _handed_out(actor: Staff, lines: list[list[Any]], about: str) -> list[list[Any]]:
    entry.write(entry.line(actor.key, OPERATION, about, unit=actor.unit, rows=len(lines)))
    return lines


def _lines(actor: Staff, wanted: Wanted) -> list[list[Any]]:
    actor.require(OPERATION)
    made = {"run": _of_run, "offers": _of_offers, "figures": _of_figures}[wanted.what](actor, wanted)
    lines = list(islice(made, MOST + 1))
    if len(lines) > MOST:
        raise ExportTooLarge(most=MOST)
    return lines


def _of_run(actor: Staff, wanted: Wanted) -> Iterator[list[Any]]:
    going = run.of_id(object_ids.read(wanted.of))
    policy.within(actor, OPERATION, going["policy"])
    if wanted.part not in judge.JUDGED:
        raise NotFound
    query = {"run": going["_id"], "verdict": wanted.part}
    found = Finding._get_collection().find(query, {"decision": 0}).sort("_id", 1).limit(MOST + 1)
    for one, name in _named(found):
        lacks = "、".join(f"{each['zh']}({each['whose_zh']}:{each['why_zh']})" for each in one["lacks"])
        told = [one["firm"], name, judge.VERDICTS[one["verdict"]], _yuan(one["amount_fen"])]
        yield [*told, lacks, one.get("why_zh", "")]


def _of_offers(actor: Staff, wanted: Wanted) -> Iterator[list[Any]]:
    policy.within(actor, OPERATION, wanted.of)
    if wanted.part not in offer.STATES:
        raise NotFound
    query, shown = {"policy": wanted.of, "state": wanted.part}, {"account": 0}
    found = Offer._get_collection().find(query, shown).sort("_id", 1).limit(MOST + 1)
    for one, name in _named(found):
        moments = [_time(one.get(moment)) for moment in ("at", "confirmed_at", "paid_at")]
        yield [one["firm"], name, offer.STATES[one["state"]], _yuan(one["amount_fen"]), *moments]


def _of_figures(actor: Staff, wanted: Wanted) -> Iterator[list[Any]]:
    for by in reversed(figure.BY):
        cursor: str | None = None
        while True:
            page, cursor = figure_views.listed(actor, wanted.of, by, cursor=cursor, limit=100)
            for one in page:
                yield _figure(by, one)
            if cursor is None:
                break


def _figure(by: str, one: Mapping[str, Any]) -> list[Any]:
    told = [BY_ZH[by], one["code"], one["name"], one["offered"], one["confirmed"], _yuan(one["confirmed_fen"])]
    told += [one["paid"], _yuan(one["paid_fen"]), one["percent_unasked"], one["median_hours"], one["p90_hours"]]
    return [*told, one["paid_late"], one["fell_overdue"]]


def _named(found: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield findings or offers with the names of their firms, some hundred looked up together."""
    rows_left = iter(found)
    while page := list(islice(rows_left, PAGE)):
        names = firm.several([one["firm"] for one in page])
        for one in page:
            yield one, names.get(one["firm"], {"name": ""})["name"]


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / _FEN


def _time(moment: Any) -> str:
    return clock.civil(moment).strftime("%Y-%m-%d %H:%M") if moment else ""
