"""The same request twice: `Idempotency-Key` on every POST of ours that creates or pays.

Same key and body: the same answer, kept sealed for 24 hours. Other body 422, still running 409, no key 400. A refusal
(4xx) is not kept, because nothing was done. After a crash the lease runs out and the same key may run again; the rules
below it are safe to repeat.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, g, make_response, request
from mongoengine import BinaryField, DateTimeField, Document, IntField, StringField
from pymongo.errors import DuplicateKeyError
from werkzeug.exceptions import HTTPException

from backend import clock, personal_data, runtime
from backend.errors import BadInput, CityError, Conflict, KeyReused
from backend.personal_data import Holding, Sealed

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "同一笔提交重试时保持不变,最多 255 个字符",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "example": "4f1c8f7e-0d5b-4b57-9b5e-0d1f6f1d7a10",
    },
}
"""How a route that takes the key describes it."""
LEASE = timedelta(seconds=30)
KEPT = timedelta(hours=24)


class KeyMissing(BadInput):
    """400: the request carries no usable key."""

    code = "idempotency_key_missing"
    zh = "请求缺少 Idempotency-Key 头(最多 255 个字符),请由程序生成后重试。"
    en = "The Idempotency-Key header is missing or longer than 255 characters."


class StillRunning(Conflict):
    """409: the first request of this key is still being worked on."""

    code = "still_running"
    zh = "上一次提交还在处理,请稍候再用同一请求查询结果。"
    en = "The first request is still running. Repeat it in a moment."


class KeptAnswer(Document):
    """One key of one actor on one path, and the answer that it got."""

    meta = {
        "collection": "idempotency_keys",
        "auto_create_index": False,
        "indexes": [{"fields": ["at"], "expireAfterSeconds": int(KEPT.total_seconds())}, "actor"],
    }
    id = StringField(primary_key=True)
    actor = StringField()
    body = BinaryField(required=True)
    status = IntField()
    answer = BinaryField()
    lease_until = DateTimeField(required=True)
    at = DateTimeField(required=True)


personal_data.declare(
    Holding(
        "idempotency_keys",
        "重复请求的应答",
        keys=("actor",),
        sealed=(Sealed("answer"),),
    )
)


def key_and_body() -> tuple[str, bytes]:
    """Return the request's key, bound to actor and path, and the digest of its body.

    Raises:
        KeyMissing: no key, or one that is too long.
    """
    key = request.headers.get(HEADER, "")
    if not 0 < len(key) <= LONGEST_KEY:
        raise KeyMissing
    scope = f"{g.actor.key}\x00{request.path}\x00{key}"
    return hashlib.sha256(scope.encode()).hexdigest(), hashlib.sha256(request.get_data(cache=True)).digest()


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a repeated request from what the first one answered."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key, body = key_and_body()
        lease = clock.now() + LEASE
        if kept := _begin(key, body, lease):
            return _replay(kept)
        try:
            response = make_response(view(*args, **kwargs))
        except CityError as error:
            _abandon(key, lease, refused=error.status < 500)  # noqa: PLR2004
            raise
        except HTTPException:
            _abandon(key, lease, refused=True)
            raise
        except Exception:
            _abandon(key, lease, refused=False)
            raise
        _keep(key, lease, response)
        return response

    once.idempotent = True  # type: ignore[attr-defined]
    return once


def _begin(key: str, body: bytes, lease: datetime) -> dict[str, Any] | None:
    answers = KeptAnswer._get_collection()
    now = clock.now()
    try:
        answers.insert_one({"_id": key, "actor": g.actor.key, "body": body, "lease_until": lease, "at": now})
    except DuplicateKeyError:
        kept = answers.find_one({"_id": key}) or {}
        if kept.get("body") != body:
            raise KeyReused from None
        if "answer" in kept:
            return kept
        taken = answers.update_one({"_id": key, "lease_until": {"$lte": now}}, {"$set": {"lease_until": lease}})
        if not taken.matched_count:
            raise StillRunning from None
    return None


def _replay(kept: dict[str, Any]) -> Response:
    text = runtime.current().sealer.open("idempotency_keys.answer", kept["_id"], kept["answer"])
    response = Response(text, status=kept["status"], mimetype="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(key: str, lease: datetime, response: Response) -> None:
    sealed = runtime.current().sealer.seal("idempotency_keys.answer", key, response.get_data(as_text=True))
    change = {"$set": {"status": response.status_code, "answer": sealed}}
    KeptAnswer._get_collection().update_one({"_id": key, "lease_until": lease}, change)


def _abandon(key: str, lease: datetime, *, refused: bool) -> None:
    answers, mine = KeptAnswer._get_collection(), {"_id": key, "lease_until": lease, "answer": {"$exists": False}}
    if refused:
        answers.delete_one(mine)
    else:
        answers.update_one(mine, {"$set": {"lease_until": clock.now()}})
