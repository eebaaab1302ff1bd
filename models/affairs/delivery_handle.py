"""What the staff do with result papers under way: print, hand over at the counter, give to a carrier, take back."""

import hmac
from typing import Any

from bson import ObjectId

from backend import outbox
from backend.errors import NotFound, Unprocessable
from models.affairs import case, delivery
from models.affairs.delivery import ResultDelivery
from models.audit import entry
from models.identity import moving
from models.identity.actors import Staff
from models.messaging import inbox

OPERATION = "delivery.handle"
MOST_TRIES = 5
TOLD = ("ready", "sent")
"""The states that the applicant is told of."""


class PickUpCodeWrong(Unprocessable):
    """422: this is not the code of this paper."""

    code = "pick_up_code_wrong"
    zh = "领取码不正确,请让申请人打开“我的事项”核对;输错 5 次后须重新获取领取码。"
    en = "This is not the pick-up code. After five tries the applicant must ask for a new one."

    def __init__(self) -> None:
        super().__init__(fields={"code": [self.zh]})


def within(actor: Staff, paper_id: ObjectId) -> dict[str, Any]:
    """Return the delivery of a paper of the actor's units.

    Raises:
        NotAllowed: no role of the actor hands results over.
        NotFound: no such delivery of their units.
    """
    actor.require(OPERATION)
    found, units = delivery.read(paper_id), actor.units_for(OPERATION)
    if found is None or (units is not None and found["unit"] not in units):
        raise NotFound
    return found


def make_ready(actor: Staff, paper_id: ObjectId) -> dict[str, Any]:
    """Say that a paper lies at the counter; the applicant is shown a code for it.

    Raises:
        NotFound: no such delivery of the actor's units.
        DeliveryStateWrong: it does not go to a counter, or lies there already.
    """
    within(actor, paper_id)
    return _move(actor, paper_id, {"state": "preparing", "way": "counter"}, "ready", delivery.fresh_code(paper_id))


def hand_over(actor: Staff, paper_id: ObjectId, code: str) -> dict[str, Any]:
    """Hand a paper to whoever shows its code.

    Raises:
        NotFound: no such delivery of the actor's units.
        DeliveryStateWrong: it does not lie at the counter.
        PickUpCodeWrong: this is another code, or it was tried too often.
    """
    within(actor, paper_id)
    guard = {"_id": paper_id, "state": "ready", "tries": {"$lt": MOST_TRIES}}
    tried = ResultDelivery._get_collection().find_one_and_update(guard, {"$inc": {"tries": 1}})
    if tried is None:
        if (delivery.read(paper_id) or {}).get("state") == "ready":
            raise PickUpCodeWrong
        raise delivery.wrong(paper_id)
    if not hmac.compare_digest(delivery.code_of(tried).encode(), code.encode()):
        raise PickUpCodeWrong
    return _move(actor, paper_id, {"state": "ready", "code": tried["code"]}, "received", {})


def send(actor: Staff, paper_id: ObjectId, carrier: str, tracking: str) -> dict[str, Any]:
    """Say that a paper was handed to a carrier, under which number.

    Raises:
        NotFound: no such delivery of the actor's units.
        DeliveryStateWrong: it does not go by post, or was sent.
    """
    within(actor, paper_id)
    told = {"carrier": carrier, "tracking": tracking}
    return _move(actor, paper_id, {"state": "preparing", "way": "post"}, "sent", told)


def settle(actor: Staff, paper_id: ObjectId, state: str) -> dict[str, Any]:
    """Say what became of a paper on the post: `received`, or `returned`.

    Raises:
        NotFound: no such delivery of the actor's units.
        DeliveryStateWrong: it is not under way.
    """
    within(actor, paper_id)
    return _move(actor, paper_id, {"state": "sent"}, state, {})


def _move(actor: Staff, paper_id: ObjectId, guard: dict[str, Any], state: str, told: dict[str, Any]) -> dict[str, Any]:
    line = entry.line(actor.key, f"delivery.{state}", f"result_paper:{paper_id}", unit=actor.unit)
    update = delivery.noted({"$set": {"state": state, **told}}, actor.key)
    if state in TOLD:
        update["$push"]["outbox"] = outbox.entry("affairs", "affairs.tell_delivery", paper=str(paper_id), state=state)
    moved = moving.move(ResultDelivery, {"_id": paper_id, **guard}, update, line, actor)
    if moved is None:
        raise delivery.wrong(paper_id)
    outbox.wake("affairs")
    return moved


def tell(paper_id: ObjectId, state: str) -> None:
    """Tell the applicant that a paper lies at the counter or is on the post; repeating it leaves one message."""
    found = delivery.read(paper_id)
    if found is None or found["state"] != state:
        return
    told = case.read(found["case"])
    if account := told.get("account") or told.get("sender"):
        values = {name: found[name] for name in ("carrier", "tracking") if found.get(name)}
        inbox.put(account, f"result_{state}", key=f"{paper_id}:{found['moves']}", number=found["number"], **values)
