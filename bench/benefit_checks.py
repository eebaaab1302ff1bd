"""The checks of one batch of N lines on a real store: seconds, peak memory of the worker, progress.

    B=benefit_checks make bench        or, with another N:  python -m bench.benefit_checks run [N]

Filling, checking and watching are processes of their own, so that the memory measured is that of the worker alone.
Every person is known to the household and death registers, has a card, and the item has a rule that computes the
amount; some lines in a thousand each are of the dead, doubled, of another name, without a card, or not asked about.
"""

import os
import resource
import subprocess
import sys
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from bson import ObjectId
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import wsgi  # noqa: F401 - registers every document
from backend import clock, jobs, outbox, runtime
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port
from backend.identity_documents import IdentityDocument, check_character
from backend.keys import data_key
from backend.keys.service import EnvironmentKeys
from backend.sealing import Sealer
from backend.store import connection, indexes
from bench.machine import BenchFailed
from bench.report import Figure, console
from bench.stand import FOLDER, clear
from models.benefits import batch, item, line
from models.benefits.batch import BenefitBatch
from models.benefits.item import Told
from models.benefits.line import BenefitLine, Collected
from models.identity import person
from models.identity.person import Person
from models.onecard.card import Card
from models.registers import fact, inquiry
from models.registers.fact import Fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from models.rules import rule_set
from tasks import benefits as _  # noqa: F401 - registers the functions

LINES, PIECE = 100_000, 2_000
MOST_SECONDS, MOST_MEGABYTES = 60, 300
BATCH = ObjectId("6b0000000000000000000001")
RULE = {
    "code": "bench_area",
    "zh": "耕地地力保护补贴(压测)",
    "condition": {"all": [{"gt": [{"fact": "claim.area_mu"}, 0]}, {"ge": [{"fact": "person.age"}, 16]}]},
    "facts": [
        {"name": "claim.area_mu", "kind": "number", "zh": "面积(亩)"},
        {"name": "person.age", "kind": "number", "zh": "年龄", "personal": True},
    ],
    "outputs": [
        {
            "name": "amount_fen",
            "zh": "补贴金额",
            "unit": "fen",
            "value": {"multiply": [{"fact": "claim.area_mu"}, 10_000]},
            "round": "half_up",
        }
    ],
    "source": {"title": "压测"},
    "valid_from": "2020-01-01",
    "valid_to": None,
    "demo": True,
}


def bench(count: int = LINES) -> list[Figure]:
    """Fill a store, check the batch in a worker's process, and return what it took."""
    folder = FOLDER / "benefit_checks"
    clear(folder)
    server = Mongod(folder, free_port(), options=["--setParameter", "notablescan=true"]).start()
    try:
        server.initiate()
        uri = server.uri("benefits")
        _child("fill", uri, count)
        return _measured(uri, count)
    finally:
        server.stop()
        clear(folder)


