"""A round of enrolment with made-up children: found, applied for, reviewed, drawn, published, one appeal won."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from backend import clock
from seed.demo import school_after, school_apply, school_draw, school_families, school_review
from seed.demo.http import check
from seed.demo.school_families import Families
from seed.demo.stage import Stage, until

CHILDREN = int(os.environ.get("SCHOOL_CHILDREN", "3000"))
"""How many made-up children there are; the tests play the same round with fewer."""
OFFICE = "/office/v1/school"
DEMO = "2027-primary"
FIND_SECONDS = 1800


class Round:
    """The round of this play: the districts of the demonstration, plans that are short at the schools of the centre."""

    def __init__(self, stage: Stage, children: int) -> None:
        self.stage, self.children = stage, children
        self.bureau, self.second = stage.clerk("pan.demo"), stage.clerk("ge.demo")
        self.code = f"2027-primary_{secrets.token_hex(3)}"
        self.path = f"{OFFICE}/rounds/{self.code}"
        self.told = self.bureau.get(f"{OFFICE}/rounds/{DEMO}")

    def make(self) -> int:
        """Make the round with plans and districts; return how many places there are."""
        body = self._told() | {"id": self.code}
        now = clock.now()
        self.bureau.post(f"{OFFICE}/rounds", body | times(now, days=3), expect=201)
        plans = self.bureau.get(f"{OFFICE}/rounds/{DEMO}/plans")["items"]
        each = max(1, round(self.children * 1.05 / len(plans)))
        for one in plans:
            classes = max(1, -(-each // 45))
            plan = {"places": each, "classes": classes, "class_size": 45, "reserves": {}}
            self.bureau.call("PUT", f"{self.path}/plans/{one['school']['id']}", plan)
        districts = json.loads(self.bureau.get(f"{OFFICE}/rounds/{DEMO}/districts.geojson"))
        self.bureau.call("PUT", f"{self.path}/districts", districts)
        return each * len(plans)

    def _told(self) -> dict:
        """Return what this round takes over from the one of the demonstration."""
        names = ("name", "stage", "school_year", "rules", "rule_day", "accept_days", "most_choices")
        return {name: self.told[name] for name in names} | {"double_review_percent": 1}

    def announce(self, seconds: int) -> None:
        """Announce a window that begins at once and lasts some seconds."""
        now = clock.now()
        window = times(now, days=0) | {"closes_at": (now + timedelta(seconds=seconds)).isoformat()}
        self.bureau.call("PUT", self.path, self._told() | window)
        report = self.bureau.get(f"{self.path}/report")
        check(not [one for one in report["items"] if one["severity"] == "blocking"], "nothing blocks the round")
        self.bureau.post(f"{self.path}/announce", {"accept_warnings": True})

    def job(self, what: str, body: dict | None = None) -> dict:
        """Run a job of the round to its end and return it."""
        made = self.bureau.post(f"{self.path}/{what}", body, expect=202)
        return dict(
            until(
                lambda: self.bureau.get(f"{OFFICE}/jobs/{made['id']}"),
                lambda found: found["state"] == "done",
                what,
                seconds=FIND_SECONDS,
                pause=0.5,
            )
        )


def times(now: datetime, *, days: int) -> dict[str, str]:
    """Return a window that opens in some days, as the wire has it."""
    opens = now + timedelta(days=days)
    told = {"opens_at": opens, "closes_at": opens + timedelta(days=7), "review_until": opens + timedelta(days=20)}
    report = {"report_day": (opens + timedelta(days=60)).date().isoformat()}
    return {name: moment.isoformat() for name, moment in told.items()} | report


def a_round_of_enrolment(stage: Stage) -> Iterator[str]:
    """Made-up children are found, apply, are reviewed, drawn and placed; one appeal is won."""
    if not stage.makes_people_up:
        yield "no simulator of the registers stands beside the service, so there is no round to play"
        return
    this = Round(stage, CHILDREN)
    places = this.make()
    yield f"the bureau makes round {this.code}: six districts, {places} places for {CHILDREN} children"
    families = Families(stage, this.code, CHILDREN)
    yield f"{families.count} children of made-up families, {len(families.parents)} of them with a phone"
    started = clock.now()
    found = this.job("find", {"born_from": families.born[0], "born_to": families.born[1]})
    took = int((clock.now() - started).total_seconds())
    yield f"the household register names {found['done']} children of school age, {found['failed']} to be asked again"
    seconds = 20 + took * 5
    this.announce(seconds)
    yield f"districts overlap nowhere; the round is announced, its window lasts {seconds} s for this play"
    this.job("tell")
    yield school_families.told(families)
    yield school_families.unreached(stage, this.code)
    yield from school_apply.by_phone(this, families)
    yield from school_apply.on_paper(this, families)
    yield from school_review.reviewed(this, families)
    yield from school_draw.drawn(this, families)
    yield from school_after.answered(this, families)


STORIES: list[Callable[[Stage], Iterator[str]]] = [a_round_of_enrolment]
