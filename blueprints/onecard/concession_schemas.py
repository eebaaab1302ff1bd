"""Shapes of concessions for staff."""

import marshmallow as ma


class ConcessionView(ma.Schema):
    """One version of a concession with its rule in words and its legal basis."""

    code = ma.fields.String(required=True, metadata={"example": "senior_65_scenic"})
    version = ma.fields.Integer(required=True, metadata={"example": 1})
    zh = ma.fields.String(required=True, metadata={"example": "65 周岁以上老年人免费进景区"})
    rule = ma.fields.String(required=True, metadata={"example": "scenic_free_senior"})
    rule_zh = ma.fields.String(required=True, metadata={"example": "年龄(周岁)不低于老年人免费优待年龄(65)"})
    facts = ma.fields.List(ma.fields.String(), required=True, metadata={"example": ["person.age"]})
    document = ma.fields.String(required=True, metadata={"example": "resident_id"})
    document_zh = ma.fields.String(required=True, metadata={"example": "居民身份证"})
    places = ma.fields.List(
        ma.fields.String(), required=True, metadata={"description": "适用的地点,空为不限", "example": ["theatre"]}
    )
    basis = ma.fields.Dict(
        required=True,
        metadata={"example": {"document": "江西省实施《中华人民共和国老年人权益保障法》办法", "confidence": "high"}},
    )
    valid_from = ma.fields.String(required=True, metadata={"example": "2018-12-12"})
    valid_to = ma.fields.String(metadata={"example": "2027-12-31"})
    in_force = ma.fields.Boolean(required=True)


class ConcessionList(ma.Schema):
    """All versions; the list is bounded, so there is no next page."""

    items = ma.fields.List(ma.fields.Nested(ConcessionView), required=True)
    next = ma.fields.String(allow_none=True)
