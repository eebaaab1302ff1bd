"""Batches of finance: proposed, agreed on by a second person, at the bank, returned."""

from typing import Any

from flask import g, request

from backend.errors import BadInput
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.payout_file import MOST_BYTES
from blueprints.enterprise import payout_schemas as schemas
from blueprints.enterprise.policy_schemas import PolicyQuery
from models.enterprise import payout, payout_apply, payout_propose, payout_resolve, payout_views

PAY = staff("policy.payout")
payouts = Surface("office payouts", __name__, url_prefix="/office/v1/enterprise", description="雩企通:资金拨付")


class PayoutFileMissing(BadInput):
    """400: no file came."""

    code = "enterprise_return_missing"
    zh = "请选择银行回盘文件。"
    en = "Send the bank's return file as `file`."

    def __init__(self) -> None:
        super().__init__(fields={"file": [self.zh]})


@payouts.post("/policies/<policy_code>/payouts", access=PAY, parameters=[PARAMETER])
@idempotent
@payouts.arguments(schemas.PayoutProposeBody)
@payouts.answer(201, schemas.PayoutBrief)
def propose(body: dict[str, str], policy_code: str) -> dict[str, Any]:
    """Propose to pay the offers whose publicity is over; a second person agrees under /office/v1/approvals."""
    return payout_views.brief(payout_propose.propose(g.actor, policy_code, body["reason"]))


@payouts.get("/payouts", access=PAY)
@payouts.arguments(schemas.PayoutQuery, location="query")
@payouts.answer(200, schemas.PayoutList)
def list_payouts(query: dict[str, Any]) -> dict[str, Any]:
    """Batches, newest number first."""
    items, following = payout.listed(
        g.actor, state=query.get("state"), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": [payout_views.brief(one) for one in items], "next": following}


@payouts.get("/payouts/<payout_no>", access=PAY)
@payouts.answer(200, schemas.PayoutView)
def read(payout_no: str) -> dict[str, Any]:
    """A batch with the bank's returns and every difference by name."""
    return payout_views.shown(g.actor, payout_no)


@payouts.get("/payouts/<payout_no>/payments", access=PAY)
@payouts.arguments(PolicyQuery, location="query")
@payouts.answer(200, schemas.PayoutPaymentList)
def list_payments(query: dict[str, Any], payout_no: str) -> dict[str, Any]:
    """The payments of a batch, accounts by their last digits."""
    items, following = payout_views.payments(g.actor, payout_no, cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@payouts.post("/payouts/<payout_no>/returns", access=PAY, most_body_bytes=MOST_BYTES + (1 << 16))
@payouts.arguments(schemas.PayoutReturnForm, location="form", content_type="multipart/form-data")
@payouts.answer(200, schemas.PayoutView)
def upload_return(_form: dict[str, Any], payout_no: str) -> dict[str, Any]:
    """Apply a return that the bank gave by hand; the same file again changes nothing."""
    sent = request.files.get("file")
    if sent is None:
        raise PayoutFileMissing
    payout_apply.upload(g.actor, payout_no, sent.read())
    return payout_views.shown(g.actor, payout_no)


@payouts.post("/payouts/<payout_no>/resolutions", access=PAY, parameters=[PARAMETER])
@idempotent
@payouts.arguments(schemas.PayoutResolutionBody)
@payouts.answer(200, schemas.PayoutView)
def resolve(body: dict[str, Any], payout_no: str) -> dict[str, Any]:
    """Settle a payment by the bank's word on paper, where its returns leave it open."""
    payout_resolve.resolve(g.actor, payout_no, body["seq"], body["outcome"], evidence=body["evidence"])
    return payout_views.shown(g.actor, payout_no)


@payouts.post("/payouts/<payout_no>/release", access=PAY)
@payouts.arguments(schemas.PayoutReleaseBody)
@payouts.answer(200, schemas.PayoutView)
def release(body: dict[str, str], payout_no: str) -> dict[str, Any]:
    """Give the offers of a contested batch back, because the bank paid nothing of it."""
    payout_resolve.release(g.actor, payout_no, evidence=body["evidence"])
    return payout_views.shown(g.actor, payout_no)
