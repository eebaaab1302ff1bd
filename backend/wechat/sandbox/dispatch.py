"""From a request to its answer: faults, guard, handler, signature."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.control import bills as billing
from backend.wechat.sandbox.control import machine, payments, push, users
from backend.wechat.sandbox.mini import content, session, shipping, subscribe
from backend.wechat.sandbox.pay import abnormal, bills, certificates, gate, orders, refunds
from backend.wechat.sandbox.routing import Route, Router
from backend.wechat.sandbox.wire import (
    BadJsonError,
    ControlError,
    DroppedError,
    MiniError,
    PayError,
    RefusalError,
    Request,
    Response,
)


def _free(_box: Sandbox, _request: Request) -> None:
    """No guard."""


def _unsigned(_box: Sandbox, _request: Request, _response: Response) -> None:
    """No signature."""


def _mini_faults(box: Sandbox, request: Request) -> None:
    if box.faults.strike("answer_500", request.path):
        raise _HtmlError
    if box.faults.strike("busy", request.path):
        raise MiniError(-1, "system error")
    if box.faults.strike("rate_limited", request.path):
        raise MiniError(45009, "reach max api daily quota limit")


def _pay_faults(box: Sandbox, request: Request) -> None:
    if box.faults.strike("answer_500", request.path):
        raise PayError(HTTPStatus.INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", "系统异常，请稍后重试")


class _HtmlError(RefusalError):
    """A gateway's error page in place of JSON."""

    def response(self) -> Response:
        page = b"<html><head><title>500 Internal Server Error</title></head></html>"
        return Response(HTTPStatus.INTERNAL_SERVER_ERROR, page, "text/html")


@dataclass(frozen=True, slots=True)
class Family:
    """Calls that share who may call, what may go wrong, and who signs the answer."""

    prefixes: tuple[str, ...]
    routers: tuple[Router, ...]
    faults: Callable[[Sandbox, Request], None]
    guard: Callable[[Sandbox, Request], None]
    seal: Callable[[Sandbox, Request, Response], None]
    unknown: RefusalError
    bad_json: RefusalError
    fragile: bool = True


_NOT_FOUND, _BAD = HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST
_NO_URL, _NO_JSON = (
    PayError(_NOT_FOUND, "RESOURCE_NOT_EXISTS", "请求的资源不存在"),
    PayError(_BAD, "PARAM_ERROR", "请求体格式错误"),
)
_NO_MINI, _NO_MINI_JSON = MiniError(40066, "invalid url"), MiniError(47001, "data format error")
_CONTROL = (users.routes, payments.routes, billing.routes, machine.routes, push.routes)
_MINI = (session.routes, content.routes, subscribe.routes, shipping.routes)
_PAY = (orders.routes, refunds.routes, abnormal.routes, bills.routes, certificates.routes)

FAMILIES = (
    Family(
        ("/sandbox/",),
        _CONTROL,
        _free,
        _free,
        _unsigned,
        ControlError(_NOT_FOUND, "no_such_path"),
        ControlError(_BAD, "bad_json"),
        fragile=False,
    ),
    Family(
        ("/v3/billdownload/",),
        (bills.download_routes,),
        _pay_faults,
        gate.check_signature,
        _unsigned,
        _NO_URL,
        _NO_JSON,
    ),
    Family(("/v3/",), _PAY, _pay_faults, gate.check_signature, gate.sign_answer, _NO_URL, _NO_JSON),
    Family(
        ("/sns/jscode2session", "/cgi-bin/stable_token"),
        (session.open_routes,),
        _mini_faults,
        _free,
        _unsigned,
        _NO_MINI,
        _NO_MINI_JSON,
    ),
    Family(("/",), _MINI, _mini_faults, session.check_token, _unsigned, _NO_MINI, _NO_MINI_JSON),
)


def answer(box: Sandbox, request: Request) -> Response:
    """The answer to a request; DroppedError when there is to be none."""
    family = next(family for family in FAMILIES if request.path.startswith(family.prefixes))
    if family.fragile and (fault := box.faults.strike("answer_timeout", request.path)):
        threading.Event().wait(fault.seconds)
        raise DroppedError
    try:
        family.faults(box, request)
        family.guard(box, request)
        response = _handle(box, request, _find(family, request))
    except RefusalError as refusal:
        response = refusal.response()
    except BadJsonError:
        response = family.bad_json.response()
    family.seal(box, request, response)
    if family.fragile and box.faults.strike("answer_lost_after_effect", request.path):
        raise DroppedError
    return response


def _find(family: Family, request: Request) -> Route:
    for router in family.routers:
        if route := router.find(request):
            return route
    raise family.unknown


def _handle(box: Sandbox, request: Request, route: Route) -> Response:
    with box.lock if route.locked else contextlib.nullcontext():
        return route.handler(box, request)
