"""Paying benefits: proposal, payment files, returns, differences for finance; repairs at the counter."""

from typing import Any

from flask import g, request

from backend import clock
from backend.errors import BadInput
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.payout_file import MOST_BYTES
from backend.store import object_ids
from blueprints.benefits import payment_schemas as schemas
from blueprints.benefits.schemas import BenefitBatchView
from blueprints.identity.counter_session import SESSION_PARAMETER, standing_here
from models.benefits import approve, bank_file, close, payment_views, receive_return, repair, resolve, views

PURPOSE = "benefit_payment"
PAY = staff("benefit.pay")
COUNTER = staff("benefit.repair", "counter_service")
payments = Surface("office benefit payments", __name__, url_prefix="/office/v1/benefits", description="补贴资金发放")


class FileMissing(BadInput):
    """400: no file came."""

    code = "return_file_missing"
    zh = "请选择银行回盘文件。"
    en = "Send the bank's return file as `file`."

    def __init__(self) -> None:
        super().__init__(fields={"file": [self.zh]})


@payments.post("/batches/<batch_id>/proposal", access=staff("benefit.propose"), parameters=[PARAMETER])
@idempotent
@payments.arguments(schemas.ProposalBody)
@payments.answer(201, schemas.ProposalView)
def propose(body: dict[str, str], batch_id: str) -> dict[str, Any]:
    """Propose a batch for payment; a second person of finance approves it at /office/v1/approvals."""
    made = approve.propose(g.actor, object_ids.read(batch_id), body["reason"])
    return {
        "approval_id": str(made["_id"]),
        "batch_id": batch_id,
        "lines": made["details"]["lines"],
        **{name: made["details"][name] for name in ("total_fen", "held_lines", "held_fen")},
        "expires_at": clock.civil(made["expires_at"]).isoformat(timespec="seconds"),
    }


@payments.post("/batches/<batch_id>/close", access=PAY)
@payments.answer(200, BenefitBatchView)
def close_batch(batch_id: str) -> dict[str, Any]:
    """Give back to the fund what nobody repaired within the term, and end the batch; a queue does it."""
    return views.of_batch(close.close(g.actor, object_ids.read(batch_id)))


@payments.get("/batches/<batch_id>/payment", access=staff("benefit.list"))
@payments.answer(200, schemas.BatchPaymentView)
def read_payment(batch_id: str) -> dict[str, Any]:
    """How the payment of a batch stands: files, returns, and every difference by name."""
    return payment_views.of_batch(g.actor, object_ids.read(batch_id))


@payments.get("/batches/<batch_id>/failed-lines", access=staff("benefit.read", PURPOSE))
@payments.arguments(schemas.LinePageQuery, location="query")
@payments.answer(200, schemas.FailedLineList)
def list_failed(query: dict[str, Any], batch_id: str) -> dict[str, Any]:
    """Lines of a batch that failed or wait for the next file, without names."""
    items, following = payment_views.failed(
        g.actor, object_ids.read(batch_id), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@payments.post("/batches/<batch_id>/files", access=PAY, parameters=[PARAMETER])
@idempotent
@payments.answer(202, schemas.PaymentFileView)
def open_file(batch_id: str) -> dict[str, Any]:
    """Open the next payment file: first the approved lines, later the repaired ones; a job fills and sends it."""
    return payment_views.file(bank_file.open_file(g.actor, object_ids.read(batch_id)))


@payments.get("/files", access=PAY)
@payments.arguments(schemas.FileQuery, location="query")
@payments.answer(200, schemas.PaymentFileList)
def list_files(query: dict[str, Any]) -> dict[str, Any]:
    """Payment files of all batches, newest number first."""
    items, following = payment_views.files(
        g.actor, state=query.get("state"), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@payments.post("/files/<file_no>/returns", access=PAY, most_body_bytes=MOST_BYTES + (1 << 16))
@payments.arguments(schemas.ReturnForm, location="form", content_type="multipart/form-data")
@payments.answer(202, schemas.ReturnView)
def upload_return(_form: dict[str, Any], file_no: str) -> dict[str, Any]:
    """Take in a return file that the bank gave by hand; the same file again changes nothing."""
    sent = request.files.get("file")
    if sent is None:
        raise FileMissing
    return payment_views.returned(receive_return.upload(g.actor, file_no, sent.read()))


@payments.post("/files/<file_no>/resolutions", access=PAY, parameters=[PARAMETER])
@idempotent
@payments.arguments(schemas.ResolutionBody)
@payments.answer(200, schemas.PaymentFileView)
def settle_by_hand(body: dict[str, Any], file_no: str) -> dict[str, Any]:
    """Settle a payment that the bank's files leave open, by its word on paper."""
    return resolve.resolve(g.actor, file_no, body["seq"], body["outcome"], evidence=body["evidence"])


@payments.post("/files/<file_no>/release", access=PAY)
@payments.arguments(schemas.ReleaseBody)
@payments.answer(200, schemas.PaymentFileView)
def release_file(body: dict[str, str], file_no: str) -> dict[str, Any]:
    """Give the lines of a contested file back to the batch, by the bank's word that it paid nothing of it."""
    return resolve.release(g.actor, file_no, evidence=body["evidence"])


@payments.get("/counter-lines", access=COUNTER, parameters=[SESSION_PARAMETER])
@payments.arguments(schemas.CounterLineQuery, location="query")
@payments.answer(200, schemas.CounterLineList)
def list_at_counter(query: dict[str, Any]) -> dict[str, Any]:
    """The lines of who stands at one's counter, or for whom they may act."""
    items, following = payment_views.at_counter(
        g.actor, _standing(query), cursor=query.get("cursor"), limit=query["limit"]
    )
    return {"items": items, "next": following}


@payments.post("/lines/<line_id>/repairs", access=COUNTER, parameters=[PARAMETER, SESSION_PARAMETER])
@idempotent
@payments.arguments(schemas.ForPersonQuery, location="query")
@payments.arguments(schemas.RepairBody)
@payments.answer(200, schemas.CounterLineView)
def repair_at_counter(query: dict[str, str], body: dict[str, str], line_id: str) -> dict[str, Any]:
    """Confirm or correct the account of a failed line for who stands at one's counter."""
    found = repair.repair_at_counter(g.actor, _standing(query), object_ids.read(line_id), body["account"])
    return payment_views.shown(found)


def _standing(query: dict[str, Any]) -> Any:
    told = query.get("for_person", "")
    return standing_here(object_ids.read(told) if told else None, scope="card")
