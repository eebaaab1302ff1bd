"""What a firm hears: of an offer once, of its end when it did not confirm, of lacking data and whose they are."""

import pytest
from bson import ObjectId

from models.enterprise import find
from models.enterprise.offer import Offer
from models.enterprise.run import PolicyRun
from models.identity.organisation import Organisation
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE, row
from tests.selenium.grower_kit import resident
from tests.support import affairs, queues
from tests.support.clerk import Clerk

CODE = "garment_growth"
DAY = 24 * 3600.0


def ran(clerk: Clerk) -> str:
    answer = clerk.post(f"{OFFICE}/policies/{CODE}/runs")
    assert answer.status_code == 202, answer.json
    queues.drain("reports", "notify", "push")
    return answer.json["id"]


def told(phone) -> list[str]:
    queues.drain("push")
    return [one["kind"] for one in phone.get("/mini/v1/notices").json["items"] if one["kind"].startswith("policy_")]


@pytest.fixture
def known(garments):
    kit.asked(garments)
    return garments


def test_owner_manager_and_agents_for_offers_hear_of_an_offer_once_and_a_clerk_does_not(
    clerk, manager, known, client, sandbox
):
    phones = {one: resident(client, sandbox, "matched") for one in ("manager", "clerk", "agent", "other")}
    known.joined(phones["manager"], "manager")
    known.joined(phones["clerk"], "clerk")
    for who, scope in (("agent", "confirm"), ("other", "file")):
        made = known.post("/agents", {"name": "张三丰", "scopes": [scope], "last_day": "2026-12-31"}).json
        assert phones[who].post("/enterprise/v1/invitations/accept", {"code": made["code"]}).status_code == 201
    kit.opened(clerk, manager, CODE, TEXTILE)
    ran(clerk)
    ran(clerk)
    assert told(known.phone) == ["policy_offered"]
    heard = {who: told(phone) for who, phone in phones.items()}
    assert heard == {"manager": ["policy_offered"], "clerk": [], "agent": ["policy_offered"], "other": []}
    (one,) = [one for one in known.phone.get("/mini/v1/notices").json["items"] if one["kind"] == "policy_offered"]
    assert "规上纺织服装企业扩产奖励" in one["text_zh"]
    assert "5000.00 元" in one["text_zh"]
    assert "2026-12-31" in one["text_zh"]


def test_a_batch_that_is_repeated_after_a_kill_tells_nobody_twice(clerk, manager, known, monkeypatch):
    kit.opened(clerk, manager, CODE, TEXTILE)
    made = ObjectId(clerk.post(f"{OFFICE}/policies/{CODE}/runs").json["id"])
    job = PolicyRun._get_collection().find_one({"_id": made})["job"]

    class Killed(BaseException):
        """What nothing catches."""

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr("models.enterprise.run.move", killed)
        with pytest.raises(Killed):
            find.work(job)
    queues.drain("notify")
    find.work(job)
    queues.drain("notify")
    assert told(known.phone) == ["policy_offered"]


def test_who_did_not_confirm_is_reminded_a_week_before_the_end_and_who_did_is_not(clerk, manager, known, shift_clock):
    kit.opened(clerk, manager, CODE, TEXTILE, valid_to="2026-12-10")
    ran(clerk)
    shift_clock(13 * DAY)
    queues.drain("notify")
    known.phone.log_in()
    assert sorted(told(known.phone)) == ["policy_offered", "policy_reminder"]
    queues.drain("notify")
    assert told(known.phone).count("policy_reminder") == 1


def test_a_confirmed_offer_is_not_reminded_of(clerk, manager, known, shift_clock):
    kit.opened(clerk, manager, CODE, TEXTILE, valid_to="2026-12-10")
    ran(clerk)
    (mine,) = known.get("/offers").json["items"]
    account = {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": "于都县演示服装有限公司"}
    assert known.post(f"/offers/{mine['id']}/confirm", {"account": account}).status_code == 200
    shift_clock(13 * DAY)
    queues.drain("notify")
    known.phone.log_in()
    assert told(known.phone) == ["policy_offered"]


@pytest.fixture
def unknown_staff(client, sandbox, box):
    """A firm of which the insurance office has no record."""
    made = kit.joined(client, sandbox)
    kit.known(box, made, without=("unit_insurance",))
    kit.asked(made)
    return made


def test_a_firm_hears_once_a_run_which_field_is_lacking_and_whose_it_is(clerk, manager, unknown_staff):
    kit.opened(clerk, manager, CODE, TEXTILE, row("staff.insured", "ge", 30))
    ran(clerk)
    assert told(unknown_staff.phone) == ["policy_lacking"]
    (one,) = unknown_staff.phone.get("/mini/v1/notices").json["items"]
    assert "参保职工人数(县社会保险服务中心:登记部门没有记录)" in one["text_zh"]
    ran(clerk)
    assert told(unknown_staff.phone) == ["policy_lacking", "policy_lacking"]


def test_the_back_office_sees_what_its_unit_lacks_and_others_do_not(clerk, manager, unknown_staff, client):
    kit.opened(clerk, manager, CODE, TEXTILE, row("staff.insured", "ge", 30))
    made = ran(clerk)
    own = affairs.seat(client, "policy_back_office", unit="social_insurance_centre")
    (one,) = own.get(f"{OFFICE}/to-do/lacking").json["items"]
    assert (one["run_id"], one["credit_code"]) == (made, kit.code_of(unknown_staff))
    assert one["lacks"][0]["name"] == "staff.insured"
    other = affairs.seat(client, "policy_back_office", unit="taxation")
    assert other.get(f"{OFFICE}/to-do/lacking").json["items"] == []
    assert clerk.get(f"{OFFICE}/to-do/lacking").status_code == 403


def test_a_fact_that_the_firm_disputes_is_missing_until_it_is_settled(clerk, manager, known, client):
    kit.opened(clerk, manager, CODE, TEXTILE, row("staff.insured", "ge", 30))
    assert known.get(f"/policies/{CODE}/verdict").json["verdict"] == "eligible"
    staff = kit.file_of(known)["firm.staff"]
    case = known.post(f"/firm/facts/{staff['id']}/dispute", {"text": "应为 31 人"}).json
    assert affairs.stored(case["id"])["firm"] == kit.code_of(known)
    shown = known.get(f"/policies/{CODE}/verdict").json
    assert (shown["verdict"], shown["lacks"][0]["why_zh"]) == ("lacking", "有异议,核实中")
    assert "有异议,核实中" in shown["why_zh"] or shown["lacks"][0]["whose_zh"] == "县社会保险服务中心"
    ran(clerk)
    assert known.get("/offers").json["items"] == []
    handler = affairs.seat(client, "case_handler", unit="social_insurance_centre")
    affairs.move(handler, case["id"], "claim")
    affairs.decide(handler, case["id"], "confirmed")
    ran(clerk)
    assert [one["state"] for one in known.get("/offers").json["items"]] == ["offered"]
    assert Offer._get_collection().find_one({"firm": kit.code_of(known)})["unit"] == kit.UNIT
    assert Organisation._get_collection().find_one({"credit_code": kit.code_of(known)})["state"] == "active"
