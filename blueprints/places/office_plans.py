"""What is set for the sales of a place: plan, prices, refund rule, daily cap, hours; with a look at whom it affects."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.surface import Surface
from blueprints.booking.schemas import OfficeSlotState
from blueprints.places import plan_schemas as schemas
from models.booking import order_views
from models.places import plan_office, readiness, slot_numbers
from models.places.plan_office import Wanted

plans = Surface("office plans", __name__, url_prefix="/office/v1", description="时段方案、票价、限额与退款规则")
BASE = "/places/<place_id>"
ACCESS = staff("place.change")


@plans.put(f"{BASE}/plan", access=ACCESS)
@plans.arguments(schemas.SalesPlanBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_plan(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Let a plan of slots hold from a day on; a job brings open slots to it, who has booked keeps what was agreed."""
    return _job(plan_office.put_plan(g.actor, (place_id, ""), body["lines"], body["from_day"]))


@plans.put(f"{BASE}/prices", access=ACCESS)
@plans.arguments(schemas.SalesPlanPriceBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_price(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set the price of a ticket type from a day on."""
    return _job(plan_office.put_price(g.actor, (place_id, ""), _without_day(body), body["from_day"]))


@plans.put(f"{BASE}/refund-rule", access=ACCESS)
@plans.arguments(schemas.SalesRefundRuleBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_refund(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set what goes back of the price, for visits from a day on; orders keep the rule they were made with."""
    return _job(plan_office.put_refund(g.actor, (place_id, ""), _without_day(body), body["from_day"]))


@plans.put(f"{BASE}/daily-caps", access=ACCESS)
@plans.arguments(schemas.SalesDailyCapBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_cap(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set how many visitors a day takes; days on which more is sold sell nothing more."""
    return _job(plan_office.put_cap(g.actor, place_id, _without_day(body), body["from_day"]))


@plans.put(f"{BASE}/hours", access=ACCESS)
@plans.arguments(schemas.SalesHoursBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_hours(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set opening hours and closing days; slots of days that are closed then are withdrawn where nothing is sold."""
    return _job(plan_office.put_hours(g.actor, place_id, _without_day(body), body["from_day"]))


@plans.put(f"{BASE}/terms", access=ACCESS)
@plans.arguments(schemas.SalesTermsBody)
@plans.answer(202, schemas.SalesRenewalView)
def put_terms(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Set how early one may enter, and whether the place is for sale."""
    return _job(plan_office.put_terms(g.actor, place_id, _without_day(body), body["from_day"]))


@plans.post(f"{BASE}/preview", access=ACCESS)
@plans.arguments(schemas.SalesPlanPreviewBody)
@plans.answer(200, schemas.SalesPlanPreviewView)
def preview(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Look at whom a change would affect; nothing is changed."""
    told = {("last" if name == "to_day" else name): value for name, value in body.items()}
    return plan_office.preview(g.actor, (place_id, ""), Wanted(**told))


@plans.post(f"{BASE}/renewal", access=ACCESS)
@plans.arguments(schemas.SalesRenewalBody)
@plans.answer(202, schemas.SalesRenewalView)
def renew(body: dict[str, Any], place_id: str) -> dict[str, Any]:
    """Bring open slots to what is set, for example after an import."""
    return _job(plan_office.renew(g.actor, place_id, body["from_day"]))


@plans.get(f"{BASE}/readiness", access=staff("place.read"))
@plans.answer(200, schemas.ReadinessView)
def check_readiness(place_id: str) -> dict[str, Any]:
    """What is missing before the place can be sold."""
    return readiness.read(g.actor, place_id)


@plans.put("/slots/<slot_id>/quota", access=ACCESS)
@plans.arguments(schemas.SlotQuotaBody)
@plans.answer(200, OfficeSlotState)
def put_quota(body: dict[str, Any], slot_id: str) -> dict[str, Any]:
    """Give one slot another quota; more places go to who waits first, and nothing goes below what is sold."""
    return order_views.slot_shown(slot_numbers.put(g.actor, slot_id, body["quota"], body.get("shares")))


def _without_day(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "from_day"}


def _job(found: dict[str, Any]) -> dict[str, Any]:
    return {"job_id": str(found["_id"])} if found else {}
