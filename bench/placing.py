"""Placing: 15,000 × 60, ten times as many, against `matching`; and what both mechanisms do, side by side."""

import gc
import random
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from statistics import median

from matching.games import HospitalResident
from rich.table import Table

from backend.allocation import deferred, immediate, measures, published, trial
from backend.allocation.problem import Applicant, Place, Problem
from backend.allocation.ranked import rank
from bench.machine import BenchFailed
from bench.report import RIGHT, Figure, console

ROUNDS = 5
WANTED, WANTED_TIMES = 1.0, 100
SEEDS = [f"trial {number}" for number in range(5)]
ZONES, ZONE_PLACES = 6, 4


def bench() -> list[Figure]:
    """Measure all of it."""
    _side_by_side()
    return [*_large(), *_against_matching()]


def _town(rng: random.Random, applicants: int, places: int, wishes: int) -> Problem:
    """Some places are wanted by many, each keeps some seats for the last two of four tiers, one in fifty has a twin."""
    codes, seats = [f"S{number:03}" for number in range(places)], applicants * 95 // (100 * places)
    weights = list(accumulate(1 / (number + 1) ** 0.6 for number in range(places)))
    listed: list[Applicant] = []
    while len(listed) < applicants:
        number, tier = len(listed), rng.randint(1, 4)
        wished = dict.fromkeys(rng.choices(codes, cum_weights=weights, k=4 * wishes))
        choices = tuple((code, 10 * tier + rng.randint(0, 2)) for code in list(wished)[:wishes])
        twins = 2 if rng.random() < 0.02 and number + 1 < applicants else 1
        group = f"g{number}" if twins == 2 else ""
        listed += [Applicant(f"p{number + one:06}", choices, str(tier), group) for one in range(twins)]
    reserves = (("3", seats // 10), ("4", seats // 20))
    return Problem(tuple(listed), tuple(Place(code, seats, reserves) for code in codes))


def _large() -> list[Figure]:
    problem = _town(random.Random(7), 15_000, 60, 5)
    spent = _seconds(lambda: deferred.place(problem, "seed"))
    ranked = rank(problem, "seed")
    bare = _seconds(lambda: deferred.met(ranked))
    parts = f"of it {bare:.2f} s deferred acceptance, the rest lots, keys, garbage collection"
    listed, offered = published.applicants(problem), published.places(problem, {one.code: "" for one in problem.places})
    whole = _seconds(lambda: published.result(deferred.place(published.read_problem(listed, offered), "seed")))
    soon = _seconds(lambda: immediate.place(problem, "seed"))
    both = _seconds(lambda: measures.deferred_and_immediate(ranked))
    return [
        Figure("placing.seconds", spent, "s", f"15,000 × 60, 5 wishes, guarantees, twins; {parts}", WANTED, "lower"),
        Figure("placing.immediate", soon, "s", "the same by immediate acceptance", better="lower"),
        Figure("placing.measures", both, "s", "both placings with all their measures", better="lower"),
        Figure("placing.files", whole, "s", "from the bytes of list and places to those of the result", better="lower"),
        Figure("placing.ten_times", _ten_times(), "s", "150,000 × 600", better="lower"),
    ]


def _ten_times() -> float:
    problem = _town(random.Random(7), 150_000, 600, 5)
    return _seconds(lambda: deferred.place(problem, "seed"), 1)


def _against_matching() -> list[Figure]:
    rng = random.Random(7)
    codes = [f"S{number:02}" for number in range(40)]
    residents = {f"p{number:04}": rng.sample(codes, 5) for number in range(2_000)}
    hospitals = {code: [name for name, named in residents.items() if code in named] for code in codes}
    hospitals = {code: rng.sample(named, len(named)) for code, named in hospitals.items()}
    capacities = dict.fromkeys(codes, 48)
    order = {code: {name: number for number, name in enumerate(named)} for code, named in hospitals.items()}
    listed = (Applicant(name, tuple((code, order[code][name]) for code in named)) for name, named in residents.items())
    problem = Problem(tuple(listed), tuple(Place(code, 48) for code in codes))
    bare, whole, found = [], [], {}
    for _ in range(ROUNDS):
        began = time.process_time()
        game = HospitalResident.create_from_dictionaries(residents, hospitals, capacities)
        made = time.process_time()
        solved = game.solve(optimal="resident")
        theirs = made - began, time.process_time() - made
        found = {str(one): str(hospital) for hospital, held in solved.items() for one in held}
        # What the package leaves behind is not to be collected on our time.
        del game, solved
        gc.collect()
        ranked = rank(problem, "seed")
        bare.append((theirs[1], _seconds(lambda ranked=ranked: deferred.met(ranked))))
        whole.append((sum(theirs), _seconds(lambda: deferred.place(problem, "seed"))))
    outcome = deferred.place(problem, "seed")
    if {name: code for name, code in outcome.placed.items() if code} != found:
        raise BenchFailed("matching and ours do not give the same pairs")
    return [
        _times("placing.matching", bare, "2,000 × 40, 5 wishes, both with the instance prepared", WANTED_TIMES),
        _times("placing.matching_whole", whole, "the same from names to names; ours draws lots too", None),
    ]


def _times(name: str, pairs: list[tuple[float, float]], told: str, target: float | None) -> Figure:
    ratios = sorted(theirs / ours for theirs, ours in pairs)
    theirs, ours = (median(column) * 1000 for column in zip(*pairs, strict=True))
    spread = f"{theirs:.0f} ms against {ours:.1f} ms, {ratios[0]:.0f} to {ratios[-1]:.0f}; same pairs"
    return Figure(name, median(ratios), "× matching", f"{told}: {spread}", target)


def _county(rng: random.Random) -> Problem:
    """6,000 in six zones of four places, four tiers, three wishes within the zone, one place there wanted by most."""
    codes = [[f"Z{zone}S{number}" for number in range(ZONE_PLACES)] for zone in range(ZONES)]
    listed = []
    for number in range(6_000):
        tier, zone = rng.choices((1, 2, 3, 4), (45, 20, 20, 15))[0], codes[rng.randrange(ZONES)]
        taste = [-rng.gammavariate(1, 1) * weight for weight in (2.2, 1.5, 1.2, 1)]
        wished = [code for _, code in sorted(zip(taste, zone, strict=True))][:3]
        listed.append(Applicant(f"p{number:05}", tuple((code, tier) for code in wished), str(tier)))
    return Problem(tuple(listed), tuple(Place(code, 235) for zone in codes for code in zone))


def _side_by_side() -> None:
    found = trial.compare(_county(random.Random(7)), SEEDS, sample=100)
    table = Table(title="6,000 × 24 in 6 zones, 4 tiers, 3 wishes; means of 5 seeds", title_justify="left")
    for heading in ("mechanism", "first wish", "unassigned", "justified envy", "could gain", "wanted empty"):
        table.add_column(heading, justify=RIGHT["value"] if heading != "mechanism" else "left", no_wrap=True)
    for one in (found.immediate, found.deferred):
        gain = f"{one.could_gain:g} of {one.tried}" if one.tried else f"{one.could_gain / one.applicants:.1%}"
        shares: Sequence[str] = [f"{n / one.applicants:.1%}" for n in (one.first, one.unassigned, one.envious)]
        table.add_row(one.mechanism, *shares, gain, f"{one.wanted_empty:g}")
    console.print(table)


def _seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return median(spent)
