"""Organisations in the office: registered by a licence that was seen, owned by whom the papers name, suspended."""

from typing import Any

from flask import g

from backend import credit_code
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.identity import organisation_schemas as schemas
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.identity import join_organisation, organisation, organisation_views
from models.identity.organisation import Told
from models.identity.organisation_views import OF_OFFICE

organisations = Surface("office organisations", __name__, url_prefix="/office/v1", description="单位登记")


@organisations.get("/organisations", access=staff("organisation.read"))
@organisations.arguments(schemas.OrganisationQuery, location="query")
@organisations.answer(200, schemas.OrganisationList)
def list_organisations(query: dict[str, Any]) -> dict[str, Any]:
    """The organisations in one's area, oldest first."""
    items, following = organisation_views.listed(g.actor, **{"cursor": None, **query})
    return {"items": items, "next": following}


@organisations.get("/organisations/<organisation_id>", access=staff("organisation.read"))
@organisations.answer(200, schemas.OrganisationView)
def read(organisation_id: str) -> dict[str, Any]:
    """One organisation."""
    return organisation_views.one(g.actor, object_ids.read(organisation_id))


@organisations.get("/organisations/<organisation_id>/members", access=staff("organisation.members", OF_OFFICE))
@organisations.answer(200, schemas.OrganisationMemberList)
def list_members(organisation_id: str) -> dict[str, Any]:
    """The members of an organisation, masked."""
    return {"items": organisation_views.members_for_staff(g.actor, object_ids.read(organisation_id)), "next": None}


@organisations.post("/organisations", access=staff("organisation.register"), parameters=[PARAMETER])
@idempotent
@organisations.arguments(schemas.OrganisationBody)
@organisations.answer(201, schemas.OrganisationView)
def register(body: dict[str, str]) -> dict[str, Any]:
    """Register an organisation whose licence one has seen."""
    told = Told(**body | {"credit_code": credit_code.parse(body["credit_code"])})
    return organisation_views.shown(organisation.register(g.actor, told))


@organisations.put("/organisations/<organisation_id>", access=staff("organisation.register"))
@organisations.arguments(schemas.OrganisationChangeBody)
@organisations.answer(200, schemas.OrganisationView)
def change(body: dict[str, str], organisation_id: str) -> dict[str, Any]:
    """Change what the licence or a certificate of GS1 says."""
    return organisation_views.shown(organisation.change(g.actor, object_ids.read(organisation_id), **body))


@organisations.post(
    "/organisations/<organisation_id>/owners",
    access=staff("organisation.owner", "counter_service"),
    parameters=[PARAMETER, SESSION_PARAMETER],
)
@idempotent
@organisations.arguments(schemas.OwnerBody)
@organisations.answer(201, schemas.MembershipView)
def make_owner(body: dict[str, str], organisation_id: str) -> dict[str, Any]:
    """Make who stands at the counter an owner, by the papers that one has seen."""
    made = join_organisation.own_by_counter(
        g.actor, object_ids.read(organisation_id), standing_here(), body["evidence"]
    )
    return organisation_views.membership_shown(made)


@organisations.post("/organisations/<organisation_id>/suspend", access=staff("organisation.suspend"))
@organisations.arguments(schemas.SuspendBody)
@organisations.answer(200, schemas.OrganisationView)
def suspend(body: dict[str, str], organisation_id: str) -> dict[str, Any]:
    """Suspend an organisation: its members can do nothing in its name."""
    found = organisation.suspend(g.actor, object_ids.read(organisation_id), body["reason"])
    return organisation_views.shown(found)


@organisations.post("/organisations/<organisation_id>/resume", access=staff("organisation.suspend"))
@organisations.answer(200, schemas.OrganisationView)
def resume(organisation_id: str) -> dict[str, Any]:
    """End a suspension."""
    return organisation_views.shown(organisation.resume(g.actor, object_ids.read(organisation_id)))
