"""What every simulator is started with: the command line, and serving until a signal ends it."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from seed.simulators.registers.server import Server


def options(name: str, folder: str) -> argparse.ArgumentParser:
    """Return the command line of a simulator; `folder` says what it keeps there."""
    prog = f"seed.simulators.{name}"
    told = f"The command line: `python -m {prog} --port 0 --folder DIR`."
    parser = argparse.ArgumentParser(prog=prog, description=told)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--folder", type=Path, required=True, help=folder)
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of the calls that go wrong")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of a run")
    return parser


def given(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return what the command line says; the folder is there."""
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    return told


def until_stopped(server: Server) -> None:
    """Say where it listens, and serve until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    listening = server.server_address[1]
    sys.stdout.write(json.dumps({"port": listening, "base_url": f"http://127.0.0.1:{listening}"}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)
