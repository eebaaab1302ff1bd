"""The gates of the storm: the demonstration's program on a network that fails and by a clock that is wrong."""

import random
import secrets
from base64 import b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend import clock, runtime
from bench.gate_truth import GateMind, Passage
from models.identity import device
from models.identity.device import Duty
from seed.demo.gate_link import NoNetwork, Send, over_http
from seed.demo.offline_gate import OfflineGate

AT, UNIT = "pingshan", "changzhengyuan"
SKEWS = (-290, -170, -45, 0, 60, 200, 280)
"""Seconds by which the gates' own clocks are off, another one after every sync."""
AGAIN = 0.45
"""How often the answer to an upload is lost, and how often a journal is handed in once more."""


class StormGate(OfflineGate):
    """A gate whose disk is memory: what is tested here is not its power supply."""

    def _keep(self) -> None:
        pass


class Net:
    """A gate's way to the service: it can be cut, and it can lose the next answer."""

    def __init__(self, base: str) -> None:
        self._send: Send = over_http(base)
        self.up, self.lose = True, False

    def __call__(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        """Send, unless cut; the service hears what it is told even where its answer is lost."""
        if not self.up:
            raise NoNetwork
        told = self._send(method, path, body, headers)
        if self.lose:
            self.lose = False
            raise NoNetwork
        return told


class Gate:
    """One gate of the storm: the program, its mind in the truth, and what waits in its queue."""

    def __init__(self, base: str, name: str, zone: str, seed: int) -> None:
        self.name, self.zone, self.skew, self.virtual = name, zone, 0.0, 0.0
        self.net, self._dice = Net(base), random.Random(f"{seed}{name}")
        self.id, private = registered(name, zone)
        keys = runtime.current().ticket_keys.public.items()
        known = {str(one): b64encode(key.public_bytes_raw()).decode() for one, key in keys}
        self.program = StormGate(self.id, private, Path(self.id), self.net, known, self._clock)
        self.mind = GateMind(zone, 0)
        self.waiting: list[tuple[str, Passage | None]] = []

    def _clock(self) -> float:
        return (self.virtual or clock.timestamp()) + self.skew

    def sync(self, cancelled: set[str]) -> None:
        """Learn what the service knows; the own clock has moved since the last time."""
        self.skew = float(self._dice.choice(SKEWS))
        self.program.sync()
        self.mind.per_ticket = self.program.state["limits"]["max_accepted_per_handle"]
        self.mind.synced(cancelled)

    def upload(self) -> list[dict[str, Any]]:
        """Hand the queue in, with an answer that may get lost, and all of it once more; return what was handed in."""
        sent = list(self.program.state["queue"])
        self.net.lose = self._dice.random() < AGAIN
        for _ in range(3):
            try:
                self.program.upload()
                break
            except NoNetwork:
                continue
        self.net.lose = False
        if sent and self._dice.random() < AGAIN:
            self.program.state["queue"] = self._dice.sample(sent, len(sent))
            self.program.upload()
        return sent


def registered(name: str, zone: str) -> tuple[str, Ed25519PrivateKey]:
    """Register a gate that signs its entries and lets people in and out."""
    gate_id, private = f"storm-{secrets.token_hex(4)}", Ed25519PrivateKey.generate()
    public, duty = private.public_key().public_bytes_raw(), Duty(zone, "both", signs_entries=True)
    device.register("system:bench", gate_id, name=name, place=AT, public_key=public, unit=UNIT, duty=duty)
    return gate_id, private
