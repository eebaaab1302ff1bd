"""The command line: `python -m backend.wechat.sandbox --port 0 --state-dir DIR`."""

import argparse
import json
import signal
import sys
import threading
from pathlib import Path

from backend.wechat.sandbox.box import Options, Sandbox
from backend.wechat.sandbox.credentials import SIGNING_MODES
from backend.wechat.sandbox.pay import refunds
from backend.wechat.sandbox.server import Server


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options, port = _options()
    options.state_dir.mkdir(parents=True, exist_ok=True)
    box = Sandbox(options)
    refunds.resume(box)
    server = Server(box, port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    listening = server.server_address[1]
    (options.state_dir / "port").write_text(str(listening), encoding="utf-8")
    sys.stdout.write(json.dumps({"port": listening, "base_url": box.base_url}) + "\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


def _options() -> tuple[Options, int]:
    parser = argparse.ArgumentParser(prog="backend.wechat.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--state-dir", type=Path, required=True, help="keys and journal")
    parser.add_argument("--retry-scale", type=float, default=1.0, help="multiplies the waits between notices")
    parser.add_argument("--refund-delay", type=float, default=0.2, help="seconds from PROCESSING to the outcome")
    parser.add_argument("--signing", choices=SIGNING_MODES, default="key", help="public key, certificate, or by turns")
    given = parser.parse_args()
    return Options(given.state_dir, given.retry_scale, given.refund_delay, given.signing), given.port


if __name__ == "__main__":
    main()
