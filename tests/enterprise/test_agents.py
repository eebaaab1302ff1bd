"""Agents of a firm: named by scope and last day, accepted by the person of that name, over at once on every route."""

import pytest
from bson import ObjectId

from models.enterprise import confirm, offer
from models.identity import membership
from models.identity.membership import Membership
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE
from tests.selenium.grower_kit import resident
from tests.support import queues

ACCOUNT = {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": "于都县演示服装有限公司"}


@pytest.fixture
def someone(client, sandbox, garments):
    return resident(client, sandbox, "matched")


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_an_agent_does_what_the_scope_says_and_nothing_else(garments, someone):
    agent = garments.agent(someone, "confirm")
    mine = someone.get("/enterprise/v1/organisations").json["items"]
    told = [(one["role"], [each["scope"] for each in one["scopes"]], one["last_day"]) for one in mine]
    assert told == [("agent", ["offers", "confirm"], "2026-12-31")]
    assert agent.get("/organisation").json["role_zh"] == "授权经办人"
    assert agent.get("/offers").status_code == 200
    assert code(agent.get("/firm")) == (403, "agent_scope_missing")
    for path in ("/members", "/acts", "/selenium/producer"):
        assert code(agent.get(path)) == (403, "agent_scope_missing")
    assert code(agent.agency("file")) == (403, "agent_scope_missing")


def test_only_the_person_of_that_name_accepts_and_only_once(garments, someone, client, sandbox):
    wrong = garments.agency("file", name="李四光").json
    tried = someone.post("/enterprise/v1/invitations/accept", {"code": wrong["code"]})
    assert code(tried) == (422, "agent_name_wrong")
    right = garments.agency("file").json
    assert someone.post("/enterprise/v1/invitations/accept", {"code": right["code"]}).status_code == 201
    other = resident(client, sandbox, "matched")
    again = other.post("/enterprise/v1/invitations/accept", {"code": right["code"]})
    assert code(again) == (422, "member_invitation_wrong")
    twice = someone.post("/enterprise/v1/invitations/accept", {"code": garments.agency("file").json["code"]})
    assert code(twice) == (409, "already_member")


def test_a_term_that_is_over_or_too_long_is_refused(garments):
    assert code(garments.agency("file", last_day="2026-11-19")) == (422, "agent_term_wrong")
    assert code(garments.agency("file", last_day="2027-12-01")) == (422, "agent_term_wrong")
    assert garments.agency("fly").status_code == 400
    assert garments.agency().status_code == 400


def test_a_manager_names_and_revokes_agents_and_a_clerk_does_not(garments, someone, client, sandbox):
    manager = garments.joined(resident(client, sandbox, "matched"), "manager")
    clerk = garments.joined(resident(client, sandbox, "matched"), "clerk")
    assert clerk.agency("file").status_code == 403
    agent = manager.agent(someone, "file")
    its = garments.membership_of(someone)
    assert clerk.call("DELETE", f"/members/{its}").status_code == 403
    assert agent.get("/firm").status_code == 200
    assert manager.call("DELETE", f"/members/{its}").status_code == 204
    assert agent.get("/firm").status_code == 404
    assert manager.call("DELETE", f"/members/{garments.membership_of(clerk.phone)}").status_code == 403


def test_an_agency_ends_with_its_last_day_on_every_route_before_anything_is_written_down(
    garments, someone, shift_clock
):
    agent = garments.agent(someone, "file", "offers", last_day="2026-11-20")
    assert agent.get("/firm").status_code == 200
    shift_clock(14.5 * 3600 + 1)
    someone.log_in()
    garments.phone.log_in()
    assert [agent.get(path).status_code for path in ("/firm", "/offers", "/organisation")] == [404, 404, 404]
    assert someone.get("/enterprise/v1/organisations").json["items"] == []
    assert [one["role"] for one in garments.get("/members").json["items"]] == ["owner"]
    row = Membership._get_collection().find_one({"organisation": ObjectId(garments.id), "role": "agent"})
    assert row["state"] == "active"
    again = garments.agent(someone, "file")
    assert again.get("/firm").status_code == 200
    queues.drain("trust")
    rows = Membership._get_collection().find({"organisation": ObjectId(garments.id), "role": "agent"})
    assert sorted(one["state"] for one in rows) == ["active", "ended"]


def test_scope_and_last_day_are_changed_at_once(garments, someone):
    agent = garments.agent(someone, "file", "confirm")
    path = f"/agents/{garments.membership_of(someone)}"
    answer = garments.call("PUT", path, {"scopes": ["matters"], "last_day": "2027-03-31"})
    assert (answer.status_code, answer.json["last_day"]) == (200, "2027-03-31")
    assert code(agent.get("/firm")) == (403, "agent_scope_missing")
    owner = garments.membership_of(garments.phone)
    assert garments.call("PUT", f"/agents/{owner}", {"scopes": ["file"], "last_day": "2027-03-31"}).status_code == 404


def test_what_a_manager_had_open_ends_with_the_role(garments, someone, client, sandbox):
    phone = resident(client, sandbox, "matched")
    manager = garments.joined(phone, "manager")
    open_one = manager.agency("file").json["code"]
    path = f"/members/{garments.membership_of(phone)}/role"
    assert garments.call("PUT", path, {"role": "clerk"}).status_code == 200
    tried = someone.post("/enterprise/v1/invitations/accept", {"code": open_one})
    assert code(tried) == (422, "member_invitation_wrong")


@pytest.fixture
def offered(clerk, manager, garments):
    """An open policy, and what it offers to the garment firm."""
    kit.asked(garments)
    kit.opened(clerk, manager, "garment_growth", TEXTILE)
    assert clerk.post(f"{OFFICE}/policies/garment_growth/runs").status_code == 202
    queues.drain("reports")
    return garments.get("/offers").json["items"][0]["id"]


def test_an_agent_confirms_and_the_firm_sees_who_acted(garments, someone, offered):
    agent = garments.agent(someone, "confirm")
    assert agent.post(f"/offers/{offered}/confirm", {"account": ACCOUNT}).status_code == 200
    acts = garments.get("/acts").json["items"]
    assert [(one["what"], one["role"], one["name"]) for one in acts] == [
        ("offer_confirm", "agent", "张**"),
        ("agent_accept", "agent", "张**"),
        ("agent_name", "owner", "张**"),
    ]
    assert acts[0]["about"] == f"offer:{offered}"


@pytest.mark.parametrize("how", ["revoked", "over", "narrowed"])
def test_an_agency_that_ends_within_a_request_confirms_nothing(
    garments, someone, offered, monkeypatch, shift_clock, how
):
    agent = garments.agent(someone, "confirm", last_day="2026-11-20")
    its, real = ObjectId(garments.membership_of(someone)), confirm.holder_checked
    rows = Membership._get_collection()

    def ends(*args):
        if how == "over":
            shift_clock(14.5 * 3600 + 1)
        else:
            change = {"state": "ended"} if how == "revoked" else {"scope": ["offers"]}
            rows.update_one({"_id": its}, {"$set": change})
        return real(*args)

    monkeypatch.setattr(confirm, "holder_checked", ends)
    refused = agent.post(f"/offers/{offered}/confirm", {"account": ACCOUNT})
    assert code(refused) == (409, "membership_changed")
    assert offer.read(ObjectId(offered))["state"] == "offered"
    assert membership.NAMES_AGENTS == ("owner", "manager")


def test_an_agent_for_it_disputes_a_fact_in_the_firms_name(garments, someone):
    kit.asked(garments)
    agent = garments.agent(someone, "dispute")
    staff = kit.file_of(agent)["firm.staff"]
    answer = agent.post(f"/firm/facts/{staff['id']}/dispute", {"text": "应为 33 人"})
    assert answer.status_code == 201, answer.json
    acts = garments.get("/acts").json["items"]
    assert (acts[0]["what"], acts[0]["role"], acts[0]["about"]) == ("fact_dispute", "agent", f"fact:{staff['id']}")
