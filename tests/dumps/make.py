"""`make dump NAME=0003-trust`: a small store of this release, with its story, for the upgrade tests of all later ones.

`python -m tests.dumps.make NAME TREE` makes it with the code of another tree, such as a checkout of an older release.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pymongo import MongoClient
from rich.console import Console

from backend.store.backup import back_up
from backend.store.backup_file import read_key
from tests.dumps import keys

FOLDER = Path(__file__).parent
console = Console()


def make(name: str, tree: Path) -> Path:
    path = FOLDER / f"{name}.backup"
    with tempfile.TemporaryDirectory(prefix="city-dump-") as work:
        env = {**os.environ, **keys.SERVICE, "PYTHONPATH": str(tree)}
        command = [sys.executable, str(FOLDER / "tell.py"), work]
        with subprocess.Popen(command, cwd=tree, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as teller:
            with console.status("living the story"):
                line = teller.stdout.readline()
            try:
                told = json.loads(line or "null")
                if told is None:
                    sys.exit("the story could not be lived; see above")
                with MongoClient(told["uri"], tz_aware=True) as client:
                    tallies = back_up(client.get_default_database(), path, read_key(keys.BACKUP))
            finally:
                teller.stdin.close()
                teller.wait(60)
    story = path.with_suffix(".story.json")
    story.write_text(json.dumps(told["story"], ensure_ascii=False, indent=1) + "\n")
    console.print(
        f"{path.name}: {sum(one['count'] for one in tallies.values())} documents, {path.stat().st_size} bytes"
    )
    return path


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[1]:
        sys.exit("usage: make dump NAME=<number>-<words>")
    make(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else ".").resolve())
