"""A firm's matters: sent by a member, followed by all members, by nobody else."""

import threading

import pytest

from models.affairs.case import Case
from tests.affairs import kit
from tests.affairs.kit import opened
from tests.selenium.grower_kit import firm
from tests.support.affairs import decide, move, stored
from tests.support.phone import Phone

STEPS = [
    kit.step("acknowledge", ("accepted", "handle")),
    kit.step("handle", ("solved", ""), ("explained", "")),
]
APPEAL = {"limit": {"days": 5}, "step": "handle"}
FILLED = {key: kit.FILLED[key] for key in ("name", "sort", "agreed")}
FORM = {**kit.FORM, "required": ["name"], "properties": {name: kit.FORM["properties"][name] for name in FILLED}}
FIRM = "/enterprise/v1"


@pytest.fixture
def item(editor, manager, client, seeded):
    kit.offices(client)
    code = kit.new_code()
    kit.affairs.seat(client, "case_handler", unit=kit.UNIT)
    kit.published(
        editor,
        manager,
        code,
        applicants=["firm"],
        steps=STEPS,
        appeal=APPEAL,
        area="",
        once=False,
        form=FORM,
        rating=True,
    )
    return code


@pytest.fixture
def handler(client, seeded):
    return kit.affairs.seat(client, "case_handler", unit=kit.UNIT)


@pytest.fixture
def garments(client, sandbox, seeded):
    return firm(client, sandbox, name="于都县演示服装有限公司")


@pytest.fixture
def clerk_phone(client, sandbox, seeded):
    return Phone(client, sandbox).ready().sure()


def sent(by, code: str, **more) -> str:
    answer = by.post(f"/service-items/{code}/cases", {"version": 1, "answers": FILLED}, **more)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def test_the_case_is_the_firms_and_no_persons(garments, item):
    case_id = sent(garments, item)
    found = stored(case_id)
    assert found["firm"].startswith("9")
    assert not {"person", "account"} & set(found)
    assert [one["id"] for one in garments.get("/cases").json["items"]] == [case_id]
    assert garments.phone.get("/mini/v1/cases").json["items"] == []
    assert garments.phone.get(f"/mini/v1/cases/{case_id}").status_code == 404


def test_every_member_follows_it_and_who_left_does_not(garments, item, clerk_phone):
    case_id = sent(garments, item)
    clerk = garments.joined(clerk_phone)
    assert clerk.get(f"/cases/{case_id}").json["number"]
    assert clerk.post(f"/cases/{case_id}/withdraw").status_code == 403
    removed = garments.call("DELETE", f"/members/{garments.membership_of(clerk_phone)}")
    assert removed.status_code in {200, 204}
    assert clerk.get(f"/cases/{case_id}").status_code in {403, 404}


def test_an_agent_for_matters_goes_all_the_way_and_one_for_files_not_a_step(garments, item, handler, clerk_phone):
    agent = garments.agent(clerk_phone, "matters")
    assert agent.get(f"/service-items/{item}/materials").status_code == 200
    case_id = sent(agent, item)
    move(handler, case_id, "claim")
    decide(handler, case_id, "accepted")
    move(handler, case_id, "claim")
    decide(handler, case_id, "solved")
    assert agent.get(f"/cases/{case_id}/materials").status_code == 200
    assert agent.post(f"/cases/{case_id}/rating", {"stars": 5}).status_code == 201
    assert garments.get(f"/cases/{case_id}/rating").json["stars"] == 5
    path = f"/agents/{garments.membership_of(clerk_phone)}"
    assert garments.call("PUT", path, {"scopes": ["file"], "last_day": "2026-12-31"}).status_code == 200
    booked = {"version": 1, "answers": FILLED, "slot_id": "law-1"}
    refused = [
        agent.get(f"/service-items/{item}/materials"),
        agent.get(f"/cases/{case_id}/rating"),
        agent.get(f"/cases/{case_id}/result"),
        agent.post(f"/service-items/{item}/appointments", booked),
    ]
    assert {(one.status_code, one.json["code"]) for one in refused} == {(403, "agent_scope_missing")}


def test_another_firm_finds_nothing(garments, item, client, sandbox):
    case_id = sent(garments, item)
    other = firm(client, sandbox, name="于都县演示食品有限公司")
    assert other.get("/cases").json["items"] == []
    for verb in ("withdraw", "answer", "appeal"):
        assert (
            other.post(f"/cases/{case_id}/{verb}", {"text": "请办理"} if verb != "withdraw" else {}).status_code == 404
        )
    assert other.get(f"/cases/{case_id}").status_code == 404


def test_a_firm_that_is_not_satisfied_has_it_handled_again(garments, item, handler):
    case_id = sent(garments, item)
    move(handler, case_id, "claim")
    decide(handler, case_id, "accepted")
    move(handler, case_id, "claim")
    assert decide(handler, case_id, "explained")["state"] == "decided"
    assert handler.get(f"/office/v1/cases/{case_id}").json["applicant"] == "于都县演示服装有限公司"
    again = garments.post(f"/cases/{case_id}/appeal", {"text": "问题没有解决"})
    assert (again.status_code, again.json["step"]) == (200, "handle")
    move(handler, case_id, "claim")
    assert decide(handler, case_id, "solved")["state"] == "closed"
    told = garments.get(f"/cases/{case_id}").json
    assert [one["who"] for one in told["history"]].count("applicant") == 2


def test_a_member_answers_what_the_office_asks(garments, item, handler, clerk_phone):
    case_id = sent(garments, item)
    move(handler, case_id, "claim")
    move(handler, case_id, "ask", {"text": "请补充合同", "supplement": True})
    clerk = garments.joined(clerk_phone)
    answered = clerk.post(f"/cases/{case_id}/answer", {"text": "已补充"})
    assert answered.status_code == 200, answered.json
    assert stored(case_id)["work"]["state"] == "taken"


def test_the_firms_draft_is_the_firms(garments, item, clerk_phone):
    clerk = garments.joined(clerk_phone)
    path = f"/service-items/{item}/draft"
    assert garments.call("PUT", path, {"answers": {"name": "张"}}).status_code == 200
    assert clerk.get(path).json["answers"] == {"name": "张"}
    sent(clerk, item)
    assert garments.get(path).status_code == 404


def test_many_threads_open_one_case_where_one_is_allowed(app, editor, manager, offices, resident):
    code = kit.new_code()
    kit.published(editor, manager, code)
    assert sorted(_rush(app, resident, code)) == [201, *[409] * 7]
    assert len(list(Case._get_collection().find({"once": {"$gt": ""}}, hint="once_1"))) == 1


def test_without_that_the_same_rush_opens_as_many_as_were_sent(app, editor, manager, offices, resident):
    code = kit.new_code()
    kit.published(editor, manager, code, once=False)
    assert _rush(app, resident, code) == [201] * 8


def _rush(app, resident, code: str) -> list[int]:
    found = []

    def apply() -> None:
        own = Phone.__new__(Phone)
        own.__dict__ = {**resident.__dict__, "client": app.test_client()}
        found.append(kit.applied(own, code).status_code)

    threads = [threading.Thread(target=apply) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return found


def test_one_by_one_it_opens_again_when_the_first_is_over(editor, manager, offices, resident):
    code = kit.new_code()
    kit.published(editor, manager, code)
    case_id = opened(resident, code)
    assert resident.post(f"/mini/v1/cases/{case_id}/withdraw").status_code == 200
    opened(resident, code)
