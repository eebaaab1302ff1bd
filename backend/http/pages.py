"""Pages for anybody: one base of plain HTML, one stylesheet, and a script without which all of it works.

Style and script are files of this host, named by their content, so that a phone keeps them and an old one obeys the
policy too: browsers of before 2015 do not know the hashes by which a page could carry its own.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, send_from_directory
from werkzeug.sansio.response import Response as BaseResponse

from backend.errors import NotFound
from backend.http.access import ANYONE
from backend.http.surface import Surface

FOLDER = Path(__file__).parent / "templates" / "parts"
FOREVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def _address(name: str) -> str:
    return f"/pages/{sha256((FOLDER / name).read_bytes()).hexdigest()[:12]}/{name}"


PARTS = {name: _address(name) for name in ("page.css", "docs.css", "refresh.js")}


def page(template: str, **told: Any) -> Response:
    """Return a template, which extends `page.html`, as an answer that may load nothing but this host's files."""
    answer = Response(render_template(template, **told), mimetype="text/html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def surface() -> Surface:
    """Return the route of the pages' style and script."""
    pages = Surface("pages", __name__, url_prefix="/pages", description="公开网页的样式与脚本")
    pages.get("/<content>/<name>", access=ANYONE)(pages.response(200, content_type="*/*")(part))
    return pages


def part(content: str, name: str) -> BaseResponse:  # noqa: ARG001 - the content's name is for those who keep it
    """The style or the script of the public pages; the address changes with the content."""
    if name not in PARTS:
        raise NotFound
    answer = send_from_directory(FOLDER, name)
    answer.headers["Cache-Control"] = FOREVER
    return answer


def install(app: Flask) -> None:
    """Let every template name the style and the script."""
    app.jinja_env.globals["parts"] = PARTS
