"""The command line: `python -m seed.simulators.card_centre --port 0 --folder DIR`."""

import argparse
import json
import signal
import sys
import threading
from functools import partial
from pathlib import Path

from seed.simulators.card_centre import commands, control
from seed.simulators.card_centre.box import Box
from seed.simulators.card_centre.state import State
from seed.simulators.registers.keys import Keychain
from seed.simulators.registers.server import Server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = _options()
    given.folder.mkdir(parents=True, exist_ok=True)
    box = Box(State(given.folder, made_in_days=given.made_in_days), Keychain(given.folder))
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    server = Server(given.port, asked=partial(commands.answer, box), control=partial(control.answer, box))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    listening = server.server_address[1]
    sys.stdout.write(json.dumps({"port": listening, "base_url": f"http://127.0.0.1:{listening}"}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="seed.simulators.card_centre", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--folder", type=Path, required=True, help="keys and cards")
    parser.add_argument("--made-in-days", type=int, default=3, help="how long it takes to make a physical card")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of the calls that go wrong")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of a run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
