"""Two persons: what one proposes takes effect only when another one approves.

    proposed ──approve──▶ approved ──(its effect ran)──▶ approved, with an outcome
       ├──refuse──▶ refused
       ├──withdraw (by the proposer)──▶ withdrawn
       └──expire──▶ expired

The guard of the decision names the proposer and the member whom it is about: neither can decide, whatever roles they
hold. The effect is the outbox entry that the caller gave, released by the same write as the approval.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, DictField, Document, ListField, ObjectIdField, StringField
from pymongo.client_session import ClientSession

from backend import clock, outbox, personal_data, runtime
from backend.errors import Conflict, NotFound
from backend.personal_data import Holding, Sealed
from backend.store import documents, transactions
from models.audit import entry
from models.identity import opaque_token, staff
from models.identity.actors import Staff

COLLECTION = "approvals"
LASTS = timedelta(days=3)
LINK_LASTS = timedelta(hours=24)
"""How long a link works once its proposal is approved."""
EXPORT_ROWS = 100
"""Above this many rows of personal data a second person decides (GB/T 35273-2020, 7.1: bulk operations)."""
STATE_ZH = {
    "proposed": "待审批",
    "approved": "已同意",
    "refused": "已拒绝",
    "withdrawn": "已撤回",
    "expired": "已过期",
}
outbox.carried_by(COLLECTION)


@dataclass(frozen=True)
class Kind:
    """`operation` is what a member must hold to decide."""

    zh: str
    operation: str


KINDS = {
    "sensitive_grant": Kind("授予敏感角色", "grant.approve"),
    "totp_reset": Kind("重置动态口令", "totp.reset"),
    "refund": Kind("规则外退款", "refund.approve"),
    "export": Kind("导出个人信息超过 100 行", "export.approve"),
    "rule_activation": Kind("启用规则版本", "rule.approve"),
    "school_thaw": Kind("解封入学派位名单", "school.draw"),
    "school_seed": Kind("确认入学派位种子", "school.draw"),
    "school_publish": Kind("公布入学派位结果", "school.publish"),
    "refund_settlement": Kind("异常退款另行办理", "refund.approve"),
    "bill_line": Kind("对账差异入账", "ledger.approve"),
    "ledger_transfer": Kind("手工记账", "ledger.approve"),
    "ledger_account": Kind("冻结、解冻或注销账户", "ledger.approve"),
    "benefit_payment": Kind("发放惠民惠农资金", "benefit.approve"),
    "recall": Kind("启动产品召回", "recall.approve"),
    "policy_version": Kind("启用惠企政策条件", "policy.approve"),
    "service_item": Kind("发布政务服务事项", "item.approve"),
    "policy_payout": Kind("拨付惠企资金", "policy.payout"),
    "policy_claw_back": Kind("追回惠企资金", "policy.claw_back_approve"),
    "policy_waiver": Kind("免予追回惠企资金", "policy.claw_back_approve"),
    "minor_access": Kind("查看未满 14 周岁未成年人信息", "minor.approve"),
}


class Approval(Document):
    """`member` is the staff member and `person` the resident it is about, if any; `link` and `pin` are digests.

    `details` hold ids, codes and numbers only.
    """

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [
            {"fields": ["kind", "state", "-_id"]},
            {"fields": ["proposed_by", "-_id"]},
            {"fields": ["proposed_by", "person", "until"], "sparse": True},
            {"fields": ["person"], "sparse": True},
            outbox.INDEX,
        ],
    }
    kind = StringField(choices=tuple(KINDS), required=True)
    state = StringField(choices=tuple(STATE_ZH), required=True)
    about = StringField(required=True)
    member = ObjectIdField()
    person = ObjectIdField()
    unit = StringField()
    details = DictField()
    reason = BinaryField(required=True)
    proposed_by = ObjectIdField(required=True)
    proposed_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    until = DateTimeField()
    decided_by = ObjectIdField()
    decided_at = DateTimeField()
    outcome = StringField()
    link = BinaryField()
    pin = BinaryField()
    effect = DictField()
    otherwise = DictField()
    outbox = ListField(DictField())


personal_data.declare(
    Holding(
        COLLECTION,
        "双人审批记录",
        persons=("person",),
        staff=("proposed_by", "decided_by", "member"),
        sealed=(Sealed("reason"),),
        at_deletion="restrict",
        because="个人信息保护法第五十五条、第五十六条: 处理情况记录至少保存三年",
    )
)


class OwnProposal(Conflict):
    """409: the second person must be another one."""

    code = "own_proposal"
    zh = "不能审批自己提出的、或与自己有关的申请,请由另一位有权限的人员办理。"
    en = "You cannot decide on what you proposed or what is about you. Ask another member who may."


class ApprovalDecided(Conflict):
    """409: it was decided before, withdrawn, or has expired."""

    code = "approval_decided"
    zh = "该申请{state_zh},不能再办理;如仍有需要,请重新提出。"
    en = "This proposal is {state} already. Propose it again if it is still needed."


def record(
    actor: Staff,
    kind: str,
    about: str,
    *,
    reason: str,
    approval_id: ObjectId | None = None,
    effect: dict[str, Any] | None = None,
    otherwise: dict[str, Any] | None = None,
    details: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a proposal, not stored yet.

    `effect` is the outbox entry to release when it is approved, `otherwise` when it is not; `more` are the fields
    `member`, `person`, `until`, `link`.
    """
    made, now = approval_id or ObjectId(), clock.now()
    return {
        "_id": made,
        "kind": kind,
        "state": "proposed",
        "about": about,
        "unit": actor.unit,
        "details": details or {},
        "reason": runtime.current().sealer.seal("approvals.reason", made, reason),
        "proposed_by": actor.staff_id,
        "proposed_at": now,
        "expires_at": now + LASTS,
        "effect": effect or {},
        "otherwise": otherwise or {},
        "outbox": [outbox.entry("trust", "staff.expire_approval", due=now + LASTS, approval=str(made))],
        **more,
    }


