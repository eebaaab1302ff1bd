"""Kills: SIGKILL to processes that this run started, by their ids, and the restart that a supervisor would do.

An aimed kill of an API worker stops it (SIGSTOP), looks whether a place is taken whose order is not stored, and kills
the worker only then: so the gap between the two writes of a booking is hit by aim and not by luck.
"""

import random
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

import psutil
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from backend.embedded.mongod import Mongod
from backend.embedded.process import Child, wait_until
from bench.chaos.plan import Event
from bench.chaos.world import World
from deploy.stack import QUEUES

AIM_SECONDS = 3.0
WHOLE_WITHIN = 60.0
OTHERS_FINISH = 0.05
GAVE_UP = "{} ended by itself"
STARTING = "Celery worker lost a child or the store while it started"
"""Celery then ends the start itself and leaves the next try to its supervisor; a worker that runs must not."""
ENDS_OF_A_START = ("Could not start worker processes", "cannot start: The store is refused: no answer")
"""What a worker says last that lost a child, or met a killed store, before it ran."""


class Killer:
    """Carries out the kills of a plan and counts them."""

    def __init__(self, world: World) -> None:
        self._world, self._stack = world, world.stack
        self._dice = random.Random(world.options.seed + 1)
        self._lock = threading.Lock()
        self._ended = set[str]()
        self._log_began = dict[str, int]()
        self.killed = Counter[str]()
        self.notes = Counter[str]()
        self._kinds: dict[str, Callable[[Event], None]] = {
            "api": self._api,
            "celery": self._celery,
            "mongod": self._mongod,
            "redis": self._redis,
            "primary": self._primary,
        }

    def carry_out(self, event: Event) -> None:
        """Kill what the event names, of a service that is whole."""
        with self._lock:
            self.revive()
            self._kinds[event.kind](event)

    def watch(self, calm: threading.Event) -> None:
        """Be the supervisor of a deployment until all is calm: start again what ended."""
        while not calm.wait(0.5):
            with self._lock:
                self.revive()

    def revive(self) -> None:
        """Start again what ended: killed masters, and an API that gave up because its workers died too often."""
        if not self._stack.children["api"].running:
            self._reap("api")
            self.notes[GAVE_UP.format("API")] += "api" not in self._ended
            self._ended.discard("api")
            self._stack.start_api()
        for name, queues in QUEUES.items():
            if not self._stack.children[name].running:
                self._reap(name)
                self.notes[STARTING if self._starting(name) else GAVE_UP.format("Celery worker")] += (
                    name not in self._ended
                )
                self._ended.discard(name)
                self._log_began[name] = len(self._log(name))
                self._stack.start_worker(name, queues)

    def _starting(self, name: str) -> bool:
        log = self._log(name)[self._log_began.get(name, 0) :]
        return any(end in log for end in ENDS_OF_A_START)

    def _log(self, name: str) -> str:
        return (self._stack.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def _reap(self, name: str) -> None:
        self._stack.children[name].kill()
        self._stack.children[name].popen.wait()

    def _api(self, event: Event) -> None:
        if event.how == "master":
            self._ended.add("api")
            self._reap("api")
        elif event.how == "aimed" and self._aimed():
            self.notes["API worker killed between its two writes"] += 1
        else:
            _kill(self._dice.choice(self._workers("api")))
        self.killed["API worker"] += 1

    def _workers(self, name: str) -> list[psutil.Process]:
        """Return the processes below a master, at least one: a start may take long, and a master may end meanwhile.

        Raises:
            StartFailed: none is there within WHOLE_WITHIN.
        """
        found: list[psutil.Process] = []

        def there() -> bool:
            self.revive()
            found[:] = psutil.Process(self._stack.children[name].popen.pid).children()
            return bool(found)

        wait_until(there, seconds=WHOLE_WITHIN, what=f"processes of {name}")
        return found

    def _aimed(self) -> bool:
        deadline = time.monotonic() + AIM_SECONDS
        dead = self._orphans()
        time.sleep(self._dice.uniform(0, 0.02))
        while time.monotonic() < deadline:
            worker = self._dice.choice(self._workers("api"))
            try:
                worker.suspend()
                time.sleep(OTHERS_FINISH)
                if held := (self._orphans() & self._orphans()) - dead:
                    _kill(worker)
                    time.sleep(OTHERS_FINISH)
                    return bool(held & self._orphans())
                worker.resume()
            except psutil.NoSuchProcess:
                continue
            time.sleep(self._dice.uniform(0, 0.03))
        return False

    def _orphans(self) -> set[str]:
        """Return the holds that have no order at this moment."""
        try:
            slots = get_db()["slots"].find({"has_pending": True}, {"pending": 1})
            holds = {hold for found in slots for hold in found["pending"]}
            query = {"_id": {"$in": [ObjectId(hold) for hold in holds]}}
            return holds - {str(found["_id"]) for found in get_db()["orders"].find(query, {"_id": 1})}
        except PyMongoError:
            return set()

    def _celery(self, event: Event) -> None:
        name = self._dice.choice(["worker-fast", "worker-fast", "worker-slow"])
        if event.how == "parent":
            self._ended.add(name)
            self._reap(name)
        else:
            _kill(self._dice.choice(self._workers(name)))
        self.killed["Celery worker"] += 1

    def _mongod(self, event: Event) -> None:
        mongod = self._stack.mongod
        assert mongod
        self._restart(mongod, event.down)
        wait_until(mongod.is_primary, seconds=60, what="mongod after a kill")
        self.killed["mongod"] += 1

    def _restart(self, mongod: Mongod, down: float) -> None:
        assert mongod.child
        _kill_group(mongod.child)
        time.sleep(down)
        mongod.start()

    def _redis(self, event: Event) -> None:
        redis = self._stack.redis
        assert redis
        assert redis.child
        _kill_group(redis.child)
        if event.how == "emptied":
            shutil.rmtree(redis.folder)
            self.notes["Redis emptied"] += 1
        time.sleep(event.down)
        redis.start()
        self.killed["Redis"] += 1

    def _primary(self, event: Event) -> None:
        wait_until(lambda: self._world.primary() is not None, seconds=60, what="a primary before the next kill")
        primary = self._world.primary()
        assert primary
        assert primary.child
        begun = time.monotonic()
        primary.child.kill(signal.SIGKILL if event.how == "kill" else signal.SIGSTOP)
        others = [member for member in self._world.members if member is not primary]
        wait_until(lambda: any(m.is_primary() for m in others), seconds=60, what="a new primary")
        name, seconds = f"longest election after {event.how}, seconds", round(time.monotonic() - begun)
        self.notes[name] = max(self.notes[name], seconds)
        time.sleep(event.down)
        if event.how == "kill":
            primary.child.popen.wait()
            primary.start()
        else:
            primary.child.kill(signal.SIGCONT)
        self.killed[f"primary {'SIGKILL' if event.how == 'kill' else 'SIGSTOP'}"] += 1
        wait_until(lambda: all(_healthy(m) for m in self._world.members), seconds=60, what="three healthy nodes")


def _kill(process: psutil.Process) -> None:
    """Kill one process; psutil refuses when its id belongs to another one by now."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _kill_group(child: Child) -> None:
    child.kill()
    child.popen.wait()


def _healthy(member: Mongod) -> bool:
    try:
        with member._client() as client:
            hello = client.admin.command("hello")
            return bool(hello["isWritablePrimary"] or hello["secondary"])
    except PyMongoError:
        return False
