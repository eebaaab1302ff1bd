"""Which kinds of facts there are about firms: one literal table. Money counts in 分, rates are percent as text."""

from collections.abc import Mapping

import marshmallow as ma
from marshmallow import validate

from models.registers.fact_kind import Kind, Value, day, one_of, text, yes_or_no

SIZES = {"large": "大型", "medium": "中型", "small": "小型", "micro": "微型"}
"""统计上大中小微型企业划分办法(2017)."""
GRADES = {grade: f"{grade}级" for grade in ("A", "B", "M", "C", "D")}
"""纳税信用管理办法(试行): grades of a taxpayer."""
PATENTS = {"inv": "发明专利", "util": "实用新型", "des": "外观设计"}
PERCENT = r"^(0|[1-9]\d{0,2})(\.\d{1,4})?\Z"
MOST = 10**12

FIELDS: dict[str, dict[str, str]] = {
    "firm.tax": {
        "city": "税务登记所在市",
        "grade": "纳税信用等级",
        "year": "纳税年度",
        "paid_fen": "上年度纳税额",
        "in_arrears": "欠税",
    },
    "firm.staff": {
        "staff_total": "职工人数",
        "insured_staff": "参保职工人数",
        "paid_months": "失业保险累计缴费月数",
        "layoff_rate": "上年度裁员率",
        "premiums_fen": "上年度失业保险费",
        "target_hires_rate": "一年内新招用重点人员占比",
        "contract_years": "与新招用人员签订的劳动合同年限",
        "certified_5": "取得初级(五级)证书的参保职工人数",
    },
    "firm.power": {"year": "年度", "kwh": "年用电量", "in_arrears": "欠费"},
    "firm.statistics": {
        "city": "统计所在市",
        "industry_code": "行业代码",
        "industry": "行业",
        "size": "企业规模",
        "above_scale": "规模以上",
        "legal_person": "独立法人",
    },
    "firm.patent": {"number": "专利号", "type": "专利类型", "granted_on": "授权日"},
    "firm.title": {"title": "认定名称", "recognised_on": "认定日期"},
    "firm.credit": {"dishonest": "列入严重失信名单", "zombie": "列入僵尸企业名单", "checked_on": "核查日"},
}
"""The fields of each kind, in the order and the words in which they are shown."""
_WORDS: dict[str, Mapping[str, str]] = {"grade": GRADES, "size": SIZES, "type": PATENTS}
_UNITS = {"kwh": " 千瓦时", "layoff_rate": "%", "target_hires_rate": "%", "year": "年", "contract_years": " 年"}
_UNITS |= {"staff_total": " 人", "insured_staff": " 人", "certified_5": " 人", "paid_months": " 个月"}
_FEN = 100


def field_words(name: str, value: object) -> str:
    """Return the value of a field as a person reads it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name.endswith("_fen") and isinstance(value, int):
        return f"{value // _FEN}.{value % _FEN:02d} 元"
    return str(_WORDS.get(name, {}).get(str(value), value)) + _UNITS.get(name, "")


def _count(most: int = MOST) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, strict=True, validate=validate.Range(0, most))


def _percent() -> ma.fields.String:
    return ma.fields.String(required=True, validate=validate.Regexp(PERCENT))


def _kind(code: str, zh: str, *, many: bool = False) -> Kind:
    def words(value: Value, _whole: bool) -> str:
        return ",".join(f"{zh} {field_words(name, value[name])}" for name, zh in FIELDS[code].items())

    return Kind(zh, ma.Schema.from_dict(dict(SHAPES[code]))(unknown=ma.RAISE), words, many=many)


SHAPES: dict[str, dict[str, ma.fields.Field]] = {
    "firm.tax": {
        "city": text(),
        "grade": one_of(GRADES),
        "year": _count(9999),
        "paid_fen": _count(),
        "in_arrears": yes_or_no(),
    },
    "firm.staff": {
        "staff_total": _count(),
        "insured_staff": _count(),
        "paid_months": _count(1200),
        "layoff_rate": _percent(),
        "premiums_fen": _count(),
        "target_hires_rate": _percent(),
        "contract_years": _count(60),
        "certified_5": _count(),
    },
    "firm.power": {"year": _count(9999), "kwh": _count(), "in_arrears": yes_or_no()},
    "firm.statistics": {
        "city": text(),
        "industry_code": ma.fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,4}\Z")),
        "industry": text(),
        "size": one_of(SIZES),
        "above_scale": yes_or_no(),
        "legal_person": yes_or_no(),
    },
    "firm.patent": {"number": text(), "type": one_of(PATENTS), "granted_on": day()},
    "firm.title": {"title": text(), "recognised_on": day()},
    "firm.credit": {"dishonest": yes_or_no(), "zombie": yes_or_no(), "checked_on": day()},
}
FIRM_KINDS = {
    "firm.tax": _kind("firm.tax", "纳税情况"),
    "firm.staff": _kind("firm.staff", "用工和参保情况"),
    "firm.power": _kind("firm.power", "用电情况"),
    "firm.statistics": _kind("firm.statistics", "行业和规模"),
    "firm.patent": _kind("firm.patent", "专利", many=True),
    "firm.title": _kind("firm.title", "资质和称号", many=True),
    "firm.credit": _kind("firm.credit", "公共信用"),
}
