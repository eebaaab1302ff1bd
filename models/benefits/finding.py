"""What a check may find of a line: one literal table, with the sentence that people read and whose turn it is.

`blocks` keeps the money back until the cause is gone; the others wait for somebody to confirm. A finding that is
`clearable` may be set aside by the department, with a reason; any other goes only with its cause, at the next check.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

WHOSE_ZH = {
    "town": "乡镇",
    "department": "主管部门",
    "resident": "本人",
    "register": "登记部门",
    "finance": "财政部门",
}


@dataclass(frozen=True)
class Kind:
    """One code. `because` is what the person is told, `todo` what is to be done."""

    zh: str
    because: str
    todo: str
    whose: str
    blocks: bool = False
    clearable: bool = False


KINDS = {
    "number_wrong": Kind(
        "证件号码校验不通过", "名单中的身份证号码有误", "核对身份证后撤销此条并重新填报", "town", blocks=True
    ),
    "person_unknown": Kind(
        "尚未核对登记信息", "系统中还没有此人的登记信息", "发起登记信息核对后重新核验", "department"
    ),
    "facts_stale": Kind(
        "登记信息待更新",
        "户籍或死亡登记信息已过期,尚未重新查询",
        "发起登记信息核对后重新核验",
        "department",
        clearable=True,
    ),
    "no_household_record": Kind(
        "户籍登记无记录", "户籍登记中没有此人的记录", "核实户籍所在地后由主管部门确认", "town", clearable=True
    ),
    "name_mismatch": Kind(
        "姓名与户籍登记不一致",
        "名单中的姓名与户籍登记的姓名不一致",
        "核对身份证;姓名写错的,撤销此条并重新填报",
        "town",
        blocks=True,
        clearable=True,
    ),
    "died": Kind(
        "已有死亡登记", "死亡登记显示此人已去世", "停止发放;登记有误的,由家属向民政部门申请更正", "town", blocks=True
    ),
    "card_of_dead": Kind(
        "社会保障卡因死亡注销", "社会保障卡已因死亡注销", "停止发放;有误的,到窗口恢复用卡", "town", blocks=True
    ),
    "no_card": Kind(
        "没有社会保障卡",
        "没有可用的社会保障卡",
        "请本人申请社会保障卡;已填银行账号的,可由主管部门确认后发放",
        "resident",
        blocks=True,
        clearable=True,
    ),
    "card_closed": Kind("社会保障卡已注销", "社会保障卡已注销", "请本人重新申请社会保障卡", "resident", blocks=True),
    "card_stopped": Kind(
        "社会保障卡挂失或冻结", "社会保障卡处于挂失或冻结状态", "请本人解除挂失、解冻或补卡", "resident", clearable=True
    ),
    "card_not_active": Kind(
        "社会保障卡未激活", "社会保障卡尚未激活", "请本人激活社会保障卡", "resident", clearable=True
    ),
    "account_shared": Kind(
        "多人使用同一账号", "同一批次中有多人填写同一银行账号", "核实账号归属", "town", clearable=True
    ),
    "duplicate_in_batch": Kind("本批次重复", "同一人在本批次中已有一条", "撤销多余的一条", "town", blocks=True),
    "duplicate_other_batch": Kind(
        "其他批次已申报", "同一人同一期次已在其他批次中申报", "保留一条,撤销另一条", "department", blocks=True
    ),
    "exclusive_item": Kind(
        "与其他补贴不能同时享受",
        "同期已享受不能同时享受的其他补贴",
        "由主管部门核定保留哪一项",
        "department",
        blocks=True,
    ),
    "household_cap": Kind(
        "超过每户限额", "同户家庭本期合计超过每户限额", "由主管部门核定", "department", blocks=True, clearable=True
    ),
    "not_eligible": Kind(
        "不符合发放条件", "按规则不符合发放条件", "撤销此条;本人有异议的,可申请核实", "town", blocks=True
    ),
    "eligibility_unknown": Kind(
        "发放条件待核实", "判断是否符合条件所需的信息不全", "按缺少的信息逐项核实", "department", clearable=True
    ),
    "amount_differs": Kind(
        "金额与规则不符",
        "填报金额与按规则计算的金额不一致",
        "核对面积、月数等;有误的,撤销后重新填报",
        "town",
        clearable=True,
    ),
    "amount_out_of_bounds": Kind(
        "金额超出范围", "填报金额超出该项目的上下限", "核对金额后撤销并重新填报", "town", blocks=True
    ),
    "set_aside": Kind(
        "本批次暂不发放", "公示前仍未核实清楚,本批次暂不发放", "核实后列入下一批次", "department", blocks=True
    ),
    "objection": Kind(
        "公示期有异议,核查中", "公示期间有人提出异议,正在核查", "等待异议核查结果", "department", blocks=True
    ),
    "objection_upheld": Kind(
        "异议成立", "经核查,公示期间的异议成立", "停止发放;本人不服的,可依法申请行政复议", "department", blocks=True
    ),
}
PUBLICITY = ("objection", "objection_upheld")
"""Found by people, not by the checks: a check leaves them as they are; what was only set aside is checked anew."""


def found(code: str, at: datetime, *, whose: str = "", about: Any = None) -> dict[str, Any]:
    """Return a finding as a line keeps it; `whose` where it is another's turn than usual, `about` an id or amount."""
    told: dict[str, Any] = {"code": code, "whose": whose or KINDS[code].whose, "at": at}
    return told | ({} if about is None else {"about": about})


def merged(new: Iterable[dict[str, Any]], old: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings after a check: what was found again stays cleared if it was, what people found stays."""
    known = {one["code"]: one for one in old}
    kept = [dict(known[code]) for code in PUBLICITY if code in known]
    return [_again(one, known.get(one["code"])) for one in new] + kept


def _again(one: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    same = before is not None and before.get("about") == one.get("about")
    return {**one, **{name: before[name] for name in _CLEARED if name in before}} if before and same else one


_CLEARED = ("cleared_by", "cleared_at", "reason")


def state_of(findings: Iterable[Mapping[str, Any]]) -> str:
    """Return the state of a line with these findings."""
    left = [KINDS[one["code"]] for one in findings if "cleared_by" not in one]
    if any(one.blocks for one in left):
        return "blocked"
    return "to_confirm" if left else "ok"


def shown(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a finding as screens show it."""
    kind = KINDS[one["code"]]
    return {
        "code": one["code"],
        "zh": kind.zh,
        "todo_zh": kind.todo,
        "whose": one["whose"],
        "whose_zh": WHOSE_ZH.get(one["whose"], one["whose"]),
        "blocks": kind.blocks,
        "clearable": kind.clearable,
        "cleared": "cleared_by" in one,
    }
