"""Where the servers of a test run keep their data: in memory where there is room.

A disk that stalls for seconds is not what is tested here. What lies in memory goes when the run ends, or when the next
one finds that its process is gone; of a run that failed only the logs stay, on the disk.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 6 << 30
"""What the stores of some workers need at most, in bytes."""
NAME = "city-tests-"


def make() -> Path:
    """Return a new folder of this process."""
    roomy = MEMORY.is_dir() and _room() > ROOM
    return Path(tempfile.mkdtemp(prefix=f"{NAME}{os.getpid()}-", dir=MEMORY if roomy else None))


def leave(folder: Path, *, failed: bool) -> None:
    """Take the folder away; of a run that failed keep the logs, and everything that lies on the disk."""
    if failed and folder.parent == MEMORY:
        for log in folder.rglob("*.log"):
            kept = Path(tempfile.gettempdir()) / folder.name / log.relative_to(folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(log, kept)
    if not failed or folder.parent == MEMORY:
        shutil.rmtree(folder, ignore_errors=True)


def _room() -> int:
    """Return the bytes that are free in memory, after what dead processes left there is gone."""
    for one in MEMORY.glob(f"{NAME}*-*"):
        owner = one.name.removeprefix(NAME).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(one, ignore_errors=True)
    return shutil.disk_usage(MEMORY).free
