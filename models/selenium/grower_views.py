"""What growers see of their own: producer, plots, trade items, lots; and the county's products. Plain dicts."""

from typing import Any

from backend import clock, runtime
from backend.identity_documents import mask_phone
from backend.store import paging
from models.selenium import plot, product
from models.selenium.lot import HOLD_ZH, Lot
from models.selenium.lot import KIND_ZH as LOT_KIND_ZH
from models.selenium.lot import STATE_ZH as LOT_STATE_ZH
from models.selenium.plot import Plot
from models.selenium.producer import KIND_ZH, STATE_ZH, Grower
from models.selenium.trade_item import STATE_ZH as ITEM_STATE_ZH
from models.selenium.trade_item import TradeItem

Page = tuple[list[dict[str, Any]], str | None]


def producer_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a producer with its phone masked."""
    number = runtime.current().sealer.open("producers.phone", found["_id"], found["phone"]) if "phone" in found else ""
    return {
        "id": str(found["_id"]),
        "kind": found["kind"],
        "kind_zh": KIND_ZH[found["kind"]],
        "shown_name": found["shown_name"],
        "show_name": bool(found.get("show_name")),
        "village": found["village"],
        "village_zh": found["village_zh"],
        "phone": mask_phone(number) if number else "",
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
    }


def product_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a product with the ceiling of today, where there is one."""
    group = found["group"]
    told = {"id": found["_id"], "name_zh": found["name_zh"], "group": group, "group_zh": product.GROUP_ZH[group]}
    row = product.current_ceiling(found)
    return told | ({"ceiling": ceiling_shown(row)} if row else {})


def ceiling_shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a yield table."""
    told = {name: row[name] for name in ("kg_per_mu", "valid_from", "source")}
    return told | {"demo": bool(row.get("demo"))}


def products() -> list[dict[str, Any]]:
    """Return the county's products."""
    return [product_shown(one) for one in product.listed()]


def plot_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a plot."""
    told = {
        "id": str(found["_id"]),
        "name": plot.name_of(found),
        "village": found["village"],
        "village_zh": found["village_zh"],
        "area_mu": plot.in_mu(found["area_m2"]),
        "products": found["products"],
        "state": found["state"],
        "state_zh": plot.STATE_ZH[found["state"]],
    }
    if found["state"] == "refused":
        told |= {"reason": found["reason"], "reason_zh": plot.REASON_ZH[found["reason"]]}
    if "confirmed_m2" in found:
        told["confirmed_mu"] = plot.in_mu(found["confirmed_m2"])
    return told


def plots(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's plots, oldest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Plot._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [plot_shown(one) for one in found], following


def trade_item_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a trade item."""
    told = {name: found[name] for name in ("product", "name_zh", "net_grams", "state")}
    told |= {"id": str(found["_id"]), "state_zh": ITEM_STATE_ZH[found["state"]]}
    return told | ({"gtin": found["gtin"]} if "gtin" in found else {})


def trade_items(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's trade items, oldest first."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(TradeItem._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [trade_item_shown(one) for one in found], following


def lot_shown(found: dict[str, Any]) -> dict[str, Any]:
    """Return a lot."""
    same = ("uri", "kind", "product", "season", "parents", "grams", "left_grams", "harvested_on", "state")
    told: dict[str, Any] = {name: found[name] for name in same} | {
        "id": found["_id"],
        "kind_zh": LOT_KIND_ZH[found["kind"]],
        "plots": [str(one) for one in found["plots"]],
        "state_zh": LOT_STATE_ZH[found["state"]],
        "created_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    if found["state"] == "held":
        told |= {"reason": found["held"]["reason"], "reason_zh": HOLD_ZH[found["held"]["reason"]]}
    return told | ({"grade": found["grade"]} if "grade" in found else {})


def lots(grower: Grower, *, cursor: str | None = None, limit: int = 20) -> Page:
    """Return a page of the producer's lots, newest first: the number begins with the day."""
    query = {"producer": grower.producer_id}
    found, following = paging.page(Lot._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit)
    return [lot_shown(one) for one in found], following
