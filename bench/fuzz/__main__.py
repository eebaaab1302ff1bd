"""`make fuzz`: start the service, log everybody in, and let schemathesis send what it can think of.

EXAMPLES cases an operation (15), SEED of the run (1). All checks are on; the exit code is schemathesis's.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console

from bench.fuzz import cast
from deploy.stack import ROOT, Stack
from seed.demo.stage import Stage

console = Console()
UNLIMITED = {"LIMIT_FACTOR": "1000000"}


def main() -> int:
    """Run once; return schemathesis's exit code."""
    with tempfile.TemporaryDirectory(prefix="city-fuzz-") as name:
        stack = Stack(Path(name), env=UNLIMITED)
        try:
            with console.status("starting the service"):
                stack.start()
                _accounts(stack)
            return _fuzz(stack)
        finally:
            stack.stop()


def _accounts(stack: Stack) -> None:
    child = stack.python("demo-accounts", ["-m", "seed", "demo-accounts", stack.base, str(stack.folder)])
    child.popen.wait(240)
    cast.write(Stage(stack.base, stack.folder), stack.folder / "cast.json")


def _fuzz(stack: Stack) -> int:
    examples, seed = os.environ.get("EXAMPLES", "15"), os.environ.get("SEED", "1")
    report = stack.folder / "events.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{stack.base}/openapi.json", "--checks", "all"]
    command += ["--max-examples", examples, "--seed", seed, "--workers", "2", "--no-color", "--continue-on-failure"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report), "--generation-database", "none"]
    env = {**stack.env, "SCHEMATHESIS_HOOKS": "bench.fuzz.hooks", "FUZZ_CAST": str(stack.folder / "cast.json")}
    ended = subprocess.run(command, cwd=ROOT, env=env, check=False)
    _count(report)
    return ended.returncode


def _count(report: Path) -> None:
    statuses: Counter[str] = Counter()
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            for response in _responses(json.loads(line)):
                statuses[f"{response // 100}xx"] += 1
    console.print(f"requests {sum(statuses.values())}: " + ", ".join(f"{k} {v}" for k, v in sorted(statuses.items())))


def _responses(event: object) -> list[int]:
    """Return the statuses of all answers in an event, wherever they stand."""
    if isinstance(event, dict):
        own = [int(event["status_code"])] if isinstance(event.get("status_code"), int) else []
        return own + [status for value in event.values() for status in _responses(value)]
    return [status for value in event for status in _responses(value)] if isinstance(event, list) else []


if __name__ == "__main__":
    sys.exit(main())
