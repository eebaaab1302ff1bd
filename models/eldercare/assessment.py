"""An assessment (评估): a person answers a table about an elder; the version in force scores it.

It is a record of the kind `assessment`: answers and sentence sealed, total and grade in the clear beside the version of
the table. A wrong one is withdrawn and done again, because its result would not follow a change of the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from backend import clock
from backend.errors import Unprocessable
from backend.store import transactions
from models.audit import entry
from models.eldercare import enter, record, scoring, subject, tool, view, yearly_check
from models.eldercare.source import Source
from models.identity.actors import Staff

KIND = "assessment"
OPERATION = "health.assess"


class NotAnAssessment(Unprocessable):
    """422: the table is not one of questions."""

    code = "health_not_an_assessment"
    zh = "「{tool_zh}」不是问答量表,请选择评估量表。"
    en = "{tool_zh} is not a table of questions. Choose an assessment."


@dataclass(frozen=True)
class Filled:
    """What was answered: option by item, and the signs that the table asks for."""

    tool: str
    answers: Mapping[str, str] = field(repr=False)
    at: datetime
    signs: Mapping[str, Any] = field(default_factory=dict, repr=False)


def fill(actor: Staff, subject_id: ObjectId, told: Filled) -> dict[str, Any]:
    """Store an assessment and return its record.

    Raises:
        NotFound: no such elder in the actor's reach.
        ToolUnknown, NotAnAssessment: no such table on that day.
        AnswersWrong: see `scoring.score`.
        SourceNotYours, MeasuredInFuture: see `enter`.
    """
    reader = view.of_staff(actor, subject_id, OPERATION)
    enter.check_times(told.at, None)
    document = made(subject_id, told, enter.source_of(actor, reader))
    result = {name: document["result"][name] for name in ("tool", "tool_version", "total", "grade")}
    line = entry.line(actor.key, "health.assess", f"{record.COLLECTION}:{document['_id']}", unit=actor.unit, **result)

    def store(session: ClientSession) -> None:
        record.keep(document, session)
        subject.touched(subject_id, document["recorded_at"], session)
        yearly_check.assessed(document, session)
        entry.write(line, session)

    transactions.run(store)
    return document


def made(subject_id: ObjectId, told: Filled, source: Source) -> dict[str, Any]:
    """Return the record of an assessment; nothing is stored.

    Raises:
        ToolUnknown, NotAnAssessment, AnswersWrong: see `fill`.
    """
    table = tool.in_force(told.tool, clock.civil(told.at).date())
    if table["kind"] != "choices":
        raise NotAnAssessment(tool_zh=table["zh"])
    scored = scoring.score(table, told.answers, told.signs)
    content = {
        "title_zh": table["zh"],
        "value_zh": f"{scored.total}分,{scored.grade_zh}",
        "sentence_zh": scored.sentence_zh,
        "answers": dict(told.answers),
        "signs": dict(told.signs),
    }
    result = {
        "tool": table["code"],
        "tool_version": table["version"],
        "total": scored.total,
        "groups": dict(scored.groups),
        "grade": scored.grade,
        "by_total": scored.by_total,
    }
    return record.made(subject_id, KIND, content, source, at=told.at) | {"result": result}


def again(found: Mapping[str, Any]) -> scoring.Scored:
    """Return the score of a stored assessment, made again from its answers by the version that it names."""
    said, result = record.content(found), found["result"]
    return scoring.score(tool.read(result["tool"], result["tool_version"]), said["answers"], said["signs"])
