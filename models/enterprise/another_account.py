"""Repair: the bank could not pay a firm, which names another account; the next batch pays it.

failed ─▶ payable
"""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend.store import documents, transactions
from models.audit import entry
from models.enterprise import confirm, offer
from models.enterprise.offer import Offer, OfferStateWrong
from models.identity import membership
from models.identity.actors import Member


def give(member: Member, offer_id: ObjectId, account: Mapping[str, str]) -> dict[str, Any]:
    """Name another account for an offer that the bank could not pay; the same again changes nothing. Return the offer.

    Raises:
        NotFound: no such offer of the firm.
        AccountNeeded: the holder is not the firm.
        OfferStateWrong: it does not wait for an account.
    """
    mine = {"_id": offer_id, "firm": member.organisation["credit_code"]}
    known, told = documents.one(Offer, mine), confirm.holder_checked(member, account)
    line = entry.line(member.key, "enterprise_offer.account", f"offer:{offer_id}")
    change = {"$set": {"state": "payable", "account": offer.sealed_account(offer_id, told)}}

    def write(session: ClientSession) -> bool:
        membership.require_acting(member, session)
        if not offer.move(mine, ("failed",), change, session):
            return False
        entry.write(line, session)
        return True

    done = transactions.run(write)
    stored = documents.one(Offer, mine)
    if not done and not (known["state"] == "payable" and offer.account_of(stored) == told):
        raise OfferStateWrong(state=stored["state"], state_zh=offer.STATES[stored["state"]])
    return stored
