"""Shapes of entitlements."""

import marshmallow as ma

from models.onecard.entitlement import STATE_ZH

_STATES = "、".join(f"{code} {zh}" for code, zh in STATE_ZH.items())


class FactUsed(ma.Schema):
    """A fact that the rule reads: its source and date, or why it is missing. Its value is not repeated here."""

    name = ma.fields.String(required=True, metadata={"example": "status.veteran"})
    name_zh = ma.fields.String(required=True, metadata={"example": "退役军人优待证"})
    known = ma.fields.Boolean(required=True)
    source_zh = ma.fields.String(required=True, metadata={"example": "县退役军人事务局退役军人优待证登记"})
    as_of = ma.fields.String(metadata={"description": "查询日期", "example": "2026-11-23"})
    missing_zh = ma.fields.String(metadata={"example": "登记部门的系统暂时没有响应"})


class EntitlementView(ma.Schema):
    """How one stands to a concession; `document` is what to show where it is not verified."""

    concession = ma.fields.String(required=True, metadata={"example": "senior_65_scenic"})
    concession_zh = ma.fields.String(required=True, metadata={"example": "65 周岁以上老年人免费进景区"})
    version = ma.fields.Integer(required=True, metadata={"example": 1})
    state = ma.fields.String(required=True, metadata={"description": _STATES, "example": "verified"})
    state_zh = ma.fields.String(required=True, metadata={"example": "已核实"})
    why_zh = ma.fields.String(
        required=True,
        metadata={"example": "符合“老年人免费进收费景区”:满足“年龄(周岁)不低于老年人免费优待年龄(65)”。"},
    )
    rule_zh = ma.fields.String(required=True, metadata={"example": "年龄(周岁)不低于老年人免费优待年龄(65)"})
    basis_zh = ma.fields.String(required=True, metadata={"example": "江西省实施《中华人民共和国老年人权益保障法》办法"})
    document = ma.fields.String(metadata={"example": "resident_id"})
    document_zh = ma.fields.String(metadata={"example": "居民身份证"})
    facts = ma.fields.List(ma.fields.Nested(FactUsed), required=True)


class EntitlementList(ma.Schema):
    """All concessions; the list is bounded, so there is no next page."""

    items = ma.fields.List(ma.fields.Nested(EntitlementView), required=True)
    consents_missing = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "同意这些用途后可免带证件", "example": ["entitlements"]},
    )
    next = ma.fields.String(allow_none=True)
