"""What anybody reads who scans the poster at a farm gate: producer, what grows there, certificates that hold."""

from typing import Any

from bson import ObjectId

from models.selenium import certificate, producer, product
from models.selenium.certification_views import page_url
from models.selenium.plot import Plot

MOST_PLOTS, MOST_CERTIFICATES = 200, 10


def shown(producer_id: ObjectId) -> dict[str, Any]:
    """Return what the public may read of a producer: shown name, village, products of confirmed plots, certificates.

    Raises:
        NotFound: there is none.
    """
    found = producer.read(producer_id)
    names = {one["_id"]: one["name_zh"] for one in product.listed()}
    plots = Plot._get_collection().find({"producer": producer_id}, {"state": 1, "products": 1}).limit(MOST_PLOTS)
    grown = {each for one in plots if one["state"] == "confirmed" for each in one["products"]}
    return {
        "shown_name": found["shown_name"],
        "village_zh": found["village_zh"],
        "active": found["state"] == "active",
        "products": sorted(names[one] for one in grown if one in names),
        "certificates": [_certificate(one) for one in certificate.that_hold(producer_id, MOST_CERTIFICATES)],
    }


def _certificate(found: dict[str, Any]) -> dict[str, Any]:
    return {"number": found["_id"], "until": found["valid_to"], "url": page_url(found["_id"])}
