"""A line comes in by hand or from a sheet, and goes out again as long as its batch is with the town."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from backend import identity_documents
from backend.errors import Unprocessable
from models.audit import entry
from models.benefits import batch, item, line
from models.benefits.item import FACTS
from models.benefits.line import Collected
from models.identity import person
from models.identity.actors import Staff


class FactsWrong(Unprocessable):
    """422: the item does not ask for this, or it is no number."""

    code = "benefit_facts_wrong"
    zh = "该补贴项目不填这一项,或数值格式不对(最多 9 位整数、4 位小数),请核对。"
    en = "The item does not ask for this, or it is no number."

    def __init__(self, name: str) -> None:
        super().__init__(fields={f"facts.{name}": [self.zh]})


def add(actor: Staff, found: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Add one person's line to a batch of the actor's town; the same line again changes nothing. Return it.

    `told` has name, number, account, amount_fen, facts and area. A number whose check digit is wrong is refused here;
    from lists of other systems it may still come in, and the checks find it.

    Raises:
        BatchStateWrong: the batch takes no lines any more.
        BadDocument: the ID number cannot be right.
        FactsWrong: a fact is none of the item's.
    """
    document = identity_documents.parse("resident_id", told["number"])
    known = person.find(document)
    facts = _facts(item.read(found["item_id"]), told.get("facts") or {})
    collected = Collected(
        told["name"],
        document.number,
        told.get("account") or "",
        told["amount_fen"],
        facts,
        told.get("area") or found.get("area", ""),
        known["_id"] if known else None,
    )
    return line.add(found, collected, by=actor.key)


def _facts(told: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name not in FACTS or name not in told["facts"]:
            raise FactsWrong(name)
    return dict(given)


def withdraw(actor: Staff, line_id: ObjectId, reason_code: str) -> dict[str, Any]:
    """Take a line out of a batch that is with the town; again changes nothing. The same row may come in again then.

    Raises:
        NotFound: no such line within the actor's scope.
        BatchStateWrong: the batch was submitted.
    """
    found = line.read(line_id)
    batch.reach(actor, "benefit.collect", found["batch"])
    if found["state"] == "withdrawn":
        return found
    audit = entry.line(actor.key, "benefit.withdraw", f"benefit_line:{line_id}", unit=actor.unit, reason=reason_code)
    return line.move(
        line_id,
        line.CHECKABLE,
        "withdrawn",
        pushed=line.history(actor.key, "withdrawn", reason=reason_code),
        told={"once": line.once("withdrawn", line_id)},
        batch_states=batch.OPEN_FOR_LINES,
        batch_step="town_review",
        audit=audit,
    )
