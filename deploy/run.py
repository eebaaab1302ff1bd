"""`make run`: start everything on this machine, print one table, stop all of it on Ctrl-C."""

import contextlib
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from backend.embedded.process import StartFailed, hold
from deploy.stack import Stack, given_servers

console = Console()
DEFAULT_PORT = 8000
MOST_RESTARTS, RESTARTS_WITHIN_SECONDS = 5, 120


class Stop:
    """Whether somebody asked to stop. A plain flag: an Event's lock would block a second signal inside the first."""

    asked = False

    def ask(self, *_signal: object) -> None:
        """Take note of a signal."""
        self.asked = True


def main() -> int:
    """Run until Ctrl-C; return 1 with one sentence when something stands in the way."""
    folder = Path(os.environ.get("VAR", "var"))
    stop = Stop()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop.ask)
    try:
        stack = Stack(folder, port=_port(), env=given_servers(dict(os.environ)))
        with hold(folder):
            return _run(stack, stop)
    except StartFailed as error:
        console.print(f"[bold red]cannot start:[/] {error}")
        return 1


def _port() -> int:
    told = os.environ.get("PORT", str(DEFAULT_PORT))
    if not told.isdecimal() or not 0 < int(told) < 65536:  # noqa: PLR2004 - the range of ports
        raise StartFailed(f"PORT={told} is no port number; choose one from 1024 to 65535")
    return int(told)


def _run(stack: Stack, stop: Stop) -> int:
    try:
        with console.status("starting") as status:
            for part in stack.steps():
                status.update(f"starting: {part}")
                if stop.asked:
                    return 0
        _demo(stack)
        console.print(_table(stack))
        ended: defaultdict[str, list[float]] = defaultdict(list)
        while not stop.asked:
            time.sleep(0.2)
            _watch(stack, ended)
    finally:
        with console.status("stopping"):
            stack.stop()
    console.print("stopped; the data stay under", str(stack.folder))
    return 0


def _watch(stack: Stack, ended: defaultdict[str, list[float]]) -> None:
    """Start again what ended by itself, as a service manager would; give up on a part that keeps ending.

    Raises:
        StartFailed: a part ends again and again.
    """
    for name in stack.ended():
        now = time.monotonic()
        ended[name] = [moment for moment in ended[name] if moment > now - RESTARTS_WITHIN_SECONDS] + [now]
        console.print(f"{name} ended by itself and is started again; see {stack.folder}")
        if len(ended[name]) > MOST_RESTARTS:
            raise StartFailed(f"{name} keeps ending by itself; see {stack.folder}/logs")
        with contextlib.suppress(StartFailed):  # it is tried again at the next look
            stack.restart(name)


def _demo(stack: Stack) -> None:
    """Make the demonstration's accounts at the first start, over HTTP; never in production."""
    if stack.env["ENVIRONMENT"] == "production" or (stack.folder / "demo-accounts.json").exists():
        return
    child = stack.python("demo-accounts", ["-m", "seed", "demo-accounts", stack.base, str(stack.folder)])
    if child.popen.wait(180) != 0:
        raise StartFailed(f"the demo accounts could not be made; see {stack.folder}/logs/demo-accounts.log")
    del stack.children["demo-accounts"]


def _table(stack: Stack) -> Table:
    table = Table(title="running", show_header=False, title_justify="left")
    table.add_row("API", stack.base)
    table.add_row("documentation", f"{stack.base}/docs")
    table.add_row("WeChat sandbox", stack.env["WECHAT_API_BASE"])
    table.add_row("registers simulator", stack.env.get("REGISTERS_BASE", "none"))
    table.add_row("card centre simulator", stack.env.get("CARD_CENTRE_BASE", "none"))
    table.add_row("bank simulator", stack.env.get("BANK_BASE", "none"))
    table.add_row("SMS simulator", stack.env.get("SMS_BASE", "none"))
    table.add_row("data, logs", str(stack.folder))
    accounts = stack.folder / "demo-accounts.json"
    if accounts.exists():
        for account in orjson.loads(accounts.read_bytes())["staff"]:
            table.add_row(
                f"demo: {account['role']}",
                f"{account['login']} / {account['password']} / TOTP {account['totp_secret']}",
            )
    table.add_row("next", f"in a second shell: make demo BASE_URL={stack.base}")
    table.add_row("stop", "Ctrl-C")
    return table


if __name__ == "__main__":
    sys.exit(main())
