"""What one run was told, by the environment."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Options:
    """`kills` is the number of SIGKILLs of each kind of process; `seed` repeats the schedule."""

    attempts: int = 2000
    places: int = 300
    kills: int = 10
    seed: int = 0
    threads: int = 24
    control: bool = False
    cluster: bool = False
    keep: bool = False
    folder: str = "var"

    def shown(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def command(self) -> str:
        """Return the command that repeats this schedule."""
        flags = "".join(f"{name.upper()}=1 " for name in ("control", "cluster") if getattr(self, name))
        numbers = f"ATTEMPTS={self.attempts} PLACES={self.places} KILLS={self.kills} SEED={self.seed}"
        return f"{flags}{numbers} python -m bench.chaos"


def read(env: Mapping[str, str]) -> Options:
    """Read the options; a cluster run kills fewer times, because each failover takes seconds."""
    cluster = env.get("CLUSTER") == "1"
    return Options(
        attempts=int(env.get("ATTEMPTS") or Options.attempts),
        places=int(env.get("PLACES") or Options.places),
        kills=int(env.get("KILLS") or (5 if cluster else Options.kills)),
        seed=int(env.get("SEED") or secrets.randbelow(1_000_000)),
        threads=int(env.get("THREADS") or Options.threads),
        control=env.get("CONTROL") == "1",
        cluster=cluster,
        keep=env.get("KEEP") == "1",
        folder=env.get("VAR") or Options.folder,
    )
