"""Verifying codes of the one-card: alone on one core, and asked for over HTTP.

Alone is measured against base45 and the two HMACs that a check cannot do without; over HTTP against a bare app with the
same signature, keys, reads and durable writes (`bench/floors/code_verify.py`).
"""

import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, runtime, signed_requests
from backend.codes import card_token, dynamic, gate_check
from backend.codes.card_token import Token
from backend.codes.code_keys import CodeKeys
from backend.codes.code_kinds import PRINTED_KINDS
from backend.codes.compact import base45_decode
from backend.embedded.process import Child, free_port, wait_until
from bench import rounds, stand, visitors, wrk
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack, answers
from models.identity import device
from models.identity.account import Account
from models.onecard import card, credential
from models.onecard.card import Card
from models.onecard.code_use import CodeUse
from models.onecard.credential import Credential

CODES, PRINTED, ROUNDS = 20_000, 2_000, 15
WANTED_PER_SECOND = 20_000
SCANNER = "venue"
SECONDS, REQUESTS, SCANNERS = 3, 9_000, 40
PATH = "/gate/v1/codes"


def bench() -> list[Figure]:
    """Measure both."""
    return [*_alone(), *_over_http()]


def _alone() -> list[Figure]:
    keys, at = CodeKeys({1: secrets.token_bytes(32)}), datetime.now(UTC)
    gate, last_day = keys.gate(SCANNER), at.date() + timedelta(days=7)
    key, stamp = gate.dynamic[1][SCANNER], int(at.timestamp())
    drawn = [_draw(keys, last_day, stamp) for _ in range(CODES)]
    paper = [
        card_token.sign(Token(secrets.token_bytes(8), 1, PRINTED_KINDS, stamp, stamp + 86_400), 1, keys.printed[1])
        for _ in range(PRINTED)
    ]

    def bare() -> None:
        for text in drawn:
            code = base45_decode(text)
            seed = hmac.digest(key, code[4:14] + code[2:3], "sha256")
            hmac.compare_digest(hmac.digest(seed, code[:18], "sha256")[:16], code[18:])

    def whole(texts: list[str]) -> Callable[[], None]:
        def run() -> None:
            if not all(gate_check.check(text, gate, at).result == "accepted" for text in texts):
                raise BenchFailed("a good code was not accepted")

        return run

    pairs = [(_rate(bare, CODES), _rate(whole(drawn), CODES)) for _ in range(ROUNDS)]
    printed = median(_rate(whole(paper), PRINTED) for _ in range(3))
    ratios = sorted(ours / least for least, ours in pairs)
    against = f"base45 and two HMACs: {median(least for least, _ in pairs):,.0f}/s; one thread, {CODES:,} codes"
    rate = median(ours for _, ours in pairs)
    return [
        Figure("code_verify.rate", rate, "codes/s a core", against, target=WANTED_PER_SECOND),
        Figure("code_verify.ratio", median(ratios), "of the floor", f"{ratios[0]:.2f} to {ratios[-1]:.2f}"),
        Figure("code_verify.printed", printed, "cards/s a core", "Ed25519, COSE and zlib"),
    ]


def _draw(keys: CodeKeys, last_day: date, stamp: int) -> str:
    (seed,) = keys.seeds(1, secrets.token_bytes(8), last_day, (SCANNER,))
    return dynamic.draw(seed, stamp)


def _rate(verify: Callable[[], None], number: int) -> float:
    began = time.process_time()
    verify()
    return number / (time.process_time() - began)


def _over_http() -> list[Figure]:
    wrk.find()
    with stand.stand() as stack:
        visitors.seed(1)
        private, devices = Ed25519PrivateKey.generate(), [f"scanner-{number}" for number in range(SCANNERS)]
        for name in devices:
            public = private.public_key().public_bytes_raw()
            device.register("staff:bench", name, name=name, place="museum", public_key=public, scanner_class=SCANNER)
        cast = (private, devices, *_card())
        floor, child = _start_floor(stack)
        try:
            pairs = [_pair(stack, floor, child, cast) for _ in range(rounds.ROUNDS)]
        finally:
            child.stop()
    ours, least = [one.product.rate for one in pairs], [one.floor.rate for one in pairs]
    ratios = sorted(one.ratio for one in pairs)
    told = f"bare app {median(least):.0f}/s; {wrk.CLIENTS} clients, median of {len(pairs)} rounds; informs only"
    return [
        Figure("code_verify.online", median(ours), "codes/s", told),
        Figure("code_verify.online_ratio", median(ratios), "of the floor", f"{ratios[0]:.2f} to {ratios[-1]:.2f}"),
        Figure(
            "code_verify.online_p99", median(one.product.p99_ms for one in pairs), "ms", "informs only", better="lower"
        ),
    ]


def _card() -> tuple[ObjectId, ObjectId, ObjectId]:
    found = Account._get_collection().find_one({"person": {"$ne": None}}, {"person": 1})
    if found is None:
        raise BenchFailed("nobody is there who could have a card")
    record = card.begin(found["person"], {"id": "0", "command": "issue"}, by="system:bench")
    Card._get_collection().insert_one({**record, "state": "active", "commands": [], "outbox": []})
    return record["_id"], found["person"], found["_id"]


def _start_floor(stack: Stack) -> tuple[str, Child]:
    port = str(free_port())
    changed = {str(stack.port): port, "wsgi:app": "bench.floors.code_verify:app"}
    command = [changed.get(word, word) for word in stack.children["api"].command]
    log = stack.folder / "logs" / "floor.log"
    child = Child(command, log, env={**stack.env, "SCANNER": SCANNER})
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{base}/health/ready"), seconds=30, what=f"the floor (see {log})")
    return base, child


Cast = tuple[Ed25519PrivateKey, list[str], ObjectId, ObjectId, ObjectId]


def _pair(stack: Stack, floor: str, child: Child, cast: Cast) -> Pair:
    least = _run(stack, floor, child, _requests(stack, cast))
    before = CodeUse._get_collection().estimated_document_count()
    lines = _requests(stack, cast)
    product = _run(stack, stack.base, stack.children["api"], lines)
    used = CodeUse._get_collection().estimated_document_count() - before
    if used < product.rate * SECONDS * 0.9:
        raise BenchFailed(f"{product.rate:.0f}/s were answered, but only {used} codes were used up")
    return Pair(least, product)


def _requests(stack: Stack, cast: Cast) -> str:
    """Write signed requests of fresh codes, each good once and now; return the file."""
    private, devices, card_id, person_id, account_id = cast
    last_day, keys, stamp = clock.today() + timedelta(days=1), runtime.current().code_keys, clock.timestamp()
    made = [
        credential.make(
            "phone", card_id, person=person_id, account=account_id, kinds=[SCANNER], last_day=last_day, by=""
        )
        for _ in range(REQUESTS)
    ]
    Credential._get_collection().insert_many(made)
    path = Path(stack.folder) / "signed.txt"
    with path.open("w") as file:
        for number, one in enumerate(made):
            (seed,) = keys.seeds(one["key_id"], one["handle"], last_day, (SCANNER,))
            body = json.dumps({"code": dynamic.draw(seed, stamp)})
            name, nonce = devices[number % SCANNERS], os.urandom(12).hex()
            proof = signed_requests.header(name, private, method="POST", path=PATH, body=body.encode(), nonce=nonce)
            file.write(f"{proof}\t{PATH}\t{body}\n")
    return str(path)


def _run(stack: Stack, base: str, server: Child, lines: str) -> Run:
    meter = rounds.meter(stack, api=server.popen.pid)
    load = wrk.run(base, SECONDS, env={"SIGNED": lines})
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests))
