"""What an operation is sent: bodies from the examples of its schema, headers and queries that it cannot do without."""

import io
from datetime import timedelta
from typing import Any

from backend import clock
from models.eldercare import tool
from tests.matrix.actors import AREA, UNIT
from tests.matrix.cast import PLACES
from tests.matrix.firms import FORM as POLICY_FORM
from tests.matrix.firms import TOLD as POLICY_TOLD
from tests.matrix.matters import TOLD as ITEM_TOLD
from tests.matrix.one_card import FUND, PERIOD
from tests.matrix.spec import JSON, Operation, example
from tests.matrix.tour import COURT, VENUES
from tests.matrix.world import World
from tests.support.counter import in_days

DAY = "{day}"
REFUND_ROWS = [{"from_days_before": 1, "percent": 100}]


def body(world: World, operation: Operation) -> Any:
    """Return a body that the schema takes, None for none."""
    if operation.name in FILES:
        return {"file": (io.BytesIO(FILES[operation.name]), "file.txt")}
    if operation.media_type != JSON or operation.body is None:
        return b"" if operation.media_type == "application/octet-stream" else None
    told = example(operation.body)
    return told | CHANGED[operation.name](world) if operation.name in CHANGED else told


def query(world: World, operation: Operation) -> str:
    """Return the query that an operation cannot do without."""
    told = QUERIES.get(operation.path, "") if operation.method == "GET" else ""
    values = {"day": clock.today() + timedelta(days=2), "leaf": world.leaf}
    values["pseudonym"] = world.ids["pseudonym"]["own"]
    return "?" + told.format(**values) if told else ""


def second_label(world: World, kind: str) -> dict[str, Any]:
    """Return which label of the roll is still free, and a lot that weighs enough."""
    return {"lot": world.ids[f"{kind} heavy lot"]["own"], "first": 2, "last": 2}


def headers(world: World, operation: Operation, who: str = "own") -> dict[str, str]:
    """Return the headers that an operation cannot do without; `who` stands at the counter."""
    if "Counter-Session" in operation.headers:
        at = "window" if operation.access.get("operation") == "policy.window" else who
        return {"Counter-Session": world.ids["counter_session"][at]}
    return {}


