"""The command line: `python -m seed.simulators.sms --port 0 --folder DIR`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from seed.simulators.sms.desk import Box
from seed.simulators.sms.keys import Keys
from seed.simulators.sms.server import Server
from seed.simulators.sms.state import State


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    given = _options()
    given.folder.mkdir(parents=True, exist_ok=True)
    box = Box(State(given.folder), Keys(given.folder))
    if given.callback:
        box.state.told["callback"] = given.callback
    if given.fault_rate:
        box.faults.by_chance(given.fault_rate, given.seed)
    server = Server(box, given.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    listening = server.server_address[1]
    sys.stdout.write(json.dumps({"port": listening, "base_url": f"http://127.0.0.1:{listening}"}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="seed.simulators.sms", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--folder", type=Path, required=True, help="credentials and messages")
    parser.add_argument("--callback", default="", help="where receipts are pushed to")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of the calls that go wrong")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of a run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
