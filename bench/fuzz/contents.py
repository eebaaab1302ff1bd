"""What a schema cannot say: files are bytes, content differs by its kind, a reading is of now, a scan needs a code."""

import csv
import hashlib
import io
import secrets
from collections import deque
from datetime import timedelta
from typing import Any

from PIL import Image
from schemathesis.transport.serialization import Binary

from backend import clock
from bench.fuzz import enrolment, firm_contents, health_contents
from models.benefits import line_sheet
from models.eldercare import duty_sheet, measured_sheet, record_sheet
from models.identity import staff_sheet, unit_sheet
from models.places import place_sheets, plan_sheets, resource_sheets
from models.school import address_sheet, application_sheet, roster_sheet


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


def _sheet(kind: Any) -> bytes:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([one.zh for one in kind.sheet.columns])
    lines.writerow([one.example for one in kind.sheet.columns])
    return out.getvalue().encode()


KINDS = (
    *(unit_sheet.KIND, staff_sheet.KIND, line_sheet.KIND),
    *(address_sheet.KIND, application_sheet.KIND, roster_sheet.KIND),
    *(duty_sheet.KIND, measured_sheet.KIND, record_sheet.KIND),
    *(*place_sheets.KINDS, *plan_sheets.KINDS, *resource_sheets.KINDS),
)
SHEETS = {kind.sheet.name: _sheet(kind) for kind in KINDS}
UPLOADS = {
    "mini": ("图.png", "image/png", "case_attachment", _picture()),
    "office": ("单位.csv", "text/csv", "sheet_import", SHEETS["units"]),
}
POINTS = ("park", "monument", "museum")
CODES_KEPT = 200
_codes: deque[str] = deque(maxlen=CODES_KEPT)


def fill(case: Any) -> bool:
    """Give a request that should succeed what its schema cannot say; tell whether it takes any of that."""
    label, surface = case.operation.label, case.operation.path.split("/")[1]
    if label.endswith("/v1/files") and label.startswith("POST"):
        name, media_type, purpose, content = UPLOADS[surface]
        digest = hashlib.sha256(content).hexdigest()
        case.body = {"name": name, "media_type": media_type, "purpose": purpose, "size": len(content), "sha256": digest}
    elif label.endswith("/parts/{number}"):
        case.path_parameters["number"] = "0"
        case.body = Binary(UPLOADS[surface][3])
    elif label.startswith("POST") and label.endswith("/imports"):
        case.body = {"file": Binary(SHEETS[case.operation.path.split("/")[4]])}
        case.multipart_content_types = {"file": "text/csv"}
    elif label in BODIES:
        case.body = BODIES[label](case)
    else:
        return False
    return True


def remember(answer: Any) -> None:
    """Keep the codes of the tickets in an answer, for the gates."""
    tickets = answer.get("tickets") if isinstance(answer, dict) else None
    _codes.extend(one["code"] for one in tickets or [] if isinstance(one, dict) and one.get("code"))


def _ago(minutes: int) -> str:
    return clock.civil(clock.now() - timedelta(minutes=minutes)).isoformat("T", "seconds")


def _scan(case: Any) -> Any:
    return {"code": secrets.choice(_codes)} if _codes else case.body


def _readings(_case: Any) -> dict[str, Any]:
    common = {"at": _ago(0), "seq": secrets.randbelow(1_000_000), "boot": "b1"}
    told = (
        {"channel": "hall", "kind": "inside", "inside": secrets.randbelow(500)},
        {"channel": "door", "kind": "flow", "in": secrets.randbelow(50), "out": secrets.randbelow(50)},
        {"channel": "p1", "kind": "parking", "taken": secrets.randbelow(90)},
    )
    return {"device_time": _ago(0), "readings": [common | one for one in told]}


def _water(_case: Any) -> dict[str, Any]:
    return {"water": "main", "at": _ago(secrets.randbelow(60)), "values": {"ph": 7.4, "turbidity": 0.4}}


def _headcount(_case: Any) -> dict[str, Any]:
    return {"people": secrets.randbelow(900), "reason": "早间清点", "counted_at": _ago(secrets.randbelow(60))}


def _override(_case: Any) -> dict[str, Any]:
    end = clock.civil(clock.now()).replace(hour=23, minute=59, second=0, microsecond=0)
    return {"state": secrets.choice(("stop", "open")), "until": end.isoformat(), "reason": "现场拥挤"}


def _itinerary(_case: Any) -> dict[str, Any]:
    day = (clock.today() + timedelta(days=secrets.randbelow(9))).isoformat()
    stop = {"number": 1, "place_id": "museum", "arrive": "09:00", "leave": "10:30"}
    return {"first_day": day} | secrets.choice(({"curated_id": "one_day_departure"}, {"stops": [stop]}))


