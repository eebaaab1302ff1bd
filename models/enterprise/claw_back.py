"""A claw-back (追回): what a firm got on a promise that it broke, as a receivable.

    suggested ──propose──▶ proposed ──a second person agrees──▶ owed ──all of it came back──▶ settled
        └──────────────────────waive──────▶ waiving ◀──waive─────┘
                                               └──a second person agrees──▶ waived

What the second person refuses, what is withdrawn or expires goes back to where it came from. While a waiver waits,
nothing is booked.

Each repayment moves the ledger and the receivable in one transaction: from the bank's clearing account, or the cash box
of the unit at whose counter it was paid, into the fund that had paid. The number of its paper is its key, so that it is
booked once. What comes back goes to the fund and not to the policy's budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bson import ObjectId
from mongoengine import DateTimeField, DictField, Document, ListField, LongField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding
from backend.store import documents, paging, transactions
from models.audit import entry
from models.enterprise import payout, policy
from models.identity import approval, staff
from models.identity.actors import Staff
from models.payments import ledger_account, transfer
from models.payments.bank_statement import CLEARING

COLLECTION = "enterprise_claw_backs"
STATES = {
    "suggested": "待提出",
    "proposed": "待审批",
    "owed": "待退回",
    "settled": "已全部退回",
    "waiving": "免予追回待审批",
    "waived": "已免予追回",
}
WAYS = {"bank": "银行转账", "counter": "窗口缴款"}
WHAT = "enterprise_claw_back"
MOST_REPAYMENTS = 100
Way = Literal["bank", "counter"]


class ClawBack(Document):
    """The id is that of offer and promise. `repayments` name paper, way, amount and transfer.

    `before` is the state to which it goes back when its approval comes to nothing.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["unit", "state", "_id"]}, {"fields": ["state", "_id"]}],
    }
    policy = StringField(required=True)
    unit = StringField(required=True)
    firm = StringField(required=True)
    fund = StringField(required=True)
    amount_fen = LongField(required=True)
    paid_fen = LongField(required=True)
    state = StringField(choices=tuple(STATES), required=True)
    approval = ObjectIdField()
    before = StringField(choices=("suggested", "owed"))
    agreed_by = StringField()
    agreed_at = DateTimeField()
    waived_by = StringField()
    waived_at = DateTimeField()
    repayments = ListField(DictField())
    at = DateTimeField(required=True)
    settled_at = DateTimeField()


personal_data.declare(
    Holding(
        COLLECTION,
        "惠企资金追回",
        staff=("agreed_by", "waived_by"),
        at_deletion="keep",
        because="会计档案管理办法: 应收款凭证, 只含单位和金额",
    )
)


class ClawBackStateWrong(Conflict):
    """409: the claw-back is not where this can be done."""

    code = "enterprise_claw_back_state_wrong"
    zh = "该追回事项目前为“{state_zh}”,不能进行此操作;请刷新后按当前状态办理。"
    en = "This claw-back is {state}. Refresh, then do what this state allows."

    def __init__(self, state: str) -> None:
        super().__init__(state=state, state_zh=STATES[state])


class RepaymentExceeds(Conflict):
    """409: more came than is owed."""

    code = "enterprise_repayment_exceeds"
    zh = "退回金额超过尚欠金额,请核对票据后重新登记。"
    en = "This is more than is owed. Compare it with the paper."


class PaperUsed(Conflict):
    """409: a repayment with this paper was booked with another amount."""

    code = "enterprise_repayment_paper_used"
    zh = "该票据编号已登记过另一笔退回,请核对编号。"
    en = "Another repayment was booked under this paper. Compare its number."


def suggest(offer: Mapping[str, Any], session: ClientSession) -> None:
    """Suggest to have back what an offer was paid, in the transaction that found its promise broken."""
    terms = policy.read(offer["policy"])
    told = {"policy": offer["policy"], "unit": terms["unit"], "firm": offer["firm"], "state": "suggested"}
    told |= {"fund": payout.read(offer["payout"])["fund"], "amount_fen": offer["amount_fen"], "paid_fen": 0}
    made = {"_id": offer["_id"], **told, "repayments": [], "at": clock.now()}
    ClawBack._get_collection().insert_one(made, session=session)


