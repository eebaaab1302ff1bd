"""What follows a decision about somebody's data."""

from typing import Any

from bson import ObjectId

from backend import outbox, personal_data
from backend.store import transactions
from models.affairs import carry_out
from models.identity import erasure
from models.messaging import inbox
from models.onecard import credential
from models.payments import ledger_account

BUSY_SECONDS = 3600.0


@outbox.function("privacy.erase")
def erase(account: str) -> None:
    """Do a part of an erasure; before all others the codes that its phone carries end, which would outlive it."""
    transactions.run(lambda session: credential.revoke_of_account(ObjectId(account), "account_closed", session))
    erasure.work(ObjectId(account))


@carry_out.does("privacy.export")
def hand_over(found: dict[str, Any]) -> None:
    """Tell the person where the copy lies: it is made fresh at each download, never stored.

    Who has no account gets it at the counter.
    """
    if "account" in found:
        inbox.put(found["account"], "privacy_copy", key=found["number"])


def _close_wallet(person_id: ObjectId) -> None:
    """Close the wallet of who is erased: money that comes too late is refused, and goes back to who paid it.

    Raises:
        StillBusy: there is money in it, or on its way.
    """
    try:
        ledger_account.close(ledger_account.wallet_of(person_id))
    except ledger_account.AccountUnknown:
        return
    except ledger_account.AccountNotEmpty:
        raise erasure.StillBusy(what=personal_data.holding(ledger_account.COLLECTION).zh) from None


@carry_out.does("privacy.delete")
@carry_out.does("privacy.close_account")
def end_account(found: dict[str, Any]) -> None:
    """End the account and erase what is held; while a visit or refund is under way, wait and say so.

    An account that has become somebody else's since it was asked for is left alone; the person's data go all the same.

    Raises:
        outbox.Later: something of the account is not over.
    """
    try:
        if "account" in found and erasure.may_end(found["account"], found.get("person")):
            erasure.begin(found["account"], case=found["number"], by="system:privacy", settle=_close_wallet)
        elif "person" in found:
            erasure.begin_for_person(found["person"], case=found["number"], by="system:privacy", settle=_close_wallet)
    except erasure.StillBusy as busy:
        if "account" in found:
            inbox.put(found["account"], "privacy_waits", key=found["number"], what=busy.details["what"])
        raise outbox.Later(BUSY_SECONDS) from None
