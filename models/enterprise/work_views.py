"""Work lists of those who run, watch and supply policies: pages by index, within their units. No person is named."""

from collections.abc import Collection, Mapping
from typing import Any

from backend import clock
from backend.store import paging
from models.enterprise import finding, firm, policy_views, run_views
from models.enterprise.offer import Offer
from models.enterprise.policy import Policy
from models.enterprise.run import PolicyRun
from models.identity.actors import Staff

WORK, OVERDUE, DATA = "policy.work", "policy.overdue", "policy.data"
TO_DO = ("draft", "approved")
Page = tuple[list[dict[str, Any]], str | None]


def policies(actor: Staff, state: str, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the policies that wait for somebody: drafts to finish, approved ones to open.

    Raises:
        NotAllowed: no role of the actor works with policies.
    """
    query = _within(actor, WORK, {"state": state})
    found, following = paging.page(Policy._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return [policy_views.brief(one) for one in found], following


def runs(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the runs that are done, newest first, with their counts.

    Raises:
        NotAllowed: no role of the actor works with policies.
    """
    query, hidden = _within(actor, WORK, {"state": "done"}), {"rule": 0, "head": 0}
    found, following = paging.page(
        PolicyRun._get_collection(), query, sort=("_id", -1), cursor=cursor, limit=limit, projection=hidden
    )
    return [run_views.brief(one) for one in found], following


def waiting(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the offers that no firm has confirmed yet, the oldest first.

    Raises:
        NotAllowed: no role of the actor works with policies.
    """
    query = _within(actor, WORK, {"state": "offered"})
    found, following = paging.page(Offer._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
    return run_views.listed(found), following


def overdue(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the offers that should have been paid by now, the longest overdue first.

    Raises:
        NotAllowed: no role of the actor watches payment.
    """
    query = _within(actor, OVERDUE, {"overdue": True})
    found, following = paging.page(Offer._get_collection(), query, sort=("pay_by", 1), cursor=cursor, limit=limit)
    rows = zip(found, run_views.listed(found), strict=True)
    return [
        told | {"pay_by": clock.civil(one["pay_by"]).isoformat(timespec="seconds")} for one, told in rows
    ], following


def _within(actor: Staff, operation: str, query: Mapping[str, Any]) -> dict[str, Any]:
    actor.require(operation)
    units = actor.units_for(operation)
    return dict(query) if units is None else {**query, "unit": {"$in": sorted(units)}}


def lacking(actor: Staff, *, cursor: str | None, limit: int) -> Page:
    """Return a page of the firms of which a run lacked data that the actor's units would have, newest runs first.

    Raises:
        NotAllowed: no role of the actor supplies data.
    """
    actor.require(DATA)
    found, following = finding.of_units(_units(actor), cursor=cursor, limit=limit)
    names = firm.several([one["firm"] for one in found])
    return [_lacking(one, names.get(one["firm"], {"name": ""})["name"]) for one in found], following


def _units(actor: Staff) -> Collection[str]:
    units = actor.units_for(DATA)
    assert units is not None, "whoever supplies data does it for a unit"
    return units


def _lacking(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    told = {"run_id": str(found["run"]), "policy": found["policy"], "credit_code": found["firm"], "name": name}
    return told | {"lacks": found["lacks"], "at": clock.civil(found["at"]).isoformat(timespec="seconds")}
