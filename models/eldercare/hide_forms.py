"""What is sent to hide something, the same for the elder's phone and for the clinic that writes the wish down."""

import marshmallow as ma
from marshmallow import validate

from models.eldercare import hide
from models.identity import unit


class HealthHideBody(ma.Schema):
    """What to hide, a whole `word` or one `item_id`, and from whom: the family, units, or both."""

    word = ma.fields.String(
        load_default="", validate=validate.OneOf(("", *hide.WORDS_ZH)), metadata={"example": "condition"}
    )
    item_id = ma.fields.String(load_default="", validate=validate.Length(0, 64), metadata={"example": ""})
    family = ma.fields.Boolean(load_default=False, metadata={"example": True})
    units = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(unit.CODE)),
        load_default=list,
        validate=validate.Length(0, 12),
        metadata={"example": []},
    )

    @ma.validates_schema
    def one_of_both(self, data: dict[str, str], **_kwargs: object) -> None:
        """Exactly one of kind and item is named."""
        if bool(data["word"]) == bool(data["item_id"]):
            raise ma.ValidationError("请填写 word 或 item_id 其中一项。", "word")
