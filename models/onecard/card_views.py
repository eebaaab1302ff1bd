"""A card as its holder, who acts for them, and staff see it: numbers by their tails, names masked. Plain dicts."""

from typing import Any

from backend import clock
from backend.errors import NotFound
from backend.identity_documents import KINDS, IdentityDocument, mask, mask_name
from models.audit import access_line
from models.identity import minor_approval, person, purposes
from models.identity.actors import Resident, Staff
from models.onecard import card, card_death, card_difference, stop_card
from models.onecard.card_moves import ELECTRONIC_ZH, MOVES, PHYSICAL_ZH, STATE_ZH

PURPOSE = "card_service"
FIELDS = ("card.state", "card.number_tail", "card.bank_tail")
STAFF_FIELDS = ("person.name", "person.document_kind", "person.document_tail", *FIELDS)
HOW_ZH = {
    "self": "本人",
    "helper": "代办人或监护人",
    "clerk": "经工作人员",
    "staff": "管理部门",
    "centre": "发卡机构",
    "death": "死亡信息核实",
}
Card = dict[str, Any]


def own(resident: Resident, found: Card) -> dict[str, Any]:
    """Return a card to its holder or to who acts for them."""
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[found["person"]], fields=FIELDS)
    return _card(found)


def _card(found: Card) -> dict[str, Any]:
    physical = found["physical"]
    if physical == "making" and found.get("ready_on", "9999") <= clock.today().isoformat():
        physical = "made"
    told = {
        "id": str(found["_id"]),
        "state": found["state"],
        "state_zh": STATE_ZH[found["state"]],
        "physical": physical,
        "physical_zh": PHYSICAL_ZH[physical],
        "electronic": found["electronic"],
        "electronic_zh": ELECTRONIC_ZH[found["electronic"]],
        "waiting": bool(found["commands"]),
        "death_reported": "before_death" in found,
        "applied_at": clock.civil(found["created_at"]).isoformat(timespec="seconds"),
    }
    names = ("number_tail", "bank", "bank_tail", "ready_on")
    told |= {name: found[name] for name in names if name in found}
    if how := found.get("stop", {}).get("how"):
        told |= {"stopped_by": how, "stopped_by_zh": HOW_ZH[how]}
    return told


def found_by(actor: Staff, document: IdentityDocument, name: str) -> dict[str, Any]:
    """Return the card of the person with this document and name.

    Raises:
        NotFound: nobody, another name, or no card; which of them is not told.
    """
    actor.require("card.find")
    known = person.find(document)
    if known is None or not person.same_name(person.opened(known).name, name):
        raise NotFound
    held = card.of_person(known["_id"])
    if held is None:
        raise NotFound
    return for_staff(actor, held)


def by_id(actor: Staff, found: Card) -> dict[str, Any]:
    """Return a card with its history."""
    told = for_staff(actor, found)
    return told | {"history": [_line(one) for one in found["history"]]}


def for_staff(actor: Staff, found: Card) -> dict[str, Any]:
    """Return a card and its holder, masked, after the access line is stored; of a child without approval, no name."""
    known = person.read(found["person"])
    hidden = bool(minor_approval.hidden(actor, [known.id]))
    fields = FIELDS if hidden else STAFF_FIELDS
    access_line.record(actor, purpose=PURPOSE, subjects=[known.id], fields=fields)
    holder = {
        "person_id": str(known.id),
        "name": minor_approval.HIDDEN if hidden else mask_name(known.name),
        "document_kind_zh": KINDS[known.kind],
        "document_tail": "" if hidden else mask(known.kind, known.number),
    }
    return {**_card(found), "holder": holder}


def _line(one: dict[str, Any]) -> dict[str, Any]:
    what_zh = "申请" if one["what"] == "applied" else MOVES[one["what"]].zh
    at = clock.civil(one["at"]).isoformat(timespec="seconds")
    reason = one.get("reason", "")
    told = {"at": at, "what": one["what"], "what_zh": what_zh, "by": one["by"].partition(":")[0]}
    return told | ({"reason": reason, "reason_zh": stop_card.FREEZE_REASONS.get(reason, reason)} if reason else {})


def deaths(actor: Staff, state: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return the work list of reported deaths; each with the holder masked."""
    actor.require("card.deaths")
    found, following = card_death.listed(state, cursor=cursor, limit=limit)
    return {"items": _with_holders(actor, found, death_line), "next": following}


def death_line(one: dict[str, Any]) -> dict[str, Any]:
    """Return one reported death, without its holder."""
    return {
        "id": str(one["_id"]),
        "card_id": str(one["card"]),
        "source": one["source"],
        "source_zh": card_death.SOURCE_ZH[one["source"]],
        "died_on": one["died_on"],
        "state": one["state"],
        "state_zh": card_death.STATE_ZH[one["state"]],
        "name_differs": one["name_differs"],
        "objected": "objected_at" in one,
        "reported_at": clock.civil(one["reported_at"]).isoformat(timespec="seconds"),
    }


def differences(actor: Staff, state: str, *, cursor: str | None, limit: int) -> dict[str, Any]:
    """Return what the card centre says otherwise; each with the holder masked."""
    found, following = card_difference.listed(state, cursor=cursor, limit=limit)
    return {"items": _with_holders(actor, found, difference_line), "next": following}


def difference_line(one: dict[str, Any]) -> dict[str, Any]:
    """Return one difference, without its holder."""
    told = {
        "id": str(one["_id"]),
        "card_id": str(one["card"]),
        "name": one["name"],
        "name_zh": card_difference.NAME_ZH[one["name"]],
        "state": one["state"],
        "seen_at": clock.civil(one["seen_at"]).isoformat(timespec="seconds"),
    }
    told |= {name: one[name] for name in ("command", "ours", "theirs", "reason") if one.get(name)}
    if outcome := one.get("outcome"):
        told |= {"outcome": outcome, "outcome_zh": card_difference.OUTCOME_ZH[outcome]}
    return told


def _with_holders(actor: Staff, found: list[Any], line: Any) -> list[dict[str, Any]]:
    known = person.several([one["person"] for one in found])
    hidden = minor_approval.hidden(actor, known)
    shown = [one for one in known if one not in hidden]
    access_line.record(actor, purpose=PURPOSE, subjects=shown, fields=("person.name", "person.document_tail", *FIELDS))
    return [line(one) | _holder(known.get(one["person"]), hidden) for one in found]


def _holder(known: person.Known | None, hidden: set[Any]) -> dict[str, Any]:
    if known is None or known.id in hidden:
        return {"holder_name": minor_approval.HIDDEN if known else "", "document_tail": ""}
    return {"holder_name": mask_name(known.name), "document_tail": mask(known.kind, known.number)}
