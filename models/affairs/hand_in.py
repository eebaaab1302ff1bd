"""Opening a case of an item with its materials: what is known is used, and what is neither known nor uploaded asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pymongo.client_session import ClientSession

from models.affairs import case_material, material, open_item
from models.affairs.applicant import Applicant
from models.affairs.open_item import Submission


def hand_in(
    applicant: Applicant,
    code: str,
    told: Submission,
    named: Mapping[str, Sequence[str]],
    *,
    within: Callable[[ClientSession], Any] | None = None,
) -> dict[str, Any]:
    """Open a case of an item and return it; `named` are the files uploaded for each material.

    What it was opened with is kept in the transaction that opens it, and `within` changes more with it.

    Raises:
        MaterialUnknown, MaterialsMissing: as `material.gather`.
        ItemNotForYou, ItemChanged, AnswersWrong, LevelNeeded, AlreadyOpen, BadAttachment: as `open_item.open_for`.
    """
    item = open_item.open_to(applicant, code)
    if not item["materials"]:
        return open_item.open_for(applicant, code, told, within=within)
    gathered = material.gather(applicant, item, named)

    def along(session: ClientSession) -> None:
        gathered.keep(session)
        if within:
            within(session)

    whole = replace(told, files=(*told.files, *gathered.files), about={**told.about, **gathered.about})
    found = open_item.open_for(applicant, code, whole, within=along)
    case_material.belongs(gathered.snapshot["_id"], found["_id"])
    return found