def _child(what: str, uri: str, count: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.benefit_checks", what, uri, str(count)], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise BenchFailed(f"{what} ended with {done.returncode}")
    return done.stdout.decode()


def _measured(uri: str, count: int) -> list[Figure]:
    compose(uri)
    command = [sys.executable, "-m", "bench.benefit_checks", "check", uri, str(count)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE)
    _watch(worker)
    told = worker.stdout.read().decode().split() if worker.stdout else []
    if worker.wait() or len(told) != 3:
        raise BenchFailed(f"the worker ended with {worker.returncode}")
    seconds, megabytes, cpu = (float(one) for one in told)
    found = batch.read(BATCH)
    kept = sum(found["counts"].values())
    what = f"{count:,} lines; {', '.join(f'{code} {number:,}' for code, number in sorted(found['findings'].items()))}"
    return [
        Figure("benefit_checks.seconds", seconds, "s", what, target=MOST_SECONDS, better="lower"),
        Figure("benefit_checks.rss", megabytes, "MB", "peak of the worker", target=MOST_MEGABYTES, better="lower"),
        Figure("benefit_checks.cpu", cpu, "s", "CPU of the worker; the store's own is not in it"),
        Figure("benefit_checks.speed", count / seconds, "lines/s", f"batch is {found['state']}"),
        Figure("benefit_checks.lost", count - kept, "lines", "not counted afterwards", target=0, better="lower"),
    ]


def _watch(worker: subprocess.Popen[bytes]) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as shown:
        bar = shown.add_task("checks", total=None)
        while worker.poll() is None:
            job = batch.read(BATCH).get("job")
            if job:
                told = jobs.read(job)
                shown.update(bar, total=told["total"], completed=told["done"])
            time.sleep(0.2)


def compose(uri: str) -> None:
    """Connect a process to the store of this benchmark."""
    connection.connect(uri)
    service = EnvironmentKeys({1: bytes(range(32))})
    indexes.ensure()
    data_key.ensure(service, "aes-256-gcm", direct=False)
    sealer = Sealer({}, {1: bytes(range(32, 64))}, lambda: data_key.opened(service))
    settings = SimpleNamespace(field_algorithm="aes-256-gcm", blind_index_keys={1: b""})
    runtime.install(cast("runtime.Runtime", SimpleNamespace(sealer=sealer, keys=service, settings=settings)))


def check(uri: str) -> None:
    """Do what a worker does, and print seconds, megabytes and seconds of CPU."""
    compose(uri)
    found = batch.read(BATCH)
    total = -(-sum(found["counts"].values()) // 1_000)
    job = jobs.start("benefits.check", args={"batch": str(BATCH)}, total=total, started_by="bench")["_id"]
    batch.move(BATCH, ("collecting",), "checking", told={"job": job})
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    while batch.read(BATCH)["state"] == "checking":
        outbox.drain("reports")
    seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    os.write(1, f"{seconds:.2f} {used.ru_maxrss / 1024:.1f} {cpu:.2f}".encode())


def fill(uri: str, count: int) -> None:
    """Put persons, facts, inquiries, cards and lines."""
    compose(uri)
    rule_set.seed(RULE)
    item.seed("bench", Told("压测补贴", "finance", "year", "fund:bench", "压测", "2020-01-01", rule_set="bench_area",
                            facts=("area_mu",), household_cap_fen=1_000_000), [])  # fmt: skip
    BenefitBatch._get_collection().insert_one(_batch(count))
    for first in range(0, count, PIECE):
        _piece(range(first, min(first + PIECE, count)))


def _batch(count: int) -> dict[str, Any]:
    period = str(clock.today().year)
    return {
        "_id": BATCH, "number": "BENCH-1", "item": "bench", "item_id": "bench:1", "item_zh": "压测补贴",
        "period": period, "unit": "finance", "unit_zh": "压测", "area": "360731100", "department": "finance",
        "part": 1, "state": "collecting", "step": "department_review", "case": ObjectId(),
        "counts": {"collected": count}, "sums": {}, "moves": 0,
        "created_by": "bench", "created_at": clock.now(), "outbox": [],
    }  # fmt: skip


def _piece(numbers: range) -> None:
    found, at = batch.read(BATCH), clock.now()
    persons, facts, inquiries, cards, lines = [], [], [], [], []
    for number in numbers:
        document = _document(number)
        told = person._declared(document, f"刘{number:06d}", person._indexes(document))
        persons.append(told)
        facts += _facts(told["_id"], number, at)
        inquiries += _inquiries(told["_id"], number, at)
        cards += _card(told["_id"], number, at)
        lines += _lines(found, document.number, number)
    for kind, rows in ((Person, persons), (Fact, facts), (inquiry.Inquiry, inquiries), (Card, cards)):
        kind._get_collection().insert_many(rows, ordered=False)
    BenefitLine._get_collection().insert_many(lines, ordered=False)


def _document(number: int) -> IdentityDocument:
    born = f"{1940 + number % 60}{1 + number // 60 % 12:02d}{1 + number // 720 % 28:02d}"
    body = f"360731{born}{number // 20_160 % 1000:03d}"
    return IdentityDocument("resident_id", body + check_character(body))


def _facts(person_id: ObjectId, number: int, at: Any) -> list[dict[str, Any]]:
    about = Subject(person=person_id)
    name = "别名" if number % 1_000 == 1 else f"刘{number:06d}"
    told = [
        ("household", Statement("person.name", {"name": name})),
        ("household", Statement("household.number", {"number": f"H{number // 3}", "type": "family"})),
        ("death", Statement("death.date", {"died_on": "2026-01-01"}, absent=number % 1_000 != 2)),
    ]
    return [fact.draft(about, source, one, at) for source, one in told]


def _inquiries(person_id: ObjectId, number: int, at: Any) -> list[dict[str, Any]]:
    fresh = at - timedelta(days=1) if number % 1_000 == 3 else at + timedelta(days=1)
    return [
        {"_id": f"{source}:person:{person_id}", "source": source, "person": person_id, "turn": 1, "fresh_until": fresh}
        for source in ("household", "death")
    ]


def _card(person_id: ObjectId, number: int, at: Any) -> list[dict[str, Any]]:
    if number % 1_000 == 4:
        return []
    told = {"physical": "in_hand", "electronic": "signed", "seq": 1, "checked_at": at, "created_at": at}
    return [{"_id": ObjectId(), "person": person_id, "live": True, "state": "active", **told}]


def _lines(found: dict[str, Any], number: str, place: int) -> list[dict[str, Any]]:
    told = Collected(f"刘{place:06d}", number, f"62{place:017d}", 12_050, {"area_mu": "1.205"}, "360731100001")
    return [line._record(found, told, "bench")]


def main(arguments: list[str]) -> int:
    """Do one part, or the whole with another number of lines."""
    what, *more = arguments
    if what == "fill":
        fill(more[0], int(more[1]))
    elif what == "check":
        check(more[0])
    else:
        for figure in bench(int(more[0]) if more else LINES):
            console.print(figure)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
