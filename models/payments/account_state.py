"""Freezing, unfreezing and closing an account: proposed by one of the finance staff, approved by another.

Wallets go by the mark that staff see, may be frozen for an authority that has ordered it, and are not closed here.
Clearing and suspense mirror money outside: what comes and goes there is not stopped by hand.
"""

from collections.abc import Callable
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import CityError, Conflict, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.identity import approval
from models.identity.actors import Staff
from models.payments import ledger_account
from models.payments.ledger_account import STATE_ZH, AccountClosed, AccountNotEmpty

KIND = "ledger_account"
MOVES: dict[str, Callable[[str, ClientSession], None]] = {
    "freeze": ledger_account.freeze,
    "unfreeze": ledger_account.unfreeze,
    "close": ledger_account.close_within,
}
AFTER = {"freeze": "frozen", "unfreeze": "open", "close": "closed"}
MANAGED = {"merchant": frozenset(MOVES), "fund": frozenset(MOVES), "wallet": frozenset({"freeze", "unfreeze"})}


class AccountNotManaged(Unprocessable):
    """422: this is not done by hand to an account of its kind."""

    code = "ledger_account_not_managed"
    zh = "只能冻结、解冻商户、资金专户和钱包,注销商户和资金专户;请核对账户编号。"
    en = "Merchants, funds and wallets can be frozen, merchants and funds closed. Check the account."


class AccountStateSame(Conflict):
    """409: the account is in that state already."""

    code = "ledger_account_state_same"
    zh = "账户状态已是“{state_zh}”,无需办理。"
    en = "The account is {state} already. Nothing is to be done."


def propose(actor: Staff, account: str, move: str, *, reason: str) -> dict[str, Any]:
    """Propose to freeze, unfreeze or close an account, and return the proposal.

    Raises:
        AccountNameWrong, AccountUnknown: there is no such account.
        AccountNotManaged: this is not done by hand to such an account.
        AccountClosed, AccountStateSame, AccountNotEmpty: it is no use.
    """
    actor.require("ledger.propose")
    if move not in MANAGED.get(ledger_account.kind_of(account), ()):
        raise AccountNotManaged
    found = ledger_account.read(ledger_account.named(account))
    _require_use(found, move)
    made = ObjectId()
    record = approval.record(
        actor,
        KIND,
        f"ledger:{account}",
        reason=reason,
        approval_id=made,
        effect=outbox.entry("checkout", "payments.approved_account_state", approval=str(made)),
        details={"account": account, "move": move},
    )
    return approval.propose(actor, record)


def _require_use(found: dict[str, Any], move: str) -> None:
    state = found["state"]
    if state == AFTER[move]:
        raise AccountStateSame(state=state, state_zh=STATE_ZH[state])
    if state == "closed":
        raise AccountClosed
    if move == "close" and any(found[name] for name in ("balance_fen", "held_fen", "expected_fen")):
        raise AccountNotEmpty


def carry_out(approval_id: ObjectId) -> tuple[ObjectId, str] | None:
    """Do what two persons agreed on, once; a refusal becomes the approval's outcome.

    Return whose wallet it was and the move, also when it was done before: the person is told.
    """
    found = approval.read(approval_id)
    if found["state"] != "approved":
        return None
    account, move = ledger_account.named(found["details"]["account"]), found["details"]["move"]
    if not found.get("outcome"):
        _carry_out(found, account, move)
    owner = ledger_account.person_of(account)
    return (owner, move) if owner and approval.read(approval_id)["outcome"] == "done" else None


def _carry_out(found: dict[str, Any], account: str, move: str) -> None:
    about = f"ledger_account:{found['details']['account']}"
    told = {"approval": str(found["_id"])}
    line = entry.line(f"staff:{found['decided_by']}", f"ledger.{move}", about, unit=found["unit"], **told)

    def change(session: ClientSession) -> None:
        if ledger_account.parts([account], session)[0]["state"] == "closed":
            raise AccountClosed
        if approval.finish(found["_id"], "done", session):
            MOVES[move](account, session)
            entry.write(line, session)

    try:
        transactions.run(change)
    except CityError as refusal:
        if refusal.passing:
            raise
        approval.finish(found["_id"], refusal.code)
