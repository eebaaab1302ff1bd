"""Every error that this service can answer with.

    CityError
    ├── BadInput          400  what was sent cannot be read or has a wrong form
    ├── NotLoggedIn       401  no valid proof of identity came with the request
    ├── NotAllowed        403  the actor is known, the operation is not theirs
    ├── NotFound          404  there is no such thing, or not within the actor's scope
    ├── Conflict          409  the state of things does not allow it now
    ├── Unprocessable     422  well formed, but a rule refuses it
    │   └── KeyReused          the same key with another content
    ├── TooMany           429  asked too often
    ├── OutsideFailure    502  a system outside the county failed
    └── Unavailable       503  a part of ours is away; repeat with the same key

A domain subclasses the nearest branch and states `code`, `zh` and `en` once. The sentences say what to
do next; `{name}` in them is filled from the keyword arguments. `fields` maps a field of the request to
its own sentences, `field_codes` to a stable code where the form of the request is data.
"""

from typing import Any, ClassVar


class CityError(Exception):
    """Root of all errors that may reach a client."""

    status: ClassVar[int] = 500
    passing: ClassVar[bool] = False
    """Whether the same call may succeed later without anybody doing anything: queues then never give up."""
    code: ClassVar[str] = "internal_error"
    zh: ClassVar[str] = "服务出了点问题,请稍后再试;如果一直不行,请拨打 12345。"
    en: ClassVar[str] = "Something went wrong on our side. Please try again later or call 12345."

    def __init__(
        self, *, fields: dict[str, list[str]] | None = None, field_codes: dict[str, str] | None = None, **details: Any
    ) -> None:
        self.fields = fields or {}
        self.field_codes = field_codes or {}
        self.details = details
        super().__init__(self.code)

    def message(self, language: str = "zh") -> str:
        """Return the sentence for the person, in `zh` or `en`."""
        return (self.en if language == "en" else self.zh).format(**self.details)


class BadInput(CityError):
    """400: the request cannot be read or has a wrong form."""

    status = 400
    code = "bad_input"
    zh = "提交的内容有误,请按提示修改后再提交。"
    en = "Some of the input is wrong. Correct the fields named and send it again."


class NotLoggedIn(CityError):
    """401: no valid proof of identity."""

    status = 401
    code = "not_logged_in"
    zh = "请先登录。"
    en = "Please log in first."


class NotAllowed(CityError):
    """403: the role of the actor lacks this operation."""

    status = 403
    code = "not_allowed"
    zh = "您没有办理这项操作的权限,请联系本单位管理员。"
    en = "You may not do this. Ask your unit's administrator."


class NotFound(CityError):
    """404: no such thing within the actor's scope."""

    status = 404
    code = "not_found"
    zh = "没有找到,请核对后再试。"
    en = "Not found. Please check and try again."


class Conflict(CityError):
    """409: the present state does not allow it."""

    status = 409
    code = "conflict"
    zh = "当前状态不能这样操作,请刷新后再试。"
    en = "The present state does not allow this. Refresh and try again."


class Unprocessable(CityError):
    """422: well formed, but a rule refuses it."""

    status = 422
    code = "unprocessable"
    zh = "按规定不能这样办理。"
    en = "A rule does not allow this."


class KeyReused(Unprocessable):
    """422: the key came with another body before."""

    code = "idempotency_key_reused"
    zh = "这个 Idempotency-Key 已用于另一份内容,请换一个新的再提交。"
    en = "This Idempotency-Key was used with another body. Use a new key."


class TooMany(CityError):
    """429: asked too often; `retry_after` seconds in the header."""

    status = 429
    code = "too_many_requests"
    zh = "操作太频繁,请 {retry_after} 秒后再试。"
    en = "Too many requests. Try again in {retry_after} seconds."

    def __init__(self, *, retry_after: int = 60, **details: Any) -> None:
        super().__init__(retry_after=retry_after, **details)


class OutsideFailure(CityError):
    """502: a system outside the county failed or answered nonsense."""

    status = 502
    passing = True
    code = "outside_failure"
    zh = "对方系统暂时没有响应,请稍后再试。"
    en = "A partner system did not answer. Please try again later."


class Unavailable(CityError):
    """503: a part of ours is away, the outcome may be unknown."""

    status = 503
    passing = True
    code = "unavailable"
    zh = "系统繁忙,请稍后用同一请求重试,不会重复办理。"
    en = "Temporarily unavailable. Repeat the same request; it will not be done twice."
