"""Last year's round with decided applications, as its rules decided them, and a round of next year to try rules for."""

import itertools
from datetime import date, timedelta
from typing import Any

from bson import ObjectId

from backend import clock
from models.rules import rule_set
from models.rules.facts import Missing
from models.school import application, eligibility
from models.school import round as rounds
from models.school.application import SchoolApplication
from models.school.child_facts import Gathered
from models.school.round import SchoolRound
from models.school.school import School
from models.school.seat_plan import SeatPlan
from tests.school.ground import RULES
from tests.school.test_school_rules import HOME, HOUSE, facts
from tests.support import affairs, queues
from tests.support.clerk import Clerk

LAST, NEXT = "2026-past", "2027-next"
A, B = "school_a", "school_b"
OFFICE = f"/office/v1/school/rounds/{NEXT}/rule-previews"
BORN = {"child__birth_date": date(2020, 1, 5)}
OWNERS = {**HOME, **HOUSE, "household__in_county": True}
INSURED = {"insurance__months": 8}
TIER, ELIGIBLE, PRIORITY = RULES["tier"], RULES["eligible"], RULES["priority"]
_numbers = itertools.count(1)


class Year:
    """A published round, the next one, an editor of rules and the bureau's manager."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.editor = affairs.seat(client, "rule_editor")
        self.manager = affairs.seat(client, "school_manager", unit="education_sports")
        _round(LAST, 2026, state="published")
        _round(NEXT, 2027, state="preparing")
        for code, places in ((A, 10), (B, 5)):
            told = {"name": f"{code}小学", "stages": ["primary"], "ownership": "public", "state": "active"}
            School._get_collection().insert_one({"_id": code, "unit": "education_sports", **told})
            plan = {"round": LAST, "school": code, "places": places, "classes": 1, "class_size": 45, "taken": 0}
            SeatPlan._get_collection().insert_one({"_id": f"{LAST}:{code}", "reserves": {}, **plan})

    def decided(self, *, missing: tuple[str, ...] = (), first: str = A, **told: Any) -> ObjectId:
        """Let the rules in force decide an application with these facts, as a review does."""
        given = facts(**{**BORN, **told}) | {name: Missing("未查到") for name in missing}
        gathered = Gathered(given, (), (), (), {}, None)  # type: ignore[arg-type]
        judged = eligibility.judge(rounds.read(LAST), gathered, None)
        made, yes = ObjectId(), judged.eligible == "yes" and judged.tier is not None
        found = {
            "_id": made,
            "round": LAST,
            "child": ObjectId(),
            "guardian": ObjectId(),
            "channel": "mini",
            "live": True,
            "state": "qualified" if yes else "refused",
            "seq": 3,
            "receipt": f"RX-2026-{next(_numbers):06d}",
            "choices": [first],
            "points": [],
            "history": [],
            "outbox": [],
            "decided_at": clock.now(),
            "record": application.sealed(made, "record", {"decisions": judged.records()}),
        }
        SchoolApplication._get_collection().insert_one(found | ({"tier": judged.tier} if yes else {}))
        return made

    def several(self, number: int, **told: Any) -> list[ObjectId]:
        return [self.decided(**told) for _ in range(number)]

    def draft(self, code: str, change: Any) -> str:
        """Let the editor write a draft that differs from the version in force; return its id."""
        content = rule_set.content_of(rule_set.in_force([code], date(2027, 8, 31))[code])
        content = {name: value for name, value in content.items() if value is not None}
        answer = self.editor.post("/office/v1/rule-sets", {"code": code, **change(content)})
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def begin(self, rule: str, *, who: Clerk | None = None, source: str = LAST, status: int = 202) -> dict[str, Any]:
        answer = (who or self.manager).post(OFFICE, {"rule_set": rule, "source": source})
        assert answer.status_code == status, answer.json
        return dict(answer.json)

    def tried(self, rule: str, who: Clerk | None = None) -> dict[str, Any]:
        """Try a version to the end and return the numbers."""
        made = self.begin(rule, who=who)
        queues.drain("reports")
        return self.read(made, who)

    def read(self, made: dict[str, Any], who: Clerk | None = None) -> dict[str, Any]:
        answer = (who or self.manager).get(f"{OFFICE}/{made['id']}")
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    def changes(self, made: dict[str, Any], query: str = "") -> dict[str, Any]:
        answer = self.manager.get(f"{OFFICE}/{made['id']}/changes{query}")
        assert answer.status_code == 200, answer.json
        return dict(answer.json)


def _round(code: str, year: int, **told: Any) -> None:
    now = clock.now()
    record = {
        "_id": code,
        "name": f"{year}年招生",
        "stage": "primary",
        "school_year": year,
        "rules": RULES,
        "rule_day": f"{year}-08-31",
        "opens_at": now - timedelta(days=60),
        "closes_at": now - timedelta(days=50),
        "review_until": now - timedelta(days=40),
        "accept_days": 5,
        "most_choices": 5,
        "double_review_percent": 0,
        "history": [],
        "outbox": [],
    }
    SchoolRound._get_collection().insert_one(record | told)


def months(least: int) -> Any:
    """Return a change of a rule: so many months of insurance are needed, whatever the parameter says."""
    return replaced({"param": "school_insurance_months"}, least)


def replaced(old: Any, new: Any) -> Any:
    """Return a change of a rule that puts a part in the place of another, wherever it stands."""

    def change(content: Any) -> Any:
        if content == old:
            return new
        if isinstance(content, dict):
            return {name: change(value) for name, value in content.items()}
        return [change(one) for one in content] if isinstance(content, list) else content

    return change


def asks(fact: str) -> Any:
    """Return a change of the tiers: whoever a flag holds of stands in the third, and the flag was not asked before."""

    def change(content: dict[str, Any]) -> dict[str, Any]:
        row = {"when": {"eq": [{"fact": fact}, True], "zh": "第5条之一:有兄弟姐妹在校"}, "then": 3}
        declared = {"name": fact, "kind": "flag", "zh": "兄弟姐妹在校", "whose": "教育部门"}
        first, *others = content["outputs"]
        table = first["value"]["table"]
        value = {**first["value"], "table": [*table[:2], row, *table[2:]]}
        return {**content, "facts": [*content["facts"], declared], "outputs": [{**first, "value": value}, *others]}

    return change


def cells(told: dict[str, Any]) -> dict[tuple[str, str], int | None]:
    return {(one["before"], one["after"]): one["count"] for one in told["tiers"]}


def counts(told: dict[str, Any]) -> dict[str, int | None]:
    return {one["change"]: one["count"] for one in told["changes"] if one["count"] != 0}
