"""The schedule of a run, drawn from the seed before it starts: who tries what, what is killed at which attempt.

Places are opened for sale in waves, each bought up by its first attempts, so most kills fall at the opening of a wave.
"""

import random
from dataclasses import dataclass, replace

from bench.chaos.options import Options

INTENTS = {"pay": 62, "cancel_unpaid": 17, "never_pay": 10, "cancel_paid": 6, "pay_late": 5}
MOST_WAVES, LEAST_WAVE = 30, 5
SHIFTS = 3
SHIFT_SECONDS = 16 * 60
"""A little more than a hold lasts. All shifts together must stay below the two hours of an access token."""
COMPANIONS = 4
GUIDED = 0.25
"""How many wish for a guide with the visit: both or nothing."""
WAITS, WAITS_FREE = 0.4, 0.3
"""How many of those who find a slot sold out wait for it, and how many of these for tickets that cost nothing."""
ANSWERS = {"accept": 60, "give_up": 15, "run_out": 15, "leave": 10}
"""What becomes of an offer; who leaves does so before there is one."""
COURTS, WANT_ONE_HOUR, TWO_HOURS = 0.1, 6, 0.25
"""How many want a court, how many of these the same hour, and how many of them the next hour too."""
ORDERS, BOOKINGS = "/mini/v1/orders", "/mini/v1/sport/bookings"
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
    """One resident's wish: a visit with a guide or without, or one or two hours of a court from hour `court` on.

    `tap` says whether the same request is sent twice at once or once more afterwards. `answer` is what who waits does
    with an offer; who does not wait has none.
    """

    number: int
    resident: int
    companions: tuple[int, ...]
    slot: int
    intent: str
    key: str
    tap: str
    guided: bool = False
    court: int | None = None
    hours: int = 1
    answer: str = ""
    free: bool = False

    @property
    def path(self) -> str:
        """Return where the wish is sent."""
        return ORDERS if self.court is None else BOOKINGS


@dataclass(frozen=True)
class Event:
    """Something that happens when attempt `at` begins; `down` is how long a killed server stays away, in seconds.

    Attempts from `hold` on wait until it is this event's turn, so that it meets a burst of them.
    """

    hold: int
    at: int
    kind: str
    how: str = ""
    down: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The whole schedule; slot n has `quotas[n]` places and is opened at attempt `waves[n]`; courts have `hours`."""

    quotas: list[int]
    waves: list[int]
    residents: int
    hours: int
    attempts: list[Attempt]
    events: list[Event]
    faults: list[dict[str, object]]


Draw = tuple[str, str, float]


def draw(options: Options) -> Plan:
    """Draw the schedule."""
    dice = random.Random(options.seed)
    count = max(2, min(MOST_WAVES, options.places // LEAST_WAVE))
    quotas = [options.places // count + (n < options.places % count) for n in range(count)]
    waves = [options.attempts * n // count for n in range(count)]
    residents = max(30, options.attempts // 8)
    hours = max(4, round(options.attempts * COURTS / WANT_ONE_HOUR))
    attempts = [_attempt(dice, n, waves, residents, hours) for n in range(options.attempts)]
    kills = _cluster_kills(dice, options) if options.cluster else _kills(dice, options)
    events = _placed(dice, kills, waves, options.attempts // count)
    events += [_shift(options.attempts * (n + 1) // (SHIFTS + 1)) for n in range(0 if options.control else SHIFTS)]
    faults = [{**fault, "seed": dice.randrange(1 << 30)} for fault in FAULTS]
    return Plan(quotas, waves, residents, hours, attempts, _in_turn(events), faults)


def _attempt(dice: random.Random, number: int, waves: list[int], residents: int, hours: int) -> Attempt:
    drawn = _visit(dice, number, waves, residents)
    if dice.random() >= COURTS:
        return drawn
    court, number_of_hours = dice.randrange(hours), 1 + (dice.random() < TWO_HOURS)
    players = tuple(dice.sample(range(COMPANIONS), 2))
    return replace(drawn, companions=players, guided=False, answer="", court=court, hours=number_of_hours)


def _visit(dice: random.Random, number: int, waves: list[int], residents: int) -> Attempt:
    newest = max(n for n, at in enumerate(waves) if at <= number)
    return Attempt(
        number=number,
        resident=dice.randrange(residents),
        companions=tuple(dice.sample(range(COMPANIONS), dice.choice((1, 1, 1, 2, 2, 3)))),
        slot=newest if dice.random() < 0.7 else dice.randint(0, newest),
        intent=dice.choices(list(INTENTS), list(INTENTS.values()))[0],
        key=f"{dice.getrandbits(128):032x}",
        tap=dice.choices(("once", "twice_at_once", "again"), (80, 10, 10))[0],
        guided=dice.random() < GUIDED,
        answer=dice.choices(list(ANSWERS), list(ANSWERS.values()))[0] if dice.random() < WAITS else "",
        free=dice.random() < WAITS_FREE,
    )


def _kills(dice: random.Random, options: Options) -> list[Draw]:
    """Draw what is killed how. Aimed kills of an API worker look for one between its two writes."""
    draws = []
    for n in range(options.kills):
        api = "aimed" if options.control or n % 2 == 0 else "master" if n % 5 == 3 else "worker"
        draws.append(("api", api, 0.0))
        draws.append(("celery", "parent" if n % 2 else "child", 0.0))
        draws.append(("mongod", "", dice.uniform(0, 1.5)))
        draws.append(("redis", "emptied" if n % 2 else "kept", dice.uniform(0, 1.5)))
    return draws


def _cluster_kills(dice: random.Random, options: Options) -> list[Draw]:
    return [("primary", how, dice.uniform(1, 3)) for _ in range(options.kills) for how in ("kill", "stop")]


def _placed(dice: random.Random, draws: list[Draw], waves: list[int], length: int) -> list[Event]:
    """Put one kill at the opening of each wave, aimed ones first, and what is left over into the middle of one."""
    dice.shuffle(draws)
    draws.sort(key=lambda one: one[1] != "aimed")
    events: list[Event] = []
    free: list[int] = []
    for one in draws:
        free = free or dice.sample(waves, len(waves))
        wave = free.pop()
        opening = len(events) < len(waves)
        hold = wave if opening else wave + dice.randint(length // 4, length // 2)
        events.append(Event(hold, hold + dice.randint(2, max(3, min(20, length // 3))), *one))
    return events


def _in_turn(events: list[Event]) -> list[Event]:
    """Sort events and move apart those that overlap, so that none waits for attempts that wait for the next one."""
    ordered: list[Event] = []
    for event in sorted(events, key=lambda one: one.hold):
        hold = max(event.hold, ordered[-1].at) if ordered else event.hold
        ordered.append(replace(event, hold=hold, at=max(event.at, hold + 1)))
    return ordered


def _shift(at: int) -> Event:
    return Event(at - 1, at, "shift", str(SHIFT_SECONDS))
