"""Content of all kinds: revisions, the three reviews, publishing and withdrawing."""

from typing import Any

from flask import Response, g

from backend.http import ranges
from backend.http.access import staff
from backend.http.idempotency import PARAMETER, idempotent
from backend.http.surface import Surface
from backend.store import object_ids
from blueprints.content import schemas
from models.content import item_views, media, review, write
from models.content.item import OPERATIONS

content = Surface("office content", __name__, url_prefix="/office/v1", description="内容采编与三审三校")
ITEM = "/content/items/<item_id>"
NO_NUMBER = 0
"""No revision has it."""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else NO_NUMBER  # noqa: PLR2004


@content.get("/content/items", access=staff("content.read"))
@content.arguments(schemas.ContentQuery, location="query")
@content.answer(200, schemas.ContentList)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """The items of one's scope."""
    items, following = item_views.listed(
        g.actor,
        kind_name=query.get("kind"),
        place=query.get("place"),
        cursor=query.get("cursor"),
        limit=query["limit"],
    )
    return {"items": items, "next": following}


@content.get(ITEM, access=staff("content.read"))
@content.answer(200, schemas.ContentWhole)
def read_item(item_id: str) -> dict[str, Any]:
    """One item with its revisions and what was done with them."""
    return item_views.detailed(g.actor, item_id)


@content.get(f"{ITEM}/revisions/<number>", access=staff("content.read"))
@content.answer(200, schemas.RevisionWhole)
def read_revision(item_id: str, number: str) -> dict[str, Any]:
    """One revision with what it says."""
    return item_views.one_revision(g.actor, item_id, _number(number))


@content.get(f"{ITEM}/differences", access=staff("content.read"))
@content.arguments(schemas.DifferenceQuery, location="query")
@content.answer(200, schemas.DifferenceList)
def read_differences(query: dict[str, int], item_id: str) -> dict[str, Any]:
    """What differs between two revisions."""
    after = query["after"]
    return {"items": item_views.compared(g.actor, item_id, query.get("before", after - 1), after)}


@content.get(f"{ITEM}/media/<file_id>", access=staff("content.read"))
@content.response(200, content_type="application/octet-stream")
def read_media(item_id: str, file_id: str) -> Response:
    """A file of an item, before it is published too."""
    found = media.for_review(g.actor, item_id, object_ids.read(file_id))
    return ranges.answer(found.read, size=found.size, sha256=found.sha256, media_type=found.media_type)


@content.post(f"{ITEM}/revisions", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@content.arguments(schemas.RevisionBody)
@content.answer(201, schemas.ContentView)
def write_revision(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Write a further revision; what was written before stays as it is."""
    return item_views.short(write.save(g.actor, item_id, body["base"], body["content"]))


@content.post(f"{ITEM}/rollback", access=staff("content.write"), parameters=[PARAMETER])
@idempotent
@content.arguments(schemas.RollbackBody)
@content.answer(201, schemas.ContentView)
def roll_back(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Write what an earlier revision said as a further one, which is reviewed as any other."""
    return item_views.short(write.roll_back(g.actor, item_id, body["revision"], body["base"]))


@content.post(f"{ITEM}/submit", access=staff("content.write"))
@content.arguments(schemas.NumberBody)
@content.answer(200, schemas.ContentView)
def submit(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Hand a draft in for the first review (送审)."""
    return item_views.short(review.submit(g.actor, item_id, body["revision"]))


def _add_step(step: str, summary: str) -> None:
    path, access = step.replace("_", "-"), staff(OPERATIONS[step])

    def list_work(query: dict[str, Any]) -> dict[str, Any]:
        items, following = item_views.work(g.actor, step, cursor=query.get("cursor"), limit=query["limit"])
        return {"items": items, "next": following}

    def decide(body: dict[str, Any], item_id: str) -> dict[str, Any]:
        passes, reason = body["verdict"] == "pass", body.get("reason", "")
        decided = review.decide(g.actor, item_id, body["revision"], step, passes=passes, reason=reason)
        return item_views.short(decided)

    list_work.__name__, list_work.__doc__ = f"list_{step}", f"What waits for one's {summary}."
    decide.__name__, decide.__doc__ = f"decide_{step}", f"Pass a revision on in the {summary}, or send it back."
    listing = content.arguments(schemas.WorkQuery, location="query")(
        content.answer(200, schemas.ContentList)(list_work)
    )
    content.get(f"/content/work/{path}", access=access)(listing)
    deciding = content.arguments(schemas.VerdictBody)(content.answer(200, schemas.ContentView)(decide))
    content.post(f"{ITEM}/{path}", access=access)(deciding)


_add_step("first_review", "first review (初审)")
_add_step("second_review", "second review (复审)")
_add_step("final_review", "final review (终审)")


@content.get("/content/work/approved", access=staff("content.publish"))
@content.arguments(schemas.WorkQuery, location="query")
@content.answer(200, schemas.ContentList)
def list_approved(query: dict[str, Any]) -> dict[str, Any]:
    """What has passed all reviews and waits to be published."""
    items, following = item_views.work(g.actor, "approved", cursor=query.get("cursor"), limit=query["limit"])
    return {"items": items, "next": following}


@content.post(f"{ITEM}/send-back", access=staff("content.publish"))
@content.arguments(schemas.ReturnBody)
@content.answer(200, schemas.ContentView)
def send_back(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Send back what has passed all reviews instead of publishing it."""
    returned = review.decide(g.actor, item_id, body["revision"], "approved", passes=False, reason=body["reason"])
    return item_views.short(returned)


@content.post(f"{ITEM}/publish", access=staff("content.publish"))
@content.arguments(schemas.PublishBody)
@content.answer(200, schemas.ContentView)
def publish(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Show an approved revision, at once or from a moment on."""
    shown = review.publish(g.actor, item_id, body["revision"], body.get("begins"), body.get("ends"))
    return item_views.short(shown)


@content.post(f"{ITEM}/withdraw", access=staff("content.publish"))
@content.arguments(schemas.WithdrawBody)
@content.answer(200, schemas.ContentView)
def withdraw(body: dict[str, Any], item_id: str) -> dict[str, Any]:
    """Take an item off: at once, and everywhere."""
    return item_views.short(review.withdraw(g.actor, item_id, body["reason"]))
