"""What a resident may see, doubt and end: facts from registers, who looked, a copy of all data, closing the account."""

import time
from collections.abc import Callable, Iterator
from http.client import UNAUTHORIZED
from typing import Any

import orjson

from seed.demo.http import Caller, StoryFailed, check
from seed.demo.stage import PATIENCE_SECONDS, Stage, somebody, until
from seed.demo.visit import FREE_PLACE, first_slot

Story = Callable[[Stage], Iterator[str]]


def facts_of_the_registers(stage: Stage) -> Iterator[str]:
    """A resident lets the registers be asked, finds a wrong address and has it corrected."""
    phone, _ = known_resident(stage, "刘秋菊")
    yield "agreed to ask the registers; name and number fit the household register"
    phone.post("/mini/v1/facts/refresh", expect=202)
    told = until(lambda: phone.get("/mini/v1/facts"), _answered, "the answers")
    for one in told["items"]:
        if not one["absent"]:
            yield f"{one['kind_zh']}:{one['value_zh']}({one['source_zh']},登记于 {one.get('stated_on', '未注明')})"
    home = next(one for one in told["items"] if one["kind"] == "household.address")
    check(bool(home["stated_on"] and home["fetched_at"]), "each fact has its dates")
    made = phone.post(f"/mini/v1/facts/{home['id']}/dispute", {"text": "已于去年迁居"}, expect=201)
    yield f"doubts the address: case {made['number']}, to be settled by {made['due_day']}"
    clerk = stage.clerk("qian.demo")
    waiting = clerk.get("/office/v1/cases/inbox?kind=fact_dispute&state=waiting&limit=100")["items"]
    check(made["id"] in [one["id"] for one in waiting], "the case lies with the unit of the source")
    address = "于都县贡江镇红旗大道1号1栋101室"
    _settle(clerk, made["id"], "corrected", "经与原始档案核对,地址有误。", value={"address": address})
    now = [one for one in phone.get("/mini/v1/facts")["items"] if one["kind"] == "household.address" and one["chosen"]]
    check([one["value_zh"][:6] for one in now] == [address[:6]], "the corrected value counts, shown in part")
    yield f"the county's police corrects it: {now[0]['value_zh']} ({now[0]['state_zh']})"
    case = phone.get(f"/mini/v1/cases/{made['id']}")
    yield f"the resident reads: {case['decisions'][0]['outcome_zh']}; {case['decisions'][0]['reason']}"


def who_looked(stage: Stage) -> Iterator[str]:
    """A clerk looks at an order; the resident sees it, asks why, and gets an answer."""
    phone, me = known_resident(stage, "何晓月")
    body = {
        "slot_id": first_slot(stage, FREE_PLACE, 1),
        "visitors": [{"companion_id": me["id"], "ticket_type": "adult"}],
    }
    order = phone.post("/mini/v1/orders", body, expect=201)
    before = phone.get("/mini/v1/access-lines")["items"]
    check(before == [], "nobody looked yet")
    stage.clerk("tourism_office").get(f"/office/v1/orders/{order['id']}")
    began = time.monotonic()
    (look,) = until(lambda: phone.get("/mini/v1/access-lines")["items"], bool, "the look")
    yield f"after {time.monotonic() - began:.1f} s the resident reads: {look['sentence']}"
    body = {"text": "我没有联系过你们,为什么查看?"}
    asked = phone.post(f"/mini/v1/access-lines/{look['lines'][0]['id']}/question", body, expect=201)
    yield f"asks why: {asked['kind_zh']}, {asked['number']}"
    _settle(stage.clerk("han.demo"), asked["id"], "justified", "核对当日预约人数,已告知本人。")
    case = phone.get(f"/mini/v1/cases/{asked['id']}")
    check(case["decisions"][0]["outcome"] == "justified", "the question is answered")
    yield f"somebody else of that unit answers: {case['decisions'][0]['outcome_zh']}; {case['decisions'][0]['reason']}"


def all_my_data(stage: Stage) -> Iterator[str]:
    """A resident takes a copy of all own data and closes the account."""
    phone, user = stage.tourist()
    phone.post("/mini/v1/consents", {"purposes": ["document"], "text_version": "2026-11"}, expect=204)
    person = somebody("曹安宁", 1970, 1999)
    phone.post("/mini/v1/person", person, expect=201)
    held = phone.get("/mini/v1/my-data")["items"]
    orders = next(one for one in held if one["collection"] == "orders")
    yield f"{len(held)} kinds of data may be held, for example {orders['collection_zh']}: {orders['at_deletion_zh']}"
    copy = [orjson.loads(line) for line in phone.get("/mini/v1/my-data/export").splitlines()]
    check(person["name"] in str(copy), "the copy is readable")
    yield f"a copy of {len(copy)} records of {len({one['collection'] for one in copy})} kinds, opened"
    asked = phone.post("/mini/v1/privacy-requests", {"kind": "close_account", "text": "不再使用"}, expect=201)
    yield f"asks to close the account: {asked['number']}, answered by {asked['due_day']}"
    _settle(stage.clerk("shen.demo"), asked["id"], "granted", "本人申请,予以注销。")
    began = time.monotonic()
    until(lambda: phone.status("/mini/v1/account"), lambda status: status == UNAUTHORIZED, "the end of the account")
    yield f"granted; {time.monotonic() - began:.1f} s later the phone is logged out"
    again = _begins_anew(stage, user)
    check(again.get("/mini/v1/companions")["items"] == [], "nothing of the old account is there")
    yield f"the same WeChat user begins anew, as {again.get('/mini/v1/account')['level_zh']}"


STORIES: list[Story] = [facts_of_the_registers, who_looked, all_my_data]


def known_resident(
    stage: Stage, name: str, *registers: str, born: tuple[int, int] = (1960, 1999)
) -> tuple[Caller, dict[str, Any]]:
    """Return the phone of somebody whom the household register knows, matched, and themselves as a visitor.

    Without others named, the register of social insurance knows them besides.
    """
    phone, _ = stage.tourist()
    person = somebody(name, *born)
    stage.register(
        "/people", {"number": person["document_number"], "name": name, "with": registers or ["social_insurance"]}
    )
    for purpose in ("document", "facts"):
        phone.post("/mini/v1/consents", {"purposes": [purpose], "text_version": "2026-11"}, expect=204)
    me = phone.post("/mini/v1/person", person, expect=201)
    check(phone.post("/mini/v1/person/match")["level"] == "matched", "the register knows the resident")
    return phone, me


def _answered(told: dict[str, Any]) -> bool:
    """Tell whether every register has answered that this consent lets be asked."""
    asked = {one["state"] for one in told["sources"]} - {"never_asked"}
    return asked == {"answered"}


def _settle(clerk: Caller, case_id: str, outcome: str, reason: str, **more: Any) -> None:
    clerk.post(f"/office/v1/cases/{case_id}/claim")
    clerk.post(f"/office/v1/cases/{case_id}/decide", {"outcome": outcome, "reason": reason, **more})


def _begins_anew(stage: Stage, user: dict[str, Any]) -> Caller:
    """Log in again as soon as the old account is erased; until then the answer says so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return stage.log_in(user)
        except StoryFailed as refused:
            if "account_closing" not in str(refused) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
