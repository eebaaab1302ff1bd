"""`make upgrade`, `make backup FILE=…`, `make restore FILE=…`: run a command of `seed` on the right store.

With MONGODB_URI in the environment that is the store it names; otherwise the embedded one under `VAR` (`var/`), with
the keys and addresses of that folder. A restore starts the embedded store for itself, because what `make run` starts is
not empty any more.
"""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from backend.embedded.mongod import Mongod
from backend.embedded.process import StartFailed, end_leftovers, free_port, hold, is_taken
from deploy.stack import ROOT, new_key

console = Console()
MADE_KEY = "backup.key"


def main(arguments: list[str]) -> int:
    """Run one command; return its exit code, 1 with one sentence when the store is not there."""
    env = dict(os.environ)
    try:
        with ExitStack() as after:
            if not env.get("MONGODB_URI"):
                env = _embedded(Path(env.get("VAR", "var")).resolve(), env, arguments[:1] == ["restore"], after)
            env["PYTHONPATH"] = str(ROOT)
            return subprocess.run([sys.executable, "-m", "seed", *arguments], env=env, check=False).returncode
    except StartFailed as error:
        console.print(f"[bold red]refused:[/] {error}", soft_wrap=True)
        return 1


def _embedded(folder: Path, env: dict[str, str], starts: bool, after: ExitStack) -> dict[str, str]:
    known = {**_kept(folder), **_addresses(folder)}
    known["MONGODB_URI"] = _start(folder, after) if starts else _running(folder)
    if starts and not (folder / "secrets.env").exists():
        console.print(
            f"the keys are not in a backup: before `make run`, put secrets.env of the old folder into {folder}"
        )
    return {"ENVIRONMENT": "development", **_backup_key(folder, env, makes=not starts), **known, **env}


def _start(folder: Path, after: ExitStack) -> str:
    """Start the embedded store of a folder until the command has ended."""
    after.enter_context(hold(folder))
    end_leftovers(folder)
    note = folder / "mongodb.port"
    if not note.exists():
        note.write_text(str(free_port()))
    server = Mongod(folder / "mongod", int(note.read_text())).start()
    after.callback(server.stop)
    server.initiate()
    return server.uri("city")


def _running(folder: Path) -> str:
    note = folder / "mongodb.port"
    port = int(note.read_text()) if note.exists() else 0
    if not port or not is_taken(port):
        raise StartFailed(f"the store of {folder} is not running; start it with `make run`, or name one by MONGODB_URI")
    return f"mongodb://127.0.0.1:{port}/city?replicaSet=rs0"


def _kept(folder: Path) -> dict[str, str]:
    path = folder / "secrets.env"
    return dict(line.split("=", 1) for line in path.read_text().splitlines()) if path.exists() else {}


def _addresses(folder: Path) -> dict[str, str]:
    """Return where the other servers of a running folder are."""
    ports = {name: folder / f"{name}.port" for name in ("redis", "sandbox")}
    if not all(path.exists() for path in ports.values()):
        return {}
    box = f"http://127.0.0.1:{ports['sandbox'].read_text()}"
    return {
        "REDIS_URL": f"redis://127.0.0.1:{ports['redis'].read_text()}/0",
        "WECHAT_MODE": "sandbox",
        "WECHAT_API_BASE": box,
        "WECHATPAY_API_BASE": box,
        "WECHAT_CREDENTIALS": str(folder / "wechat" / "credentials.json"),
    }


def _backup_key(folder: Path, env: dict[str, str], *, makes: bool) -> dict[str, str]:
    """Return the backup key of a folder, made at its first backup; a given one wins."""
    path = folder / MADE_KEY
    if env.get("BACKUP_KEY") or not (makes or path.exists()):
        return {}
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(new_key())
        console.print(f"made {path}: keep a copy of it apart from the backups; without it they cannot be read")
    return {"BACKUP_KEY": path.read_text()}


if __name__ == "__main__":
    sys.exit(main([argument for argument in sys.argv[1:] if argument]))
