"""The window (惠企政策窗口) that helps a firm's agent at the counter: finds the firm, its offers, confirms in presence.

Who stands there has shown their own document (`counter`) and a paper of the firm. They act for the firm by the role
that they have in it here: whoever has none is no agent, whatever paper they bring.
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import credit_code
from backend.errors import Conflict, NotFound
from models.audit import access_line
from models.enterprise import confirm as offer_confirm
from models.enterprise import firm, offer, policy, run_views
from models.identity import membership, organisation
from models.identity.actors import Helped, Staff
from models.identity.counter import Serving

OPERATION, PURPOSE = "policy.window", "enterprise_service"
FIELDS = ("person.name", "membership.role")
PAPERS_ZH = {"licence": "营业执照", "power_of_attorney": "营业执照和单位的授权委托书"}
"""What a clerk has seen of the firm, beside the person's own document."""
MAY = "confirm"


class NotTheFirmsAgent(Conflict):
    """409: who stands at the counter may not do this for the firm."""

    code = "enterprise_not_its_agent"
    zh = "在场人员不是该单位的负责人、管理员,也没有确认兑现的经办授权,请由单位先在雩企通中授权后再办理。"
    en = "Who stands here may not confirm for the firm. Its owner or manager names them as an agent first."


def find(actor: Staff, text: str) -> dict[str, Any]:
    """Return a firm in the actor's area by its credit code, and whether it has joined; it names no person.

    Raises:
        CreditCodeWrong: this is no credit code.
        NotFound: no such firm in the actor's area.
    """
    found = _in_reach(actor, credit_code.parse(text))
    told = {"credit_code": found["_id"], "name": found["name"], "division": found["division"]}
    return told | {"joined": organisation.by_code(found["_id"]) is not None}


def _in_reach(actor: Staff, code: str) -> dict[str, Any]:
    actor.require(OPERATION)
    found = firm.read(code)
    if not any(found["division"].startswith(one.area) for one in actor.giving(OPERATION)):
        raise NotFound
    return found


def offers(actor: Staff, code: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of what a firm is offered, as it sees it itself, newest first.

    Raises:
        NotFound: no such firm in the actor's area.
    """
    _in_reach(actor, code)
    rows, following = offer.of_firm(code, cursor=cursor, limit=limit)
    terms = policy.several([one["policy"] for one in rows])
    return [run_views.offered(one, terms[one["policy"]]) for one in rows], following


def confirm(
    actor: Staff,
    serving: Serving,
    offer_id: ObjectId,
    *,
    account: Mapping[str, str] | None,
    papers: str,
    accepts_promise: bool = False,
) -> dict[str, Any]:
    """Confirm an offer for the agent at the counter, after an access line; return the offer.

    Raises:
        NotFound: no such offer of a firm in the actor's area.
        NotTheFirmsAgent: who stands there may not confirm for the firm, or it has not joined.
        OrganisationSuspended: the office has suspended it.
        AccountNeeded, PromiseNeeded, OfferOver, OfferStateWrong, BudgetSpent, PolicyStateWrong: see `confirm.confirm`.
    """
    known = offer.read(offer_id)
    _in_reach(actor, known["firm"])
    helped = _helped(actor, serving, known["firm"], papers)
    access_line.record(actor, purpose=PURPOSE, subjects=[serving.person_id], fields=FIELDS)
    return offer_confirm.confirm(helped, offer_id, account, accepts_promise=accepts_promise)


def _helped(actor: Staff, serving: Serving, code: str, papers: str) -> Helped:
    joined = organisation.by_code(code)
    if joined is None or serving.person_id != serving.for_person_id:
        raise NotTheFirmsAgent
    organisation.require_active(joined)
    found = membership.of_person_in(joined["_id"], serving.person_id)
    scope = frozenset(found.get("scope", ())) if found else frozenset()
    if found is None or not (found["role"] in offer.MAY_CONFIRM or MAY in scope):
        raise NotTheFirmsAgent
    return Helped(
        clerk=actor,
        person_id=serving.person_id,
        organisation_id=joined["_id"],
        role=found["role"],
        organisation=joined,
        scope=scope,
        papers=papers,
        counter_session=str(serving.id),
    )
