"""Why did you look at my data? The unit of whoever looked answers, in other words than the looker's own."""

from typing import Any

from bson import ObjectId

from models.affairs import kind_table, open_case
from models.affairs.open_case import Matter
from models.identity import looked_views
from models.identity.actors import Resident


def ask(resident: Resident, line_id: ObjectId, text: str) -> dict[str, Any]:
    """Open a question about one look at one's data and return it; whoever looked may not answer it.

    Raises:
        NotFound: no such look at the person's data.
        AlreadyOpen: this look is being asked about.
    """
    open_case.require_person(resident)
    line = looked_views.one_of_mine(resident, line_id)
    about = {"access_line": line_id, "purpose": line["purpose"]} | ({"case": line["case"]} if line.get("case") else {})
    matter = Matter(
        line.get("unit") or kind_table.DATA_UNIT, text, about=about, once=f"look:{line_id}", not_by=(line["who"],)
    )
    return open_case.open_case(open_case.by(resident), kind_table.ACCESS_QUESTION, matter)
