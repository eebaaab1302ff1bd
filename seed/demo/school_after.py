"""After the result in the play: offers answered, a place refilled, an admission notice checked, an appeal won."""

from collections.abc import Iterator
from typing import Any

from seed.demo.http import check
from seed.demo.school_families import MINI, Families, Parent
from seed.demo.stage import until

OFFICE = "/office/v1/school"
SECONDS = 300


def answered(this: Any, families: Families) -> Iterator[str]:
    """Accept, decline, refill, appeal, and read the figures."""
    placed = [one for one in families.parents if one.get("/draw")["result"]["school"]]
    offers = [_offer(one) for one in placed]
    check(bool(offers), "somebody with a phone has a place")
    first = placed[0].phone.post(f"{MINI}/offers/{offers[0]['id']}/accept")
    paper = placed[0].phone.get(f"{MINI}/offers/{offers[0]['id']}/notice.pdf")
    check(paper[:5] == b"%PDF-", "there is an admission notice")
    yield f"{first['school_zh']} is accepted, the notice {first.get('number', '')} is a PDF with a signed code"
    if len(placed) > 1:
        other = placed[1].phone.post(f"{MINI}/offers/{offers[1]['id']}/decline", {"confirmed": True})
        yield f"another family declines {other['school_zh']}; the place goes to the waiting list"
    missed = next((one for one in families.parents if one.get("/draw")["result"]["rank"] != 1), None)
    if missed is None:
        yield "by luck every family at a phone has its first choice, so nobody of them appeals"
    else:
        yield from _appeal(this, missed)
    board = this.bureau.get(f"{this.path}/board")
    yield f"the bureau's board: {len(board['schools'])} schools with plan, taken, accepted and waiting"


def _offer(one: Parent) -> dict[str, Any]:
    path = f"{MINI}/applications/{one.application['id']}/offers"
    found = until(lambda: one.phone.get(path)["items"], bool, "the offer", seconds=SECONDS)
    return dict(found[0])


def _appeal(this: Any, one: Parent) -> Iterator[str]:
    """Appeal against the result; another person of the bureau finds that the family is right."""
    wanted = one.get("/draw")["result"]["choices"][0]["school"]
    text = "孩子的哥哥在第一志愿学校就读,申请时漏填,请重新核定。"
    made = one.post("/appeals", {"what": "result", "text": text, "school": wanted}, expect=201)
    case = f"/office/v1/cases/{made['id']}"
    this.second.post(f"{case}/claim")
    body = {"outcome": "overturned", "reason": "经核实哥哥在校就读,符合长幼随学。", "rule": "第11条"}
    until(  # offers to thousands are made in some minutes, and no appeal is decided before
        lambda: this.second.answer(f"{case}/decide", body), lambda said: said.ok, "the decision of the appeal",
        seconds=SECONDS, pause=1.0,
    )  # fmt: skip
    path = f"{MINI}/applications/{one.application['id']}/offers"
    found = until(
        lambda: one.phone.get(path)["items"],
        lambda items: any(item["kind"] == "appeal" for item in items),
        "the place that the appeal won",
        seconds=SECONDS,
    )
    won = next(item for item in found if item["kind"] == "appeal")
    yield f"an appeal with a written reason is won: {won['school_zh']} ({won['kind_zh']})"