def _content(kind: str) -> dict[str, Any]:
    told: dict[str, Any] = {"title_zh": f"东门渡口{secrets.randbelow(1000)}", "summary_zh": "中央机关由此过河。"}
    if kind == "guide_route":
        told |= {"mode": "walk", "stops": [{"point": one} for one in POINTS]}
    if kind == "itinerary":
        told["stops"] = [{"number": 1, "place": "museum", "arrive": "09:00", "leave": "10:30"}]
    return told


def _revision(case: Any) -> dict[str, Any]:
    kind = str((case.path_parameters or {}).get("item_id")).partition(":")[0]
    return {"base": secrets.choice((1, 1, 1, 2, 3)), "content": _content(kind)}


def _item(kind: str) -> Any:
    about = {"guide_exhibit": {"place": "museum"}, "itinerary": {}}.get(kind, {"place": "park"})

    def body(_case: Any) -> dict[str, Any]:
        number = {"number": 1 + secrets.randbelow(900)} if kind == "guide_exhibit" else {}
        return {**about, **number, "content": _content(kind)}

    return body


def _districts(_case: Any) -> Any:
    told = enrolment.districts()
    dropped = secrets.randbelow(3)
    return told | {"features": told["features"][dropped:]}


def _round(*, code: bool) -> Any:
    """A round as one is made or changed; its times follow one another."""
    rules = {name: f"school_primary_{name}" for name in ("eligible", "tier", "priority")}

    def body(_case: Any) -> dict[str, Any]:
        told: dict[str, Any] = {"name": "2027 年秋季小学一年级招生", "stage": "primary", "school_year": 2027}
        told |= {"rules": rules, "rule_day": "2027-08-31", "accept_days": 5, "most_choices": 5}
        now, days = clock.civil(clock.now()), {"opens_at": 1, "closes_at": 9, "review_until": 20}
        told |= {name: (now + timedelta(days=after)).isoformat("T", "seconds") for name, after in days.items()}
        return told | {"double_review_percent": 10} | ({"id": f"2027-fuzz_{secrets.token_hex(4)}"} if code else {})

    return body


def _where(_case: Any) -> dict[str, Any]:
    street = f"江西省赣州市于都县贡江镇演示一街{1 + secrets.randbelow(60)}号"
    return secrets.choice(({"address": street}, {"lon": 115.4, "lat": 25.95, "datum": "wgs84"}))


def _form(case: Any) -> dict[str, Any]:
    basis = {"kind": "household", "address": "于都县贡江镇演示一街1号", "village": enrolment.VILLAGE}
    form = {"basis": basis, "choices": list(enrolment.SCHOOLS[:2]), "accepts_coordination": True}
    return {"seq": case.body.get("seq", 1) if isinstance(case.body, dict) else 1, "form": form}


def _source(_case: Any) -> dict[str, Any]:
    moment = clock.civil(clock.now() + timedelta(hours=2)).isoformat("T", "seconds")
    told = {"kind": "dice", "description": "公开掷骰子", "moment": moment}
    return {"mechanism": secrets.choice(("deferred_acceptance", "immediate_acceptance")), **told}


_OFFICE = "POST /office/v1"
_ROUND = "school/rounds/{round_id}"
BODIES = {
    "POST /gate/v1/scans": _scan,
    "POST /gate/v1/crowd-readings": _readings,
    "POST /gate/v1/sport/water-readings": _water,
    "POST /mini/v1/itineraries": _itinerary,
    f"{_OFFICE}/sport/venues/{{place_id}}/water-readings": _water,
    f"{_OFFICE}/places/{{place_id}}/crowd/headcounts": _headcount,
    "PUT /office/v1/places/{place_id}/crowd/override": _override,
    f"{_OFFICE}/content/items/{{item_id}}/revisions": _revision,
    f"{_OFFICE}/school/rounds": _round(code=True),
    f"PUT /office/v1/{_ROUND}": _round(code=False),
    f"PUT /office/v1/{_ROUND}/districts": _districts,
    f"{_OFFICE}/{_ROUND}/districts/check": _districts,
    f"PUT /office/v1/{_ROUND}/plans/{{school_id}}": lambda _case: enrolment.plan(1 + secrets.randbelow(45)),
    f"{_OFFICE}/{_ROUND}/find": lambda _case: {"born_from": "2020-09-01", "born_to": "2021-08-31"},
    f"{_OFFICE}/{_ROUND}/where": _where,
    f"POST /public/v1/{_ROUND}/where": _where,
    f"{_OFFICE}/school/rounds/{{round_code}}/draw/freeze": _source,
    f"{_OFFICE}/school/rounds/{{round_code}}/draw/seed": lambda _case: {"seed": enrolment.SEED},
    "PUT /mini/v1/school/applications/{application_id}/form": _form,
    f"{_OFFICE}/guide/points": _item("guide_point"),
    f"{_OFFICE}/guide/routes": _item("guide_route"),
    f"{_OFFICE}/guide/exhibits": _item("guide_exhibit"),
    f"{_OFFICE}/guide/itineraries": _item("itinerary"),
    **health_contents.BODIES,
    **firm_contents.BODIES,
}
"""What is sent to these, made anew for each request."""
