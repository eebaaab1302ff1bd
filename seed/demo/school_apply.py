"""Applying in the play: some parents at their phones, all others on paper that their village enters as a sheet."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from backend import clock
from seed.demo.http import StoryFailed, check
from seed.demo.school_families import MINI, Families, Parent
from seed.demo.stage import until

SHEETS = "/office/v1/sheets/school-applications/imports"
SHEET_SECONDS = 3600


def by_phone(this: Any, families: Families) -> Iterator[str]:
    """Let every parent with a phone apply; one sends a wrong form first, one submits twice."""
    for one in families.parents:
        begin(this, one)
    first, *others = families.parents
    wrong = form(first) | {"choices": ["no_such_school"]}
    refused = first.phone.call(
        "PUT", f"{MINI}/applications/{first.application['id']}/form", wrong_body(first, wrong), expect=422
    )
    yield f"a wrong choice is named: {refused['message']}"
    for one in families.parents:
        save(one, form(one))
    looked = first.post("/precheck")
    check(not looked["checks"], "where the registers agree nobody has to bring a paper")
    yield f"the pre-check says beforehand: {looked['tier_zh']}, no paper needed; {looked['no_advantage_zh']}"
    seen = first.application["seq"]
    receipts = [submit(one) for one in families.parents]
    again = first.post("/submit", {"seq": seen})["receipt"]
    check(again == receipts[0], "submitting twice is one application with one receipt")
    yield f"{len(receipts)} parents submit at their phones; submitted twice, {again} stays the same"
    last = others[-1]
    last.post("/withdraw", {"seq": last.get("")["seq"]})
    begin(this, last)
    save(last, form(last))
    yield f"one withdraws, applies anew and gets {submit(last)}"


def begin(this: Any, one: Parent) -> None:
    """Begin the draft of a parent's child."""
    body = {"round": this.code, "companion_id": one.companion}
    try:
        one.application = one.phone.post(f"{MINI}/applications", body, expect=201)
    except StoryFailed:
        found = next(item for item in one.phone.get(f"{MINI}/found")["items"] if item["round"] == this.code)
        one.phone.post(f"{MINI}/found/{found['id']}/guardianship")
        one.application = one.phone.post(f"{MINI}/applications", body, expect=201)


def form(one: Parent) -> dict[str, Any]:
    """Return the form of a parent who lives in a home of their own: the schools of the district, first to last."""
    told = one.get("/options")
    basis = next(item for item in told["bases"] if item["kind"] == "household")
    own = [item["school"] for item in told["items"] if item["ownership"] == "public"]
    basis = {"kind": "household", "fact_id": basis["fact_id"]}
    return {"basis": basis, "choices": own[:4], "accepts_coordination": True}


def wrong_body(one: Parent, told: dict[str, Any]) -> dict[str, Any]:
    """Return what saves a form that was seen as it stands."""
    return {"seq": one.get("")["seq"], "form": told}


def save(one: Parent, told: dict[str, Any]) -> None:
    """Save the form."""
    path = f"{MINI}/applications/{one.application['id']}/form"
    one.application = one.phone.call("PUT", path, wrong_body(one, told))


def submit(one: Parent) -> str:
    """Submit what was saved, and return the receipt's number."""
    one.application |= one.post("/submit", {"seq": one.application["seq"]})
    return str(one.application["receipt"])


def on_paper(this: Any, families: Families) -> Iterator[str]:
    """Enter what all other families signed on paper, and wait for the end of the window."""
    names = {}
    for address in {one["address"] for one in families.paper}:
        told = this.bureau.post(f"{this.path}/where", {"address": address})
        names[address] = [one["name"] for one in told["schools"]]
    content = families.workbook(names, clock.today().isoformat())
    sent = this.bureau.send_sheet(SHEETS, content)
    check(sent["errors"] == [], f"the sheet can be read: {sent['errors'][:2]}")
    path = f"{SHEETS}/{sent['id']}"
    this.bureau.post(f"{path}/commit", expect=202)
    job = until(
        lambda: this.bureau.get(path)["job"], lambda one: one["state"] == "done", "the sheet",
        seconds=SHEET_SECONDS, pause=1.0,
    )  # fmt: skip
    failed = len(job["failures"])
    check(job["done"] - failed > job["done"] * 0.8, f"most rows became applications: {job['failures'][:3]}")
    yield f"the towns enter {job['done']} children from paper; {failed} rows say what to correct"
    closes = datetime.fromisoformat(this.bureau.get(this.path)["closes_at"])
    until(clock.now, lambda now: now > closes, "the end of the window", seconds=SHEET_SECONDS, pause=0.5)
    yield "the window is over; who came last has the same chance as who came first"
