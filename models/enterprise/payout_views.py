"""Batches and their payments, as finance sees them. Plain dicts without accounts."""

from collections.abc import Mapping
from typing import Any

from backend import clock
from models.enterprise import firm, offer, pay_clock, payout, payout_payment, payout_return, policy
from models.identity.actors import Staff
from models.payments import bank_codes, return_match

REFUSED_ZH = "回盘文件不完整或已被改动,未作处理"
_TIMES = ("proposed_at", "approved_at", "accepted_at", "settled_at")


def _time(moment: Any) -> str:
    return clock.civil(moment).isoformat(timespec="seconds")


def brief(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a batch with its counts and sums by payment state."""
    told = {"number": found["_id"], "approval_id": str(found["approval"])}
    told |= {name: found[name] for name in ("policy", "title", "unit", "fund", "state", "lines", "total_fen")}
    told |= {"state_zh": payout.STATES[found["state"]], "counts": found["counts"], "sums_fen": found["sums"]}
    told |= {name: _time(found[name]) for name in _TIMES if found.get(name)}
    told |= {name: found[name] for name in ("digest", "posted_fen", "reason") if name in found}
    why = found.get("released_for")
    return told | ({"released_for": why, "released_for_zh": payout.RELEASED_ZH[why]} if why else {})


def shown(actor: Staff, number: str) -> dict[str, Any]:
    """Return a batch with the bank's returns and every difference by name.

    Raises:
        NotFound: no such batch within reach.
    """
    found = payout.read(number)
    policy.within(actor, "policy.payout", found["policy"])
    returns = [_returned(one) for one in payout_return.of_payout(number)]
    return brief(found) | {"returns": returns, "differences": _differences(found)}


def _returned(found: Mapping[str, Any]) -> dict[str, Any]:
    same = {name: found[name] for name in ("number", "kind", "counts")}
    return {**same, "received_at": _time(found["received_at"])}


def _differences(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = [
        {
            "what": one["what"],
            "what_zh": return_match.DIFFERENCES.get(one["what"], REFUSED_ZH),
            "return_number": one["return"],
            **{name: one[name] for name in ("seq", "here_fen", "there_fen") if name in one},
        }
        for one in found["differences"]
    ]
    if found.get("bank_done") and found["state"] == "accepted":
        waiting = [one for one in payout_payment.of_payout(found["_id"]) if one["state"] == "waiting"]
        seqs = {one["seq"] for one in told if "seq" in one}
        told += [
            {
                "what": "missing",
                "what_zh": return_match.DIFFERENCES["missing"],
                "return_number": 0,
                "seq": one["seq"],
                "here_fen": one["amount_fen"],
            }
            for one in waiting
            if one["seq"] not in seqs
        ]
    return told


def payments(actor: Staff, number: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the payments of a batch, accounts by their last digits.

    Raises:
        NotFound: no such batch within reach.
    """
    policy.within(actor, "policy.payout", payout.read(number)["policy"])
    rows, following = payout_payment.paged(number, cursor=cursor, limit=limit)
    names = firm.several([one["firm"] for one in rows])
    return [_payment(one, names) for one in rows], following


def _payment(found: Mapping[str, Any], names: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    told = {"seq": found["seq"], "offer_id": str(found["offer"]), "credit_code": found["firm"]}
    told |= {"name": names[found["firm"]]["name"] if found["firm"] in names else ""}
    told |= {"amount_fen": found["amount_fen"], "account_tail": found["account_tail"], "state": found["state"]}
    told |= {"state_zh": payout_payment.STATES[found["state"]]}
    return told | ({"code": found["code"], "why_zh": bank_codes.why_zh(found["code"])} if "code" in found else {})


def after_confirming(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of an offer's way to the money: the promised time, why it failed or ended."""
    told: dict[str, Any] = {"overdue": pay_clock.is_overdue(found)}
    told |= {name: _time(found[name]) for name in ("pay_by", "paid_at") if found.get(name)}
    if found["state"] == "failed":
        told |= {"code": found["code"], "why_zh": bank_codes.why_zh(found["code"])}
    if why := found.get("ended_for"):
        told |= {"ended_for": why, "ended_for_zh": offer.ENDED_ZH[why]}
    return told | ({"publicity_id": str(found["publicity"])} if found.get("publicity") else {})
