"""Codes that open a page, and the check of what users write."""

import re
import secrets
from typing import Any

from backend.wechat.sandbox import clock
from backend.wechat.sandbox.box import Sandbox
from backend.wechat.sandbox.mini import pages, png
from backend.wechat.sandbox.routing import Router
from backend.wechat.sandbox.wire import MiniError, Request, Response, ok

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
WIDTHS = range(280, 1281)
LONGEST_TEXT = 2500
ACTIVE_SECONDS = 7200
OPENID = re.compile(r"o[\w\-]{27}")
VERDICTS = (("违禁测试词", "risky", 20006), ("复核测试词", "review", 21000))

routes = Router()


@routes.on("POST", "/wxa/getwxacodeunlimit")
def code_picture(_box: Sandbox, request: Request) -> Response:
    """A picture that stands for a page and a scene."""
    wanted = request.json()
    scene, page, width = wanted.get("scene"), wanted.get("page", "pages/index/index"), wanted.get("width", 430)
    if not isinstance(scene, str) or not SCENE.fullmatch(scene):
        raise MiniError(40129, "invalid scene")
    if wanted.get("env_version", "release") not in ("release", "trial", "develop") or width not in WIDTHS:
        raise MiniError(40097, "invalid args")
    well_formed = isinstance(page, str) and pages.PAGE.fullmatch(page)
    if not well_formed or (wanted.get("check_path", True) and not pages.published(_box.journal, page)):
        raise MiniError(41030, "invalid page")
    return Response(body=png.picture(f"{page}?scene={scene}", width), content_type="image/png")


@routes.on("POST", "/wxa/msg_sec_check")
def check_text(box: Sandbox, request: Request) -> Response:
    """The verdict on a text: pass, review or risky."""
    if box.faults.strike("text_check_down", request.path):
        raise MiniError(-1, "system error")
    wanted = request.json()
    _check_text_form(wanted)
    _check_writer(box, str(wanted.get("openid", "")))
    word, suggest, label = next((verdict for verdict in VERDICTS if verdict[0] in wanted["content"]), ("", "pass", 100))
    detail = {"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}
    if word:
        detail |= {"strategy": "keyword", "keyword": word}
    return ok(result={"suggest": suggest, "label": label}, detail=[detail], trace_id=secrets.token_hex(16))


def _check_text_form(wanted: dict[str, Any]) -> None:
    content = wanted.get("content")
    if not isinstance(content, str) or not content:
        raise MiniError(44002, "empty content")
    if wanted.get("version") != 2:  # noqa: PLR2004 - version 1 is unmaintained
        raise MiniError(40097, "invalid args: version")
    if wanted.get("scene") not in (1, 2, 3, 4):
        raise MiniError(40129, "invalid scene")
    if len(content) > LONGEST_TEXT:
        raise MiniError(45002, "content size out of limit")


def _check_writer(box: Sandbox, openid: str) -> None:
    if not OPENID.fullmatch(openid):
        raise MiniError(40003, "invalid openid")
    user_id = box.journal.get("openids", openid)
    if user_id is None:
        raise MiniError(43104, "appid and openid not match")
    if clock.now() - box.journal.get("users", user_id)["seen"] > ACTIVE_SECONDS:
        raise MiniError(61010, "code is expired: the user was not active within two hours")
