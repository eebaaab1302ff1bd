"""What schemathesis loads: who sends each request, what counts, and which failures are explained."""

import atexit
import json
import os
import secrets
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from schemathesis.wfc.escalation import EscalatingAuthProvider

from backend import runtime, settings, signed_requests
from bench.fuzz import contents, explained
from bench.fuzz.cast import DOOMED, PEERS, Cast, name_for

runtime.compose(settings.load())
_folder = Path(os.environ["FUZZ_FOLDER"])
_cast = Cast.load(_folder / f"{os.environ['FUZZ_PART']}.cast.json")
_answers: Counter[tuple[str, str, str, int]] = Counter()
_filled: set[str] = set()
"""Requests that were filled: schemathesis takes those with bytes for ones against the schema, as bytes are no JSON."""
_makers: dict[str, str] = {}
"""Who made an object, by its id; nobody where the answer is an earlier one, whose object may be gone."""
_excused: Counter[str] = Counter()
_open: Counter[tuple[str, str, str]] = Counter()
KEY = "Idempotency-Key"
ORGANISATION = "X-Organisation-Id"
KEPT_ONE_IN = 8
"""How often a generated idempotency key goes out as it is; otherwise nearly every request would be a repeated one."""


class _Player:
    """The present token of one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get(self, _case: Any, _context: Any) -> str:
        return f"Bearer {_cast[self._name].token}"

    def set(self, case: Any, data: str, _context: Any) -> None:
        case.headers["Authorization"] = data


class Actors(EscalatingAuthProvider):
    """Chooses by the operation's `x-access`, and knows who must not see what another one owns."""

    def __init__(self, schema: Any) -> None:
        names = sorted(_cast)
        super().__init__([_Player(name) for name in names], names, peers=PEERS)
        self._by_label = {
            f"{method.upper()} {path}": name_for(f"{method.upper()} {path}", told["x-access"])
            for path, methods in schema.raw_schema["paths"].items()
            for method, told in methods.items()
            if isinstance(told, dict) and "x-access" in told
        }

    def name(self, label: str) -> str:
        return self._by_label.get(label, "")

    def get(self, _case: Any, context: Any) -> Any:
        """Return who calls; None where nobody logs in."""
        access = context.operation.definition.raw.get("x-access", {})
        if access.get("actor") == "device":
            return Signature()
        name = self.name(context.operation.label)
        return (name, f"Bearer {_cast[name].token}") if name else None

    def set(self, case: Any, data: Any, _context: Any) -> None:
        """Send it."""
        if isinstance(data, Signature):
            case._auth = data
        else:
            case._auth_identity, case.headers["Authorization"] = data
            if case.headers.get(ORGANISATION) and secrets.randbelow(KEPT_ONE_IN):
                case.headers[ORGANISATION] = _cast[data[0]].organisation

    def record(self, label: str, identity: str | None, status_code: int) -> None:
        """Learn nothing: who calls what is known."""


class Signature(requests.auth.AuthBase):
    """Signs as a gate."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        name, private = _cast.gate(request.path_url)
        body: Any = request.body or b""
        request.headers["Authorization"] = signed_requests.header(
            name,
            Ed25519PrivateKey.from_private_bytes(private),
            method=str(request.method),
            path=request.path_url,
            body=body if isinstance(body, bytes) else body.encode(),
            nonce=secrets.token_hex(12),
        )
        return request


@schemathesis.hook
def after_load_schema(_context: Any, schema: Any) -> None:
    """Let the cast call."""
    schema.auth.providers.append(Actors(schema))


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Give most requests a key of their own, and most of those that should succeed what no schema can say."""
    _cast.spare(case)
    linked = case.meta and case.meta.phase.name.value == "stateful"
    if case.meta and case.meta.generation.mode.is_positive and (linked or secrets.randbelow(2)) and contents.fill(case):
        _filled.add(case.id)
    if case.headers.get(KEY) and secrets.randbelow(KEPT_ONE_IN):
        case.headers[KEY] = uuid.uuid4().hex


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Count the answer, and replace who can no longer call."""
    phase = case.meta.phase.name.value if case.meta else "probe"
    _answers[phase, case.operation.label, str(response.request.method), response.status_code] += 1
    sent = response.request.headers.get("Authorization", "")
    if sent.startswith("CITY") and response.status_code == requests.codes.unauthorized:
        _cast.new_gate(response.request.path_url)
    if response.status_code < requests.codes.multiple_choices:
        contents.remember(_json_of(response))
    if case.method == "POST" and response.status_code == requests.codes.created and (made := _id_of(response)):
        _makers[made] = "" if response.headers.get("idempotency-replayed") else sent
    name = case.auth_identity
    if not name or sent != f"Bearer {_cast[name].token}":
        return
    status, codes = response.status_code, requests.codes
    over = status == codes.unauthorized or (name.endswith(DOOMED) and status < codes.multiple_choices)
    if over or (status == codes.forbidden and not _cast.still_fits(name)):
        _cast.replace(name, sent.removeprefix("Bearer "))


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep a failure that nobody explained."""
    label = case.operation.label
    if (case.id in _filled and type(failure).__name__ == "AcceptedNegativeData") or _successor(failure, case, response):
        return False
    found = explained.why(type(failure).__name__, label, response)
    if found:
        _excused[found.name] += 1
    else:
        _open[type(failure).__name__, label, explained.code_of(response)] += 1
    return found is None


def _json_of(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _id_of(response: Any) -> str:
    body = _json_of(response)
    return str(body.get("id", "")) if isinstance(body, dict) else ""


def _successor(failure: Any, case: Any, response: Any) -> bool:
    """Tell whether it is about what another one made: before the player was replaced, or the key was used again."""
    makers = {_makers.get(str(one)) for one in (case.path_parameters or {}).values()} - {None}
    gone = type(failure).__name__ == "EnsureResourceAvailability"
    return gone and bool(makers) and makers != {response.request.headers.get("Authorization")}


@atexit.register
def _tell() -> None:
    answers = [[*key, count] for key, count in sorted(_answers.items())]
    unexplained = [[*key, count] for key, count in sorted(_open.items())]
    told = {"answers": answers, "explained": dict(_excused), "unexplained": unexplained}
    (_folder / f"{os.environ['FUZZ_PART']}.counts.json").write_text(json.dumps(told))
