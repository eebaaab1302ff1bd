"""Runs of policies over all firms and what follows: the three lists, the reasons, the offers, what is to be paid."""

from typing import Any

from flask import g

from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.enterprise import run_schemas as schemas
from models.enterprise import run, run_views

runs = Surface("office policy runs", __name__, url_prefix="/office/v1/enterprise", description="雩企通:免申即享")
READ = staff("policy.read")


@runs.post("/policies/<policy_code>/runs", access=staff("policy.run"), parameters=[PARAMETER])
@idempotent
@runs.answer(202, schemas.RunBrief)
def start(policy_code: str) -> dict[str, Any]:
    """Begin to run an open policy over all firms."""
    return run_views.brief(run.start(g.actor, policy_code))


@runs.get("/policies/<policy_code>/runs", access=READ)
@runs.arguments(schemas.PolicyQuery, location="query")
@runs.answer(200, schemas.RunList)
def list_runs(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """The runs of a policy, newest first."""
    items, following = run.listed(g.actor, policy_code, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": [run_views.brief(one) for one in items], "next": following}


@runs.get("/runs/<run_id>", access=READ)
@runs.answer(200, schemas.RunView)
def read(run_id: str) -> dict[str, Any]:
    """A run with its counts and how far it is."""
    return run_views.shown(run.read(g.actor, object_ids.read(run_id)))


@runs.get("/runs/<run_id>/findings", access=READ)
@runs.arguments(schemas.RunFindingQuery, location="query")
@runs.answer(200, schemas.RunFindingList)
def list_findings(query: dict[str, Any], run_id: str) -> dict[str, Any]:
    """One of the three lists: eligible, lacking data (which, whose), not eligible with the reasons."""
    items, following = run_views.findings(
        g.actor, object_ids.read(run_id), query["verdict"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@runs.get("/runs/<run_id>/findings/<credit_code>", access=READ)
@runs.answer(200, schemas.RunFindingView)
def read_finding(run_id: str, credit_code: str) -> dict[str, Any]:
    """What a run found of a firm, with the trace made again from the record that was kept."""
    return run_views.explained(g.actor, object_ids.read(run_id), credit_code)


@runs.get("/policies/<policy_code>/offers", access=READ)
@runs.arguments(schemas.PolicyOfferQuery, location="query")
@runs.answer(200, schemas.PolicyOfferList)
def list_offers(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """The offers of a policy in one state."""
    items, following = run_views.office_offers(
        g.actor, policy_code, query["state"], cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@runs.get("/offers/<offer_id>", access=staff("policy.read", run_views.PURPOSE))
@runs.answer(200, schemas.PolicyOfferView)
def read_offer(offer_id: str) -> dict[str, Any]:
    """An offer with its account by the last digits, and who confirmed it, masked."""
    return run_views.office_offer(g.actor, object_ids.read(offer_id))


@runs.get("/policies/<policy_code>/confirmed-offers", access=staff("policy.pay"))
@runs.arguments(schemas.PolicyQuery, location="query")
@runs.answer(200, schemas.PolicyOfferList)
def list_to_pay(query: dict[str, Any], policy_code: str) -> dict[str, Any]:
    """What firms confirmed of a policy, for those who pay."""
    items, following = run_views.to_pay(g.actor, policy_code, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}
