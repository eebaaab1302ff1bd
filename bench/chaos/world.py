"""The stage: all processes in a folder, residents, slots of one place that costs money, and hours of courts."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from backend import clock, runtime, settings
from backend.embedded.mongod import Mongod
from backend.embedded.process import free_port, wait_until
from backend.identity_documents import check_character, parse
from bench.chaos.options import Options
from bench.chaos.plan import COMPANIONS, SHIFT_SECONDS, Plan
from deploy.stack import Stack
from models.booking import slot
from models.identity import account, companion, consent, privacy_text
from models.places import place
from models.rules.parameters import RuleParameter

PLACE, GROUND = "pingshan", "sport_ground"
SWEEPER = "booking.sweep_holds"
PRICE_FEN, GUIDE_FEN = 6000, 8000
VISITS_A_GUIDE = 5
FIRST_DAY = 5
PROBE_PLACES = 1_000_000
FREE = {"code": "free", "price_fen": 0}
FIRST_DAY_OF_COURTS, DAYS_OF_COURTS = 2, 5
RULES = {"waiting_offer_minutes": 15, "waiting_collect_minutes": 15, "quiet_hours_from": "", "quiet_hours_to": ""}
"""What holds on this stage: an offer lasts as long as a hold, so that a shift ends both, at night as by day."""


@dataclass(frozen=True)
class Resident:
    """A logged-in resident: token, and the ids of the visitors to book for."""

    account: str
    token: str
    companions: list[str]


class _Stack(Stack):
    """The stack of `make run`, with a moment between the county's data and the first worker."""

    before_workers: Callable[[], None]

    def start_workers(self) -> None:
        self.before_workers()
        super().start_workers()