def store(actor: Staff, made: dict[str, Any], session: ClientSession) -> None:
    """Store a proposal inside the transaction of what goes with it."""
    Approval._get_collection().insert_one(made, session=session)
    entry.write(_line(actor, "approval.propose", made), session)


def propose(actor: Staff, made: dict[str, Any]) -> dict[str, Any]:
    """Store a proposal that nothing goes with, and return it."""
    line = _line(actor, "approval.propose", made)

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        Approval._get_collection().insert_one(made, session=session)
        entry.write(line, session)

    transactions.run(change)
    return made


def read(approval_id: ObjectId) -> dict[str, Any]:
    """Return an approval.

    Raises:
        NotFound: no such approval.
    """
    return documents.one(Approval, {"_id": approval_id})


def may_decide(actor: Staff, kind: str) -> bool:
    """Tell whether the actor's roles decide on this kind."""
    return actor.covers(KINDS[kind].operation, unit="", area="")


def state_of(found: dict[str, Any]) -> str:
    """Return the state as it is now: the time decides, not the entry that writes it down."""
    over = found["state"] == "proposed" and found["expires_at"] <= clock.now()
    return "expired" if over else str(found["state"])


def approve(actor: Staff, approval_id: ObjectId) -> tuple[dict[str, Any], str]:
    """Approve a proposal, once; return it, and the one-time PIN for kinds that give out a link.

    Raises:
        NotFound: no such proposal that the actor decides on.
        OwnProposal: they proposed it, or it is about them.
        ApprovalDecided: decided before, withdrawn or expired.
    """
    found = _decidable(actor, approval_id)
    pin = opaque_token.pin() if found.get("link") else ""
    change: dict[str, Any] = {"state": "approved", "outbox": _released(found["effect"])}
    if pin:
        change["pin"] = pin_digest(pin)
    return _decide(actor, found, change), pin


