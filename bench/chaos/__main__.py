"""Run the chaos as the environment says."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from backend.embedded.process import StartFailed
from bench.chaos import options, report
from bench.chaos.run import run


def main() -> int:
    """Run, print, write, and return the exit code; the folder of a failed run is kept for its logs."""
    console = Console()
    told = options.read(os.environ)
    folder = Path(tempfile.mkdtemp(prefix="city-chaos-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console.print(f"seed {told.seed}; logs in {folder}")
    try:
        with report.Progress(console, told) as progress:
            result = run(told, folder, progress)
    except StartFailed as failure:
        console.print(f"[red]{failure}[/]")
        return 2
    report.summary(console, result)
    report.write(Path(told.folder) / "chaos.json", result)
    if result.exit_code == 0 and not told.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main())
