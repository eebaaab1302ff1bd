"""All processes of one deployment on this machine: store, Redis, WeChat sandbox, API, workers, beat.

`make run`, the chaos run and the benchmarks use the same stack, so that what is measured is what is run.
"""

import base64
import os
import secrets
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from backend.embedded.mongod import Mongod
from backend.embedded.process import Child, StartFailed, end_leftovers, free_port, is_taken, wait_until
from backend.embedded.redis_server import RedisServer

ROOT = Path(__file__).parent.parent
QUEUES = {"worker-fast": "checkout,notify,gates,care", "worker-slow": "push,bills,reports,affairs,trust,cards"}
ADDRESSES = ("mongodb", "redis", "sandbox", "registers", "bank", "card_centre", "sms")
ONCE = ("upgrade", "seed")
"""Children that do their work and end."""


class Stack:
    """The processes under one folder. Ports stay the same over restarts of a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        env: dict[str, str] | None = None,
        api_workers: int = 2,
        worker_processes: int = 2,
        sandbox_options: list[str] | None = None,
        registers_options: list[str] | None = None,
        bank_options: list[str] | None = None,
        card_centre_options: list[str] | None = None,
        sms_options: list[str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._given = env or {}
        self._api_workers, self._worker_processes = api_workers, worker_processes
        self._sandbox_options = sandbox_options or []
        self._registers_options = registers_options or []
        self._bank_options = bank_options or []
        self._card_centre_options = card_centre_options or []
        self._sms_options = sms_options or []
        self.children: dict[str, Child] = {}
        self.mongod: Mongod | None = None
        self.redis: RedisServer | None = None
        self.env: dict[str, str] = {}

    def start(self) -> "Stack":
        """Start everything that was not given by the environment, in the order of need.

        Raises:
            StartFailed: a part did not come up; the sentence says which and what to do.
        """
        for _name in self.steps():
            pass
        return self

    def steps(self) -> Iterator[str]:
        """Start part by part, yielding the name of each part before it starts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        end_leftovers(self.folder)
        if is_taken(self.port):
            raise StartFailed(f"port {self.port} is taken; choose another with PORT=<number>")
        self.env = {**os.environ, **self._secrets(), **self._given, "PYTHONPATH": str(ROOT)}
        self.env.setdefault("ENVIRONMENT", "development")
        self.env["PUBLIC_BASE_URL"] = self._given.get("PUBLIC_BASE_URL", self.base)
        yield "document store, Redis, WeChat sandbox"
        with ThreadPoolExecutor() as together:
            parts = [together.submit(start) for start in self.servers()]
        for part in parts:
            part.result()
        yield "upgrade of the store"
        self._finish(self.python("upgrade", ["-m", "seed", "upgrade"]), "upgrade")
        seeding = self.python("seed", ["-m", "seed", "county"])
        seeded = self.folder / "seeded"
        if not seeded.exists():
            yield "county data"
            self._finish(seeding, "seed")
        yield "workers and API"
        self.start_workers()
        self.start_api()
        self._finish(seeding, "seed")
        seeded.touch()

    def servers(self) -> tuple[Callable[[], None], ...]:
        """Return what starts the servers that the service talks to; they come up together."""
        simulators = (self.start_registers, self.start_bank, self.start_card_centre, self.start_sms)
        return self.start_mongod, self.start_redis, self.start_sandbox, *simulators

    def start_mongod(self) -> None:
        """Start the embedded store unless MONGODB_URI was given."""
        if self._given.get("MONGODB_URI"):
            return
        self.mongod = Mongod(self.folder / "mongod", self._fixed_port("mongodb")).start()
        self.mongod.initiate()
        self.env["MONGODB_URI"] = self.mongod.uri("city")
        # Only with the folder's own store: the heads of another one would not be those of its log.
        self.env.setdefault("AUDIT_HEADS_FILE", str(self.folder / "audit-heads.jsonl"))

    def start_redis(self) -> None:
        """Start the embedded Redis unless REDIS_URL was given."""
        if self._given.get("REDIS_URL"):
            return
        self.redis = RedisServer(self.folder / "redis", self._fixed_port("redis")).start()
        self.env["REDIS_URL"] = self.redis.url()

    def start_sandbox(self) -> None:
        """Start the WeChat sandbox unless real WeChat credentials were given."""
        if self._given.get("WECHAT_CREDENTIALS"):
            return
        folder, port = self.folder / "wechat", self._fixed_port("sandbox")
        command = ["-m", "backend.wechat.sandbox", "--port", str(port), "--state-dir", str(folder)]
        self.python("sandbox", [*command, *self._sandbox_options])
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{base}/sandbox/health"), seconds=20, what="the WeChat sandbox")
        self.env |= {
            "WECHAT_MODE": "sandbox",
            "WECHAT_API_BASE": base,
            "WECHATPAY_API_BASE": base,
            "WECHAT_CREDENTIALS": str(folder / "credentials.json"),
        }

    def start_registers(self) -> None:
        """Start the simulator of the base registers, unless an exchange platform was given; never in production."""
        self._start_simulator("registers", self._registers_options)

    def start_card_centre(self) -> None:
        """Start the simulator of the card centre, unless one was given; never in production."""
        self._start_simulator("card_centre", self._card_centre_options)

    def start_bank(self) -> None:
        """Start the simulator of the paying bank, unless a bank was given; never in production."""
        self._start_simulator("bank", self._bank_options)

    def start_sms(self) -> None:
        """Start the simulator of the SMS service, unless one was given; never in production."""
        self._start_simulator("sms", ["--callback", f"{self.base}/open/v1/sms/receipts", *self._sms_options])

    def _start_simulator(self, name: str, options: Sequence[str]) -> None:
        setting = name.upper()
        if self._given.get(f"{setting}_BASE") or self.env["ENVIRONMENT"] == "production":
            return
        folder, port = self.folder / name, self._fixed_port(name)
        command = ["-m", f"seed.simulators.{name}", "--port", str(port), "--folder", str(folder)]
        self.python(name, [*command, *options])
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{base}/control/health"), seconds=20, what=f"the simulator {name}")
        self.env |= {f"{setting}_BASE": base, f"{setting}_CREDENTIALS": str(folder / "credentials.json")}

    def _finish(self, child: Child, name: str) -> None:
        """Wait until a child has done its work; an upgrade of a large store takes its time."""
        if child.popen.wait(None if name == "upgrade" else 120) != 0:
            raise StartFailed(f"{name} failed; see {self.folder}/logs/{name}.log")

    def start_workers(self) -> None:
        """Start the queue workers and beat."""
        for name, queues in QUEUES.items():
            self.start_worker(name, queues)
        self.start_beat()

    def start_beat(self) -> None:
        """Start what wakes every queue now and then."""
        schedule = str(self.folder / "celerybeat-schedule")
        self.python("beat", ["-m", "celery", "-A", "tasks.app", "beat", "-l", "warning", "-s", schedule, "--pidfile="])

    def start_worker(self, name: str, queues: str) -> Child:
        """Start one worker process with its children."""
        command = ["-m", "celery", "-A", "tasks.app", "worker", "-Q", queues, "-n", f"{name}@%h", "-l", "warning"]
        return self.python(name, [*command, "-c", str(self._worker_processes), "--without-gossip", "--without-mingle"])

    def ended(self) -> list[str]:
        """Return the parts that ended by themselves."""
        servers = {"mongod": self.mongod and self.mongod.child, "redis": self.redis and self.redis.child}
        parts = {**servers, **{name: child for name, child in self.children.items() if name not in ONCE}}
        return [name for name, child in parts.items() if child and not child.running]

    def restart(self, name: str) -> None:
        """Start a part again that ended by itself."""
        again: dict[str, Callable[[], object]] = {
            "mongod": self.start_mongod,
            "redis": self.start_redis,
            "api": self.launch_api,
            "beat": self.start_beat,
            "sandbox": self.start_sandbox,
            "registers": self.start_registers,
            "bank": self.start_bank,
            "card_centre": self.start_card_centre,
            "sms": self.start_sms,
            **{worker: partial(self.start_worker, worker, queues) for worker, queues in QUEUES.items()},
        }
        if left := self.children.get(name):
            left.kill()  # what the process left of its own children
        again[name]()

    def start_api(self) -> Child:
        """Start the API and wait until it is ready."""
        child = self.launch_api()
        wait_until(lambda: self._api_ready(child), seconds=40, what=f"the API (see {self.folder}/logs/api.log)")
        return child

    def launch_api(self) -> Child:
        """Start the API without waiting: what watches over all parts must not stand still for one."""
        metrics = self.folder / "metrics"
        metrics.mkdir(exist_ok=True)
        for left in metrics.glob("*.db"):
            left.unlink()
        env = {**self.env, "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        command = [sys.executable, "-m", "granian", "--interface", "wsgi"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", str(self._api_workers), "--blocking-threads", "24", "--backlog", "2048"]
        # A worker that is told to stop while it starts does not hear it.
        command += ["--workers-kill-timeout", "5"]
        command += ["--respawn-failed-workers", "--no-access-log", "--log-level", "warning", "wsgi:app"]
        self.children["api"] = Child(command, self.folder / "logs" / "api.log", env=env)
        return self.children["api"]

    def _api_ready(self, child: Child) -> bool:
        if not child.running:
            raise StartFailed(f"the API ended at once; see {self.folder}/logs/api.log")
        return answers(f"{self.base}/health/ready")

    def stop(self) -> None:
        """Stop everything that this stack started: first all who use the servers, together, then the servers."""
        for child in self.children.values():
            child.ask_to_end()
        for child in self.children.values():
            child.stop()
        if self.redis:
            self.redis.stop()
        if self.mongod:
            self.mongod.stop()

    def python(self, name: str, arguments: list[str]) -> Child:
        """Start a Python process of ours with this stack's environment."""
        log = self.folder / "logs" / f"{name}.log"
        self.children[name] = Child([sys.executable, *arguments], log, env=self.env)
        return self.children[name]

    def _fixed_port(self, name: str) -> int:
        path = self.folder / f"{name}.port"
        if path.exists() and not is_taken(int(path.read_text())):
            return int(path.read_text())
        port = free_port()
        path.write_text(str(port))
        return port

    def _secrets(self) -> dict[str, str]:
        """Return the keys of this folder; what it lacks is made and added. Given ones win."""
        path = self.folder / "secrets.env"
        path.touch(mode=0o600)
        there = dict(line.split("=", 1) for line in path.read_text().splitlines())
        made = {
            "FIELD_KEYS": f"1:{new_key()}",
            "BLIND_INDEX_KEY": new_key(),
            "TICKET_KEYS": f"1:{new_key()}",
            "AUDIT_KEYS": f"1:{new_key()}",
            "CERTIFICATE_KEYS": f"1:{new_key()}",
            "CODE_KEYS": f"1:{new_key()}",
            "PRODUCT_CODE_KEYS": f"1:{new_key()}",
        }
        lacking = {name: value for name, value in made.items() if name not in there}
        with path.open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in lacking.items())
        return there | lacking


def new_key() -> str:
    """Return a random key in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def answers(url: str) -> bool:
    """Tell whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback addresses
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def given_servers(env: dict[str, str]) -> dict[str, Any]:
    """Return the servers of one's own that the environment names."""
    names = ("MONGODB_URI", "REDIS_URL", "BROKER_URL", "WECHAT_CREDENTIALS", "WECHAT_API_BASE", "WECHATPAY_API_BASE")
    more = ("PUBLIC_BASE_URL", "WECHAT_MODE", "ENVIRONMENT", "CLOCK_SHIFT_FILE", "AUDIT_HEADS_FILE")
    registers = ("REGISTERS_BASE", "REGISTERS_CREDENTIALS", "BANK_BASE", "BANK_CREDENTIALS")
    cards = ("CARD_CENTRE_BASE", "CARD_CENTRE_CREDENTIALS", "SMS_BASE", "SMS_CREDENTIALS")
    return {name: env[name] for name in (*names, *more, *registers, *cards) if env.get(name)}
