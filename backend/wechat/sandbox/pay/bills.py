"""Trade bills: made on the next day, fetched by a link that lives for five minutes."""

import gzip
import hashlib
import secrets
from datetime import date, datetime, timedelta
from http import HTTPStatus

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.pay import bill_text
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import PayError, Request, Response, as_json

LINK_SECONDS = 300
READY_HOUR = 10
KEPT_DAYS = 90
KINDS = ("ALL", "SUCCESS", "REFUND")

routes, download_routes = Router(), Router()


@routes.on("GET", "/v3/bill/tradebill")
def trade_bill(box: Sandbox, request: Request) -> Response:
    """A link to the bill of one day, counted in China's time."""
    day = _day(request.query.get("bill_date", ""))
    kind, packing = request.query.get("bill_type", "ALL"), request.query.get("tar_type")
    if kind not in KINDS or packing not in (None, "GZIP"):
        raise _bad("PARAM_ERROR", "bill_type或tar_type有误")
    changes = box.journal.get("bill_changes", day.isoformat()) or {}
    if changes.get("late"):
        raise _bad("STATEMENT_CREATING", "账单生成中，请稍后再试")
    text = bill_text.write(box.journal, day, kind, changes)
    if text is None:
        raise _bad("NO_STATEMENT_EXIST", "账单文件不存在")
    plain = text.encode()
    token = secrets.token_urlsafe(48)
    link = {"expires": clock.now() + LINK_SECONDS, "text": text, "gzip": packing == "GZIP"}
    box.journal.put("bill_links", token, link)
    return as_json(
        {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(plain, usedforsecurity=False).hexdigest(),
            "download_url": f"{box.base_url}/v3/billdownload/file?token={token}",
        }
    )


@download_routes.on("GET", "/v3/billdownload/file")
def download(box: Sandbox, request: Request) -> Response:
    """The file itself; the answer is not signed."""
    link = box.journal.get("bill_links", request.query.get("token", ""))
    if link is None or clock.now() >= link["expires"]:
        raise _bad("INVALID_REQUEST", "下载链接已失效")
    plain = link["text"].encode()
    if link["gzip"]:
        return Response(HTTPStatus.OK, gzip.compress(plain), "application/x-gzip")
    return Response(HTTPStatus.OK, plain, "text/plain; charset=utf-8")


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _bad("PARAM_ERROR", "bill_date格式错误") from error
    moment = clock.local(clock.now())
    if day >= moment.date() or day < moment.date() - timedelta(days=KEPT_DAYS):
        raise _bad("NO_STATEMENT_EXIST", "账单文件不存在")
    if moment < datetime(day.year, day.month, day.day, READY_HOUR, tzinfo=clock.SHANGHAI) + timedelta(days=1):
        raise _bad("STATEMENT_CREATING", "账单生成中，请稍后再试")
    return day


def _bad(code: str, message: str) -> PayError:
    return PayError(HTTPStatus.BAD_REQUEST, code, message)
