"""What the time of a refused login tells: nobody of that login, a wrong password, a wrong code, a disabled account.

The kinds take turns, each login is tried once, and the medians are compared.
"""

import os
import time
from collections import defaultdict
from statistics import median
from typing import Any

import requests
from bson import ObjectId

from backend import clock, runtime
from bench import stand
from bench.machine import BenchFailed
from bench.report import Figure
from models.identity import password, second_factor
from models.identity.staff import StaffMember

ROUNDS, WARM = 150, 5
PASSWORD, WRONG = "Bench-right-1934", "Bench-wrong-1934"
MOST_MS = 5.0
KINDS = {"unknown": WRONG, "wrong_password": WRONG, "wrong_code": PASSWORD, "disabled": PASSWORD}


def bench() -> list[Figure]:
    """Log in as each kind in turns and compare the medians."""
    os.environ["LIMIT_FACTOR"] = "1000000"
    try:
        with stand.stand() as stack:
            seconds = _seconds(stack.base, _members(password.digest(PASSWORD)))
    finally:
        del os.environ["LIMIT_FACTOR"]
    medians = {kind: median(times) * 1000 for kind, times in seconds.items()}
    told = ", ".join(f"{kind} {value:.1f} ms" for kind, value in medians.items())
    widest = max(medians.values()) - min(medians.values())
    compared = f"medians of {ROUNDS} logins each: {told}"
    return [Figure("enumeration_of_logins", widest, "ms", compared, target=MOST_MS, better="lower")]


def _members(digest: str) -> dict[str, list[str]]:
    """Store the members, and return the logins of each kind."""
    logins = {kind: [f"bench-{kind.replace('_', '-')}-{n}" for n in range(ROUNDS + WARM)] for kind in KINDS}
    made = [_member(login, kind, digest) for kind, names in logins.items() if kind != "unknown" for login in names]
    StaffMember._get_collection().insert_many(made)
    return logins


def _member(login: str, kind: str, digest: str) -> dict[str, Any]:
    member_id, now, seal = ObjectId(), clock.now(), runtime.current().sealer.seal
    return {
        "_id": member_id,
        "login": login,
        "name": seal("staff.name", member_id, "李小明"),
        "password": digest,
        "totp": seal("staff.totp", member_id, second_factor.new_secret()),
        "totp_step": 0,
        "state": "disabled" if kind == "disabled" else "active",
        "assignments": [{"role": "gate_clerk", "unit": "changzhengyuan", "area": ""}],
        "sessions": [],
        "created_by": "staff:bench",
        "created_at": now,
        "activated_at": now,
        "password_changed_at": now,
    }


def _seconds(base: str, logins: dict[str, list[str]]) -> dict[str, list[float]]:
    """Return how long the refusals of each kind took.

    Raises:
        BenchFailed: one was no refusal like the others.
    """
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    with requests.Session() as caller:
        for number in range(ROUNDS + WARM):
            for kind, secret in KINDS.items():
                body = {"login": logins[kind][number], "password": secret, "totp": "000000"}
                began = time.perf_counter()
                answer = caller.post(f"{base}/office/v1/login", json=body, timeout=20)
                taken = time.perf_counter() - began
                if (answer.status_code, answer.json()["code"]) != (401, "login_failed"):
                    raise BenchFailed(f"{kind}: {answer.status_code} {answer.text}")
                if number >= WARM:
                    seconds[kind].append(taken)
    return seconds
