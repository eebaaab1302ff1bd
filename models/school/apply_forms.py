"""What is sent of an application, the same on the phone and at the counter."""

import marshmallow as ma
from marshmallow import validate

from models.school import points
from models.school.basis import KIND_ZH

_ID = {"example": "673ec0a5c0ffee0123456789"}
_NO_NUL = r"^[^\x00]*\Z"


def round_code() -> ma.fields.String:
    """Return the field that names a round."""
    return ma.fields.String(
        required=True, validate=validate.Regexp(r"^[a-z0-9][a-z0-9_-]{0,63}\Z"), metadata={"example": "2027-primary"}
    )


class SchoolBasisBody(ma.Schema):
    """On what the district rests: an entry of a register by `fact_id`, or an address by hand."""

    kind = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(KIND_ZH)), metadata={"example": "household"}
    )  # fmt: skip
    fact_id = ma.fields.String(validate=validate.Length(0, 64), metadata=_ID)
    address = ma.fields.String(
        validate=validate.And(validate.Length(0, 200), validate.Regexp(_NO_NUL)),
        metadata={"description": "手工填写的住址,到门牌号", "example": ""},
    )
    village = ma.fields.String(
        validate=validate.Regexp(r"^([0-9]{12})?\Z"), metadata={"description": "村(社区)代码", "example": ""}
    )
    number = ma.fields.String(
        validate=validate.And(validate.Length(0, 60), validate.Regexp(_NO_NUL)),
        metadata={"description": "手工填写时的权证号、户号或居住证号", "example": ""},
    )


class SchoolToldBody(ma.Schema):
    """What the family adds to one point, with papers that were sent beforehand."""

    point = ma.fields.String(
        required=True, validate=validate.OneOf(tuple(points.POINT_ZH)), metadata={"example": "residence"}
    )  # fmt: skip
    text = ma.fields.String(
        load_default="",
        validate=validate.And(validate.Length(0, 1000), validate.Regexp(_NO_NUL)),
        metadata={"example": "居住证上周刚刚签注"},
    )
    files = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 64)),
        load_default=[],
        validate=validate.Length(0, 10),
        metadata={"example": []},
    )


class SchoolFormBody(ma.Schema):
    """A whole form; what is left out is empty."""

    basis = ma.fields.Nested(SchoolBasisBody, metadata={"example": {"kind": "household", "fact_id": _ID["example"]}})
    told = ma.fields.List(
        ma.fields.Nested(SchoolToldBody), load_default=[], validate=validate.Length(0, 10), metadata={"example": []}
    )
    phone = ma.fields.String(validate=validate.Regexp(r"^(1[0-9]{10})?\Z"), metadata={"example": "13900000000"})
    other_guardian = ma.fields.String(
        validate=validate.Length(0, 64), metadata={"description": "另一位监护人的编号,可不填", "example": ""}
    )
    choices = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,63}\Z")),
        load_default=[],
        validate=validate.Length(0, 20),
        metadata={"example": ["shiyan_primary"]},
    )
    accepts_coordination = ma.fields.Boolean(
        load_default=True, metadata={"description": "是否服从统筹安排", "example": True}, truthy={True}, falsy={False}
    )


class SchoolSeqBody(ma.Schema):
    """The `seq` of the application that one saw."""

    seq = ma.fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 1_000_000), metadata={"example": 1}
    )  # fmt: skip


class SchoolFormPutBody(SchoolSeqBody):
    """A form, and the `seq` of the application on which it was written."""

    form = ma.fields.Nested(SchoolFormBody, required=True)
