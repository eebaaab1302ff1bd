"""Pictures and audio of what is published: open to everybody, in parts for players that seek."""

from flask import Response

from backend.http import ranges
from backend.http.access import ANYONE
from backend.http.surface import Surface
from backend.store import object_ids
from models.content import media as content_media

media = Surface("content media", __name__, url_prefix="/mini/v1", description="公开内容的图片与音频")


@media.get("/content/media/<media_id>", access=ANYONE)
@media.response(200, content_type="application/octet-stream")
def read_media(media_id: str) -> Response:
    """A file of what is published at this moment; `Range` is answered, caches ask each time."""
    found = content_media.published(object_ids.read(media_id))
    return ranges.answer(found.read, size=found.size, sha256=found.sha256, media_type=found.media_type)
