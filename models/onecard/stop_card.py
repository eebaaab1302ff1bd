"""Stopping a card and giving it back: loss, freezing, unfreezing. A stop takes effect here at once and ends all codes.

The wallet keeps its balance: nothing here touches an account of money. Codes that ended never come back; who gets the
card back draws them anew.
"""

from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import outbox
from backend.errors import NotAllowed
from backend.identity_documents import IdentityDocument
from backend.store import transactions
from models.audit import entry
from models.identity import levels, person, relation, staff
from models.identity.actors import Resident, Staff
from models.identity.counter import NotStandingHere, Serving
from models.onecard import card, credential, family
from models.onecard.card import Change
from models.onecard.card_moves import OFFICIAL

ENDS_FAMILY = frozenset({"lose", "cancel"})
FREEZE_REASONS = {
    "holder_asked": "本人要求",
    "suspected_misuse": "疑似盗用",
    "court_order": "司法机关要求",
    "data_wrong": "登记信息核实中",
}
Line = dict[str, Any]


class CounterNeeded(NotAllowed):
    """403: this card comes back at a counter only."""

    code = "counter_needed"
    zh = "挂失或由他人冻结的卡,须本人持身份证到窗口办理恢复。"
    en = "Come to a counter with your identity card: who stopped the card was not you, or it was reported lost."


class ManagerNeeded(NotAllowed):
    """403: what an office stopped, the managers of the cards give back."""

    code = "card_manager_needed"
    zh = "该卡由管理部门冻结,须由社会保障卡管理人员解除。"
    en = "An office has frozen this card. A card manager lifts that."


class DocumentDiffers(NotAllowed):
    """403: name and number are not those of the card's holder."""

    code = "holder_not_identified"
    zh = "姓名或证件号码与持卡人不一致,请核对后再办理。"
    en = "Name or number are not those of the card's holder."


def carry_out(card_id: ObjectId, change: Change, *, line: Line | None = None, actor: Staff | None = None) -> Line:
    """Move a card; where that stops it, its codes end in the same transaction. Return the card."""

    def run(session: ClientSession) -> Line:
        if actor and line:
            staff.require_acting(actor, line, session)
        moved = card.move(card_id, change, session)
        if moved.done:
            follow(moved.card, change.move, by=change.by, session=session)
            if line:
                entry.write(line, session)
        return moved.card

    done = transactions.run(run)
    outbox.wake("cards")
    outbox.wake("notify")
    return done


def follow(found: Line, move: str, *, by: str, session: ClientSession) -> None:
    """End the codes of a card that was stopped, and after a loss or its end what relatives carry of it."""
    if move in card.STOPS:
        credential.revoke_all(found["_id"], f"card_{found['state']}", session)
    if move in ENDS_FAMILY:
        family.end_of_holder(found["person"], f"card_{found['state']}", by=by, session=session)
    if move == "lose":  # the phone may be lost with it: what it carries of relatives is drawn anew
        family.end_codes_of_carrier(found["person"], "carrier_lost", session)


def require_in_person(serving: Serving | None, holder: ObjectId) -> None:
    """Check that a card's holder stands at the counter; for a child their guardian does.

    Raises:
        NotStandingHere: neither does.
    """
    if serving and serving.person_id == holder:
        return
    by = serving.relation_id if serving and serving.for_person_id == holder else None
    if by is None or relation.read(by)["kind"] != "guardian":
        raise NotStandingHere


def _by_resident(resident: Resident) -> str:
    return "helper" if resident.acting else "self"


def lose(resident: Resident) -> Line:
    """Report one's card lost, or that of whom one acts for; reporting it again changes nothing.

    Raises:
        CardMissing: there is none.
        NotNow: there is nothing to report yet.
    """
    found = card.require(resident.subject_id)
    return carry_out(found["_id"], _loss(found, _by_resident(resident), resident.key))


def _loss(found: Line, how: str, by: str) -> Change:
    return card.prepared(found["_id"], "lose", by=by, stop={"how": how, "by": by})


def require_not_held(found: Line) -> None:
    """Check that no office has stopped a card.

    Raises:
        ManagerNeeded: one has.
    """
    if found["live"] and found.get("stop", {}).get("how") in OFFICIAL:
        raise ManagerNeeded