def pin_digest(pin: str) -> bytes:
    """Return what the store keeps of a PIN: keyed, because a PIN is short enough to try all."""
    return runtime.current().sealer.blind("approvals.pin", pin.strip().upper())


def refuse(actor: Staff, approval_id: ObjectId) -> dict[str, Any]:
    """Refuse a proposal, once; return it.

    Raises:
        NotFound, OwnProposal, ApprovalDecided: see `approve`.
    """
    found = _decidable(actor, approval_id)
    return _decide(actor, found, {"state": "refused", "outbox": _released(found["otherwise"])})


def withdraw(actor: Staff, approval_id: ObjectId) -> dict[str, Any]:
    """Take one's own proposal back.

    Raises:
        NotFound: no such proposal of the actor.
        ApprovalDecided: decided before or expired.
    """
    found = read(approval_id)
    if found["proposed_by"] != actor.staff_id:
        raise NotFound
    change = {"state": "withdrawn", "outbox": _released(found["otherwise"])}
    return _move(actor, found, change, {"proposed_by": actor.staff_id})


def expire(approval_id: ObjectId) -> None:
    """Write down that the time of a proposal is over, and release what follows."""
    found = read(approval_id)
    change = {"state": "expired", "outbox": _released(found["otherwise"])}
    guard = {"_id": approval_id, "state": "proposed", "expires_at": {"$lte": clock.now()}}
    if Approval._get_collection().update_one(guard, {"$set": change}).matched_count:
        outbox.wake("trust")


def finish(approval_id: ObjectId, outcome: str, session: ClientSession | None = None) -> bool:
    """Note how the effect of an approved proposal came out, once; return whether this call did."""
    guard = {"_id": approval_id, "state": "approved", "outcome": None}
    change = {"$set": {"outcome": outcome}}
    return bool(Approval._get_collection().update_one(guard, change, session=session).matched_count)


def require_for_export(
    actor: Staff, rows: int, about: str, *, reason: str = "", effect: dict[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return None when that many rows may leave at once, else the proposal that waits for a second person.

    `effect` is the outbox entry that makes the export; it is released by the approval.
    """
    if rows <= EXPORT_ROWS:
        return None
    return propose(actor, record(actor, "export", about, reason=reason, effect=effect, details={"rows": rows}))


def _decidable(actor: Staff, approval_id: ObjectId) -> dict[str, Any]:
    found = read(approval_id)
    if not may_decide(actor, found["kind"]):
        raise NotFound
    if actor.staff_id in {found["proposed_by"], found.get("member")}:
        raise OwnProposal
    return found


def _decide(actor: Staff, found: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    others = {"proposed_by": {"$ne": actor.staff_id}, "member": {"$ne": actor.staff_id}}
    return _move(actor, found, change | {"decided_by": actor.staff_id}, others)


def _move(actor: Staff, found: dict[str, Any], change: dict[str, Any], guard: dict[str, Any]) -> dict[str, Any]:
    now = clock.now()
    line = _line(actor, f"approval.{change['state']}", found)
    guard = {"_id": found["_id"], "state": "proposed", "expires_at": {"$gt": now}, **guard}
    told = {"$set": change | {"decided_at": now}}

    def move(session: ClientSession) -> bool:
        staff.require_acting(actor, line, session)
        if not Approval._get_collection().update_one(guard, told, session=session).matched_count:
            return False
        entry.write(line, session)
        return True

    if not transactions.run(move):
        state = state_of(read(found["_id"]))
        raise ApprovalDecided(state=state, state_zh=STATE_ZH[state])
    for follow in change["outbox"]:
        outbox.wake(follow["queue"])
    return read(found["_id"])


def _released(effect: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**effect, "id": ObjectId(), "due": clock.now(), "tries": 0}] if effect else []


def _line(actor: Staff, action: str, found: dict[str, Any]) -> dict[str, Any]:
    told = {"kind": found["kind"], "subject": found["about"]}
    return entry.line(actor.key, action, f"approval:{found['_id']}", unit=found["unit"], **told)
