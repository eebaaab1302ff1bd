"""What a policy's conditions may read of a firm: one literal table over the facts of the registers.

A fact that is not there says why and whose it is, so that a firm that lacks data can be told whom to ask: nobody was
asked yet, the register has no record, the firm disputes it, or the answer is older than three times its freshness. Of
what a firm may have many of (patents, titles) the register that keeps it is whole: no record there is an empty list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from backend import clock, credit_code
from models.registers import fact, timeline
from models.registers.catalogue import EVERY_SOURCE, OF_FIRMS
from models.registers.fact import Stated
from models.registers.firm_source import ABOUT_FIRMS
from models.registers.once_only import STALE_AFTER
from models.registers.subject import Subject
from models.rules.facts import Fact, Known, Missing

WHY_ZH = {
    "not_asked": "尚未取得",
    "no_record": "登记部门没有记录",
    "disputed": "有异议,核实中",
    "stale": "登记信息已过期,待重新查询",
    "no_register": "没有部门登记这一项",
}
FROM_CODE = "统一社会信用代码"


@dataclass(frozen=True)
class Meaning:
    """A fact of a rule: `of` and `field` say where it stands in the facts of registers, nowhere when `of` is empty."""

    kind: str
    zh: str
    of: str = ""
    field: str = ""
    unit_zh: str = ""
    items: tuple[tuple[str, str, str], ...] = ()

    @property
    def whose(self) -> str:
        """Return the unit that would have it."""
        return self.unit_zh or next(one.unit_zh for one in EVERY_SOURCE.values() if self.of in one.gives)


FACTS = {
    "firm.division": Meaning("text", "登记机关区划", unit_zh="县市场监督管理局"),
    "firm.status": Meaning("text", "登记状态", "business.licence", "status"),
    "statistics.city": Meaning("text", "统计所在市", "firm.statistics", "city"),
    "statistics.industry_code": Meaning("text", "行业代码", "firm.statistics", "industry_code"),
    "statistics.size": Meaning("text", "企业规模", "firm.statistics", "size"),
    "statistics.above_scale": Meaning("flag", "规模以上", "firm.statistics", "above_scale"),
    "statistics.legal_person": Meaning("flag", "独立法人", "firm.statistics", "legal_person"),
    "tax.city": Meaning("text", "税务登记所在市", "firm.tax", "city"),
    "tax.grade": Meaning("text", "纳税信用等级", "firm.tax", "grade"),
    "tax.paid_fen": Meaning("number", "上年度纳税额(分)", "firm.tax", "paid_fen"),
    "tax.in_arrears": Meaning("flag", "欠税", "firm.tax", "in_arrears"),
    "staff.total": Meaning("number", "职工人数", "firm.staff", "staff_total"),
    "staff.insured": Meaning("number", "参保职工人数", "firm.staff", "insured_staff"),
    "staff.paid_months": Meaning("number", "失业保险累计缴费月数", "firm.staff", "paid_months"),
    "staff.layoff_rate": Meaning("number", "上年度裁员率(%)", "firm.staff", "layoff_rate"),
    "staff.premiums_fen": Meaning("number", "上年度失业保险费(分)", "firm.staff", "premiums_fen"),
    "staff.target_hires_rate": Meaning("number", "一年内新招用重点人员占比(%)", "firm.staff", "target_hires_rate"),
    "staff.contract_years": Meaning("number", "与新招用人员签订的劳动合同年限", "firm.staff", "contract_years"),
    "staff.certified_5": Meaning("number", "取得初级(五级)证书的参保职工人数", "firm.staff", "certified_5"),
    "power.kwh": Meaning("number", "年用电量(千瓦时)", "firm.power", "kwh"),
    "power.in_arrears": Meaning("flag", "欠电费", "firm.power", "in_arrears"),
    "patents": Meaning(
        "list",
        "授权专利",
        "firm.patent",
        items=(("number", "text", "专利号"), ("type", "text", "专利类型"), ("granted_on", "date", "授权日")),
    ),
    "titles": Meaning(
        "list",
        "资质和称号",
        "firm.title",
        items=(("title", "text", "认定名称"), ("recognised_on", "date", "认定日期")),
    ),
    "credit.dishonest": Meaning("flag", "列入严重失信名单", "firm.credit", "dishonest"),
    "credit.zombie": Meaning("flag", "列入僵尸企业名单", "firm.credit", "zombie"),
    "metrology.in_catalogue": Meaning("flag", "检定项目在省计量检定收费目录内", unit_zh="县市场监督管理局"),
}
_UNITS = {one.unit_zh: one.unit for one in EVERY_SOURCE.values()}
_PERCENTS = frozenset({"layoff_rate", "target_hires_rate"})
Held = Mapping[str, Sequence[Stated]]


def unit_of(name: str) -> str:
    """Return the code of the unit that would have a fact, "" for one that nobody knows of."""
    meaning = FACTS.get(name)
    return _UNITS.get(meaning.whose, "") if meaning else ""


def declared(names: Iterable[str]) -> list[dict[str, Any]]:
    """Return facts as a rule set declares them, in the order of the table."""
    wanted = set(names)
    return [_declared(name, one) for name, one in FACTS.items() if name in wanted]


def _declared(name: str, one: Meaning) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "kind": one.kind, "zh": one.zh, "personal": False, "whose": one.whose}
    items = [{"name": item, "kind": kind, "zh": zh} for item, kind, zh in one.items]
    return told | ({"items": items} if items else {})


def held(codes: Sequence[str], day: str) -> dict[str, dict[str, list[Stated]]]:
    """Return what the registers say of firms on a day, by credit code and kind, read together."""
    rows = fact.rows_of_several([Subject(organisation=one) for one in codes], OF_FIRMS)
    found: dict[str, dict[str, list[Stated]]] = {code: {} for code in codes}
    for row in timeline.holding(rows, day):
        stated = fact.opened(dict(row))
        found[stated.subject.organisation].setdefault(stated.kind, []).append(stated)
    return found


def given(code: str, stated: Held, names: Iterable[str]) -> dict[str, Fact]:
    """Return facts of a firm for a rule: known with source and day, or missing with the reason and the unit."""
    now = clock.now()
    return {name: _fact(code, stated, FACTS[name], now) for name in names if name in FACTS}


def _fact(code: str, stated: Held, one: Meaning, now: datetime) -> Fact:
    if one is FACTS["firm.division"]:
        return Known(credit_code.division(code), FROM_CODE)
    if not one.of:
        return Missing(WHY_ZH["no_register"], one.whose)
    rows = [row for row in stated.get(one.of, ()) if row.source in ABOUT_FIRMS]
    why = _open(rows, now)
    if why:
        return Missing(WHY_ZH[why], one.whose)
    present = [row for row in rows if not row.absent]
    source, as_of = EVERY_SOURCE[rows[0].source].zh, _day(rows[0])
    if one.kind == "list":
        return Known([_item(row.value, one) for row in present], source, as_of)
    if not present:
        return Missing(WHY_ZH["no_record"], one.whose)
    value = present[0].value[one.field]
    return Known(Fraction(value) if one.field in _PERCENTS else value, source, as_of)


def _open(rows: Sequence[Stated], now: datetime) -> str:
    """Return why a firm's facts of one kind do not count, "" where they do."""
    if not rows:
        return "not_asked"
    if any(row.disputed for row in rows):
        return "disputed"
    late = any(row.fetched_at + EVERY_SOURCE[row.source].fresh * STALE_AFTER < now for row in rows)
    return "stale" if late else ""


def _item(value: Mapping[str, Any], one: Meaning) -> dict[str, Any]:
    return {item: clock.date_of(value[item]) if kind == "date" else value[item] for item, kind, _ in one.items}


def _day(row: Stated) -> str:
    return row.stated_on or clock.civil(row.fetched_at).date().isoformat()
