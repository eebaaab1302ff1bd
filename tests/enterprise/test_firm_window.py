"""The window helps a firm's agent who stands at the counter; and the register ends what no longer holds."""

import pytest
from bson import ObjectId

from models.audit.access_line import AccessLine
from models.audit.entry import AuditEntry
from models.enterprise import offer
from models.identity import membership
from models.identity.membership import Membership
from models.registers import owner_check
from tests.enterprise import kit
from tests.enterprise.kit import OFFICE, TEXTILE
from tests.selenium.grower_kit import person_of, resident
from tests.support import affairs, queues
from tests.support.counter import Counter

CODE = "garment_growth"
ACCOUNT = {"bank": "于都农村商业银行", "number": "6217001234567890123", "holder": "于都县演示服装有限公司"}
BODY = {"account": ACCOUNT, "papers": "licence"}


@pytest.fixture
def offered(clerk, manager, garments):
    kit.asked(garments)
    kit.opened(clerk, manager, CODE, TEXTILE)
    clerk.post(f"{OFFICE}/policies/{CODE}/runs")
    queues.drain("reports")
    return garments.get("/offers").json["items"][0]["id"]


@pytest.fixture
def window(client, seeded):
    return affairs.seat(client, "policy_window", unit="administrative_approval")


def standing(window, phone) -> dict[str, str]:
    return Counter(window).standing(str(person_of(phone)))


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_the_window_finds_a_firm_by_its_code_and_shows_its_offers(window, garments, offered):
    mine = kit.code_of(garments)
    found = window.get(f"{OFFICE}/window/firms/{mine.lower()}")
    assert (found.status_code, found.json["name"], found.json["joined"]) == (200, "于都县演示服装有限公司", True)
    assert [one["id"] for one in window.get(f"{OFFICE}/window/firms/{mine}/offers").json["items"]] == [offered]
    assert code(window.get(f"{OFFICE}/window/firms/{mine[:-1]}")) == (400, "credit_code_wrong")
    assert window.get(f"{OFFICE}/firms").status_code == 403


def test_it_confirms_for_who_stands_there_with_an_access_line_and_audit(window, garments, offered):
    path = f"{OFFICE}/window/offers/{offered}/confirm"
    assert code(window.post(path, BODY)) == (409, "counter_session_over")
    answer = window.post(path, BODY, **standing(window, garments.phone))
    assert (answer.status_code, answer.json["state"]) == (200, "confirmed"), answer.json
    (act,) = garments.get("/acts").json["items"]
    assert (act["what"], act["role"], act["at_counter"]) == ("offer_confirm", "owner", True)
    line = AuditEntry._get_collection().find_one({"action": "enterprise_offer.confirm"})
    assert (line["actor"], line["unit"], line["details"]["papers"]) == (
        f"staff:{window.actor().staff_id}", "administrative_approval", "licence",
    )  # fmt: skip
    seen = AccessLine._get_collection().find_one({"who": f"staff:{window.actor().staff_id}"}, sort=[("_id", -1)])
    assert seen["subjects"] == [person_of(garments.phone)]


def test_a_stranger_a_clerk_and_an_agent_for_other_things_confirm_nothing_at_the_window(
    window, garments, offered, client, sandbox
):
    path = f"{OFFICE}/window/offers/{offered}/confirm"
    stranger, helper, agent = (resident(client, sandbox, "matched") for _ in range(3))
    garments.joined(helper, "clerk")
    made = garments.post("/agents", {"name": "张三丰", "scopes": ["file"], "last_day": "2026-12-31"}).json
    agent.post("/enterprise/v1/invitations/accept", {"code": made["code"]})
    for phone in (stranger, helper, agent):
        refused = window.post(path, BODY, **standing(window, phone))
        assert code(refused) == (409, "enterprise_not_its_agent")
    garments.call("PUT", f"/agents/{garments.membership_of(agent)}", {"scopes": ["confirm"], "last_day": "2026-12-31"})
    assert window.post(path, BODY, **standing(window, agent)).status_code == 200


def test_a_window_of_another_area_finds_nothing(client, garments, offered):
    far = affairs.seat(client, "policy_window", unit="administrative_approval", area="360731999")
    assert far.get(f"{OFFICE}/window/firms/{kit.code_of(garments)}").status_code == 404
    path = f"{OFFICE}/window/offers/{offered}/confirm"
    assert far.post(path, BODY, **standing(far, garments.phone)).status_code == 404


def by_licence(firm) -> None:
    """Let the firm's owner be one by the business register."""
    query = {"organisation": ObjectId(firm.id), "role": "owner"}
    Membership._get_collection().update_one(query, {"$set": {"how": "register"}})


def recorded(box, firm, **told) -> None:
    record = {"legal_person": {"name": "张三丰", "number": firm.phone.document}, "status": "operating"}
    box.change("business", kit.code_of(firm), **(record | told))


def asked_anew(firm, shift_clock) -> None:
    shift_clock(2 * 24 * 3600.0)
    firm.phone.log_in()
    kit.asked(firm)


def test_the_owner_is_questioned_when_the_register_names_another_legal_person_and_claims_anew(
    garments, box, shift_clock
):
    by_licence(garments)
    recorded(box, garments)
    kit.asked(garments)
    assert garments.get("/firm").status_code == 200
    recorded(box, garments, legal_person={"name": "李四光", "number": "360731197001010011"})
    asked_anew(garments, shift_clock)
    assert code(garments.get("/firm")) == (403, "membership_questioned")
    (mine,) = garments.phone.get("/enterprise/v1/organisations").json["items"]
    assert mine["questioned"] is True
    queues.drain("notify")
    assert "owner_questioned" in [one["kind"] for one in garments.phone.get("/mini/v1/notices").json["items"]]
    recorded(box, garments)
    garments.phone.consent("facts")
    claimed = garments.phone.post("/enterprise/v1/organisations", {"credit_code": kit.code_of(garments)})
    assert claimed.status_code == 201, claimed.json
    assert garments.get("/firm").status_code == 200


def test_an_owner_by_a_power_of_attorney_stays(garments, box, shift_clock):
    recorded(box, garments, legal_person={"name": "李四光", "number": "360731197001010011"})
    kit.asked(garments)
    assert garments.get("/firm").status_code == 200


def test_a_dissolved_firm_acts_no_more(garments, box, shift_clock):
    recorded(box, garments, status="cancelled")
    kit.asked(garments)
    owner_check.check(kit.code_of(garments))
    assert code(garments.get("/firm")) == (403, "organisation_suspended")
    lines = AuditEntry._get_collection().count_documents({"action": {"$in": ["organisation.suspend"]}})
    assert lines == 1


def test_who_shares_the_number_but_not_the_name_is_no_legal_person(client, sandbox, box, seeded):
    phone = resident(client, sandbox)
    phone.consent("facts")
    made = kit.joined(client, sandbox, "于都县另一家有限公司")
    record = {"name": "于都县另一家有限公司", "industry": "服装", "registered_on": "2020-01-01", "status": "operating"}
    record |= {"credit_code": kit.code_of(made), "legal_person": {"name": "李四光", "number": phone.document}}
    box.change("business", kit.code_of(made), **record)
    refused = phone.post("/enterprise/v1/organisations", {"credit_code": kit.code_of(made)})
    assert code(refused) == (422, "not_legal_representative")
    assert membership.of_person(person_of(phone)) == []
    assert offer.MAY_CONFIRM == ("owner", "manager")


def test_a_firm_that_only_pauses_acts_on(garments, box):
    recorded(box, garments, status="suspended")
    kit.asked(garments)
    assert garments.get("/firm").status_code == 200
