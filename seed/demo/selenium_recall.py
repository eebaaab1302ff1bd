"""A recall of selenium oranges: drawn by the office, started by a second person, told to all who have the goods."""

from collections.abc import Iterator
from typing import Any

from seed.demo.http import Caller, check
from seed.demo.selenium_firm import Firm
from seed.demo.selenium_goods import events, page
from seed.demo.stage import Stage, until

BASE = "/office/v1/recalls"
RECALLED_ZH = "已召回,请勿食用"


def recalled(stage: Stage, harvest: str, path: str) -> Iterator[str]:
    """Draw a recall of a harvest and start it with a second person; the number of the recall comes last."""
    first, second = stage.clerk("jin.demo"), stage.clerk("gu.demo")
    counts = first.get(f"/office/v1/lots/{harvest}/reach?direction=forward")["counts"]
    check((counts["lots"], counts["boxes"], counts["buyers"]) == (3, 1, 2), "everything that came of it is reached")
    yield f"a bad result: {harvest} reaches {counts['lots']} lots, {counts['boxes']} box, {counts['buyers']} buyers"
    body = {"lot": harvest, "direction": "forward", "level": "two", "reason": "residue"}
    drawn = first.post(BASE, body, expect=201)
    asked = first.post(f"{BASE}/{drawn['id']}/start", {"reason": "监督抽检农残超标,报告已核实"}, expect=202)
    approval = f"/office/v1/approvals/{asked['approval_id']}"
    own = first.post(f"{approval}/approve", expect=409)
    check(RECALLED_ZH not in page(stage, path), "one person alone recalls nothing")
    yield f"recall {drawn['id']} drawn; its proposer approves it: {own['message']}"
    second.post(f"{approval}/approve")
    until(lambda: first.get(f"{BASE}/{drawn['id']}"), _reached, "the recall")
    check(RECALLED_ZH in page(stage, path), "the package says so")
    yield f"a second person approves; who scans the package reads: {RECALLED_ZH}"
    yield str(drawn["id"])


def told(stage: Stage, own: Firm, firm: Firm, number: str, phone: str) -> Iterator[str]:
    """Find what the producer, the firm and the person were told."""
    notice = until(lambda: _notice(firm.phone, "goods_recalled", number), bool, "word to the firm")
    until(lambda: _notice(own.phone, "lot_recalled", number), bool, "word to the producer")
    yield f"the firm that bought reads: {notice['text_zh']}"
    text = until(lambda: _text(stage, phone, number), bool, "the SMS")
    yield f"SMS to the neighbour, …{phone[-4:]}: template {text['template']}, {', '.join(text['parameters'])}"
    words = [one for one in events(own) if one.get("disposition") == "recalled"]
    check(len(words) == 3, "an event for each recalled lot")  # noqa: PLR2004 - the harvest and two grades
    yield f"{len(words)} events of the recall are written"


def reported(stage: Stage, own: Firm, number: str, harvest: str) -> Iterator[str]:
    """Fetch the report as a sheet and as PDF, and read the public list."""
    office = stage.clerk("jin.demo")
    sheet, paper = (office.get(f"{BASE}/{number}/report.{kind}") for kind in ("xlsx", "pdf"))
    check((sheet[:2], paper[:5]) == (b"PK", b"%PDF-"), "the report is a workbook, and a PDF")
    yield f"report: a workbook of {len(sheet)} bytes, a PDF of {len(paper)}"
    public = stage.anybody.get("/public/v1/selenium/recalls")["items"]
    named = next((one for one in public if one["number"] == number), None)
    check(named is not None and harvest in named["lots"], "the public list names it")
    check(number in page(stage, "/public/v1/selenium/recalls/page"), "so does its page")
    stopped = own.post("/selenium/commitments", _again(harvest), expect=409)
    yield f"the public list names {number} of {own.name}; a new commitment for the lot: {stopped['message']}"


def _again(harvest: str) -> dict[str, Any]:
    return {"lot": harvest, "grams": 1000, "ticks": ["self_commitment"]}


def _reached(found: dict[str, Any]) -> bool:
    return found["state"] == "under_way" and "reached_at" in found


def _notice(phone: Caller, kind: str, number: str) -> Any:
    found = phone.get("/mini/v1/notices")["items"]
    return next((one for one in found if one["kind"] == kind and number in one["text_zh"]), None)


def _text(stage: Stage, phone: str, number: str) -> Any:
    mine = (one for one in stage.texts() if one["number"].endswith(phone))
    return next((one for one in mine if number in one["parameters"]), None)
