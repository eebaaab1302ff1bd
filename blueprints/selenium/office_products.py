"""The county's products, what a mu of them may yield and when their seasons begin, kept by the county's office."""

import re
from typing import Any

from flask import g

from backend.errors import NotFound
from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.selenium import schemas
from models.selenium import office_views, product, seasons
from models.selenium.product import Ceiling
from models.selenium.seasons import Calendar

products = Surface("office products", __name__, url_prefix="/office/v1", description="富硒农产品:产品、单产上限和产季")


@products.get("/products", access=staff("product.read"))
@products.answer(200, schemas.OfficeProductList)
def list_products() -> dict[str, Any]:
    """All products with their yield tables, retired ones too."""
    return {"items": office_views.products(g.actor), "next": None}


@products.put("/products/<product_id>", access=staff("product.edit"))
@products.arguments(schemas.ProductBody)
@products.answer(200, schemas.OfficeProductView)
def put(body: dict[str, Any], product_id: str) -> dict[str, Any]:
    """Make a product, or change its name, group and state."""
    if not re.match(product.CODE, product_id):
        raise NotFound
    made = product.put(g.actor, product_id, body["name_zh"], body["group"], retired=body["retired"])
    return office_views.product_shown(made)


@products.put("/products/<product_id>/ceiling", access=staff("product.edit"))
@products.arguments(schemas.YieldBody)
@products.answer(200, schemas.OfficeProductView)
def set_ceiling(body: dict[str, Any], product_id: str) -> dict[str, Any]:
    """Set what a mu may yield from a day on, with its source; the row before ends the day before."""
    wanted = Ceiling(body["kg_per_mu"], body["source"], body["valid_from"])
    return office_views.product_shown(product.set_ceiling(g.actor, product_id, wanted))


@products.put("/products/<product_id>/seasons", access=staff("product.edit"))
@products.arguments(schemas.SeasonsBody)
@products.answer(200, schemas.OfficeProductView)
def set_seasons(body: dict[str, Any], product_id: str) -> dict[str, Any]:
    """Set when the seasons begin from a day to come on; no season is cut in two by the change."""
    starts = tuple((one["name"], one["begins"]) for one in body["starts"])
    wanted = Calendar(starts, body["valid_from"], body["source"])
    return office_views.product_shown(seasons.set_calendar(g.actor, product_id, wanted))
