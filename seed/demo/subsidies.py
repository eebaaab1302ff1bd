"""Money paid to cards: who is on a list and why, what becomes of each line, and paying by two persons."""

import io
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl

from backend import clock
from seed.demo import lists
from seed.demo.cardholders import Counter
from seed.demo.http import Caller, StoryFailed, check
from seed.demo.lists import BASE, ITEM, OF_AGE, TOWN, line_of
from seed.demo.rights import known_resident
from seed.demo.stage import Stage, somebody, until

HEADERS = ("批次编号", "姓名", "身份证号码", "社保卡银行账号", "金额")
MOST_PARTS = 99
LINES_SECONDS = 60


def why_did_i_get_it(stage: Stage) -> Iterator[str]:
    """A town collects a list with mistakes; the checks name each, the list is public, somebody objects."""
    town, department, counter = stage.clerk("benefit_clerk"), stage.clerk("benefit_manager"), Counter(stage)
    entitled, younger = somebody("赖春香", *OF_AGE), somebody("王晓东", 1950, 1955)
    phone = counter.holder(entitled).phone
    young = counter.phone_of(counter.registered(younger))
    dead, misspelt = somebody("黄有财", *OF_AGE), somebody("肖金凤", *OF_AGE)
    stage.register("/people", {"number": dead["document_number"], "name": dead["name"], "with": ["death"]})
    stage.register("/people", {"number": misspelt["document_number"], "name": "萧金凤"})
    made = _opened(town)
    yield from _collected(town, made, [entitled, younger, dead, misspelt])
    again = {**line_of(entitled), "account": _other_account(entitled)}
    town.post(f"{BASE}/batches/{made['id']}/lines", again, expect=201)
    town.post(f"{BASE}/batches/{made['id']}/submit")
    lists.check_all(department, [made["id"]])
    rows = department.get(f"{BASE}/batches/{made['id']}/lines?limit=100")["items"]
    codes = {found["code"] for row in rows for found in row["findings"]}
    check({"died", "duplicate_in_batch", "name_mismatch", "not_eligible"} <= codes, "the checks find what is wrong")
    for row in rows:
        found = ";".join(f"{one['zh']}({one['whose_zh']}:{one['todo_zh']})" for one in row["findings"])
        yield f"{row['name_masked']} {row['amount_fen'] / 100:.2f} 元 {row['state_zh']} {found}"
    yield from _publicity(stage, made, department)
    line = next(one for one in phone.get("/mini/v1/benefits")["items"] if one["state"] == "ok")
    told = phone.get(f"/mini/v1/benefits/{line['id']}")
    yield f"who is on the list reads: {told['state_zh']};{told['why_zh']}{told['rule_zh']}({told['basis_zh']})"
    why = young.get(f"/mini/v1/benefits/items/{ITEM}/why?period={made['period']}")
    check(why["lines"][0]["state"] == "blocked", "who is too young does not get it")
    yield f"who does not get it reads: {why['lines'][0]['why_zh']}"


def a_failed_line_is_repaired(stage: Stage) -> Iterator[str]:
    """A list whose publicity is over is paid by two persons; the bank cannot book one line, its owner repairs it."""
    finance = stage.clerk("chen.demo")
    found = lists.ready(stage, finance)
    if found is None:
        yield from waiting(stage)
        return
    elder, counter = found["elders"][0], Counter(stage)
    phone = counter.phone_of(counter.registered(elder))
    account = line_of(elder)["account"]
    stage.bank("/accounts", {"number": account, "fails": "account_closed"})
    yield from paid_out(stage, found)
    failed = phone.get("/mini/v1/benefits")["items"][0]
    check((failed["state"], failed["repairable"]) == ("failed", True), "the bank could not book the line")
    yield f"its owner reads: {failed['why_failed_zh']};{failed['what_to_do_zh']}"
    other = _other_account(elder)
    phone.post(f"/mini/v1/benefits/{failed['id']}/repairs", {"account": other})
    number = _file(finance, found["id"])
    paid = until(
        lambda: phone.get(f"/mini/v1/benefits/{failed['id']}"), lambda one: one["state"] == "paid", "the money"
    )
    yield f"corrected on the phone, sent again in file {number}: " + " → ".join(
        moment["what_zh"] for moment in paid["timeline"]
    )
    check(stage.bank("/lookups", {"number": other})["balance_fen"] == paid["amount_fen"], "the bank has booked it")
    money = until(
        lambda: finance.get(f"{BASE}/batches/{found['id']}/payment"),
        lambda one: (one["state"], one["differences"]) == ("paid", []),
        "the batch, paid without a difference",
    )
    yield f"finance reads: {money['counts']['paid']} lines paid, no difference to the bank's file"


STORIES: list[Callable[[Stage], Iterator[str]]] = [why_did_i_get_it, a_failed_line_is_repaired]


