"""The three reviews (三审): who passed what, who sent it back and why, who published and withdrew it.

    初审 first_review ─▶ 复审 second_review ─▶ 终审 final_review ─▶ publish

Each step is done by another person, none of them an author. An act is one transaction: the item's guarded update, its
line here, and the audit entry, which holds no text.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from mongoengine import BinaryField, DateTimeField, Document, IntField, ObjectIdField, StringField
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from backend import clock, runtime
from backend.errors import BadInput
from backend.personal_data import Holding, Sealed, declare
from backend.store import transactions
from models.audit import entry
from models.content import item, kind, revision
from models.content.errors import ContentStateWrong
from models.content.item import ContentItem
from models.identity import staff
from models.identity.actors import Staff

COLLECTION = "content_reviews"
ACTS = {"submit": "送审", "pass": "通过", "return": "退回", "publish": "发布", "withdraw": "下线"}
STEPS = tuple(item.OPERATIONS)
REVIEWS = ("first_review", "second_review", "final_review")
FURTHEST = timedelta(days=3653)


class ContentReview(Document):
    """One act. `step` is the state in which the revision was; a revision leaves each step once."""

    meta = {
        "collection": COLLECTION,
        "auto_create_index": False,
        "indexes": [{"fields": ["item", "-at"]}],
    }
    id = StringField(primary_key=True)
    item = StringField(required=True)
    revision = IntField(required=True)
    step = StringField(required=True)
    act = StringField(choices=tuple(ACTS), required=True)
    by = ObjectIdField(required=True)
    reason = BinaryField()
    at = DateTimeField(required=True)


declare(
    Holding(
        COLLECTION,
        "公开内容的审校记录",
        staff=("by",),
        sealed=(Sealed("reason"),),
        at_deletion="keep",
        because="网络出版的三审记录须留存备查;退回理由加密保存,是对稿件的意见",
    )
)


class SpanWrong(BadInput):
    """400: it would end before it begins, has ended, or lies too far away."""

    code = "content_span_wrong"
    zh = "发布时间有误:结束时间应晚于开始时间,也晚于现在,且都在十年之内;长期有效的不填结束时间。"
    en = "It ends before it begins or before now, or lies over ten years ahead. Leave out an end that never comes."

    def __init__(self) -> None:
        super().__init__(fields={"to": [self.zh]})


def submit(actor: Staff, item_name: str, number: int) -> dict[str, Any]:
    """Hand a draft in for the first review; return the item. Again changes nothing.

    Raises:
        NotFound: no such item within the actor's scope.
        TranscriptMissing, SourcesMissing: what must be there before anybody reviews it.
        ContentStateWrong, RevisionStale: it is elsewhere.
    """
    found = item.reach(actor, "content.write", item_name)
    if (found.get("open") or {}).get("state") == "returned":
        raise ContentStateWrong("returned")
    kind.require_complete(found["kind"], revision.read(item_name, number)["content"])
    act = _Act(actor, found, number, step="draft", act="submit")
    return act.done({"$set": {"open.state": item.NEXT["draft"]}})


def decide(actor: Staff, item_name: str, number: int, step: str, *, passes: bool, reason: str = "") -> dict[str, Any]:
    """Pass a revision on in a step, or send it back with a reason; return the item. Again changes nothing.

    Raises:
        NotAllowed, NotFound: the step is not the actor's, or the item is out of their scope.
        ContentStateWrong, RevisionStale: it is elsewhere.
        OwnContent: the actor wrote it, or passed it in another step.
    """
    found = item.reach(actor, item.OPERATIONS[step], item_name)
    act = _Act(actor, found, number, step=step, act="pass" if passes else "return", reason=reason)
    state = item.NEXT[step] if passes else "returned"
    kept = {"$push": {"open.reviewers": actor.staff_id}} if passes else {}
    return act.done({"$set": {"open.state": state}, **kept}, reviewer=actor.staff_id)


def publish(
    actor: Staff, item_name: str, number: int, begins: datetime | None, ends: datetime | None
) -> dict[str, Any]:
    """Show an approved revision, at once or from a moment on, until a moment where one is named; return the item.

    It replaces what is shown, and any other that was to come; until it begins, what is shown stays.

    Raises:
        NotAllowed, NotFound, ContentStateWrong, RevisionStale: see `decide`.
        SpanWrong: it would end before it begins, has ended, or lies more than ten years ahead.
        Unprocessable: what the content names is not shown any more.
    """
    found = item.reach(actor, item.OPERATIONS["approved"], item_name)
    now = clock.now()
    start = max(begins, now) if begins else now
    if (ends is not None and ends <= start) or max(start, ends or start) > now + FURTHEST:
        raise SpanWrong
    content = revision.read(item_name, number)["content"]
    kind.require_complete(found["kind"], content)
    told: dict[str, Any] = {"revision": number, "from": start, "published_at": now, "by": actor.staff_id}
    told |= {"to": ends} if ends else {}
    entry_made = item.live_entry(found["kind"], content, **told)
    act = _Act(actor, found, number, step="approved", act="publish")
    follows = item.followed_by(found["kind"], item_name, [start, *([ends] if ends else [])])

    def change(before: dict[str, Any]) -> dict[str, Any]:
        begun = [one for one in before.get("live", []) if one["from"] <= now]
        live = [*begun[-1:], entry_made] if start > now else [entry_made]
        return {"$set": {"live": live, "at": now}, "$unset": {"open": ""}, "$push": {"outbox": {"$each": follows}}}

    shown = act.done(change)
    item.wake(follows)
    return shown


def withdraw(actor: Staff, item_name: str, reason: str) -> dict[str, Any]:
    """Show an item no longer, nor what was to come; return it. Again changes nothing.

    A revision that is being written or reviewed goes on; once published, the item is shown again.

    Raises:
        NotAllowed, NotFound: see `item.reach`.
    """
    found = item.reach(actor, item.OPERATIONS["approved"], item_name)
    if not found.get("live"):
        return found
    number = found["live"][-1]["revision"]
    line, told = _lines(actor, found, number, step="live", act="withdraw", reason=reason)
    told["_id"] = f"{item_name}:withdraw:{ObjectId()}"
    _seal_reason(told, reason)
    follows = item.followed_by(found["kind"], item_name, [told["at"]])

    def change(session: ClientSession) -> None:
        staff.require_acting(actor, line, session)
        live = item.read(item_name, session).get("live")
        if not live:
            return
        last = live[-1]["revision"]  # a publication meanwhile is taken off too, and told as what it was
        update = {"$set": {"live": [], "at": told["at"]}, "$push": {"outbox": {"$each": follows}}}
        ContentItem._get_collection().update_one({"_id": item_name}, update, session=session)
        ContentReview._get_collection().insert_one({**told, "revision": last}, session=session)
        entry.write({**line, "details": {**line["details"], "revision": last}}, session)

    transactions.run(change)
    item.wake(follows)
    return item.read(item_name)


class _Act:
    """One act on a revision, done once however often it is sent."""

    def __init__(
        self, actor: Staff, found: dict[str, Any], number: int, *, step: str, act: str, reason: str = ""
    ) -> None:
        self._actor, self._item, self._number, self._step = actor, found["_id"], number, step
        self._line, self._told = _lines(actor, found, number, step=step, act=act, reason=reason)
        _seal_reason(self._told, reason)

    def done(
        self,
        change: dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]],
        *,
        reviewer: ObjectId | None = None,
    ) -> dict[str, Any]:
        def run(session: ClientSession) -> dict[str, Any]:
            staff.require_acting(self._actor, self._line, session)
            states = item.WRITABLE[:1] if self._step == "draft" else (self._step,)
            update = change(item.read(self._item, session)) if callable(change) else change
            moved = item.move(
                self._item,
                revision=self._number,
                states=states,
                change=update,
                session=session,
                reviewer=reviewer,
            )
            ContentReview._get_collection().insert_one(dict(self._told), session=session)
            entry.write(self._line, session)
            return moved

        if self._done_before():
            return item.read(self._item)
        try:
            return transactions.run(run)
        except (ContentStateWrong, DuplicateKeyError):
            if self._done_before():
                return item.read(self._item)
            raise

    def _done_before(self) -> bool:
        before = ContentReview._get_collection().find_one({"_id": self._told["_id"]})
        return before is not None and (before["by"], before["act"]) == (self._actor.staff_id, self._told["act"])


def _lines(
    actor: Staff, found: dict[str, Any], number: int, *, step: str, act: str, reason: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    about, unit = f"content:{found['_id']}", found["unit"]
    line = entry.line(actor.key, f"content.{act}", about, unit=unit, revision=number, step=step, reason=bool(reason))
    told = {
        "_id": f"{found['_id']}:{number}:{step}",
        "item": found["_id"],
        "revision": number,
        "step": step,
        "act": act,
        "by": actor.staff_id,
        "at": line["at"],
    }
    return line, told


def _seal_reason(told: dict[str, Any], reason: str) -> None:
    if reason:
        told["reason"] = runtime.current().sealer.seal(f"{COLLECTION}.reason", told["_id"], reason)


def acts(item_name: str, *, most: int = 100) -> list[dict[str, Any]]:
    """Return the last acts on an item for the wire, newest first."""
    found = ContentReview._get_collection().find({"item": item_name}).sort("at", -1).limit(most)
    return [_told(one) for one in found]


def _told(found: dict[str, Any]) -> dict[str, Any]:
    shown = {"revision": found["revision"], "step": found["step"], "act": found["act"], "act_zh": ACTS[found["act"]]}
    shown |= {"by": f"staff:{found['by']}", "at": clock.civil(found["at"]).isoformat(timespec="seconds")}
    if found.get("reason"):
        shown["reason"] = runtime.current().sealer.open(f"{COLLECTION}.reason", found["_id"], found["reason"])
    return shown
