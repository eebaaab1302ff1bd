"""Why a list cannot be frozen: each says what is to be done first, and names whom by receipt numbers only."""

from collections.abc import Mapping, Sequence

from backend.errors import Conflict

NAMED = 20


class FreezeTooEarly(Conflict):
    """409: families may still apply."""

    code = "school_freeze_too_early"
    zh = "报名将于 {closes} 截止,截止后才能封存名单。"
    en = "Families may apply until {closes}. Freeze the list after that."


class ApplicationsOpen(Conflict):
    """409: applications of the round are not decided."""

    code = "school_applications_open"
    zh = "还有申请未办结(审核中 {submitted},待更正 {to_correct}),请先作出审核决定,再封存名单。"
    en = "Applications are not decided yet ({submitted} under review, {to_correct} to be corrected)."

    def __init__(self, waiting: Mapping[str, str]) -> None:
        super().__init__(submitted=waiting["submitted"], to_correct=waiting["to_correct"])


class NothingToDraw(Conflict):
    """409: nobody is qualified."""

    code = "school_nothing_to_draw"
    zh = "本批次没有审核通过的申请,无需封存。"
    en = "No application of the round is qualified."


class PlansMissing(Conflict):
    """409: a school that is chosen, or takes the unplaced, has no seat plan."""

    code = "school_plans_missing"
    zh = "以下学校没有招生计划,请先填报:{schools}。"
    en = "These schools have no seat plan: {schools}."


class PrioritiesMissing(Conflict):
    """409: an application has no choice, or no priority at a school that it names."""

    code = "school_priorities_missing"
    zh = "以下申请缺少志愿或优先级,请重新作出审核决定:{receipts}。"
    en = "These applications lack a choice or a priority: {receipts}."


class GroupsDiffer(Conflict):
    """409: children who are tied together name other schools."""

    code = "school_groups_differ"
    zh = "以下捆绑申请的志愿不一致,请通知家长统一志愿或解除捆绑:{receipts}。"
    en = "These tied applications name different schools: {receipts}."


class ListWrong(Conflict):
    """409: list or plans are no input of a draw."""

    code = "school_list_wrong"
    zh = "名单或招生计划不能用于派位,请核对学校名称、名额和预留:{why}"
    en = "List or plans are no input of a draw: {why}"


class ListMoved(Conflict):
    """409: an application changed while the list was being frozen."""

    code = "school_list_moved"
    zh = "封存时有申请刚刚变动,名单未封存,请重新操作。"
    en = "An application changed while the list was being frozen. Nothing was frozen; try again."


def named(receipts: Sequence[str]) -> str:
    """Return the first of some receipt numbers in a row, with how many more there are."""
    more = f"等 {len(receipts)} 份" if len(receipts) > NAMED else ""
    return "、".join(sorted(receipts)[:NAMED]) + more
