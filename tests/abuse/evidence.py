"""That an attack left nothing behind: the whole store before and after it."""

import hashlib
import json
from contextlib import contextmanager

from bson.raw_bson import RawBSONDocument
from mongoengine.connection import get_db

from backend.store import indexes
from tests.support import fingerprint

LOGIN_TRACES = ("audit_entries", "login_attempts")
"""What a refused login leaves: the count of failures and a line in the audit log."""
VOLATILE = {"Date", "X-Request-Id", "Content-Length"}


def state(*but: str) -> dict[str, str]:
    """Return a digest of every collection that is not left out; those of the store's own are quicker than ours."""
    kinds = {kind._get_collection_name(): "timeseries" in kind._meta for kind in indexes.documents()}
    prints = fingerprint.taken()
    told = {name: _digest(name) if series else prints.get(name, fingerprint.EMPTY) for name, series in kinds.items()}
    return {name: told[name] for name in sorted(told.keys() - set(but))}


def _digest(name: str) -> str:
    raw = get_db().codec_options.with_options(document_class=RawBSONDocument)
    found = sorted(bytes(document.raw) for document in get_db().get_collection(name, codec_options=raw).find())
    return hashlib.sha256(b"".join(found)).hexdigest()


@contextmanager
def unchanged(*but: str):
    """Check that what happens within changes no collection, but those that are named."""
    before = state(*but)
    yield
    after = state(*but)
    changed = [name for name in before if before[name] != after[name]]
    assert changed == [], changed


def refused(answer, status: int = 401, code: str | None = None) -> None:
    """Check that an answer is a refusal in our form that tells nothing but its sentence."""
    assert answer.status_code == status, (answer.status_code, answer.data)
    assert set(answer.json) <= {"code", "message", "request_id", "fields"}
    assert code is None or answer.json["code"] == code, answer.json
    assert "Set-Cookie" not in answer.headers


def told(answer) -> tuple:
    """Return all that an attacker sees of a refusal, without what differs in every answer."""
    body = {name: value for name, value in answer.json.items() if name != "request_id"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in VOLATILE)
    return answer.status_code, json.dumps(body, sort_keys=True), tuple(headers), len(answer.data)
