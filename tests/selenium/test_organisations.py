"""Organisations: who owns them, who acts for them, and that both end at once."""

from functools import partial

import pytest
from bson import ObjectId

from models.identity.membership import Membership
from models.identity.organisation import Organisation
from tests.selenium.grower_kit import HEADER, Firm, credit_code, firm, office, resident
from tests.support import affairs
from tests.support.counter import Counter
from tests.support.crowd import at_once
from tests.support.phone import Phone, person
from tests.support.queues import drain


@pytest.fixture
def own(client, seeded, sandbox) -> Firm:
    return firm(client, sandbox)


@pytest.fixture
def clerk(client, seeded):
    """A counter clerk."""
    return affairs.seat(client, "counter_clerk", unit="administrative_approval")


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def in_business(registers_box, number: str, **told) -> str:
    """Let the register name a person as legal representative of a firm and return the firm's code."""
    new = credit_code()
    record = {"credit_code": new, "name": "于都县某某脐橙专业合作社", "status": "operating", "industry": "农业"}
    record |= {"legal_person": {"name": "张三丰", "number": number}, "registered_on": "2020-01-01", **told}
    registers_box.change("business", new, **record)
    return new


def legal_representative(client, sandbox, registers_box, level: str = "verified") -> Phone:
    phone = resident(client, sandbox, level)
    registers_box.person(number=phone.document, name="张三丰")
    assert phone.consent("facts").status_code == 204
    return phone


def claim(phone: Phone, credit: str):
    return phone.post("/enterprise/v1/organisations", {"credit_code": credit})


def test_who_the_register_names_becomes_owner_and_sees_the_organisation(client, seeded, sandbox, registers_box):
    phone = legal_representative(client, sandbox, registers_box)
    credit = in_business(registers_box, phone.document)
    answer = claim(phone, credit.lower())
    assert (answer.status_code, answer.json["credit_code"], answer.json["name"]) == (
        201, credit, "于都县某某脐橙专业合作社",
    )  # fmt: skip
    mine = phone.get("/enterprise/v1/organisations").json["items"]
    assert [(one["id"], one["role"]) for one in mine] == [(answer.json["id"], "owner")]
    shown = Firm(phone, answer.json["id"]).get("/organisation")
    assert (shown.status_code, shown.json["role"]) == (200, "owner")
    assert claim(phone, credit).status_code == 201
    assert Membership._get_collection().find_one({"organisation": ObjectId(answer.json["id"])})["how"] == "register"
    assert len(list(Membership._get_collection().find({"organisation": ObjectId(answer.json["id"])}))) == 1


def test_somebody_elses_firm_a_closed_one_and_a_wrong_code_are_refused(client, seeded, sandbox, registers_box):
    phone = legal_representative(client, sandbox, registers_box)
    other = in_business(registers_box, legal_representative(client, sandbox, registers_box).document)
    closed = in_business(registers_box, phone.document, status="cancelled")
    assert code(claim(phone, other)) == (422, "not_legal_representative")
    assert code(claim(phone, closed)) == (422, "not_legal_representative")
    assert code(claim(phone, other[:-1] + ("0" if other[-1] != "0" else "1"))) == (400, "credit_code_wrong")
    assert Organisation._get_collection().find_one({"credit_code": {"$in": [other, closed]}}) is None


def test_a_match_is_not_enough_to_own_a_firm(client, seeded, sandbox, registers_box):
    """It proves that name and number belong together, not who holds the phone."""
    phone = legal_representative(client, sandbox, registers_box, "matched")
    assert code(claim(phone, in_business(registers_box, phone.document))) == (403, "level_needed")


def test_without_consent_or_register_nothing_is_claimed(client, seeded, sandbox, registers_box):
    phone = resident(client, sandbox)
    registers_box.person(number=phone.document, name="张三丰")
    credit = in_business(registers_box, phone.document)
    assert code(claim(phone, credit)) == (403, "consent_needed")
    phone.consent("facts")
    registers_box.fault("error_500", register="business")
    try:
        assert code(claim(phone, credit)) == (502, "business_register_away")
    finally:
        registers_box.clear()
    assert phone.get("/enterprise/v1/organisations").json["items"] == []


