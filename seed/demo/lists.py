"""Lists of subsidies whose seven working days of publicity are over, so that the stories can pay them.

They are collected and checked over HTTP when the demonstration's accounts are made. Only the publication is carried
out by a process of its own whose clock stands some days back: nobody waits seven working days for a story.
"""

import os
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from bson import ObjectId

from backend import celery_client, clock, runtime, settings
from models.affairs import clock as legal
from models.benefits import item, publicity
from models.benefits.kinds import PUBLICITY
from models.identity import staff
from models.identity.actors import Staff
from models.payments import ledger_account, ledger_day, transfer
from seed.demo.http import Caller
from seed.demo.stage import Stage, somebody, until

ITEM, TOWN = "elder_allowance", "town_360731100"
BASE = "/office/v1/benefits"
FILE = "demo-lists.json"
NUMBER_OF_LISTS = 8
"""Each play of the stories pays two of them."""
ALLOCATED_FEN = 100_000_00
LONGEST_BACK, CHECKED_SECONDS = 60, 90
OF_AGE = (1938, 1944)
"""Years of birth of who gets the lowest rate, whenever the stories are played in the coming years."""


def prepare(base: str, folder: Path) -> None:
    """Collect, check and publish the lists, and write to `demo-lists.json` who is on them.

    Where no simulator of the registers stands beside the service, there are none, and the stories say so.
    """
    stage = Stage(base, folder)
    if not stage.makes_people_up:
        return
    town, department = stage.clerk("benefit_clerk"), stage.clerk("benefit_manager")
    made = [_collected(stage, town, part) for part in range(1, NUMBER_OF_LISTS + 1)]
    batches = [one["id"] for one in made]
    check_all(department, batches)
    for one in batches:
        _settle(department, one)
    _publish_in_the_past(folder, batches)
    (folder / FILE).touch(mode=0o600)
    (folder / FILE).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))


def _collected(stage: Stage, town: Caller, part: int) -> dict[str, Any]:
    """Open a list of last month with two elders who have no card yet, but an account at a bank."""
    month = clock.today().replace(day=1) - timedelta(days=1)
    body = {"item": ITEM, "period": month.strftime("%Y-%m"), "unit": TOWN, "part": part}
    made = town.post(f"{BASE}/batches", body, expect=201)
    elders = [somebody(name, *OF_AGE) for name in ("钟桂兰", "谢福生")]
    for elder in elders:
        stage.register("/people", {"number": elder["document_number"], "name": elder["name"]})
        town.post(f"{BASE}/batches/{made['id']}/lines", line_of(elder), expect=201)
    town.post(f"{BASE}/batches/{made['id']}/submit")
    return {"id": made["id"], "number": made["number"], "elders": elders}


def check_all(department: Caller, batches: list[str]) -> None:
    """Have the registers asked about everybody on some lists, and the lists checked."""
    jobs = [department.post(f"{BASE}/batches/{one}/ask", expect=202)["id"] for one in batches]
    for job in jobs:
        asked = partial(department.get, f"/office/v1/jobs/{job}")
        until(asked, lambda found: found["state"] == "done", "the registers", seconds=CHECKED_SECONDS)
    for one in batches:
        department.post(f"{BASE}/batches/{one}/check", expect=202)
    for one in batches:
        checked = partial(department.get, f"{BASE}/batches/{one}")
        until(checked, lambda found: found["state"] == "checked", "the checks", seconds=CHECKED_SECONDS)


def line_of(person: dict[str, str], fen: int = 5000) -> dict[str, Any]:
    """Return what a town tells of a person; the account is read off the number, so that every list has others."""
    number = person["document_number"]
    return {"name": person["name"], "number": number, "account": f"8080{number[6:17]}", "amount_fen": fen}


def _settle(department: Caller, batch_id: str) -> None:
    """Confirm what the checks left to the department: these elders have an account, but no card yet."""
    for one in department.get(f"{BASE}/batches/{batch_id}/lines?limit=100")["items"]:
        for found in one["findings"]:
            body = {"reason": "document_seen"}
            department.post(f"{BASE}/lines/{one['id']}/findings/{found['code']}/clear", body)


def _publish_in_the_past(folder: Path, batches: list[str]) -> None:
    shift = folder / "demo-lists-clock"
    now = clock.now()
    days = next(n for n in range(7, LONGEST_BACK) if legal.deadline(now - timedelta(days=n), PUBLICITY) < now)
    ahead = clock.timestamp() - time.time()
    shift.write_text(str(ahead - timedelta(days=days).total_seconds()))
    env = {**os.environ, "CLOCK_SHIFT_FILE": str(shift)}
    command = [sys.executable, "-m", "seed", "demo-publish", "zhu.demo", *batches]
    subprocess.run(command, env=env, check=True)  # noqa: S603 - our own program and ids of ours
    shift.unlink()
    ledger_day.close_due()
    wake = celery_client.waker(celery_client.make(settings.load().broker_url))
    wake("affairs")


def publish(arguments: list[str]) -> None:
    """Publish checked lists as a member of the staff, by this process's clock, and put money into their fund."""
    told = settings.load()
    if told.production:
        sys.exit("demo lists are refused in production")
    runtime.compose(told)
    login, *batches = arguments
    actor = _acting(login)
    for one in batches:
        publicity.publish(actor, ObjectId(one), leave_out_unsettled=False)
    fund = item.newest(ITEM)["fund"]
    ledger_account.open_account(fund)
    about = {"about": "demo"}
    transfer.post("demo:allocation", "clearing:county", fund, ALLOCATED_FEN, what="manual", about=about)


def ready(stage: Stage, finance: Caller) -> dict[str, Any] | None:
    """Return the next list whose publicity is over and that nobody has paid, None when all are paid."""
    file = stage.folder / FILE
    for one in orjson.loads(file.read_bytes()) if file.exists() else ():
        if finance.get(f"{BASE}/batches/{one['id']}")["state"] == "publicity_done":
            return dict(one)
    return None


def _acting(login: str) -> Staff:
    found = staff.active(login)
    if found is None:
        sys.exit(f"there is no {login}; make the demo accounts first")
    return Staff(found["_id"], login, "demo", staff.assignments_of(found))
