"""FHIR over HTTP: an observation created and read by village doctors, against their floors; the summary of a patient.

The summary is asked of a patient with 200 and of one with 20,000 observations in turns, one request at a time.
"""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import requests
from bson import ObjectId

from backend import clock
from backend.embedded.process import Child, free_port, wait_until
from backend.identity_documents import check_character, parse
from bench import clerks, rounds, stand, wrk
from bench.floors import fhir_create as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack, answers
from models.eldercare import codes, observation, subject
from models.eldercare.observation import HealthObservation, Measured
from models.eldercare.source import Source
from models.eldercare.subject import HealthSubject
from models.identity import person

SECONDS, WARM_SECONDS = 4, 1
DOCTORS, ELDERS, LINES = 200, 200, 20_000
FEW, MANY, TURNS = 200, 20_000, 40
SUMMARY_MS, SUMMARY_TIMES = 200.0, 1.5
UNIT, LOINC = "tantou_clinic", "http://loinc.org"
SOURCE = Source("village_clinic", unit=UNIT, by="staff:bench")
FREE = {"LIMIT_FACTOR": "100000", "ENVIRONMENT": "development"}


def create() -> list[Figure]:
    """Create observations of many elders, as fast as it goes."""
    wrk.find()
    with stand.stand(FREE) as stack:
        people, elders = clerks.seat(DOCTORS, "village_doctor", UNIT), [_elder(number) for number in range(ELDERS)]
        _creates(stack, people, elders, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: _insert(stack, number, WARM_SECONDS).rate)
        pairs = [
            Pair(_insert(stack, processes, SECONDS), _creates(stack, people, elders, SECONDS))
            for _ in range(rounds.ROUNDS)
        ]
    return rounds.figures("fhir_create", pairs, of="observation", floor=f"{processes} process(es)", target=0.3)


def read() -> list[Figure]:
    """Read one observation, with the access line that goes before the answer."""
    wrk.find()
    with stand.stand(FREE) as stack:
        people = clerks.seat(DOCTORS, "village_doctor", UNIT)
        made = [observation.keep(_elder(number), _measured(number), SOURCE)["_id"] for number in range(ELDERS)]
        told = [f"{one.token} /fhir/Observation/{made[number % len(made)]}" for number, one in enumerate(people)]
        path = Path(stack.folder) / "reads.txt"
        path.write_text("".join(f"{one}\n" for one in told))
        product = stack.children["api"]
        base, bare = _start_floor(stack, product.command)
        try:
            _compare(told[0], stack.base, base)
            for url, server in ((base, bare), (stack.base, product)):
                _reads(stack, url, str(path), server, WARM_SECONDS)
            pairs = [
                Pair(
                    *(_reads(stack, url, str(path), one, SECONDS) for url, one in ((base, bare), (stack.base, product)))
                )
                for _ in range(rounds.ROUNDS)
            ]
        finally:
            bare.stop()
    return rounds.figures("fhir_read", pairs, of="observation", floor="bare WSGI", target=0.4)


def summary() -> list[Figure]:
    """Ask for the summary of a patient with few and of one with many observations in turns."""
    with stand.stand(FREE) as stack:
        (doctor,) = clerks.seat(1, "village_doctor", UNIT)
        few, many = _with(0, FEW), _with(1, MANY)
        took: dict[ObjectId, list[float]] = {few: [], many: []}
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {doctor.token}"
            for turn in range(TURNS + 5):
                for one, times in took.items():
                    began = time.perf_counter()
                    answer = session.get(f"{stack.base}/fhir/Patient/{one}/$summary", timeout=30)
                    seconds = time.perf_counter() - began
                    if answer.status_code != requests.codes.ok:
                        raise BenchFailed(answer.text)
                    if turn >= 5:
                        times.append(seconds * 1000)
    slow, fast = median(took[many]), median(took[few])
    return [
        Figure("fhir_summary.many", slow, "ms", f"{MANY} observations", target=SUMMARY_MS, better="lower"),
        Figure("fhir_summary.times", slow / fast, f"of {FEW}", f"{fast:.1f} ms", target=SUMMARY_TIMES, better="lower"),
    ]