def waiting(stage: Stage) -> Iterator[str]:
    """Say what waits when every list that was ready has been paid."""
    public = stage.anybody.get("/public/v1/benefits/publicity")["items"]
    first = f"; the next one is public until {public[0]['last_day']}" if public else ""
    yield f"all lists that were ready have been paid, and none is paid before seven working days are over{first}"


def paid_out(stage: Stage, found: dict[str, Any]) -> Iterator[str]:
    """Pay a list whose publicity is over: proposed by one of finance, approved by another, sent to the bank."""
    first, second = stage.clerk("chen.demo"), stage.clerk("chu.demo")
    batch = first.get(f"{BASE}/batches/{found['id']}")
    yield f"list {batch['number']} was public from {batch['publicity_from'][:10]} to {batch['publicity_until'][:10]}"
    body = {"reason": "公示期满无异议,申请发放"}
    proposal = first.post(f"{BASE}/batches/{found['id']}/proposal", body, expect=201)
    own = first.post(f"/office/v1/approvals/{proposal['approval_id']}/approve", expect=409)
    yield f"finance proposes {proposal['total_fen'] / 100:.2f} 元; the proposer's own approval: {own['message']}"
    second.post(f"/office/v1/approvals/{proposal['approval_id']}/approve")
    read = f"{BASE}/batches/{found['id']}"
    until(lambda: first.get(read), lambda one: one["state"] == "approved", "the approval")
    number = _file(first, found["id"])
    yield f"a second person approves; file {number} goes to the bank and its answer comes back"


def _file(finance: Caller, batch_id: str) -> str:
    """Open the next payment file and wait until the bank has answered for all of its lines."""
    number = str(finance.post(f"{BASE}/batches/{batch_id}/files", expect=202)["file_no"])

    def files() -> dict[str, dict[str, Any]]:
        money = finance.get(f"{BASE}/batches/{batch_id}/payment")
        return {one["file_no"]: one for one in money["files"]}

    until(files, lambda told: told[number]["state"] == "settled", "the bank's answer", seconds=LINES_SECONDS)
    return number


def _opened(town: Caller) -> Any:
    """Open a list of this month under the first number that is free."""
    body = {"item": ITEM, "period": clock.today().strftime("%Y-%m"), "unit": TOWN}
    start = secrets.randbelow(MOST_PARTS)
    for step in range(MOST_PARTS):
        part = (start + step) % MOST_PARTS + 1
        try:
            return town.post(f"{BASE}/batches", {**body, "part": part}, expect=201)
        except StoryFailed as refused:
            if "benefit_batch_exists" not in str(refused):
                raise
    raise StoryFailed("this month has as many lists of the town as it can have")


def _collected(town: Caller, made: dict[str, Any], people: list[dict[str, str]]) -> Iterator[str]:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(HEADERS)
    for one in people:
        told = line_of(one)
        book.worksheets[0].append((made["number"], told["name"], told["number"], told["account"], "50.00"))
    book.save(out)
    sent = town.send_sheet("/office/v1/sheets/benefit-lines/imports", out.getvalue())
    check(sent["errors"] == [], "the sheet can be read")
    read = f"/office/v1/sheets/benefit-lines/imports/{sent['id']}"
    town.post(f"{read}/commit", expect=202)
    done = until(lambda: town.get(read)["job"], lambda job: job["state"] == "done", "the import")
    check((done["done"], done["failures"]) == (len(people), []), "every row came in")
    yield f"the town opens list {made['number']} of {made['item_zh']} and sends {done['done']} people as a sheet"


def _other_account(person: dict[str, str]) -> str:
    return f"8081{person['document_number'][6:17]}"


def _publicity(stage: Stage, made: dict[str, Any], department: Caller) -> Iterator[str]:
    public = department.post(f"{BASE}/batches/{made['id']}/publish", {"leave_out_unsettled": True})
    shown = stage.anybody.get(f"/public/v1/benefits/publicity/{made['id']}")
    names = ", ".join(one["name_masked"] for one in shown["items"])
    yield f"public without numbers: {names}, for seven working days, to {shown['batch']['last_day']}"
    early = stage.clerk("chen.demo").post(f"{BASE}/batches/{public['id']}/proposal", {"reason": "申请发放"}, expect=409)
    yield f"finance cannot pay it before: {early['message']}"
    neighbour, _ = known_resident(stage, "曾小梅")
    line = shown["items"][0]["id"]
    body = {"line_id": line, "text": "该老人已随子女迁居外地"}
    case = neighbour.post(f"/mini/v1/benefits/publicity/{made['id']}/objections", body, expect=201)
    held = stage.anybody.get(f"/public/v1/benefits/publicity/{made['id']}")["items"][0]["state"]
    check(held == "objected", "the line is held")
    department.post(f"/office/v1/cases/{case['id']}/claim")
    decision = {"outcome": "rejected", "reason": "经入户核查,老人仍在本镇居住。"}
    department.post(f"/office/v1/cases/{case['id']}/decide", decision)
    told = neighbour.get(f"/mini/v1/cases/{case['id']}")
    yield f"a neighbour objects ({case['number']}), the line is held until: {told['decisions'][0]['reason']}"