def test_a_counter_clerk_makes_an_owner_by_the_papers(client, seeded, sandbox, clerk):
    counter = Counter(clerk)
    told = {"credit_code": credit_code(), "name": "于都县柜台登记家庭农场", "division": "360731105"}
    made = clerk.post("/office/v1/organisations", told)
    assert (made.status_code, made.json["kind"]) == (201, "family_farm")
    who = person("李国", "19700101")
    body = {"evidence": "power_of_attorney"}
    path = f"/office/v1/organisations/{made.json['id']}/owners"
    assert code(clerk.post(path, body)) == (409, "counter_session_over")
    answer = clerk.post(path, body, **counter.standing(counter.registered(who)))
    assert (answer.status_code, answer.json["role"]) == (201, "owner")
    row = Membership._get_collection().find_one({"_id": ObjectId(answer.json["id"])})
    assert (row["how"], row["evidence"]["papers"], row["evidence"]["document"]) == (
        "counter", "power_of_attorney", "identity_card",
    )  # fmt: skip


def test_the_same_organisation_is_not_registered_twice(clerk):
    told = {"credit_code": credit_code(), "name": "于都县某某有限公司"}
    answers = [clerk.post("/office/v1/organisations", told) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 409]
    assert answers[1].json["code"] == "organisation_known"


def test_an_invitation_counts_once_and_gives_its_role(own, client, sandbox):
    told = own.invited("manager")
    assert (len(told), told.isdecimal()) == (8, True)
    first, second = resident(client, sandbox, "matched"), resident(client, sandbox, "matched")
    joined = first.post("/enterprise/v1/invitations/accept", {"code": told})
    assert (joined.status_code, joined.json["role"]) == (201, "manager")
    again = second.post("/enterprise/v1/invitations/accept", {"code": told})
    assert code(again) == (422, "member_invitation_wrong")
    assert own.by(first).get("/organisation").json["role"] == "manager"
    assert "code" not in str(own.get("/invitations").json)


def test_an_invitation_ends_after_a_day_and_when_withdrawn(own, client, sandbox, shift_clock):
    withdrawn = own.post("/invitations", {"role": "clerk"}).json
    assert own.call("DELETE", f"/invitations/{withdrawn['id']}").status_code == 204
    late, phone = own.invited(), resident(client, sandbox, "matched")
    tried = phone.post("/enterprise/v1/invitations/accept", {"code": withdrawn["code"]})
    assert code(tried) == (422, "member_invitation_wrong")
    shift_clock(24 * 3600 + 1)
    phone.log_in()
    tried = phone.post("/enterprise/v1/invitations/accept", {"code": late})
    assert code(tried) == (422, "member_invitation_wrong")


def test_guessing_codes_is_stopped(own, client, sandbox):
    phone = resident(client, sandbox, "matched")
    told = own.invited()
    wrong = [f"{(int(told) + 1 + n) % 10**8:08d}" for n in range(6)]
    answers = [phone.post("/enterprise/v1/invitations/accept", {"code": one}) for one in wrong]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert phone.post("/enterprise/v1/invitations/accept", {"code": told}).status_code == 429


def test_a_declared_binding_joins_nothing(own, client, sandbox):
    phone = resident(client, sandbox, "declared")
    answer = phone.post("/enterprise/v1/invitations/accept", {"code": own.invited()})
    assert code(answer) == (403, "level_needed")


def test_a_foreign_organisation_is_answered_like_a_missing_one(own, client, sandbox):
    stranger = resident(client, sandbox)
    answers = [Firm(stranger, each).get("/organisation") for each in (own.id, "0" * 24, "x")]
    assert [code(one) for one in answers] == [(404, "not_found")] * 3
    assert len({one.json["message"] for one in answers}) == 1
    missing = stranger.get("/enterprise/v1/organisation")
    assert code(missing) == (400, "organisation_missing")


def test_who_was_removed_loses_access_at_once(own, client, sandbox):
    phone = resident(client, sandbox, "matched")
    joined = own.joined(phone)
    assert joined.get("/organisation").status_code == 200
    assert own.call("DELETE", f"/members/{own.membership_of(phone)}").status_code == 204
    assert joined.get("/organisation").status_code == 404
    assert phone.get("/enterprise/v1/organisations").json["items"] == []


