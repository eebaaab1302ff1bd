"""Files of a resident: sent in parts, so that a weak network goes on where it broke off."""

from typing import Any

from flask import Response, g, request

from backend.http.access import resident
from backend.http.downloads import attachment
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from mini_program_api.media import schemas
from models.media import file, receive
from models.media.receive import Announced

files = Surface("files", __name__, url_prefix="/mini/v1", description="文件上传")
PART_BODY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "example": ""}}}}


@files.post("/files", access=resident(), parameters=[PARAMETER])
@idempotent
@files.arguments(schemas.FileBody)
@files.answer(201, schemas.FileView)
def open_file(body: dict[str, Any]) -> dict[str, Any]:
    """Announce a file; it is then sent in parts, in any order, each as often as needed."""
    opened = receive.open_up(g.actor.key, Announced(**body), account=g.actor.account_id)
    return receive.progress(g.actor.key, opened["_id"])


@files.put("/files/<file_id>/parts/<number>", access=resident())
@files.doc(requestBody=PART_BODY)
@files.response(204)
def put_part(file_id: str, number: str) -> None:
    """Send one part as bare bytes; sending it again changes nothing."""
    position = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else -1  # noqa: PLR2004
    receive.put_part(g.actor.key, object_ids.read(file_id), position, request.get_data(cache=False))


@files.get("/files/<file_id>", access=resident())
@files.answer(200, schemas.FileView)
def read_file(file_id: str) -> dict[str, Any]:
    """One's own file, and which parts have arrived."""
    return receive.progress(g.actor.key, object_ids.read(file_id))


@files.post("/files/<file_id>/complete", access=resident())
@files.answer(200, schemas.FileView)
def complete_file(file_id: str) -> dict[str, Any]:
    """Say that all parts were sent: the file is checked and, if it passes, kept."""
    return receive.complete(g.actor.key, object_ids.read(file_id))


@files.get("/files/<file_id>/content", access=resident())
@files.response(200, content_type="application/octet-stream")
def download_file(file_id: str) -> Response:
    """The content of one's own file, as a download."""
    found = file.content(object_ids.read(file_id), owner=g.actor.key)
    return attachment(found.data, name=found.name, media_type=found.media_type)


@files.delete("/files/<file_id>", access=resident())
@files.response(204)
def delete_file(file_id: str) -> None:
    """Delete one's own file that is attached nowhere."""
    file.discard(object_ids.read(file_id), owner=g.actor.key)