FILES = dict.fromkeys(
    (
        "POST /office/v1/benefits/files/{file_no}/returns",
        "POST /office/v1/enterprise/payouts/{payout_no}/returns",
    ),
    b"no return file",
)
"""Uploads about an object: without a file nobody would look for it."""
SAMPLED = f"quantity=heart_rate&first={DAY}&last={DAY}"
QUERIES = {
    "/office/v1/service-items/{item_id}/difference": "before=matrix_item:1",
    "/office/v1/rating-figures": "month=2026-11",
    "/office/v1/health/elders/{elder_id}/samples": SAMPLED,
    "/mini/v1/health/samples": SAMPLED,
    "/public/v1/school/rounds/{round_code}/draw/lot": "pseudonym={pseudonym}",
    "/office/v1/health/roster": f"unit={UNIT}",
    "/office/v1/health/load": f"unit={UNIT}&from=2026-11-20&to=2026-11-20",
    "/enterprise/v1/selenium/quota": "product=navel_orange",
    "/office/v1/enterprise/figures": "month=2026-11",
    "/office/v1/enterprise/exports/table.xlsx": "what=figures&of=2026-11",
    "/mini/v1/selenium/quota": "product=navel_orange",
    "/public/v1/selenium/check": "value=0.012&group=fruit",
    "/office/v1/crowd/reports": f"from={DAY}&to={DAY}",
    "/office/v1/crowd/reports.csv": f"from={DAY}&to={DAY}",
    "/office/v1/crowd/reports.xlsx": f"from={DAY}&to={DAY}",
    "/office/v1/content/items/{item_id}/counts": f"from={DAY}&to={DAY}",
    "/office/v1/content/items/{item_id}/differences": "before=1&after=2",
    "/office/v1/places/{place_id}/month": "month={day:%Y-%m}",
    "/office/v1/sport/venues/{place_id}/utilisation": f"from={DAY}&to={DAY}",
    "/office/v1/sport/venues/{place_id}/utilisation.xlsx": f"from={DAY}&to={DAY}",
    "/office/v1/devices": f"place_id={PLACES['own']}",
    "/office/v1/window-calls": f"place_id={PLACES['own']}",
    "/office/v1/orders": f"place={PLACES['own']}&day={DAY}",
    "/office/v1/orders/export.xlsx": f"place={PLACES['own']}&day={DAY}",
    "/office/v1/places/{place_id}/no-shows": f"day={DAY}",
    "/office/v1/places/{place_id}/limits/preview": f"from_day={DAY}",
    "/office/v1/persons/{person_id}/facts": "kind=person.birth_date",
    "/public/v1/audit/consistency": "first=1&second=2",
    "/office/v1/payments/refunds": "needing=person",
    "/office/v1/ledger/accounts": "kind=fund",
    "/office/v1/offline-limits": "scanner_class=venue",
    "/office/v1/ledger/transfers": f"account={FUND}",
    "/mini/v1/search": "q=lty",
    "/mini/v1/guide/exhibits": "place=museum",
    "/mini/v1/guide/nearby": "lon=115.413177&lat=25.951087&accuracy_m=12",
    "/mini/v1/sport/quote": f"slot_id={VENUES['own']}.{COURT}-{{day:%Y%m%d}}-1900&ticket_type=standard",
    "/mini/v1/benefits/items/{code}/why": f"period={PERIOD}",
    "/mini/v1/school/children/{child_id}/facts": "round=2027-primary_announced",
    "/office/v1/school/applications": "round=2027-primary_placed",
    "/office/v1/school/address-points": "street=演示大道",
    "/public/v1/audit/inclusion": "hash={leaf}",
}
POLICY_BODIES = (("POST", ""), ("PUT", "/{policy_code}"))
CHANGED = {
    "POST /office/v1/health/tools/{code}/versions": lambda _world: {
        "content": tool.in_force("self_care", clock.today())["content"]
    },
    "POST /mini/v1/health/wearables": lambda world: {"device_id": world.ids["health band"]["own"]},
    "POST /office/v1/health/elders/{elder_id}/wearables": lambda world: {"device_id": world.ids["health band"]["own"]},
    "POST /office/v1/health/held-readings/{health_session_id}/identify": lambda world: {
        "elder_id": world.ids["health elder"]["own"]
    },
    "POST /office/v1/health/devices/{health_device_id}/calibrations": lambda _: {"on": "2026-11-01"},
    "POST /office/v1/service-items": lambda _: {"code": "matrix_new", **ITEM_TOLD},
    "PUT /office/v1/service-items/{item_id}": lambda _: dict(ITEM_TOLD),
    **{f"{verb} /office/v1/enterprise/policies{rest}": lambda _: dict(POLICY_TOLD) for verb, rest in POLICY_BODIES},
    "PUT /office/v1/enterprise/policies/{policy_code}/conditions": lambda _: {
        "conditions": POLICY_FORM,
        "money": None,
        "valid_from": "2026-02-01",
        "valid_to": None,
    },
    "POST /office/v1/enterprise/policies/{policy_code}/try": lambda world: {
        "credit_code": world.ids["firm code"]["own"]
    },
    "POST /office/v1/enterprise/policies/{policy_code}/comparisons": lambda _: dict.fromkeys(
        ("before", "after"), "enterprise_matrix_policy:1"
    ),
    "POST /office/v1/enterprise/exports": lambda _: {"what": "figures", "of": "2026-11", "part": ""},
    "POST /office/v1/enterprise/window/offers/{offer_id}/confirm": lambda world: {
        "account": {"bank": "矩阵银行", "number": "62170012345678", "holder": "矩阵合作社own"}
    },
    "POST /enterprise/v1/offers/{offer_id}/confirm": lambda world: {
        "account": {"bank": "矩阵银行", "number": "62170012345678", "holder": "矩阵合作社own"}
    },
    "POST /enterprise/v1/offers/{offer_id}/account": lambda world: {
        "account": {"bank": "矩阵银行", "number": "62170012345678", "holder": "矩阵合作社own"}
    },
    "PUT /office/v1/enterprise/policies/{policy_code}/payout-terms": lambda _: {"promise": None},
    "PUT /office/v1/enterprise/policies/{policy_code}/promise": lambda _: {
        "conditions": POLICY_FORM,
        "valid_from": "2026-02-01",
        "valid_to": None,
    },
    **{
        f"POST {surface}/publicities/{{publicity_id}}/objections": lambda world: {
            "line_id": world.ids["listed firm"]["own"],
            "text": "该企业已停产半年",
        }
        for surface in ("/enterprise/v1", "/mini/v1/enterprise")
    },
    "POST /enterprise/v1/selenium/rolls/{roll_no}/packs": lambda world: second_label(world, "firm"),
    "POST /mini/v1/selenium/rolls/{roll_no}/packs": lambda world: second_label(world, "farmer"),
    "POST /mini/v1/school/applications": lambda world: {
        "round": world.ids["public round"]["own"],
        "relation_id": world.ids["school relation"]["own"],
    },
    "PUT /mini/v1/school/applications/{application_id}/group": lambda world: {
        "applications": [world.ids["school draft"]["own"]]
    },
    "POST /office/v1/school/counter/applications": lambda world: {
        "round": world.ids["public round"]["own"],
        "person_id": world.ids["school child"]["own"],
    },
    "POST /mini/v1/school/applications/{application_id}/appeals": lambda _: {
        "what": "result",
        "school": "school_c",
    },
    "POST /office/v1/school/rounds/{round_id}/rule-previews": lambda world: {
        "rule_set": "school_primary_tier:1",
        "source": world.ids["drawn round"]["own"],
    },
    "POST /office/v1/school/rounds/{round_id}/find": lambda _: {"born_from": "2020-09-01", "born_to": "2021-08-31"},
    "POST /office/v1/school/rounds/{round_code}/offers/exports": lambda _: {"school": "school_a"},
    "POST /office/v1/health/exports/due-checks": lambda _: {"town": AREA},
    "POST /mini/v1/orders": lambda world: {
        "slot_id": world.ids["slot"]["own"],
        "visitors": [{"companion_id": world.ids["companion"]["own"], "ticket_type": "adult"}],
    },
    "POST /mini/v1/waiting": lambda world: {
        "slot_id": world.ids["slot"]["own"],
        "visitors": [{"companion_id": world.ids["companion"]["own"], "ticket_type": "adult"}],
    },
    "PUT /mini/v1/relations/{relation_id}/last-day": lambda _: {"last_day": in_days(30)},
    "POST /mini/v1/benefits/publicity/{batch_id}/objections": lambda world: {
        "line_id": world.ids["public_line"]["own"]
    },
    "POST /office/v1/wallets/top-ups": lambda world: {"person_id": world.ids["person"]["own"]},
    "POST /office/v1/benefits/files/{file_no}/resolutions": lambda _: {"seq": 1},
    "POST /office/v1/benefits/items": lambda _: {"unit": UNIT},
    "POST /office/v1/cards/{card_id}/family": lambda world: world.persons["elder"],
    "POST /office/v1/cards": lambda world: {"person_id": world.ids["person"]["own"]},
    "POST /office/v1/cards/{card_id}/loss": lambda world: world.persons["own"],
    "POST /office/v1/rule-sets/{rule_set_id}/compare": lambda world: {"other": world.ids["rule_set"]["own"]},
    "POST /office/v1/cases/{case_id}/assign": lambda world: {"staff_id": str(world.staff["case_handler"].member_id)},
    **{
        f"POST /office/v1/content/items/{{item_id}}/{verb}": lambda _: {"revision": 2} for verb in ("submit", "publish")
    },
    "POST /office/v1/minor-approvals": lambda world: {
        "person_id": world.ids["person"]["minor"],
        "until": in_days(7),
    },
    "POST /office/v1/places/{place_id}/preview": lambda _: {
        "from_day": in_days(1),
        "to_day": in_days(2),
        "refund": {"rows": REFUND_ROWS},
    },
    "PUT /office/v1/places/{place_id}/refund-rule": lambda _: {
        "from_day": in_days(1),
        "valid_to": in_days(90),
        "rows": REFUND_ROWS,
    },
    "POST /office/v1/places/{place_id}/notices": lambda _: {"from_day": in_days(1), "to_day": in_days(2)},
    "POST /office/v1/places/{place_id}/slots": lambda _: {"from": in_days(1)},
    "POST /office/v1/staff": lambda _: {"assignments": [{"role": "gate_clerk", "unit": UNIT, "area": "360731105"}]},
}
"""Where the example of the schema names something that this world has not, or a day that is over."""
