"""The schedule of a run, drawn from the seed before it starts: who tries what, what is killed at which attempt.

Places are opened for sale in waves and the first hundred attempts of a wave buy them up, so half of the kills fall there.
"""

import random
from dataclasses import dataclass

from bench.chaos.options import Options

INTENTS = {"pay": 62, "cancel_unpaid": 17, "never_pay": 10, "cancel_paid": 6, "pay_late": 5}
LARGEST_WAVE = 25
SHIFTS = 3
SHIFT_SECONDS = 16 * 60
"""A little more than a hold lasts. All shifts together must stay below the two hours of an access token."""
COMPANIONS = 4
FAULTS = (
    {"name": "notice_lost", "rate": 0.08},
    {"name": "notice_duplicate", "rate": 0.10},
    {"name": "notice_delayed", "rate": 0.08, "seconds": 3.0},
    {"name": "notice_reordered", "rate": 0.08},
    {"name": "answer_500", "rate": 0.05},
    {"name": "answer_timeout", "rate": 0.05, "seconds": 0.7},
    {"name": "answer_lost_after_effect", "rate": 0.05},
    {"name": "close_races_pay", "rate": 0.25},
)


@dataclass(frozen=True)
class Attempt:
    """One resident's wish. `tap` says whether the same request is sent twice at once or once more afterwards."""

    number: int
    resident: int
    companions: tuple[int, ...]
    slot: int
    intent: str
    key: str
    tap: str


@dataclass(frozen=True)
class Event:
    """Something that happens when attempt `at` begins; `down` is how long a killed server stays away, in seconds."""

    at: int
    kind: str
    how: str = ""
    down: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The whole schedule; `quotas` has one slot a wave, opened at attempt `waves[n]`."""

    quotas: list[int]
    waves: list[int]
    residents: int
    attempts: list[Attempt]
    events: list[Event]
    faults: list[dict[str, object]]


def draw(options: Options) -> Plan:
    """Draw the schedule."""
    dice = random.Random(options.seed)
    count = max(3, min(12, -(-options.places // LARGEST_WAVE)))
    quotas = [options.places // count + (n < options.places % count) for n in range(count)]
    waves = [options.attempts * n // count for n in range(count)]
    residents = max(30, options.attempts // 8)
    attempts = [_attempt(dice, n, waves, residents) for n in range(options.attempts)]
    draws = _cluster_kills(dice, options) if options.cluster else _kills(dice, options)
    events = [Event(_moment(dice, options, waves, how), kind, how, down) for kind, how, down in draws]
    shifts = 0 if options.control else SHIFTS
    events += [Event(options.attempts * (n + 1) // (shifts + 1), "shift", str(SHIFT_SECONDS)) for n in range(shifts)]
    events += [Event(at, "open", str(n)) for n, at in enumerate(waves) if n]
    faults = [{**fault, "seed": dice.randrange(1 << 30)} for fault in FAULTS]
    return Plan(quotas, waves, residents, attempts, sorted(events, key=lambda e: (e.at, e.kind != "open")), faults)


def _attempt(dice: random.Random, number: int, waves: list[int], residents: int) -> Attempt:
    newest = max(n for n, at in enumerate(waves) if at <= number)
    return Attempt(
        number=number,
        resident=dice.randrange(residents),
        companions=tuple(dice.sample(range(COMPANIONS), dice.choice((1, 1, 1, 2, 2, 3)))),
        slot=newest if dice.random() < 0.7 else dice.randint(0, newest),
        intent=dice.choices(list(INTENTS), list(INTENTS.values()))[0],
        key=f"{dice.getrandbits(128):032x}",
        tap=dice.choices(("once", "twice_at_once", "again"), (80, 10, 10))[0],
    )


def _kills(dice: random.Random, options: Options) -> list[tuple[str, str, float]]:
    """Draw what is killed how. Aimed kills of an API worker look for one between its two writes."""
    draws = []
    for n in range(options.kills):
        api = "aimed" if options.control or n % 2 == 0 else "master" if n % 5 == 3 else "worker"
        draws.append(("api", api, 0.0))
        draws.append(("celery", "parent" if n % 2 else "child", 0.0))
        draws.append(("mongod", "", dice.uniform(0, 1.5)))
        draws.append(("redis", "emptied" if n % 2 else "kept", dice.uniform(0, 1.5)))
    return draws


def _cluster_kills(dice: random.Random, options: Options) -> list[tuple[str, str, float]]:
    return [("primary", how, dice.uniform(1, 3)) for _ in range(options.kills) for how in ("kill", "stop")]


def _moment(dice: random.Random, options: Options, waves: list[int], how: str) -> int:
    if how == "aimed" or dice.random() < 0.5:
        return dice.choice(waves) + dice.randint(1, max(2, min(20, options.attempts // 40)))
    return dice.randint(options.attempts // 50, options.attempts * 19 // 20)
