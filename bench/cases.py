"""Case steps per second over HTTP, each with decision and audit entry, against the fewest writes that could do it."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import bson

from bench import clerks, rounds, stand, wrk
from bench.floors import cases as floor
from bench.machine import BenchFailed
from bench.report import Figure
from bench.rounds import Pair, Run
from deploy.stack import Stack
from models.affairs import case, decide, kind_table
from models.affairs.case import Case
from models.affairs.decide import Verdict
from models.affairs.open_case import Matter

SECONDS, WARM_SECONDS = 5, 2
CLERKS, CASES = 400, 12_000
UNIT, TOWN = kind_table.DATA_UNIT, "360731100"
VERDICT = Verdict("granted", "经与原始档案核对,情况属实,同意办理。", "个人信息保护法第四十八条")
_numbers = itertools.count(1)


def bench() -> list[Figure]:
    """Run product and floor in turns on one stand."""
    wrk.find()
    with stand.stand() as stack:
        people = clerks.seat(CLERKS, "case_handler", UNIT)
        step(stack, people, WARM_SECONDS)
        processes = max((1, 2), key=lambda number: step_barely(stack, people, number, WARM_SECONDS).rate)
        pairs = [
            Pair(step_barely(stack, people, processes, SECONDS), step(stack, people, SECONDS))
            for _ in range(rounds.ROUNDS)
        ]
    return rounds.figures("cases", pairs, of="step", floor=f"floor in {processes} process(es)", target=0.35)


def _cases(people: list[clerks.Clerk]) -> list[dict]:
    matter = Matter(UNIT, "请说明如何使用我的信息", area=TOWN)
    like = clerks.a_case(kind_table.PRIVACY["explain"], matter)
    holders = [people[number % len(people)].actor for number in range(CASES)]
    return [clerks.another(like, f"B-{next(_numbers)}", holder) for holder in holders]


def step(stack: Stack, people: list[clerks.Clerk], seconds: float) -> Run:
    """Decide a case that its clerk holds, one after the other over HTTP, as fast as it goes.

    Raises:
        BenchFailed: a step was refused, or decided cases and audit entries do not agree with the answers.
    """
    made, tokens = _cases(people), {one.actor.key: one.token for one in people}
    Case._get_collection().insert_many(made, ordered=False)
    lines = Path(stack.folder) / "steps.txt"
    lines.write_text("".join(f"{tokens[one['work']['holder']]} /office/v1/cases/{one['_id']}/decide\n" for one in made))
    body = json.dumps({"outcome": VERDICT.outcome, "reason": VERDICT.reason, "rule": VERDICT.rule}, ensure_ascii=False)
    meter = rounds.meter(stack, api=stack.children["api"].popen.pid)
    load = wrk.run(stack.base, seconds, env={"POSTS": str(lines), "POST_BODY": body})
    mine = {"_id": {"$in": [one["_id"] for one in made]}, "state": "decided"}
    done = Case._get_collection().count_documents(mine)
    if not load.requests <= done <= load.requests + wrk.CLIENTS:
        raise BenchFailed(f"{load.requests} answers, {done} cases decided")
    return Run(load.rate, load.p99_ms, rounds.each(meter, done))


def step_barely(stack: Stack, people: list[clerks.Clerk], processes: int, seconds: float) -> Run:
    """Step by the floor from 50 threads in one or two processes."""
    database, made = Case._get_collection().database, _cases(people)
    actor = people[0].actor
    told = kind_table.PRIVACY["explain"]
    move = decide._decided(actor, made[0], told, told.steps[0].outcomes[0], VERDICT)
    like = {"update": bson.encode(case._update(made[0], move)[1]), "entry": move.audit}
    floor.prepare(database, made, like)
    command = [sys.executable, "-m", "bench.floors.cases", stack.env["MONGODB_URI"]]
    command += [str(wrk.CLIENTS // processes), str(seconds)]
    meter = rounds.meter(stack)
    running = [
        subprocess.Popen([*command, str(share), str(processes)], stdout=subprocess.PIPE, text=True)
        for share in range(processes)
    ]
    told_by = [json.loads(one.communicate(timeout=seconds + 60)[0]) for one in running]
    done = sum(one["done"] for one in told_by)
    if done != database[floor.ENTRIES].estimated_document_count():
        raise BenchFailed("the floor lost entries")
    cpu = rounds.each(meter, done) | {"client": sum(one["cpu_seconds"] for one in told_by) / done * 1000}
    return Run(done / seconds, max(one["p99_ms"] for one in told_by), cpu)