def test_only_owners_invite_remove_and_change_roles(own, client, sandbox):
    phones = {role: resident(client, sandbox, "matched") for role in ("manager", "clerk")}
    for role, phone in phones.items():
        joined, mine = own.joined(phone, role), own.membership_of(own.phone)
        assert code(joined.post("/invitations", {"role": "clerk"})) == (403, "not_allowed")
        assert code(joined.call("DELETE", f"/members/{mine}")) == (403, "not_allowed")
        assert code(joined.call("PUT", f"/members/{mine}/role", {"role": "clerk"})) == (403, "not_allowed")
    assert code(own.by(phones["clerk"]).get("/members")) == (403, "not_allowed")
    assert own.by(phones["manager"]).get("/members").status_code == 200


def test_a_membership_of_another_organisation_is_not_found(own, client, sandbox):
    other = firm(client, sandbox)
    theirs = other.membership_of(other.phone)
    assert own.call("DELETE", f"/members/{theirs}").status_code == 404
    assert own.call("PUT", f"/members/{theirs}/role", {"role": "clerk"}).status_code == 404


def test_members_are_masked_and_whoever_looks_leaves_a_line(own, client, sandbox):
    own.joined(resident(client, sandbox, "matched"))
    shown = own.get("/members").json["items"]
    assert [(one["name"], one["role"], one["is_self"]) for one in shown] == [
        ("张**", "owner", True), ("张**", "clerk", False),
    ]  # fmt: skip
    from models.audit.access_line import AccessLine  # noqa: PLC0415

    line = AccessLine._get_collection().find_one({"purpose": "organisation_members"})
    assert line["who"].endswith(f"@{own.id}")
    assert len(line["subjects"]) == 2


def test_the_last_owner_neither_leaves_nor_steps_down(own, client, sandbox):
    mine = own.membership_of(own.phone)
    own.joined(resident(client, sandbox, "matched"), "manager")
    assert code(own.call("DELETE", f"/members/{mine}")) == (409, "last_owner")
    assert code(own.call("PUT", f"/members/{mine}/role", {"role": "clerk"})) == (409, "last_owner")
    own.joined(second := resident(client, sandbox, "matched"), "owner")
    assert own.call("DELETE", f"/members/{mine}").status_code == 204
    assert own.by(second).get("/organisation").json["role"] == "owner"


def test_two_owners_who_leave_at_once_leave_one_behind(own, app, client, sandbox):
    other = resident(client, sandbox, "matched")
    own.joined(other, "owner")
    sides = [own.by(each.twin(app.test_client())) for each in (own.phone, other)]
    ids = [own.membership_of(own.phone), own.membership_of(other)]
    calls = [lambda s=side, m=each: s.call("DELETE", f"/members/{m}") for side, each in zip(sides, ids, strict=True)]
    assert sorted(one.status_code for one in at_once(calls)) == [204, 409]
    left = list(Membership._get_collection().find({"organisation": ObjectId(own.id), "state": "active"}))
    assert [one["role"] for one in left] == ["owner"]


def test_control_without_the_collision_both_would_leave(own, app, client, sandbox, monkeypatch):
    """So that the race above is known to be one: two owners are needed, and each sees the other one."""
    from models.identity import organisation  # noqa: PLC0415

    other = resident(client, sandbox, "matched")
    own.joined(other, "owner")
    monkeypatch.setattr(organisation, "hold", lambda *_: {})
    outcomes = set()
    for _ in range(8):
        sides = [own.by(each.twin(app.test_client())) for each in (own.phone, other)]
        ids = [own.membership_of(own.phone), own.membership_of(other)]
        calls = [lambda s=s, m=m: s.call("DELETE", f"/members/{m}") for s, m in zip(sides, ids, strict=True)]
        outcomes.add(tuple(sorted(one.status_code for one in at_once(calls))))
        again = {"$set": {"state": "active"}}
        Membership._get_collection().update_many({"organisation": ObjectId(own.id)}, again)
    assert (204, 204) in outcomes


