"""Family cards as either side sees them: the other side's name masked. Plain dicts."""

from typing import Any

from bson import ObjectId

from backend import clock
from backend.identity_documents import mask_name
from models.audit import access_line
from models.identity import minor_approval, person, purposes
from models.identity.actors import Resident, Staff
from models.onecard import family, family_terms
from models.onecard.card_views import PURPOSE

FIELDS = ("person.name", "card.family")
OF_HOLDER = ("card.family",)


def of_resident(resident: Resident) -> dict[str, Any]:
    """Return what one's phone carries or is offered, and who carries one's own codes or is asked to."""
    mine = resident.subject_id
    if mine is None:
        return {"carried": [], "given": [], "most": family_terms.MOST, "next": None}
    carried = [] if resident.acting else family.carried(mine)
    given = family.given(mine)
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[mine], fields=FIELDS)
    known = person.several(list({one["holder"] for one in carried} | {one["carrier"] for one in given}))
    return {
        "carried": [_line(one, known.get(one["holder"])) for one in carried],
        "given": [_line(one, _carrier(one, known)) for one in given],
        "most": family_terms.MOST,
        "next": None,
    }


def _carrier(one: dict[str, Any], known: dict[ObjectId, person.Known]) -> person.Known | None:
    """Return the carrier, but not before they have accepted: who offers learns no name by it."""
    return known.get(one["carrier"]) if one["state"] == "active" else None


def one(found: dict[str, Any], resident: Resident) -> dict[str, Any]:
    """Return one family card as one of its sides sees it."""
    mine = resident.person_id if found["carrier"] == resident.person_id else resident.subject_id
    other = found["holder"] if found["carrier"] == mine else found["carrier"]
    known = person.several([other])
    if found["carrier"] == mine and resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[found["holder"]], fields=FIELDS)
    return _line(found, known.get(other) if found["holder"] == other else _carrier(found, known))


def for_staff(actor: Staff, found: dict[str, Any]) -> dict[str, Any]:
    """Return one family card to the clerk who gave it, after the access lines are stored; only the carrier is named."""
    carrier = found["carrier"]
    hidden = bool(minor_approval.hidden(actor, [carrier]))
    access_line.record(actor, purpose=PURPOSE, subjects=[found["holder"]], fields=OF_HOLDER)
    access_line.record(actor, purpose=PURPOSE, subjects=[carrier], fields=OF_HOLDER if hidden else FIELDS)
    told = _line(found, person.several([carrier]).get(carrier))
    return told | ({"other_name": minor_approval.HIDDEN} if hidden else {})


def _line(found: dict[str, Any], other: person.Known | None) -> dict[str, Any]:
    return {
        "id": str(found["_id"]),
        "other_name": mask_name(other.name) if other else "",
        "how": found["how"],
        "how_zh": family_terms.HOW_ZH[found["how"]],
        "kinds": [{"kind": kind, "kind_zh": family_terms.KIND_ZH[kind]} for kind in found["kinds"]],
        "state": found["state"],
        "state_zh": family_terms.STATE_ZH[found["state"]],
        "until": clock.civil(found["until"]).isoformat(timespec="seconds"),
        "answer_before": clock.civil(found["due"]).isoformat(timespec="seconds"),
    }