def freeze(resident: Resident) -> Line:
    """Freeze one's card, or that of whom one acts for; freezing it again changes nothing.

    Raises:
        CardMissing: there is none.
        NotNow: it cannot be frozen from where it is.
    """
    found = card.require(resident.subject_id)
    stop = {"how": _by_resident(resident), "by": resident.key}
    return carry_out(found["_id"], card.prepared(found["_id"], "freeze", by=resident.key, stop=stop))


def unfreeze(resident: Resident) -> Line:
    """Give the holder back what they froze themselves; a card in use stays as it is.

    Raises:
        LevelNeeded: the holder's binding is not verified.
        CounterNeeded: it was reported lost, or somebody else froze it.
        CardMissing: there is none.
    """
    levels.require(resident.document["level"], "verified")
    found = card.require(resident.person_id)
    if found["state"] == "active":
        return found
    stop = found.get("stop", {})
    if found["state"] != "frozen" or stop.get("how") != "self" or "before_death" in found:
        raise CounterNeeded
    return carry_out(found["_id"], card.prepared(found["_id"], "unfreeze", by=resident.key, rests_on=stop))


def lose_by_clerk(actor: Staff, card_id: ObjectId, document: IdentityDocument, name: str) -> Line:
    """Report a card lost for who calls or stands there and tells the holder's number and name.

    Raises:
        NotFound: no such card.
        DocumentDiffers: they do not.
    """
    actor.require("card.lose")
    found = card.read(card_id)
    known = person.find(document)
    if known is None or known["_id"] != found["person"] or not person.same_name(person.opened(known).name, name):
        raise DocumentDiffers
    line = entry.line(actor.key, "card.lose", f"card:{card_id}", unit=actor.unit)
    return carry_out(card_id, _loss(found, "clerk", actor.key), line=line, actor=actor)


def freeze_by_staff(actor: Staff, card_id: ObjectId, reason: str) -> Line:
    """Freeze a card for a reason of `FREEZE_REASONS`; its holder alone does not lift that.

    Raises:
        NotFound: no such card.
        NotNow: it cannot be frozen from where it is.
    """
    actor.require("card.freeze")
    found = card.read(card_id)
    if found["state"] in {"frozen", "lost"} and found.get("stop", {}).get("how") == "staff":
        return found
    move = "hold_lost" if found["state"] == "lost" else "hold"
    line = entry.line(actor.key, "card.freeze", f"card:{card_id}", unit=actor.unit, reason=reason)
    stop = {"how": "staff", "by": actor.key}
    change = card.prepared(card_id, move, by=actor.key, reason=reason, stop=stop)
    return carry_out(card_id, change, line=line, actor=actor)


def unfreeze_by_staff(actor: Staff, card_id: ObjectId, serving: Serving | None) -> Line:
    """Give a card back to who stands at the counter; what an office froze, without them, by who may freeze.

    Raises:
        NotFound: no such card.
        NotStandingHere: its holder is not at the counter.
        ManagerNeeded: an office froze it, and the actor may not lift that.
        NotNow: it is not stopped, or a death is being looked into.
    """
    actor.require("card.unfreeze")
    found = card.read(card_id)
    stop = found.get("stop", {})
    if stop.get("how") in OFFICIAL:
        if not actor.may("card.freeze"):
            raise ManagerNeeded
    else:
        require_in_person(serving, found["person"])
    session_id = str(serving.id) if serving else ""
    line = entry.line(
        actor.key, "card.unfreeze", f"card:{card_id}", unit=actor.unit, was=found["state"], counter_session=session_id
    )
    change = card.prepared(card_id, "unfreeze", by=actor.key, rests_on=stop)
    return carry_out(card_id, change, line=line, actor=actor)


def cancel(actor: Staff, card_id: ObjectId, serving: Serving) -> Line:
    """Cancel a card for its holder, who stands at the counter; cancelling it again changes nothing.

    Raises:
        NotFound: no such card.
        NotStandingHere: somebody else stands there.
        ManagerNeeded: an office has stopped it.
    """
    actor.require("card.cancel")
    found = card.read(card_id)
    require_in_person(serving, found["person"])
    require_not_held(found)
    line = entry.line(actor.key, "card.cancel", f"card:{card_id}", unit=actor.unit, counter_session=str(serving.id))
    change = card.prepared(card_id, "cancel", by=actor.key, reason="holder_asked", rests_on=found.get("stop", {}))
    return carry_out(card_id, change, line=line, actor=actor)
