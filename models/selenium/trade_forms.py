"""What growers send and see of buyers, boxes and shipments."""

import marshmallow as ma
from marshmallow import validate

from models.selenium import box, buyer, shipment
from models.selenium.grower_forms import NAME, phone
from models.selenium.record_forms import HEX, TakenBody, day

_ID = {"example": "673ec0a5c0ffee0123456789"}
_LOT, _PACK = {"example": "20261120K7M3Q9X2"}, {"example": "PK7M3Q9X2AB"}
_BOX, _SHIPMENT = {"example": "BK7M3Q9X2AB"}, {"example": "SK7M3Q9X2AB"}
_DAY, _TIME = {"example": "2026-11-20"}, {"example": "2026-11-20T09:30:00+08:00"}
_NUMBER = validate.Range(1, 100_000)


class BuyerBody(ma.Schema):
    """A buyer; an organisation is told by its credit code."""

    name = ma.fields.String(required=True, validate=NAME, metadata={"example": "于都县某某水果店"})
    phone = phone(required=False)
    credit_code = ma.fields.String(
        load_default="", validate=validate.Length(0, 30), metadata={"example": "91350100M000100Y43"}
    )


class BuyerView(ma.Schema):
    """A buyer; the phone is whole only where one looks at this buyer alone."""

    id = ma.fields.String(metadata=_ID)
    kind = ma.fields.String(validate=validate.OneOf(list(buyer.KIND_ZH)), metadata={"example": "organisation"})
    kind_zh = ma.fields.String(metadata={"example": "单位"})
    name = ma.fields.String(metadata={"example": "于都县某某水果店"})
    phone = ma.fields.String(metadata={"example": "138****0000"})
    credit_code = ma.fields.String(metadata={"example": "91350100M000100Y43"})
    registered = ma.fields.Boolean(metadata={"example": True})
    state = ma.fields.String(validate=validate.OneOf(list(buyer.STATE_ZH)), metadata={"example": "kept"})


class BuyerList(ma.Schema):
    """A page of buyers, oldest first."""

    items = ma.fields.List(ma.fields.Nested(BuyerView))
    next = ma.fields.String(allow_none=True)


class PackagesBody(ma.Schema):
    """Packages of a pack: how many, or by the labels that are on them."""

    pack = ma.fields.String(required=True, validate=validate.Regexp(r"^P[0-9A-Z]{10}\Z"), metadata=_PACK)
    count = ma.fields.Integer(strict=True, validate=_NUMBER, metadata={"example": 20})
    first = ma.fields.Integer(strict=True, validate=_NUMBER, metadata={"example": 1})
    last = ma.fields.Integer(strict=True, validate=_NUMBER, metadata={"example": 20})


class BoxBody(ma.Schema):
    """What goes into a box."""

    packs = ma.fields.List(
        ma.fields.Nested(PackagesBody), required=True, validate=validate.Length(1, box.MOST_CONTENTS)
    )
    day = day()


class PackagesView(ma.Schema):
    """Packages in a box or shipment."""

    pack = ma.fields.String(metadata=_PACK)
    lot = ma.fields.String(metadata=_LOT)
    count = ma.fields.Integer(metadata={"example": 20})
    first = ma.fields.Integer(metadata={"example": 1})
    last = ma.fields.Integer(metadata={"example": 20})


class BoxView(ma.Schema):
    """A box."""

    id = ma.fields.String(metadata=_BOX)
    uri = ma.fields.String(metadata={"example": "https://example.com/box/BK7M3Q9X2AB"})
    packs = ma.fields.List(ma.fields.Nested(PackagesView))
    packed_on = ma.fields.String(metadata=_DAY)
    shipment = ma.fields.String(metadata=_SHIPMENT)
    state = ma.fields.String(validate=validate.OneOf(list(box.STATE_ZH)), metadata={"example": "packed"})
    state_zh = ma.fields.String(metadata={"example": "已装箱"})
    created_at = ma.fields.String(metadata=_TIME)


class BoxList(ma.Schema):
    """A page of boxes, newest first."""

    items = ma.fields.List(ma.fields.Nested(BoxView))
    next = ma.fields.String(allow_none=True)


class ShipmentBody(ma.Schema):
    """What leaves for whom: boxes, packages outside of boxes, loose produce."""

    buyer = ma.fields.String(required=True, validate=HEX, metadata=_ID)
    day = day()
    boxes = ma.fields.List(
        ma.fields.String(validate=validate.Regexp(r"^B[0-9A-Z]{10}\Z")),
        load_default=list,
        validate=validate.Length(0, shipment.MOST_BOXES),
        metadata={"example": [_BOX["example"]]},
    )
    packs = ma.fields.List(
        ma.fields.Nested(PackagesBody), load_default=list, validate=validate.Length(0, shipment.MOST_PACKS)
    )
    lots = ma.fields.List(
        ma.fields.Nested(TakenBody), load_default=list, validate=validate.Length(0, shipment.MOST_LOTS)
    )
    note_no = ma.fields.String(
        validate=validate.Regexp(shipment.NOTE_NO),
        metadata={"description": "送货单号,不填则用发货单号", "example": "2026-0118"},
    )


class LooseView(ma.Schema):
    """Loose produce in a shipment."""

    lot = ma.fields.String(metadata=_LOT)
    grams = ma.fields.Integer(metadata={"example": 600_000})


class _ShipmentHead(ma.Schema):
    id = ma.fields.String(metadata=_SHIPMENT)
    note_no = ma.fields.String(metadata={"example": "2026-0118"})
    shipped_on = ma.fields.String(metadata=_DAY)
    received_on = ma.fields.String(metadata=_DAY)
    state = ma.fields.String(validate=validate.OneOf(list(shipment.STATE_ZH)), metadata={"example": "shipped"})
    state_zh = ma.fields.String(metadata={"example": "运输中"})


class ShipmentView(_ShipmentHead):
    """A shipment."""

    buyer = ma.fields.String(metadata=_ID)
    boxes = ma.fields.List(ma.fields.String(), metadata={"example": [_BOX["example"]]})
    packs = ma.fields.List(ma.fields.Nested(PackagesView))
    lots = ma.fields.List(ma.fields.Nested(LooseView))
    created_at = ma.fields.String(metadata=_TIME)


class ShipmentList(ma.Schema):
    """A page of shipments, newest first."""

    items = ma.fields.List(ma.fields.Nested(ShipmentView))
    next = ma.fields.String(allow_none=True)


class DeliveryView(_ShipmentHead):
    """A shipment as the organisation sees it that gets it."""

    from_zh = ma.fields.String(metadata={"example": "于都县测试种植专业合作社"})
    boxes = ma.fields.Integer(metadata={"example": 2})
    packages = ma.fields.Integer(metadata={"example": 40})
    grams = ma.fields.Integer(metadata={"example": 600_000})


class DeliveryList(ma.Schema):
    """A page of shipments that come in, newest first."""

    items = ma.fields.List(ma.fields.Nested(DeliveryView))
    next = ma.fields.String(allow_none=True)
