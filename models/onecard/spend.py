"""Paying from the wallet with the card: only an active card spends."""

from typing import Any

from backend.errors import CityError
from models.identity.actors import Resident
from models.onecard import card
from models.payments import wallet


def pay(resident: Resident, payee: str, fen: int, *, key: str, body: bytes, note: str = "") -> dict[str, Any]:
    """Pay from one's wallet, and return the transfer as its owner sees it; the same request pays once.

    Raises:
        CardMissing, CardNotActive: the card is lost, frozen, or not there.
        AccountUnknown, MerchantSuspended, InsufficientFunds, AccountFrozen, AccountClosed: nothing was paid.
        KeyReused: the key came with another body.
    """
    person_id = resident.document["person"]
    try:
        card.require_active(person_id)
    except CityError:
        if found := wallet.earlier(person_id, key, body):  # it was paid when the card still could
            return wallet.paid(found)
        raise
    return wallet.paid(wallet.pay(person_id, payee, fen, key=key, body=body, note=note))
