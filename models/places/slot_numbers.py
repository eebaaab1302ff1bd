"""The numbers of one slot, set by hand: more for a holiday, fewer for a repair. A plan changed later leaves them."""

from typing import Any

from pymongo.client_session import ClientSession

from backend import clock, outbox
from backend.errors import Conflict, NotFound, Unprocessable
from backend.store import transactions
from models.audit import entry
from models.booking import slot, slot_quota
from models.booking.slot import Slot
from models.booking.slot_errors import SlotBusy
from models.identity.actors import Staff
from models.places import scope
from models.places.slot_office import SlotPast

OPERATION = "place.change"
MOST_TRIES = 20


class QuotaTaken(Conflict):
    """409: more is sold than the quota would be."""

    code = "slot_quota_taken"
    zh = "该时段{share}已售或待支付 {sold} 个名额,不能少于这个数;如需减少,请先关闭时段或联系游客改期。"
    en = "{sold} places of this slot{share_en} are sold or held; the quota cannot be less."


class SharesWrong(Unprocessable):
    """422: a share that is more than the whole."""

    code = "slot_shares_wrong"
    zh = "份额不能多于名额,请一并调整份额。"
    en = "A share cannot be more than the quota. Change the shares as well."

    def __init__(self) -> None:
        super().__init__(fields={"shares": [self.zh]})


def put(actor: Staff, slot_id: str, quota: int, shares: dict[str, int] | None) -> dict[str, Any]:
    """Give a slot another quota, and its shares where told; return the slot. The same again changes nothing.

    Raises:
        NotFound: no such slot in the actor's scope.
        SlotPast: its day is over.
        QuotaTaken: more is sold or held.
        SharesWrong: a share is more than the whole.
        SlotBusy: others change it all the time.
    """
    found, owner = scope.slot(actor, OPERATION, slot_id)
    if found.get("kind") == "day":
        raise NotFound
    if found["day"] < clock.today().isoformat():
        raise SlotPast
    for _ in range(MOST_TRIES):
        wanted = slot_quota.quotas(found) | (shares or {})
        _require(found, quota, wanted)
        if quota == found["quota"] and wanted == slot_quota.quotas(found):
            return found
        if _write(actor, found, quota, wanted, unit=str(owner.get("unit") or "")):
            outbox.wake("checkout")
            return slot.read(slot_id)
        found = slot.read(slot_id)
    raise SlotBusy


def _require(found: dict[str, Any], quota: int, wanted: dict[str, int]) -> None:
    if any(number > quota for number in wanted.values()):
        raise SharesWrong
    if slot_quota.sold(found) > quota:
        raise QuotaTaken(sold=slot_quota.sold(found), share="", share_en="")
    for name, one in (found.get("shares") or {}).items():
        if slot_quota.sold(one) > wanted[name]:
            zh = slot.SHARES_ZH.get(name, name)
            raise QuotaTaken(sold=slot_quota.sold(one), share=f"的{zh}份额", share_en=f", share {name},")


def _write(actor: Staff, found: dict[str, Any], quota: int, wanted: dict[str, int], *, unit: str) -> bool:
    before, after = _numbers(found["quota"], slot_quota.quotas(found)), _numbers(quota, wanted)
    line = entry.line(actor.key, "slot.quota", f"slot:{found['_id']}", unit=unit, before=before, after=after)

    def change(session: ClientSession) -> bool:
        if not slot_quota.change(found, quota, wanted, session):
            return False
        Slot._get_collection().update_one({"_id": found["_id"]}, {"$set": {"by_hand": True}}, session=session)
        entry.write(line, session)
        return True

    return transactions.run(change)


def _numbers(quota: int, shares: dict[str, int]) -> dict[str, int]:
    return {"quota": quota, **shares}