def test_six_who_use_one_code_at_once_are_one_member(own, app, client, sandbox):
    told = own.invited()
    phones = [resident(client, sandbox, "matched") for _ in range(6)]
    twins = [each.twin(app.test_client()) for each in phones]
    calls = [partial(one.post, "/enterprise/v1/invitations/accept", {"code": told}) for one in twins]
    assert sorted(one.status_code for one in at_once(calls)) == [201] + [422] * 5


def test_with_the_ownership_the_open_invitations_end(own, client, sandbox):
    second, third = resident(client, sandbox, "matched"), resident(client, sandbox, "matched")
    left = own.joined(second, "owner").invited("owner")
    assert own.call("PUT", f"/members/{own.membership_of(second)}/role", {"role": "clerk"}).status_code == 200
    tried = third.post("/enterprise/v1/invitations/accept", {"code": left})
    assert code(tried) == (422, "member_invitation_wrong")


def test_a_suspended_organisation_does_nothing_until_it_is_resumed(own, client, sandbox):
    staff, joining = office(client), resident(client, sandbox, "matched")
    told = own.invited()
    path = f"/office/v1/organisations/{own.id}"
    shown = staff.post(f"{path}/suspend", {"reason": "inspection"})
    assert (shown.status_code, shown.json["state"], shown.json["reason_zh"]) == (200, "suspended", "监督检查发现问题")
    assert code(own.get("/organisation")) == (403, "organisation_suspended")
    assert code(own.post("/invitations", {"role": "clerk"})) == (403, "organisation_suspended")
    tried = joining.post("/enterprise/v1/invitations/accept", {"code": told})
    assert code(tried) == (403, "organisation_suspended")
    assert own.phone.get("/enterprise/v1/organisations").json["items"][0]["state"] == "suspended"
    assert staff.post(f"{path}/resume").json["state"] == "active"
    assert own.get("/organisation").status_code == 200


def test_a_town_clerk_reaches_organisations_of_the_town_only(own, client, seeded):
    clerk = affairs.seat(client, "agriculture_clerk", unit="town_360731105", area="360731105")
    staff = office(client)
    path = f"/office/v1/organisations/{own.id}"
    assert clerk.get(path).status_code == 404
    assert staff.call("PUT", path, {"division": "360731105002"}).json["division"] == "360731105002"
    assert clerk.get(path).json["id"] == own.id
    listed = clerk.get("/office/v1/organisations?limit=100").json["items"]
    assert {one["division"][:9] for one in listed} == {"360731105"}
    assert code(clerk.post(f"{path}/suspend", {"reason": "inspection"})) == (403, "not_allowed")


def test_the_header_alone_opens_nothing(own, client):
    assert client.get("/enterprise/v1/organisation", headers={HEADER: own.id}).status_code == 401


def test_a_company_prefix_belongs_to_one_organisation(own, client, sandbox):
    staff, other = office(client), firm(client, sandbox)
    first = staff.call("PUT", f"/office/v1/organisations/{own.id}", {"gtin_prefix": "69012345"})
    assert first.json["gtin_prefix"] == "69012345"
    second = staff.call("PUT", f"/office/v1/organisations/{other.id}", {"gtin_prefix": "69012345"})
    assert code(second) == (409, "organisation_known")
    wrong = staff.call("PUT", f"/office/v1/organisations/{other.id}", {"gtin_prefix": "69AB"})
    assert code(wrong) == (422, "gtin_prefix_wrong")


def test_the_owners_are_told_of_another_one(own, client, sandbox):
    own.joined(resident(client, sandbox, "matched"), "clerk")
    drain("notify")
    kinds = [one["kind"] for one in own.phone.get("/mini/v1/notices").json["items"]]
    assert "owner_added" not in kinds
    second = own.joined(resident(client, sandbox, "matched"), "owner")
    drain("notify")
    told = [one["kind"] for one in own.phone.get("/mini/v1/notices").json["items"]]
    assert told.count("owner_added") == 1
    assert "owner_added" not in [one["kind"] for one in second.phone.get("/mini/v1/notices").json["items"]]
