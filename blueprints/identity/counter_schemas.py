"""Shapes of the service counter: persons, bindings, counter sessions, relations."""

import marshmallow as ma
from marshmallow import validate

from backend.identity_documents import KINDS
from models.identity import binding_code, counter, levels, relation, relation_terms
from models.identity.consent_purpose import FOR_REGISTERS

_TIME = {"example": "2026-11-23T09:30:00+08:00"}
_ID = {"example": "673ec0a5c0ffee0123456789"}
_NAME = validate.And(
    validate.Length(1, 60),
    validate.Regexp(r"^([^\S\x00-\x1f]|[\x85\ufeff])*[^\s\x00-\x1f\x7f\x85\ufeff][^\x00-\x1f\x7f]*\Z"),
)


def _seen() -> ma.fields.String:
    return ma.fields.String(
        required=True,
        validate=validate.OneOf(list(counter.SEEN_ZH)),
        metadata={"description": "工作人员查验的证件原件", "example": "identity_card"},
    )


class PersonFindBody(ma.Schema):
    """Whom the clerk looks for: document and name must both fit."""

    name = ma.fields.String(required=True, validate=_NAME, metadata={"example": "张三丰"})
    document_kind = ma.fields.String(
        required=True, validate=validate.OneOf(list(KINDS)), metadata={"example": "resident_id"}
    )
    document_number = ma.fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"example": "440524188001010014"}
    )


class PersonRegisterBody(PersonFindBody):
    """What the clerk read from the document."""

    document_seen = _seen()
    birth_date = ma.fields.Date(metadata={"description": "证件号码不含出生日期时填写", "example": "1951-03-07"})


class PersonBindBody(ma.Schema):
    """The code that the person's phone shows."""

    code = ma.fields.String(
        required=True,
        validate=validate.Regexp(rf"^[0-9]{{{binding_code.DIGITS}}}\Z"),
        metadata={"example": "40718263"},
    )
    document_seen = _seen()


class CounterBindingView(ma.Schema):
    """One account that is bound to the person."""

    level = ma.fields.String(validate=validate.OneOf(levels.LEVELS), metadata={"example": "verified"})
    level_zh = ma.fields.String(metadata={"example": "实人核验"})
    method = ma.fields.String(validate=validate.OneOf(list(levels.METHOD_ZH)), metadata={"example": "counter"})
    method_zh = ma.fields.String(metadata={"example": "窗口核验"})
    since = ma.fields.String(metadata=_TIME)


class CounterPersonView(ma.Schema):
    """A person, masked, and how many accounts are bound to them, how surely."""

    id = ma.fields.String(metadata=_ID)
    name = ma.fields.String(metadata={"example": "张**"})
    document_kind = ma.fields.String(metadata={"example": "resident_id"})
    document_kind_zh = ma.fields.String(metadata={"example": "居民身份证"})
    document_tail = ma.fields.String(metadata={"example": "**************0014"})
    level = ma.fields.String(validate=validate.OneOf(levels.PERSON_LEVELS), metadata={"example": "verified"})
    level_zh = ma.fields.String(metadata={"example": "实人核验"})
    is_child = ma.fields.Boolean(metadata={"description": "未满 14 周岁,由监护人办理"})
    bindings = ma.fields.List(ma.fields.Nested(CounterBindingView))


class CounterSessionBody(ma.Schema):
    """What the person showed."""

    document_seen = _seen()


class CounterSessionView(ma.Schema):
    """A counter session; its id goes into the header `Counter-Session`."""

    id = ma.fields.String(metadata=_ID)
    person_id = ma.fields.String(metadata=_ID)
    seen = ma.fields.String(metadata={"example": "identity_card"})
    seen_zh = ma.fields.String(metadata={"example": "居民身份证"})
    until = ma.fields.String(metadata=_TIME)


