"""Telling a producer what became of a lot: held, released, recalled; once for each time."""

from typing import Any

from pymongo.client_session import ClientSession

from models.selenium import lot, producer, product, recall_parties


def held(found: dict[str, Any], session: ClientSession) -> None:
    """Tell that a lot was held, within the transaction of it."""
    _tell(found, "lot_held", _since(found), session, reason=lot.HOLD_ZH[found["held"]["reason"]])


def released(before: dict[str, Any], session: ClientSession) -> None:
    """Tell that a lot is free again; `before` is how it was, and one that was not held is no news."""
    if before["state"] == "held":
        _tell(before, "lot_released", _since(before), session)


def recalled(found: dict[str, Any], recall: str, reason_zh: str, session: ClientSession) -> None:
    """Tell that a lot was recalled, within the transaction of it."""
    _tell(found, "lot_recalled", recall, session, urgent=True, recall=recall, reason=reason_zh)


def _since(found: dict[str, Any]) -> str:
    return f"{found['held']['at'].timestamp():.3f}"


def _tell(
    found: dict[str, Any], kind: str, when: str, session: ClientSession, *, urgent: bool = False, **values: str
) -> None:
    told = {"lot": found["_id"], "product": product.read(found["product"])["name_zh"], **values}
    party = recall_parties.of_producer(producer.read(found["producer"]))
    recall_parties.tell(party, kind, key=f"{found['_id']}:{when}", values=told, urgent=urgent, session=session)
