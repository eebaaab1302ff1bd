"""The command line: `python -m seed.simulators.registers --port 0 --folder DIR`."""

import argparse
import json
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from seed.simulators.registers import control, query
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.query import Box
from seed.simulators.registers.server import Server
from seed.simulators.registers.state import State


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = _options()
    given.folder.mkdir(parents=True, exist_ok=True)
    box = Box(State(given.folder), Keychain(given.folder))
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    server = Server(given.port, asked=partial(query.answer, box), control=partial(control.answer, box))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    listening = server.server_address[1]
    sys.stdout.write(json.dumps({"port": listening, "base_url": f"http://127.0.0.1:{listening}"}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="seed.simulators.registers", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--folder", type=Path, required=True, help="keys and records")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of the questions that go wrong")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of a run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
