"""The person as they see themselves, or as who acts for them sees them. Plain dicts."""

from typing import Any

from backend.errors import NotFound
from backend.identity_documents import mask, mask_name
from models.audit import access_line
from models.identity import companion, levels, person, purposes
from models.identity.actors import Resident
from models.identity.relation_terms import SCOPE_ZH

FIELDS = ("person.name", "person.document_kind", "person.document_tail", "person.level")


def own(resident: Resident) -> dict[str, Any]:
    """Return the person bound, at the level of that binding, or the one acted for, at the level of their record.

    Who only declared to be somebody reads their own words: the record may hold another one's name.

    Raises:
        NotFound: the person's record has ended.
    """
    if resident.subject_id is None:
        raise NotFound
    known = person.read(resident.subject_id)
    level = known.level if resident.acting else resident.document["level"]
    told: dict[str, Any] = {
        "name": mask_name(known.name if resident.acting or resident.sure_person_id else _declared(resident)),
        "document_kind": known.kind,
        "document_tail": mask(known.kind, known.number),
        "level": level,
        "level_zh": levels.LEVEL_ZH[level],
        "acting_for": resident.acting is not None,
    }
    if resident.acting:
        access_line.record(resident, purpose=purposes.ACTING, subjects=[known.id], fields=FIELDS)
        told["scope"] = [one for one in SCOPE_ZH if one in resident.acting.scope]
    return told


def _declared(resident: Resident) -> str:
    return next((one.name for one in companion.listed(resident) if one.is_self), "")
