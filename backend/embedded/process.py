"""One child process that belongs to us: started, waited for, and ended by its id."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO


class StartFailed(RuntimeError):
    """A server did not start; the sentence says what to do."""


def free_port() -> int:
    """Return a port of the loopback that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll `ready` until it holds.

    Raises:
        StartFailed: not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise StartFailed(f"{what} did not answer within {seconds:.0f} s")
        time.sleep(0.02)


def hold(folder: Path) -> IO[str]:
    """Lock a data folder for this run; keep the returned file open.

    Raises:
        StartFailed: another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StartFailed(f"{folder} is in use by another run; stop that one or set VAR=<another folder>") from None
    return lock


class Child:
    """A process in a session of its own, so that Ctrl-C reaches only the one who started it."""

    def __init__(self, command: list[str], log: Path, *, env: dict[str, str] | None = None) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.command = command
        self._asked = False
        self._log = log.open("ab")
        self.popen = subprocess.Popen(  # noqa: S603 - our own command line
            command, stdout=self._log, stderr=subprocess.STDOUT, env=env or dict(os.environ), start_new_session=True
        )
        self._note = log.with_suffix(".pid")
        self._note.write_text(f"{self.popen.pid}\n{_birth_of(self.popen.pid)}")

    @property
    def running(self) -> bool:
        """Tell whether the process still lives."""
        return self.popen.poll() is None

    def kill(self, sign: int = signal.SIGKILL) -> None:
        """Send a signal to the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, sign)

    def ask_to_end(self) -> None:
        """Ask the process to end; its own children it ends itself (granian would put new ones in their place)."""
        if not self._asked and self.running:
            self._asked = True
            self.popen.terminate()

    def stop(self, *, seconds: float = 10) -> None:
        """End it in order, by force after `seconds`."""
        if self.running:
            self.ask_to_end()
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self.popen.wait()
        self.kill()
        self._log.close()
        self._note.unlink(missing_ok=True)


def _birth_of(pid: int) -> str:
    """Return which start of the machine and which tick gave this id to its process; empty when it has ended.

    Its command line would not do: it is empty for a moment after the start, and some servers rewrite theirs.
    """
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if state == "Z" else f"{boot}:{fields[18]}"


def end_leftovers(folder: Path, *, seconds: float = 15) -> int:
    """End what a run on this folder left behind when it was killed itself; return how many processes.

    A process is ours only when the id that was noted is still the same process.
    """
    left = []
    for note in folder.rglob("*.pid"):
        told, _, birth = note.read_text().partition("\n")
        if told.isdecimal() and birth and _birth_of(int(told)) == birth:
            left.append(int(told))
            os.killpg(int(told), signal.SIGTERM)
        note.unlink(missing_ok=True)
    deadline = time.monotonic() + seconds
    while any(_birth_of(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
    return len(left)
