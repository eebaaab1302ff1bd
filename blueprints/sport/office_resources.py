"""Resources of the places of one's scope: courts, lanes, guides; their plans and prices from a day on."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.places import plan_schemas
from blueprints.sport import schemas
from models.places import resource_office
from models.places.resource import resource_id

resources = Surface("office resources", __name__, url_prefix="/office/v1", description="场地、时段方案与价格")
BASE = "/places/<place_id>/resources"


@resources.get(BASE, access=staff("place.read"))
@resources.answer(200, schemas.OfficeResourceList)
def list_resources(place_id: str) -> dict[str, Any]:
    """All resources of a place, retired ones too."""
    return {"items": resource_office.listed(g.actor, place_id), "next": None}


@resources.put(f"{BASE}/<code>", access=staff("resource.change"))
@resources.arguments(schemas.CourtResourceBody)
@resources.answer(200, schemas.OfficeResourceView)
def put_resource(body: dict[str, Any], place_id: str, code: str) -> dict[str, Any]:
    """Make a resource, change it, or take a retired one into use again."""
    return resource_office.put(g.actor, place_id, code, body)


@resources.put(f"{BASE}/<code>/plan", access=staff("resource.change"))
@resources.arguments(plan_schemas.SalesPlanBody)
@resources.answer(202, plan_schemas.SalesRenewalView)
def put_plan(body: dict[str, Any], place_id: str, code: str) -> dict[str, Any]:
    """Let a plan of slots hold from a day on; a job brings open slots to it, bookings keep what they have."""
    return _job(resource_office.put_plan(g.actor, resource_id(place_id, code), body["lines"], body["from_day"]))


@resources.put(f"{BASE}/<code>/prices", access=staff("resource.change"))
@resources.arguments(plan_schemas.SalesPlanPriceBody)
@resources.answer(202, plan_schemas.SalesRenewalView)
def put_price(body: dict[str, Any], place_id: str, code: str) -> dict[str, Any]:
    """Set the price of a ticket type from a day on."""
    ticket = {name: value for name, value in body.items() if name != "from_day"}
    return _job(resource_office.put_price(g.actor, resource_id(place_id, code), ticket, body["from_day"]))


@resources.post(f"{BASE}/<code>/preview", access=staff("resource.change"))
@resources.arguments(schemas.ResourcePreviewBody)
@resources.answer(200, plan_schemas.SalesPlanPreviewView)
def preview(body: dict[str, Any], place_id: str, code: str) -> dict[str, Any]:
    """Look at what a plan, a price or retiring would touch; nothing is changed."""
    return resource_office.preview(
        g.actor,
        resource_id(place_id, code),
        body["from_day"],
        lines=body.get("lines"),
        ticket=body.get("ticket"),
        retired=body["retired"],
    )


@resources.post(f"{BASE}/<code>/retire", access=staff("resource.change"))
@resources.answer(202, plan_schemas.SalesRenewalView)
def retire(place_id: str, code: str) -> dict[str, Any]:
    """End the sales of a resource; what was booked stays booked, and its history too."""
    return _job(resource_office.retire(g.actor, resource_id(place_id, code)))


def _job(found: dict[str, Any]) -> dict[str, Any]:
    return {"job_id": str(found["_id"])} if found else {}