def propose(actor: Staff, claw_back_id: ObjectId, reason: str) -> dict[str, Any]:
    """Propose to have the amount back; return the approval that waits for a second person.

    Raises:
        NotFound: no such claw-back of the actor's unit.
        ClawBackStateWrong: it is proposed or agreed on already.
    """
    return _proposed(actor, claw_back_id, reason, _CLAIM)


def waive(actor: Staff, claw_back_id: ObjectId, reason: str) -> dict[str, Any]:
    """Propose to give up what did not come back; return the approval that waits for a second person.

    Raises:
        NotFound: no such claw-back of the actor's unit.
        ClawBackStateWrong: it came back, is waived, or waits for another approval.
    """
    return _proposed(actor, claw_back_id, reason, _WAIVER)


@dataclass(frozen=True)
class _Step:
    """What waits for a second person: the kind of its approval, from where, and where it waits and ends."""

    kind: str
    sources: tuple[str, ...]
    waits: str
    ends: str
    by: str


_CLAIM = _Step("policy_claw_back", ("suggested",), "proposed", "owed", "agreed")
_WAIVER = _Step("policy_waiver", ("suggested", "owed"), "waiving", "waived", "waived")
_STEPS = {one.kind: one for one in (_CLAIM, _WAIVER)}


def _proposed(actor: Staff, claw_back_id: ObjectId, reason: str, step: _Step) -> dict[str, Any]:
    found, made = within(actor, "policy.claw_back", claw_back_id), ObjectId()
    about = str(claw_back_id)
    waiting = approval.record(
        actor,
        step.kind,
        f"claw_back:{about}",
        reason=reason,
        approval_id=made,
        effect=outbox.entry("trust", "enterprise.claw_back_agreed", claw_back_id=about, approval=str(made)),
        otherwise=outbox.entry("trust", "enterprise.claw_back_reopen", claw_back_id=about, approval=str(made)),
        details={"policy": found["policy"], "firm": found["firm"], "amount_fen": found["amount_fen"]},
    )
    guard = {"_id": claw_back_id, "state": {"$in": list(step.sources)}}
    change = [{"$set": {"before": "$state"}}, {"$set": {"state": step.waits, "approval": made}}]

    def write(session: ClientSession) -> bool:
        staff.require_acting(actor, {"at": waiting["proposed_at"]}, session)
        if not ClawBack._get_collection().update_one(guard, change, session=session).matched_count:
            return False
        approval.store(actor, waiting, session)
        return True

    if not transactions.run(write):
        raise ClawBackStateWrong(read(claw_back_id)["state"])
    return waiting


def agreed(claw_back_id: ObjectId, approval_id: ObjectId) -> None:
    """Make a claw-back what two persons agreed on, a receivable or waived, once."""
    decided = approval.read(approval_id)
    step = _STEPS[decided["kind"]]
    told = {"state": step.ends, f"{step.by}_by": f"staff:{decided['decided_by']}", f"{step.by}_at": clock.now()}
    guard = {"_id": claw_back_id, "state": step.waits, "approval": approval_id}
    ClawBack._get_collection().update_one(guard, {"$set": told, "$unset": {"before": ""}})
    approval.finish(approval_id, "done")


def reopen(claw_back_id: ObjectId, approval_id: ObjectId) -> None:
    """Let a claw-back stand where it stood before a proposal that was refused, withdrawn or has expired."""
    guard = {"_id": claw_back_id, "state": {"$in": [one.waits for one in _STEPS.values()]}, "approval": approval_id}
    back = [{"$set": {"state": "$before"}}, {"$unset": ["approval", "before"]}]
    ClawBack._get_collection().update_one(guard, back)