class CounterRelationLine(ma.Schema):
    """A relation of the person who stands here."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(metadata={"example": "helper"})
    kind_zh = ma.fields.String(metadata={"example": "代办人"})
    side = ma.fields.String(validate=validate.OneOf(("helped", "agent")), metadata={"example": "helped"})
    other_name = ma.fields.String(metadata={"example": "李*"})
    scope = ma.fields.List(ma.fields.String(), metadata={"example": ["book"]})
    scope_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["预约出行"]})
    state = ma.fields.String(validate=validate.OneOf(relation.STATES), metadata={"example": "active"})
    state_zh = ma.fields.String(metadata={"example": "有效"})
    verified_by = ma.fields.String(metadata={"example": "counter"})
    verified_by_zh = ma.fields.String(metadata={"example": "窗口核验"})
    since = ma.fields.String(metadata=_TIME)
    until = ma.fields.String(metadata=_TIME)


class CounterSessionWhole(CounterSessionView):
    """Who stands here, and what exists for them."""

    person = ma.fields.Nested(CounterPersonView)
    relations = ma.fields.List(ma.fields.Nested(CounterRelationLine))


class RelationVerifyBody(ma.Schema):
    """Who acts for whom, and what the clerk saw."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(list(relation_terms.KIND_ZH)), metadata={"example": "helper"}
    )
    for_person_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)
    agent_id = ma.fields.String(required=True, validate=validate.Length(1, 64), metadata=_ID)
    evidence = ma.fields.String(
        required=True,
        validate=validate.OneOf(list(relation_terms.EVIDENCE_ZH)),
        metadata={"example": "power_of_attorney"},
    )
    scope = ma.fields.List(
        ma.fields.String(validate=validate.OneOf(list(relation_terms.SCOPE_ZH))),
        load_default=list,
        validate=validate.Length(0, len(relation_terms.SCOPE_ZH)),
        metadata={"description": "代办范围;监护人不必填", "example": ["book", "affairs"]},
    )
    last_day = ma.fields.Date(
        metadata={
            "description": "代办有效期最后一天,最长一年;监护到儿童年满 14 周岁为止,不必填",
            "example": "2027-06-30",
        }
    )


class CounterRelationView(ma.Schema):
    """A relation that was just verified."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(metadata={"example": "helper"})
    for_person_id = ma.fields.String(metadata=_ID)
    agent_id = ma.fields.String(metadata=_ID)
    scope = ma.fields.List(ma.fields.String(), metadata={"example": ["book"]})
    state = ma.fields.String(metadata={"example": "active"})
    until = ma.fields.String(metadata=_TIME)


class PaperConsentBody(ma.Schema):
    """What was signed: one purpose under the newest text."""

    purpose = ma.fields.String(
        required=True, validate=validate.OneOf(FOR_REGISTERS), metadata={"example": "entitlements"}
    )
    text_version = ma.fields.String(required=True, validate=validate.Length(1, 32), metadata={"example": "2026-11"})


class PaperConsentView(ma.Schema):
    """A purpose with the text to read out or print; `given` on paper or on the person's phone."""

    purpose = ma.fields.String(validate=validate.OneOf(FOR_REGISTERS), metadata={"example": "entitlements"})
    purpose_zh = ma.fields.String(metadata={"example": "向登记部门核对您的优待资格"})
    data_zh = ma.fields.List(ma.fields.String(), metadata={"example": ["退役军人优待证", "残疾人证"]})
    text_version = ma.fields.String(metadata={"example": "2026-11"})
    text = ma.fields.String(metadata={"example": "为核对您能否享受优待……"})
    text_digest = ma.fields.String(metadata={"description": "说明文本的 SHA-256", "example": "9f86d081…"})
    given = ma.fields.Boolean(metadata={"example": False})


class PaperConsentList(ma.Schema):
    """What may be consented to at a counter; the list is bounded."""

    items = ma.fields.List(ma.fields.Nested(PaperConsentView))
    next = ma.fields.String(allow_none=True)
