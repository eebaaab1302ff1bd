"""Documents of 100 events a second over HTTP, each all or none, against bare `insert_many` of the same documents."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bson

from bench import clerks, rounds, stand, wrk
from bench.floors import capture as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack
from models.epcis import capture, context
from models.epcis.event import Event
from models.epcis.job import CaptureJob

SECONDS, WARM_SECONDS = 5, 2
EACH, CLERKS, LINES = 100, 200, 8_000
SETTLE_SECONDS = 15
UNIT = "agriculture_rural"
_BASE = "https://example.org"


def bench() -> list[Figure]:
    """Run product and floor in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        people = clerks.seat(CLERKS, "agriculture_office", UNIT)
        take_in(stack, people, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: insert(stack, number, WARM_SECONDS).rate)
        pairs = [Pair(insert(stack, processes, SECONDS), take_in(stack, people, SECONDS)) for _ in range(rounds.ROUNDS)]
    told = f"floor in {processes} process(es), documents of {EACH} events"
    return rounds.figures("capture", pairs, of="document", floor=told, target=0.3)


def events() -> list[dict[str, Any]]:
    """Return what a packing house sends: lots, packages, boxes, parties, a measurement in one of ten."""
    made = []
    for number in range(EACH):
        told: dict[str, Any] = {
            "type": "AggregationEvent" if number % 5 == 0 else "ObjectEvent",
            "eventTime": "2026-11-20T08:30:00.000+08:00",
            "eventTimeZoneOffset": "+08:00",
            "action": "ADD" if number % 5 == 0 else "OBSERVE",
            "bizStep": "packing" if number % 5 == 0 else "shipping",
            "disposition": "in_transit",
            "readPoint": {"id": f"{_BASE}/place/{number % 7}"},
            "bizTransactionList": [{"type": "po", "bizTransaction": f"{_BASE}/po/{number}"}],
        }
        packages = [f"{_BASE}/01/06901234567892/21/A{number}-{one}" for one in range(5)]
        if number % 5 == 0:
            told |= {"parentID": f"{_BASE}/box/{number}", "childEPCs": packages}
        else:
            told |= {"epcList": packages}
            told["destinationList"] = [{"type": "owning_party", "destination": f"{_BASE}/party/{number % 9}"}]
        if number % 10 == 1:
            report = {"type": "Temperature", "value": 6.5, "uom": "CEL"}
            told["sensorElementList"] = [{"sensorMetadata": {"time": told["eventTime"]}, "sensorReport": [report]}]
        made.append(told)
    return made


def take_in(stack: Stack, people: list[clerks.Clerk], seconds: float) -> Run:
    """Capture one document after the other over HTTP, as fast as it goes.

    Raises:
        BenchFailed: a document was refused, or stored events and answers do not agree.
    """
    events_before, jobs_before = _stored()
    lines = Path(stack.folder) / "captures.txt"
    lines.write_text("".join(f"{people[number % CLERKS].token} /epcis/capture\n" for number in range(LINES)))
    head = {"@context": [context.STANDARD], "type": "EPCISDocument", "schemaVersion": "2.0"}
    head["creationDate"] = "2026-11-20T09:00:00.000+08:00"
    body = json.dumps({**head, "epcisBody": {"eventList": events()}}, separators=(",", ":"))
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"POSTS": str(lines), "POST_BODY": body})
    stored, jobs = (now - before for now, before in zip(_settled(), (events_before, jobs_before), strict=True))
    if stored != jobs * EACH or not load.requests <= jobs <= load.requests + wrk.CLIENTS:
        raise BenchFailed(f"{load.requests} answers, {jobs} jobs, {stored} events")
    return Run(load.rate, load.p99_ms, rounds.each(meter, jobs))


def _stored() -> tuple[int, int]:
    return (
        Event._get_collection().estimated_document_count(),
        CaptureJob._get_collection().estimated_document_count(),
    )


def _settled() -> tuple[int, int]:
    """Return how many are stored, when the requests that wrk left behind are done."""
    deadline, before = time.monotonic() + SETTLE_SECONDS, _stored()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        if before == (before := _stored()):
            break
    return before


def insert(stack: Stack, processes: int, seconds: float) -> Run:
    """Insert by the floor from 50 threads in one or two processes."""
    database = Event._get_collection().database
    floor.prepare(database)
    like = Path(stack.folder) / "documents.bson"
    checked = capture.check(events(), f"{_BASE}/party/unit")
    like.write_bytes(bson.encode({"documents": list(checked.documents.values())}))
    command = [sys.executable, "-m", "bench.floors.capture", stack.env["MONGODB_URI"], str(like)]
    command += [str(wrk.CLIENTS // processes), str(seconds)]
    meter = rounds.meter(stack)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 60)[0]) for one in running]
    done = sum(one["done"] for one in told)
    if done * EACH != database[floor.EVENTS].estimated_document_count():
        raise BenchFailed("the floor lost events")
    cpu = rounds.each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told) / done * 1000}
    database.drop_collection(floor.EVENTS)
    return Run(done / seconds, max(one["p99_ms"] for one in told), cpu)