def repay(actor: Staff, claw_back_id: ObjectId, fen: int, *, way: Way, paper: str) -> dict[str, Any]:
    """Book what a firm paid back, once by the number of its paper; return the claw-back.

    Raises:
        NotFound: no such claw-back within reach.
        ClawBackStateWrong: nothing is owed.
        RepaymentExceeds: it is more than is owed.
        PaperUsed: the paper was booked with another amount or way.
    """
    found = within(actor, "policy.payout", claw_back_id)
    if known := _repaid(found, fen, way, paper):
        return known
    source = CLEARING if way == "bank" else f"clearing:cash-{actor.unit}"
    for account in (source, found["fund"]):
        ledger_account.open_account(account)
    key = f"claw-back:{claw_back_id}:{paper}"
    about = {"claw_back": str(claw_back_id), "policy": found["policy"]}
    line = entry.line(actor.key, "enterprise_claw_back.repay", f"claw_back:{claw_back_id}", fen=fen, paper=paper)
    told = {"paper": paper, "way": way, "fen": fen, "transfer": key, "by": actor.key, "at": clock.now()}

    def write(session: ClientSession) -> bool:
        staff.require_acting(actor, line, session)
        if not _counted(claw_back_id, told, session):
            return False
        transfer.post(key, source, found["fund"], fen, what=WHAT, about=about, reference=paper, session=session)
        entry.write(line, session)
        return True

    if transactions.run(write):
        return read(claw_back_id)
    stored = read(claw_back_id)
    if known := _repaid(stored, fen, way, paper):
        return known
    raise ClawBackStateWrong(stored["state"]) if stored["state"] != "owed" else RepaymentExceeds()


def owed_at_most(fen: int) -> dict[str, Any]:
    """Return the condition under which an amount is owed still."""
    return {"$expr": {"$lte": [{"$add": ["$paid_fen", fen]}, "$amount_fen"]}}


def _counted(claw_back_id: ObjectId, told: Mapping[str, Any], session: ClientSession) -> bool:
    guard: dict[str, Any] = {"_id": claw_back_id, "state": "owed", "repayments.paper": {"$ne": told["paper"]}}
    guard |= {f"repayments.{MOST_REPAYMENTS - 1}": {"$exists": False}, **owed_at_most(told["fen"])}
    change = {"$inc": {"paid_fen": told["fen"]}, "$push": {"repayments": dict(told)}}
    claw_backs = ClawBack._get_collection()
    if not claw_backs.update_one(guard, change, session=session).matched_count:
        return False
    over = {"_id": claw_back_id, "$expr": {"$gte": ["$paid_fen", "$amount_fen"]}}
    settled = {"$set": {"state": "settled", "settled_at": told["at"]}}
    claw_backs.update_one(over, settled, session=session)
    return True


def _repaid(found: dict[str, Any], fen: int, way: str, paper: str) -> dict[str, Any] | None:
    known = next((one for one in found["repayments"] if one["paper"] == paper), None)
    if known and (known["fen"], known["way"]) != (fen, way):
        raise PaperUsed
    return found if known else None


def read(claw_back_id: ObjectId) -> dict[str, Any]:
    """Return a claw-back.

    Raises:
        NotFound: no such claw-back.
    """
    return documents.one(ClawBack, {"_id": claw_back_id})


def within(actor: Staff, operation: str, claw_back_id: ObjectId) -> dict[str, Any]:
    """Return a claw-back that `operation` of the actor reaches.

    Raises:
        NotAllowed: no role of the actor holds the operation.
        NotFound: no such claw-back, or another unit's.
    """
    actor.require(operation)
    found, units = read(claw_back_id), actor.units_for(operation)
    if units is not None and found["unit"] not in units:
        raise NotFound
    return found


def several(ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    """Return claw-backs by the ids of their offers."""
    found = ClawBack._get_collection().find({"_id": {"$in": ids}}) if ids else ()
    return {one["_id"]: one for one in found}


def listed(actor: Staff, state: str, *, cursor: str | None, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the claw-backs in one state that the actor reaches."""
    units = actor.units_for("policy.read")
    query: dict[str, Any] = {"state": state} | ({} if units is None else {"unit": {"$in": sorted(units)}})
    return paging.page(ClawBack._get_collection(), query, sort=("_id", 1), cursor=cursor, limit=limit)
