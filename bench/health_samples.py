"""A million samples of wearables over signed HTTP, with the look for excursions on, against bare `insert_many`.

Both store the same samples: the floor a document a sample, the product hourly buckets with their figures. One upload
in a hundred holds an excursion; the worker's observation of it counts for the product's work.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, signed_requests
from bench import rounds, stand, wrk
from bench.floors import health_samples as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack
from models.eldercare import wearing
from models.eldercare.bucket import HealthBucket
from models.eldercare.health_device import NEVER, HealthDevice
from models.eldercare.observation import HealthObservation
from models.eldercare.subject import HealthSubject
from models.identity import device

SECONDS, WARM_SECONDS, SETTLE_SECONDS = 5, 2, 120
SIZE, BANDS, UPLOADS = 600, 400, 4_000
"""Samples of an upload, bands, and uploads that are ready for a round."""
UNUSUAL = 100
PATH = "/gate/v1/health/samples"


@dataclass(frozen=True)
class Band:
    """A wearable on a wrist."""

    id: str
    subject: ObjectId
    private: Ed25519PrivateKey


def bench() -> list[Figure]:
    """Run floor and product in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        bands = [_band(number) for number in range(BANDS)]
        take_in(stack, bands, 0, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: insert(stack, number, WARM_SECONDS).rate)
        turns = range(1, rounds.ROUNDS + 1)
        pairs = [Pair(insert(stack, processes, SECONDS), take_in(stack, bands, turn, SECONDS)) for turn in turns]
        stored = _stored()
    told = f"floor in {processes} process(es), {SIZE} samples an upload, {stored} samples in all"
    return rounds.figures("health_samples", pairs, of="sample", floor=told, target=0.4)


def _band(number: int) -> Band:
    """Register a band and put it on the wrist of somebody, as of two days ago."""
    private, now, whose = Ed25519PrivateKey.generate(), clock.now(), ObjectId()
    made = Band(f"band-{number:04d}", whose, private)
    public = private.public_key().public_bytes_raw()
    device.register(
        "staff:bench", made.id, name="手环", place="bench", public_key=public, scanner_class="wearable", unit="bench"
    )
    known: dict[str, Any] = {
        "kind": "wearable",
        "name": "手环",
        "maker": "bench",
        "model": "1",
        "unit": "bench",
        "state": "active",
    }
    known |= {"calibrations": [], "valid_until": NEVER, "registered_at": now, "registered_by": "staff:bench"}
    HealthDevice._get_collection().insert_one({"_id": made.id, **known})
    about = {"person": b"-", "person_key": [whose.binary], "units": [], "latest": now, "hidden": []}
    HealthSubject._get_collection().insert_one(
        {"_id": whose, **about, "created_at": now, "created_by": "staff:bench", "seq": 1}
    )
    wearing.HealthWearing._get_collection().insert_one(
        {"device": made.id, "subject": whose, "since": now - timedelta(days=3), "live": True, "by": "staff:bench"}
    )
    return made


def take_in(stack: Stack, bands: list[Band], turn: int, seconds: float) -> Run:
    """Hand in uploads as fast as it goes, and wait until every excursion is an observation.

    Raises:
        BenchFailed: stored samples and answers do not agree, or excursions are missing.
    """
    path = Path(stack.folder) / f"samples-{turn}.txt"
    odd = [number % UNUSUAL == 0 for number in range(UPLOADS)]
    lines = [_line(bands[n % BANDS], turn, n // BANDS, odd=odd[n]) for n in range(UPLOADS)]
    path.write_text("".join(lines))
    before = _stored()
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid, worker=stack.children["worker-fast"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"SIGNED": str(path)})
    _settle()
    stored = _stored() - before
    if not load.requests * SIZE <= stored <= (load.requests + wrk.CLIENTS) * SIZE:
        raise BenchFailed(f"{load.requests} answers left {stored} samples")
    return Run(load.rate * SIZE, load.p99_ms, rounds.each(meter, stored))


def _line(band: Band, turn: int, part: int, *, odd: bool) -> str:
    start = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=70 - 10 * turn - part)
    values = [155 if odd else 60 + number % 40 for number in range(SIZE)]
    told = {"quantity": "heart_rate", "unit": "/min", "start": start.isoformat()}
    series = told | {"seconds": [number * 5 for number in range(SIZE)], "values": values}
    body = json.dumps({"device_time": clock.now().isoformat(), "series": [series]}, separators=(",", ":"))
    nonce = f"bench-{turn:04d}-{part:06d}-{band.id}"
    proof = signed_requests.header(band.id, band.private, method="POST", path=PATH, body=body.encode(), nonce=nonce)
    return f"{proof}\t{PATH}\t{body}\n"


def _stored() -> int:
    stages = [{"$group": {"_id": None, "count": {"$sum": "$count"}}}]
    return next((one["count"] for one in HealthBucket._get_collection().aggregate(stages)), 0)


def _settle() -> None:
    """Wait until each bucket with an excursion has its observation."""
    deadline = time.monotonic() + SETTLE_SECONDS
    wanted = {"least": {"$gte": 150}}
    while HealthObservation._get_collection().estimated_document_count() != (
        found := HealthBucket._get_collection().count_documents(wanted)
    ):
        if time.monotonic() > deadline:
            raise BenchFailed(f"{found} excursions did not become observations")
        time.sleep(0.2)


def insert(stack: Stack, processes: int, seconds: float) -> Run:
    """Insert by the floor from as many threads as the product has clients, in one or two processes."""
    database = HealthBucket._get_collection().database
    floor.prepare(database)
    command = [sys.executable, "-m", "bench.floors.health_samples", stack.env["MONGODB_URI"]]
    command += [str(wrk.CLIENTS // processes), str(SIZE), str(round(seconds))]
    meter = rounds.meter(stack)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 60)[0]) for one in running]
    samples = sum(one["done"] for one in told) * SIZE
    if samples != database[floor.SAMPLES].estimated_document_count():
        raise BenchFailed("the floor lost samples")
    cpu = rounds.each(meter, samples) | {"client": sum(one["cpu_seconds"] for one in told) / samples * 1000}
    database.drop_collection(floor.SAMPLES)
    return Run(samples / seconds, max(one["p99_ms"] for one in told), cpu)
