"""Which kinds of facts there are: one literal table, with the shape of their values and the words that persons read.

A value of a kind is a JSON object. `many` kinds are told apart by the register's record (a person may have several
certificates); of the others a register says one thing at a time. A `timeless` kind holds for all days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from marshmallow import validate

from backend.errors import Unprocessable
from backend.identity_documents import mask, mask_name
from models.registers.source import INSURANCES

RELATIONS = {
    "head": "户主",
    "spouse": "配偶",
    "child": "子女",
    "grandchild": "孙子女",
    "parent": "父母",
    "grandparent": "祖父母",
    "sibling": "兄弟姐妹",
    "other": "其他",
}
HOUSEHOLD_TYPES = {"family": "家庭户", "collective": "集体户"}
USAGES = {"residential": "住宅", "commercial": "商业", "industrial": "工业", "other": "其他"}
STATUSES = {"operating": "在营", "suspended": "停业", "cancelled": "注销", "revoked": "吊销"}
PAYING = {"paying": "参保缴费", "paused": "暂停缴费", "drawing": "领取待遇", "ended": "终止"}
SEXES = {"male": "男", "female": "女"}
DISABILITIES = {
    "sight": "视力残疾",
    "hearing": "听力残疾",
    "speech": "言语残疾",
    "limb": "肢体残疾",
    "intellectual": "智力残疾",
    "mental": "精神残疾",
    "multiple": "多重残疾",
}
GRADES = {1: "一级", 2: "二级", 3: "三级", 4: "四级"}
"""GB/T 26341-2010: the first is the heaviest."""
SUBSISTENCE = {"minimum_living": "最低生活保障", "extreme_poverty": "特困人员救助供养"}
STAGES = {"primary": "小学", "junior": "初中", "senior": "高中", "vocational": "中等职业学校", "college": "高等学校"}

_TEXT = validate.Length(1, 200)
Value = Mapping[str, Any]


class ValueWrong(Unprocessable):
    """422: what is told is no value of this kind of fact."""

    code = "fact_value_wrong"
    zh = "登记信息的内容不完整或格式不对,请核对后再提交。"
    en = "This is no value of this kind of fact."


class Member(ma.Schema):
    """One of a household."""

    name = ma.fields.String(required=True, validate=_TEXT)
    number = ma.fields.String(required=True, validate=_TEXT)
    relation = ma.fields.String(required=True, validate=validate.OneOf(RELATIONS))
    birth = ma.fields.Date()


class Owner(ma.Schema):
    """One who owns a share."""

    name = ma.fields.String(required=True, validate=_TEXT)
    number = ma.fields.String(required=True, validate=_TEXT)
    share = ma.fields.String(required=True, validate=validate.Regexp(r"^[1-9]\d{0,5}/[1-9]\d{0,5}\Z"))


def text(*, optional: bool = False) -> ma.fields.String:
    """Return a field of some words."""
    return ma.fields.String(required=not optional, validate=_TEXT)


def one_of(words: Mapping[str, str]) -> ma.fields.String:
    """Return a field that holds one code of a list."""
    return ma.fields.String(required=True, validate=validate.OneOf(words))


def several(shape: type[ma.Schema], most: int) -> ma.fields.List:
    """Return a field that holds a bounded list, each element read strictly but for what the register adds."""
    nested = ma.fields.Nested(shape, unknown=ma.EXCLUDE)
    return ma.fields.List(nested, required=True, validate=validate.Length(1, most))


def day() -> ma.fields.Date:
    """Return a field that holds a day."""
    return ma.fields.Date(required=True)


def grade() -> ma.fields.Integer:
    """Return a field that holds a grade of disability."""
    return ma.fields.Integer(required=True, strict=True, validate=validate.OneOf(GRADES))


def yes_or_no() -> ma.fields.Boolean:
    """Return a field that holds true or false, and nothing that only looks like one."""
    return ma.fields.Boolean(required=True, truthy={True}, falsy={False})


_COUNT = ma.fields.Integer(required=True, strict=True, validate=validate.Range(0, 1200))


@dataclass(frozen=True)
class Kind:
    """`words` puts a value into words: whole for the person at a sure level, else with what identifies left out."""

    zh: str
    shape: ma.Schema
    words: Callable[[Value, bool], str]
    many: bool = False
    timeless: bool = False


def _shape(**fields: ma.fields.Field) -> ma.Schema:
    return ma.Schema.from_dict(dict(fields))(unknown=ma.RAISE)


def _address(value: Value, whole: bool) -> str:
    found = str(value["address"])
    return found if whole else found[: max(3, len(found) - 8)] + "****"


def _members(value: Value, _whole: bool) -> str:
    told = [f"{_named(one)}({RELATIONS[one['relation']]})" for one in value["members"]]
    return f"共 {len(told)} 人:" + "、".join(told)


def _named(member: Value) -> str:
    return str(member["in_place_of_name"]) if "in_place_of_name" in member else mask_name(member["name"])


def _certificate(value: Value, whole: bool) -> str:
    number = value["number"] if whole else mask("certificate", value["number"])
    held = "" if value["share"] == "1/1" else f",本人份额 {value['share']}"
    return f"{number},{USAGES[value['usage']]},坐落 {_address({'address': value['location']}, whole)}{held}"


def _insured(value: Value, _whole: bool) -> str:
    return f"{PAYING[value['status']]},累计缴费 {value['months_paid']} 个月,参保单位 {value['unit']}"


def _number(value: Value, whole: bool) -> str:
    return str(value["certificate_no"]) if whole else mask("certificate", value["certificate_no"])


def _disability(value: Value, whole: bool) -> str:
    kind = f"{DISABILITIES[value['kind']]}{GRADES[value['grade']]}" if whole else "已登记"
    return f"{kind},残疾人证 {_number(value, whole)},有效期至 {value['valid_to']}"


def _subsistence(value: Value, whole: bool) -> str:
    kind = SUBSISTENCE[value["kind"]] if whole else "已登记"
    return f"{kind},{value['reviewed_on']} 复核,有效期至 {value['valid_to']}"


def _student(value: Value, whole: bool) -> str:
    return f"{value['school'] + ',' if whole else ''}{STAGES[value['stage']]}在读,有效期至 {value['valid_to']}"


def _serving(value: Value, _whole: bool) -> str:
    return f"现役,有效期至 {value['valid_to']}" if value["serving"] else "非现役"


def _licence(value: Value, _whole: bool) -> str:
    return f"{value['name']}({value['credit_code']}),{STATUSES[value['status']]},{value['industry']}"


KINDS = {
    "person.name": Kind(
        "姓名", _shape(name=text()), lambda v, whole: v["name"] if whole else mask_name(v["name"]), timeless=True
    ),
    "person.birth_date": Kind("出生日期", _shape(birth=day()), lambda v, _: v["birth"], timeless=True),
    "person.sex": Kind("性别", _shape(sex=one_of(SEXES)), lambda v, _: SEXES[v["sex"]], timeless=True),
    "household.number": Kind(
        "户号",
        _shape(number=text(), type=one_of(HOUSEHOLD_TYPES)),
        lambda v, whole: (v["number"] if whole else mask("household", v["number"])) + f"({HOUSEHOLD_TYPES[v['type']]})",
    ),
    "household.address": Kind(
        "户籍地址", _shape(address=text(), town_code=text(optional=True), village_code=text(optional=True)), _address
    ),
    "household.members": Kind("同户人员", _shape(members=several(Member, 60)), _members),
    "residence.permit": Kind(
        "居住证",
        _shape(number=text(), valid_to=day()),
        lambda v, whole: f"{v['number'] if whole else mask('permit', v['number'])},有效期至 {v['valid_to']}",
    ),
    "residence.address": Kind(
        "居住地址", _shape(address=text(), town_code=text(optional=True), village_code=text(optional=True)), _address
    ),
    "property.certificate": Kind(
        "不动产权证",
        _shape(
            number=text(),
            location=text(),
            village_code=text(optional=True),
            usage=one_of(USAGES),
            owners=several(Owner, 60),
            share=text(),
        ),
        _certificate,
        many=True,
    ),
    "business.licence": Kind(
        "营业执照",
        _shape(credit_code=text(), name=text(), status=one_of(STATUSES), industry=text(), legal_person=text()),
        _licence,
        many=True,
    ),
    **{
        f"social_insurance.{kind}": Kind(zh, _shape(unit=text(), months_paid=_COUNT, status=one_of(PAYING)), _insured)
        for kind, zh in INSURANCES.items()
    },
    "death.date": Kind("死亡日期", _shape(died_on=day()), lambda v, _: v["died_on"]),
    "status.veteran": Kind(
        "退役军人",
        _shape(certificate_no=text(), issued_on=day(), valid_to=day()),
        lambda v, whole: f"优待证 {_number(v, whole)},有效期至 {v['valid_to']}",
    ),
    "status.disability": Kind(
        "残疾人",
        _shape(certificate_no=text(), kind=one_of(DISABILITIES), grade=grade(), issued_on=day(), valid_to=day()),
        _disability,
    ),
    "status.subsistence": Kind(
        "低保、特困", _shape(kind=one_of(SUBSISTENCE), reviewed_on=day(), valid_to=day()), _subsistence
    ),
    "status.student": Kind("在校学生", _shape(school=text(), stage=one_of(STAGES), valid_to=day()), _student),
    "status.serving_military": Kind("现役军人", _shape(serving=yes_or_no(), valid_to=day()), _serving),
}
