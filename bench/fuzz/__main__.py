"""`make fuzz`: start the service, log everybody in, and let schemathesis send what it can think of.

EXAMPLES cases an operation and phase, CHAINS of linked calls, SEED. All checks are on. It fails on a failure that
nobody explained, and on any 5xx.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from backend import runtime, settings
from bench.fuzz import plan, report
from bench.fuzz.cast import Cast
from deploy.stack import ROOT, Stack

console = Console()
UNLIMITED = {"LIMIT_FACTOR": "1000000"}


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
            return report.show(stack.folder, seconds=time.monotonic() - began, ended=ended)
        finally:
            stack.stop()


def _prepare(stack: Stack) -> None:
    os.environ.update(stack.env)
    runtime.compose(settings.load())
    players = Cast.make()
    players.save(stack.folder / "cast.json")
    examples, chains = int(os.environ.get("EXAMPLES", "60")), int(os.environ.get("CHAINS", "600"))
    plan.write(stack.folder / "schemathesis.toml", base=stack.base, players=players, examples=examples, chains=chains)


def _fuzz(stack: Stack) -> int:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(stack.folder / "schemathesis.toml")]
    command += ["run", f"{stack.base}/openapi.json", "--checks", "all", "--seed", os.environ.get("SEED", "1")]
    command += ["--workers", os.environ.get("FUZZ_WORKERS", "2"), "--no-color"]
    command += ["--report", "json", "--report-json-path", str(stack.folder / "schemathesis.json")]
    env = {**stack.env, "SCHEMATHESIS_HOOKS": "bench.fuzz.hooks", "FUZZ_FOLDER": str(stack.folder)}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
