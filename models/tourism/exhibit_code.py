"""The mini-program codes of exhibits: WeChat makes each once, and the picture is kept as a file.

A job makes those of a place. A kill leaves at most a picture that nothing names: the step looks for it before it asks
WeChat for another.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from bson import ObjectId

from backend import jobs, runtime
from backend.errors import CityError, NotFound
from backend.wechat.errors import WeChatBusy, WeChatFailure
from models.audit import entry
from models.content import item
from models.identity.actors import Staff
from models.media import chunk, file, receive
from models.media.receive import Announced
from models.places import scope
from models.tourism import exhibit

TASK = "tourism.exhibit_codes"
PAGE = "pages/guide/exhibit"
WIDTH = 430
AT_ONCE = 20
_PNG = b"\x89PNG"


def scene(exhibit_id: str) -> str:
    """Return what the code of an exhibit carries: at most 32 visible characters of ASCII."""
    return f"{exhibit.SCENE}{exhibit_id}"


def start(actor: Staff, place_id: str) -> dict[str, Any]:
    """Begin to make the codes of all exhibits of a place that have none; return the job.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    unit = scope.place(actor, "content.write", place_id).get("unit") or ""
    total = sum(1 for _ in _lacking(place_id))
    entry.write(entry.line(actor.key, "exhibit.codes", f"place:{place_id}", unit=unit, count=total))
    return jobs.start("tourism.exhibit_codes", args={"place": place_id}, total=total, started_by=actor.key, unit=unit)


def _lacking(place_id: str, after: str = "") -> Iterator[dict[str, Any]]:
    return (one for one in exhibit.labels(place_id, after=after) if "code" not in one)


def work(job_id: ObjectId) -> None:
    """Make the next codes of a job.

    Raises:
        outbox.Later: a batch is done and more may follow.
        WeChatBusy: WeChat is; the queue tries again.
    """
    job = jobs.read(job_id)
    place, owner = job["args"]["place"], job["started_by"]

    def batch(position: str | None) -> list[str]:
        return [one["_id"] for one, _ in zip(_lacking(place, position or ""), range(AT_ONCE), strict=False)]

    jobs.work(job_id, batch, lambda one: _make(one, owner))


def _make(exhibit_id: str, owner: str) -> str | None:
    """Make the code of an exhibit; return why it cannot be made, None when it is there."""
    if "code" in exhibit.label(exhibit_id):
        return None
    whose = f"exhibit_code:{exhibit_id}"
    kept = file.of_object(whose)
    if not kept:
        try:
            _store(exhibit_id, owner, whose)
        except WeChatBusy:
            raise
        except CityError as failure:
            if failure.passing and not isinstance(failure, WeChatFailure):
                raise
            return failure.code
        kept = file.of_object(whose)
    exhibit.keep_code(exhibit_id, kept[0]["_id"])
    return None


def _store(exhibit_id: str, owner: str, whose: str) -> None:
    picture = runtime.current().mini_program.code_image(scene(exhibit_id), PAGE, width=WIDTH)
    made = receive.whole(owner, _announced(exhibit_id, picture), picture)
    file.attach([ObjectId(made["id"])], owner, to=whose, purpose="content_media")


def _announced(exhibit_id: str, picture: bytes) -> Announced:
    png = picture.startswith(_PNG)
    name, media_type = (f"{exhibit_id}.png", "image/png") if png else (f"{exhibit_id}.jpg", "image/jpeg")
    return Announced(name, media_type, len(picture), hashlib.sha256(picture).hexdigest(), "content_media")


def progress(actor: Staff, job_id: ObjectId) -> dict[str, Any]:
    """Return how far a job of this kind is, for the wire.

    Raises:
        NotFound: no such job about a place in the actor's scope.
    """
    job = jobs.read(job_id)
    if job["task"] != TASK:
        raise NotFound
    scope.place(actor, "content.write", job["args"]["place"])
    told = {name: job[name] for name in ("state", "done", "total", "failures")}
    return {"job_id": str(job_id), **told}


def pictures(actor: Staff, place_id: str) -> list[dict[str, Any]]:
    """Return number, title and picture of each exhibit of a place that has its code, by number.

    Raises:
        NotFound: no such place in the actor's scope.
    """
    scope.place(actor, "content.read", place_id)
    found = sorted((one for one in exhibit.labels(place_id) if "code" in one), key=lambda one: one["number"])
    titles = item.titles([item.item_id(exhibit.KIND, one["_id"]) for one in found])
    return [
        {
            "number": one["number"],
            "title": titles.get(item.item_id(exhibit.KIND, one["_id"]), ""),
            "scene": scene(one["_id"]),
            "picture": b"".join(chunk.read(one["code"])),
        }
        for one in found
    ]
