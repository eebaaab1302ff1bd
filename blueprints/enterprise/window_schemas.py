"""Shapes of the window that helps firms at the counter."""

import marshmallow as ma
from marshmallow import validate

from blueprints.enterprise.run_schemas import OfferConfirmBody
from models.enterprise import window

_CODE = {"description": "统一社会信用代码", "example": "91360731MA35FAKE0P"}


class WindowFirm(ma.Schema):
    """A firm as the window finds it."""

    credit_code = ma.fields.String(metadata=_CODE)
    name = ma.fields.String(metadata={"example": "于都县演示服装有限公司"})
    division = ma.fields.String(metadata={"example": "360731"})
    joined = ma.fields.Boolean(metadata={"description": "是否已在雩企通认领", "example": True})


class WindowConfirmBody(OfferConfirmBody):
    """The account, and what the clerk has seen of the firm."""

    papers = ma.fields.String(
        required=True, validate=validate.OneOf(list(window.PAPERS_ZH)), metadata={"example": "licence"}
    )
