"""What the FHIR interface refuses; `issue` is the type of the issue that its OperationOutcome tells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backend.errors import BadInput, CityError, Conflict, Unprocessable


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong: its FHIR issue type, the path of the element, and what is wrong with it."""

    code: str
    where: str
    told: str


class ResourceInvalid(Unprocessable):
    """422: the resource is not one of FHIR R4, or says what cannot be kept; each reason with its element."""

    code = "fhir_resource_invalid"
    issue: ClassVar[str] = "invalid"
    zh = "资源内容不符合要求,请按提示的位置修改后再提交。"
    en = "The resource is not as it must be. Correct the elements named and send it again."

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = list(issues)
        super().__init__()


class BodyUnreadable(BadInput):
    """400: the body is no JSON object."""

    code = "fhir_body_unreadable"
    issue: ClassVar[str] = "structure"
    zh = "提交的内容不是可以读取的 JSON 资源,请检查后再提交。"
    en = "The body is no resource in JSON."


class ParameterWrong(BadInput):
    """400: a search parameter is unknown, or its value has a wrong form."""

    code = "fhir_parameter_wrong"
    issue: ClassVar[str] = "invalid"
    zh = "查询参数 {parameter} 有误:{reason}。"
    en = "The search parameter {parameter} is wrong: {reason}."

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(fields={parameter: [reason]}, parameter=parameter, reason=reason)


class TypeUnknown(CityError):
    """404: this server holds no such type of resources."""

    status = 404
    code = "fhir_type_unknown"
    issue: ClassVar[str] = "not-supported"
    zh = "不支持这种资源类型,支持的类型见 /fhir/metadata。"
    en = "This type of resource is not supported. See /fhir/metadata."


class NotOffered(CityError):
    """405: this type of resources does not take this interaction."""

    status = 405
    code = "fhir_not_offered"
    issue: ClassVar[str] = "not-supported"
    zh = "这种资源不支持该操作,支持的操作见 /fhir/metadata。"
    en = "This type of resource does not take this interaction. See /fhir/metadata."


class NotAcceptable(CityError):
    """406: the client wants another form than JSON."""

    status = 406
    code = "fhir_not_acceptable"
    issue: ClassVar[str] = "not-supported"
    zh = "只提供 JSON 格式,请将 Accept 设为 application/fhir+json。"
    en = "Only JSON is offered. Accept application/fhir+json."


class DuplicateIdentifier(Conflict):
    """409: the patient has a resource of this identifier already."""

    code = "fhir_duplicate"
    issue: ClassVar[str] = "duplicate"
    zh = "该编号的资源已存在;如需避免重复提交,请使用 If-None-Exist。"
    en = "A resource of this identifier is stored already. Send If-None-Exist to have it stored once."


class VersionPassed(CityError):
    """412: the resource has another version than the request expects."""

    status = 412
    code = "fhir_version_passed"
    issue: ClassVar[str] = "conflict"
    zh = "该资源已被更改,请重新读取后再提交。"
    en = "The resource was changed meanwhile. Read it again, then send your change."


class SeveralMatch(CityError):
    """412: the condition of a conditional create fits more than it may."""

    status = 412
    code = "fhir_condition_wrong"
    issue: ClassVar[str] = "multiple-matches"
    zh = "If-None-Exist 须为 identifier=系统|编号,并与资源自身的编号一致。"
    en = "If-None-Exist must be identifier=system|value, with an identifier that the resource has."


class VersionNeeded(CityError):
    """428: a correction must name the version that it corrects."""

    status = 428
    code = "fhir_version_needed"
    issue: ClassVar[str] = "required"
    zh = '更正时须在 If-Match 中注明所更正的版本,例如 W/"1"。'
    en = 'Name the version that you correct in If-Match, for example W/"1".'


class ResourceGone(CityError):
    """410: the resource was deleted; its earlier versions are still read under `_history`."""

    status = 410
    code = "fhir_gone"
    issue: ClassVar[str] = "deleted"
    zh = "该资源已被删除,删除前的内容可按版本查看。"
    en = "This resource was deleted. What it said before is read by its version."
