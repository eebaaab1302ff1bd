"""What the standard's interfaces refuse, each with the name of the standard's exception."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backend.errors import BadInput, CityError, Conflict


class QueryWrong(BadInput):
    """400: a query parameter is unknown, or its value has a wrong form."""

    code = "epcis_query_wrong"
    exception: ClassVar[str] = "QueryParameterException"
    zh = "查询参数 {parameter} 有误:{reason}。"
    en = "The query parameter {parameter} is wrong: {reason}."

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(fields={parameter: [reason]}, parameter=parameter, reason=reason)


class TooManyFound(CityError):
    """413: more events match than `maxEventCount` allows."""

    status = 413
    code = "epcis_query_too_large"
    exception: ClassVar[str] = "QueryTooLargeException"
    zh = "符合条件的事件超过 maxEventCount 限定的数量,请缩小查询范围。"
    en = "More events match than maxEventCount allows. Ask for less."


class DocumentWrong(BadInput):
    """400: what was sent is no EPCIS document."""

    code = "epcis_document_wrong"
    zh = "提交的内容不是 EPCIS 2.0 的 JSON 文档:{where} {told}"
    en = "This is no EPCIS 2.0 document in JSON: {where} {told}"


class TooManyEvents(CityError):
    """413: the document has more events than one capture takes."""

    status = 413
    code = "epcis_capture_limit"
    zh = "一次最多提交 {most} 条事件,请分多次提交。"
    en = "One capture takes {most} events at most. Send several."


class NotAcceptable(CityError):
    """406: the client wants a version or a form that is not offered."""

    status = 406
    code = "epcis_not_acceptable"
    zh = "不支持请求头 {header} 所要求的版本或格式。"
    en = "What the header {header} asks for is not offered."


class EventKnown(Conflict):
    """409: an event with this eventID is there, with another content."""

    code = "epcis_event_known"
    zh = "该 eventID 已用于另一条事件;更正请提交 errorDeclaration。"
    en = "Another event has this eventID. Correct an event by an error declaration."


@dataclass(frozen=True)
class Reason:
    """Why an event is refused: a code, where in the event, and a sentence."""

    code: str
    where: str
    zh: str
    en: str

    def said(self, language: str) -> str:
        """Return the sentence."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Refusal:
    """An event that is refused, by its place in what was sent."""

    index: int
    event_id: str
    reasons: tuple[Reason, ...]


class EventsRefused(BadInput):
    """400: at least one of the events is wrong; none was stored."""

    code = "epcis_events_refused"
    exception: ClassVar[str] = "ValidationException"
    zh = "{number} 条事件有误,全部未保存;请按每条的原因修改后再提交。"
    en = "{number} events are wrong and none was stored. Correct them by the reasons given."

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        told = {f"events.{one.index}": [reason.zh for reason in one.reasons] for one in self.refusals}
        super().__init__(fields=told, number=len(self.refusals))