class World:
    """A running stack with its residents and slots."""

    def __init__(self, options: Options, plan: Plan, folder: Path) -> None:
        self.options, self.plan, self.folder = options, plan, folder
        self.shift_file = folder / "clock-shift"
        self.shifted = 0.0
        self.members: list[Mongod] = []
        self.residents: list[Resident] = []
        self.slots: list[str] = []
        self.guides: list[str] = []
        self.courts: list[str] = []
        self.probe_slot = ""
        self.stack: _Stack

    def start(self) -> "World":
        """Start all processes; residents and slots are there before the first worker is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shift_file.write_text("0")
        env = {"CLOCK_SHIFT_FILE": str(self.shift_file), "ENVIRONMENT": "development"}
        if self.options.cluster:
            env["MONGODB_URI"] = self._start_cluster()
        sandbox = ["--retry-scale", "0.02", "--refund-delay", "0.2"]
        self.stack = _Stack(self.folder / "stack", env=env, sandbox_options=sandbox)
        self.stack.before_workers = self._furnish
        self.stack.start()
        return self

    def _start_cluster(self) -> str:
        self.members = [Mongod(self.folder / f"node{n}", free_port()) for n in range(3)]
        for member in self.members:
            member.start()
        self.members[0].initiate(self.members, settings={"electionTimeoutMillis": 2000})
        wait_until(lambda: self.primary() is not None, seconds=30, what="the replica set's primary")
        hosts = ",".join(member.address for member in self.members)
        return f"mongodb://{hosts}/city?replicaSet={self.members[0].name}"

    def primary(self) -> Mongod | None:
        """Return the node that takes writes, None while there is none."""
        return next((member for member in self.members if member.is_primary()), None)

    def _furnish(self) -> None:
        runtime.compose(settings.load({**os.environ, **self.stack.env}))
        if self.options.control:
            # Lines that are there stay as they are: a line without an entry is work that never comes due.
            get_db()["periodic_work"].update_one({"_id": SWEEPER}, {"$set": {"outbox": []}}, upsert=True)
        for code, value in RULES.items():
            RuleParameter._get_collection().update_one({"_id": code}, {"$set": {"values.0.value": value}})
        self._open_slots()
        self.courts = self._hours_of_courts()
        with ThreadPoolExecutor(8) as pool:
            self.residents = list(pool.map(self._resident, range(self.plan.residents)))

    def _open_slots(self) -> None:
        found = place.read(PLACE)
        adult = next(kind for kind in found["ticket_types"] if kind["code"] == "adult")
        paid = {**adult, "price_fen": PRICE_FEN, "min_age": None, "max_age": None}
        classes = [paid, {**paid, **FREE}]
        guided = [{"code": "guided_tour", "name_zh": "讲解服务", "price_fen": GUIDE_FEN, "identity_documents": []}]
        for number, quota in enumerate(self.plan.quotas):
            at = FIRST_DAY + number // 3, 9 + 3 * (number % 3)
            self.slots.append(self._slot(classes, *at, quota))
            self.guides.append(self._slot(guided, *at, max(1, quota // VISITS_A_GUIDE), resource="guide"))
            if number:
                slot.close(self.slots[-1], "chaos: opened later")
        if self.options.cluster:
            self.probe_slot = self._slot(classes, FIRST_DAY + len(self.slots), 9, PROBE_PLACES)

    def _hours_of_courts(self) -> list[str]:
        """Return as many hours of the ground's courts as are wanted, those in a row one after the other."""
        first, last = (clock.today() + timedelta(days=FIRST_DAY_OF_COURTS + n) for n in (0, DAYS_OF_COURTS - 1))
        query = {"place": GROUND, "resource_kind": "court", "day": {"$gte": str(first), "$lte": str(last)}}
        found = get_db()["slots"].find(query, {"_id": 1}).sort([("day", 1), ("resource", 1), ("start", 1)])
        return [str(one["_id"]) for one in found.limit(self.plan.hours)]

    def hours_from(self, number: int, hours: int) -> list[str]:
        """Return so many hours of one court in a row from an hour on; fewer where the court's day ends."""
        first, wanted = self.courts[number % len(self.courts)], self.courts[number % len(self.courts) :][:hours]
        court, at = first.rsplit("-", 1)
        row = [f"{court}-{int(at) + 100 * n:04d}" for n in range(hours)]
        return [one for one, two in zip(wanted, row, strict=False) if one == two]

    def open_slot(self, number: int) -> None:
        """Open a slot for sale, however long the store is away."""
        while True:
            try:
                slot.reopen(self.slots[number])
            except PyMongoError:
                time.sleep(0.2)
            else:
                return

    def _slot(self, classes: list[dict[str, Any]], days: int, hour: int, quota: int, *, resource: str = "") -> str:
        day = (clock.today() + timedelta(days=days)).isoformat()
        slot_id = slot.slot_id(PLACE, day, hour * 60, resource)
        terms = {"refund_rows": [{"from_days_before": 1, "percent": 100}], "enter_early_minutes": 30}
        hours = {"start": hour * 60, "end": hour * 60 + 170}
        made = {
            "_id": slot_id,
            "place": PLACE,
            "resource": resource,
            "day": day,
            **hours,
            "classes": classes,
            "terms": terms,
        }
        get_db()["slots"].delete_one({"_id": slot_id})
        slot.open_up({**made, "quota": quota})
        return slot_id

    def _resident(self, number: int) -> Resident:
        user = self.sandbox("/users", {"name": f"chaos-{number}"})
        account_id, tokens = account.log_in(user["openid"], "session-key", privacy_text.newest()["_id"])
        consent.give(account.authenticate(tokens.access), ["document"], "2026-11")
        me = account.authenticate(tokens.access)
        ids = [companion.bind(me, _document(number * COMPANIONS), "张三").id]
        # The last visitor is a person of the next resident too, so that two accounts want a ticket for one person.
        others = [number * COMPANIONS + n for n in range(1, COMPANIONS - 1)]
        others.append((number + 1) % self.plan.residents * COMPANIONS)
        ids += [companion.add(me, _document(person), "李四").id for person in others]
        return Resident(str(account_id), tokens.access, ids)

    def sandbox(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the control API of the WeChat sandbox; an error answer is returned as its JSON with `status`."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.stack.env['WECHAT_API_BASE']}/sandbox{path}"
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            return {"status": error.code, **json.loads(error.read() or b"{}")}

    def shift(self, seconds: float = SHIFT_SECONDS) -> None:
        """Move the clock of all processes forward; a reader never sees half a number."""
        self.shifted += seconds
        fresh = self.shift_file.with_suffix(".new")
        fresh.write_text(str(self.shifted))
        fresh.replace(self.shift_file)

    def stop(self) -> None:
        """End all processes of this run."""
        self.stack.stop()
        for member in self.members:
            member.stop()


def _document(person: int) -> Any:
    body = f"360731{1960 + person // 1000}0307{person % 1000:03d}"
    return parse("resident_id", body + check_character(body))
