"""The families of `applying` at their phones, all at one moment, in a process of their own.

    python -m bench.applying_families BASE FOLDER NUMBER

For each line of standard input that names a step, all families do it, and one line of JSON tells what they saw.
"""

import http.client
import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench.applying_form import ROUND, SAVES, variant
from seed.demo import school_families
from seed.demo.school_families import MINI, Parent
from seed.demo.stage import Stage

GETTING_READY = 8
"""Families that log in and begin side by side; that is no part of the measurement."""
PATIENCE_SECONDS = 60
BASES = ("property", "residence", "household")
KINDS = ("own_home", "home_only", "migrant", "household_only")
"""Whom the household register shows as the child's parent, so that a phone is enough."""


@dataclass
class Family:
    """A parent at a phone whose connection is kept; `acknowledged` is the form that was last said to be saved."""

    parent: Parent
    link: http.client.HTTPConnection
    number: int
    seq: int = 1
    form: dict[str, Any] = field(default_factory=dict)
    acknowledged: dict[str, Any] = field(default_factory=dict)
    receipts: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def send(self, seen: "Seen", what: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Send a request about one's own application, and note how long its answer took."""
        given = {"Authorization": f"Bearer {self.parent.phone.token}", "Content-Type": "application/json"}
        given |= {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        content = None if body is None else json.dumps(body)
        began = time.perf_counter()
        self.link.request(method, f"{MINI}/applications/{self.parent.application['id']}{path}", content, given)
        with self.link.getresponse() as answer:
            read = answer.read()
        seen.note(what, answer.status, (time.perf_counter() - began) * 1000)
        return answer.status, json.loads(read or b"{}")

    def require(self, holds: bool, what: str) -> None:
        """Note what is not as it was promised."""
        if not holds:
            self.wrong.append(f"family {self.number}: {what}")


class Seen:
    """What came back in one step: milliseconds by kind of request, and how many answers of which status."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = {}
        self.statuses: dict[int, int] = {}
        self._lock = threading.Lock()

    def note(self, what: str, status: int, milliseconds: float) -> None:
        """Note one answer."""
        with self._lock:
            self.took.setdefault(what, []).append(milliseconds)
            self.statuses[status] = self.statuses.get(status, 0) + 1


def ready(base: str, folder: Path, number: int) -> list[Family]:
    """Let families log in, be matched, find their child and begin; each knows the form that it will send."""
    stage = Stage(base, folder)
    told = {"addresses": school_families.addresses(), "born": list(school_families.BORN), "count": 2 * number}
    made = [one for one in stage.register("/school-families", told)["families"] if one["kind"] in KINDS][:number]
    with ThreadPoolExecutor(GETTING_READY) as together:
        return list(together.map(lambda one: _begun(stage, *one), enumerate(made)))


def _begun(stage: Stage, number: int, told: dict[str, Any]) -> Family:
    one = school_families.parent(stage, told)
    body = {"round": ROUND, "companion_id": one.companion}
    one.application = one.phone.post(f"{MINI}/applications", body, expect=201)
    bases = {each["kind"]: each for each in one.get("/options")["bases"]}
    basis = next({"kind": kind, "fact_id": bases[kind]["fact_id"]} for kind in BASES if kind in bases)
    path = f"{MINI}/applications/{one.application['id']}/form"
    first = {"basis": basis, "choices": [], "accepts_coordination": True}
    saved = one.phone.call("PUT", path, {"seq": one.application["seq"], "form": first})
    choices = [each["school"] for each in one.get("/options")["items"]]
    host, port = stage.base.removeprefix("http://").split(":")
    link = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
    link.connect()
    form = {**first, "choices": choices[:4]}
    return Family(one, link, number, saved["seq"], form, saved["form"])


def save(one: Family, seen: Seen) -> None:
    """Save the draft again and again; in between a phone that slept saves what it had seen, and is refused."""
    for number in range(SAVES):
        told, before = variant(one.form, number), one.seq
        status, answer = one.send(seen, "save", "PUT", "/form", {"seq": before, "form": told})
        one.require(status == HTTPStatus.OK, f"save {number}: {status} {answer}")
        if status != HTTPStatus.OK:
            continue
        one.seq, one.acknowledged = answer["seq"], told
        if number == one.number % SAVES:
            _stale(one, seen, before)
        else:
            status, answer = one.send(seen, "same again", "PUT", "/form", {"seq": before, "form": told})
            one.require((status, answer.get("seq")) == (HTTPStatus.OK, one.seq), f"the same again: {status} {answer}")


def _stale(one: Family, seen: Seen, before: int) -> None:
    other = variant(one.form, SAVES)
    status, answer = one.send(seen, "stale", "PUT", "/form", {"seq": before, "form": other})
    refused = (status, answer.get("code")) == (HTTPStatus.CONFLICT, "school_form_changed")
    one.require(refused, f"a form of an older revision: {status} {answer}")
    status, answer = one.send(seen, "resume", "GET", "")
    same = all(answer["form"].get(name) == value for name, value in one.acknowledged.items())
    one.require(same and answer["seq"] == one.seq, f"resumed with {answer}")


def submit(one: Family, seen: Seen) -> None:
    """Submit what was saved last; asked again, the answer is the same receipt."""
    status, answer = one.send(seen, "submit", "POST", "/submit", {"seq": one.seq})
    one.require(status == HTTPStatus.OK, f"submission: {status} {answer}")
    one.receipts.append(answer.get("receipt", ""))


STEPS: dict[str, Callable[[Family, Seen], None]] = {"save": save, "submit": submit}


def at_once(families: Iterable[Family], step: Callable[[Family, Seen], None]) -> dict[str, Any]:
    """Let all families do a step from one moment on, and return what they saw."""
    several, seen = list(families), Seen()
    barrier = threading.Barrier(len(several) + 1)

    def alone(one: Family) -> None:
        barrier.wait()
        try:
            step(one, seen)
        except (OSError, http.client.HTTPException) as error:
            one.wrong.append(f"family {one.number}: no answer: {error!r}")

    threads = [threading.Thread(target=alone, args=(one,)) for one in several]
    for one in threads:
        one.start()
    barrier.wait()
    began = time.perf_counter()
    for one in threads:
        one.join()
    seconds = time.perf_counter() - began
    return {"took": seen.took, "statuses": seen.statuses, "seconds": seconds, "cpu_seconds": time.process_time()}


def _told(one: Family) -> dict[str, Any]:
    told = {"id": one.parent.application["id"], "form": one.acknowledged, "seq": one.seq}
    return told | {"receipts": one.receipts, "wrong": one.wrong}


def main(arguments: list[str]) -> None:
    """Get ready, then do what is asked for, line by line."""
    base, folder, number = arguments
    families = ready(base, Path(folder), int(number))
    print(json.dumps({"families": len(families)}), flush=True)
    for line in sys.stdin:
        seen = at_once(families, STEPS[line.strip()])
        print(json.dumps(seen | {"told": [_told(one) for one in families]}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