def _elder(number: int) -> ObjectId:
    digits = f"3607311948{number // 100 % 12 + 1:02d}01{number:03d}"
    found = person.find_or_declare(parse("resident_id", digits + check_character(digits)), "钟福生")
    made = subject.enrol(found, by="staff:bench")
    cares = {"unit": UNIT, "as": "village_clinic", "since": clock.now()}
    HealthSubject._get_collection().update_one({"_id": made["_id"]}, {"$set": {"units": [cares]}})
    return ObjectId(made["_id"])


def _measured(number: int) -> Measured:
    at = clock.now() - timedelta(hours=number + 1)
    return Measured("heart_rate", {"heart_rate": (60 + number % 40, "/min")}, at)


def _with(number: int, observations: int) -> ObjectId:
    """Return an elder with so many observations of all quantities."""
    elder, made = _elder(number), []
    for one in range(observations):
        code = codes.NAMES[one % len(codes.NAMES)]
        values = {
            part: (sum(codes.QUANTITIES[part].plausible) / 2, codes.QUANTITIES[part].unit)
            for part in codes.components(code)
        }
        made.append(observation.made(elder, Measured(code, values, clock.now() - timedelta(minutes=one + 1)), SOURCE))
    HealthObservation._get_collection().insert_many([{**one, "outbox": []} for one in made])
    return elder


def _body(elder: ObjectId, number: int) -> str:
    told = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
        "subject": {"reference": f"Patient/{elder}"},
        "effectiveDateTime": clock.civil(clock.now()).isoformat(timespec="seconds"),
        "valueQuantity": {"value": 60 + number % 40, "unit": "/min", "system": codes.UCUM, "code": "/min"},
    }
    return json.dumps(told, separators=(",", ":"))


def _creates(stack: Stack, people: list[clerks.Clerk], elders: list[ObjectId], seconds: float) -> Run:
    """Create over HTTP.

    Raises:
        BenchFailed: stored observations and answers do not agree.
    """
    path = Path(stack.folder) / "creates.txt"
    lines = (
        f"Bearer {people[number % DOCTORS].token}\t/fhir/Observation\t{_body(elders[number % ELDERS], number)}\n"
        for number in range(LINES)
    )
    path.write_text("".join(lines))
    before = HealthObservation._get_collection().estimated_document_count()
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"SIGNED": str(path)})
    stored = HealthObservation._get_collection().estimated_document_count() - before
    if stored < load.requests:
        raise BenchFailed(f"{load.requests} answers, {stored} observations")
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests))


def _insert(stack: Stack, processes: int, seconds: float) -> Run:
    database = HealthObservation._get_collection().database
    floor.prepare(database)
    command = [sys.executable, "-m", "bench.floors.fhir_create", stack.env["MONGODB_URI"]]
    command += [str(wrk.CLIENTS // processes), str(seconds)]
    meter = rounds.meter(stack)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(one.communicate(timeout=seconds + 60)[0]) for one in running]
    done = sum(one["done"] for one in told)
    cpu = rounds.each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told) / done * 1000}
    database.drop_collection(floor.OBSERVATIONS)
    return Run(done / seconds, max(one["p99_ms"] for one in told), cpu)


def _start_floor(stack: Stack, command: list[str]) -> tuple[str, Child]:
    """Serve the floor by the product's own command line, on another port."""
    port = str(free_port())
    changed = {str(stack.port): port, "wsgi:app": "bench.floors.fhir_read:app"}
    log = stack.folder / "logs" / "floor.log"
    child = Child([changed.get(word, word) for word in command], log, env=stack.env)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{base}/"), seconds=20, what=f"the floor (see {log})")
    return base, child


def _reads(stack: Stack, base: str, lines: str, server: Child, seconds: float) -> Run:
    meter = rounds.meter(stack, api=server.popen.pid)
    load = wrk.run(base, seconds, env={"GETS": lines})
    return Run(load.rate, load.p99_ms, rounds.each(meter, load.requests))


def _compare(line: str, product: str, bare: str) -> None:
    """Check that both say the same.

    Raises:
        BenchFailed: they do not, so that their speeds say nothing.
    """
    token, path = line.split()
    told = [
        requests.get(base + path, headers={"Authorization": f"Bearer {token}"}, timeout=10) for base in (product, bare)
    ]
    if told[0].json() != told[1].json():
        raise BenchFailed(f"the floor answers something else:\n{told[0].text}\n{told[1].text}")
