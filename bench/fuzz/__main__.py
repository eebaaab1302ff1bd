"""`make fuzz`: start the service, log everybody in, and let schemathesis send what it can think of.

EXAMPLES cases an operation, CHAIN_SECONDS of linked calls, SEED. All checks are on, and all phases: the chains run
beside the others, in processes of their own. It fails on a failure that nobody explained, and on any 5xx.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from backend import runtime, settings
from bench.fuzz import enrolment, firms, full_slot, health, plan, report
from bench.fuzz.cast import Cast
from deploy.stack import ROOT, Stack

console = Console()
UNLIMITED = {"LIMIT_FACTOR": "1000000"}
DESKS = "/office/v1/(staff|units|approvals|refunds)|/mini/v1/relations"
SHEETS = "/office/v1/(sheets|devices)"
VISITS = "/mini/v1/(orders|companions|places|slots|tickets)|/office/v1/orders/"
TRIPS = "/mini/v1/(sport|waiting|itineraries|shared|guide|curated|orders/)|/public/v1/sport/slots"
CONTENT = "/office/v1/(content|guide)"
SCHOOL = "/(mini|office|public)/v1/school"
HEALTH = "/(mini|office)/v1/health/|/fhir/"
FIRMS = "/enterprise/v1/|/office/v1/(enterprise|service-items)|/mini/v1/service-items"
COUNTERS = "/office/v1/(crowd|sport|closings|window|places|slots|jobs|refund-work|no-shows|message)"
GROUPS = (DESKS, VISITS, SHEETS, TRIPS, CONTENT, SCHOOL, HEALTH, FIRMS, COUNTERS)
_OFFICE, _OF_SCENES = "/office/v1/", "/office/v1/(school|health|enterprise|selenium|content|crowd|sport|places)"
SINGLES = {
    "office": ["--include-path-regex", _OFFICE, "--exclude-path-regex", _OF_SCENES],
    "scenes": ["--include-path-regex", _OF_SCENES],
    "users": ["--exclude-path-regex", _OFFICE],
}
"""Every operation by itself, in one of three processes."""
PARTS = {
    **{name: ["--phases", "examples,coverage,fuzzing", *paths] for name, paths in SINGLES.items()},
    "chains": ["--phases", "stateful", "--exclude-path-regex", "|".join(GROUPS)],
    "visits": ["--phases", "stateful", "--include-path-regex", VISITS],
    "trips": ["--phases", "stateful", "--include-path-regex", TRIPS],
    "content": ["--phases", "stateful", "--include-path-regex", CONTENT],
    "counters": ["--phases", "stateful", "--include-path-regex", COUNTERS],
    "school": ["--phases", "stateful", "--include-path-regex", SCHOOL],
    "health": ["--phases", "stateful", "--include-path-regex", HEALTH],
    "firms": ["--phases", "stateful", "--include-path-regex", FIRMS],
    "desks": ["--phases", "stateful", "--include-path-regex", DESKS],
    "sheets": ["--phases", "stateful", "--include-path-regex", SHEETS],
}
"""The processes that send, each with a cast of its own. What starts no chain beside better ones has its own group."""


def main() -> int:
    """Run once; return 1 when something was found."""
    with tempfile.TemporaryDirectory(prefix="city-fuzz-") as name:
        stack = Stack(Path(name), env=UNLIMITED)
        try:
            console.print("starting the service")
            stack.start()
            _prepare(stack)
            began = time.monotonic()
            ended = _fuzz(stack)
            return report.show(stack.folder, singles=SINGLES, seconds=time.monotonic() - began, ended=ended)
        finally:
            stack.stop()


def _prepare(stack: Stack) -> None:
    os.environ.update(stack.env)
    runtime.compose(settings.load())
    examples = int(os.environ.get("EXAMPLES") or 200)
    casts = {part: Cast.make() for part in PARTS}
    enrolment.make(stack.base, casts.values())
    health.make(casts.values())
    firms.make(stack.base, casts.values())
    for part, players in casts.items():
        players.full_slot = full_slot.make(stack.base, players)
        players.save(stack.folder / f"{part}.cast.json")
        plan.write(stack.folder / f"{part}.toml", base=stack.base, players=players, examples=examples)


def _fuzz(stack: Stack) -> dict[str, int]:
    seconds = os.environ.get("CHAIN_SECONDS") or "300"
    running = {
        part: _start(stack, part, [*options, *(["--max-time", seconds] if "stateful" in options else [])])
        for part, options in PARTS.items()
    }
    return {part: one.wait() for part, one in running.items()}


def _start(stack: Stack, part: str, options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(stack.folder / f"{part}.toml")]
    command += ["run", f"{stack.base}/openapi.json", "--checks", "all", "--seed", os.environ.get("SEED") or "1"]
    command += ["--workers", "1", "--no-color", "--report", "json", *options]
    command += ["--report-json-path", str(stack.folder / f"{part}.json")]
    own = {"SCHEMATHESIS_HOOKS": "bench.fuzz.hooks", "FUZZ_FOLDER": str(stack.folder), "FUZZ_PART": part}
    with (stack.folder / f"{part}.log").open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, env={**stack.env, **own}, stdout=out, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    sys.exit(main())
