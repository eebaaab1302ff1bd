"""The first users of cases: disputed facts, questions about a look, privacy requests, applications of staff."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.affairs import carry_out, staff_application
from models.audit import access_line
from models.identity import erasure, invitation, opaque_token
from models.identity.account import Account
from models.identity.actors import Assignment, Staff
from models.identity.own_data import Scope
from models.identity.person import Person
from models.registers import fact
from models.registers.statement import Statement
from models.registers.subject import Subject
from tests.support.affairs import ask_privacy, decide, inbox, move, seat, stored
from tests.support.phone import Phone
from tests.support.queues import drain


def matched(phone: Phone) -> ObjectId:
    """Let a register have matched the phone's binding; return the person."""
    account_id = opaque_token.owner(phone.token)
    person_id = Account._get_collection().find_one({"_id": account_id})["person"]
    Account._get_collection().update_one({"_id": account_id}, {"$set": {"level": "matched"}})
    Person._get_collection().update_one({"_id": person_id}, {"$set": {"level": "matched"}})
    return person_id


@pytest.fixture
def person_id(phone):
    return matched(phone)


class TestDisputedFact:
    @pytest.fixture
    def fact_id(self, person_id):
        told = Statement("person.birth_date", {"birth": "1990-03-07"}, "H-1")
        row = fact.draft(Subject(person=person_id), "household", told, clock.now())
        fact.Fact._get_collection().insert_one(row)
        return row["_id"]

    def dispute(self, phone, fact_id, **more):
        return phone.post(f"/mini/v1/facts/{fact_id}/dispute", {"text": "日期登记错误"}, **more)

    def opened(self, phone, fact_id) -> str:
        answer = self.dispute(phone, fact_id)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    @pytest.fixture
    def clerk(self, client, seeded):
        return seat(client, "case_handler", unit="public_security")

    def test_it_goes_to_the_unit_of_the_source_and_marks_the_fact(self, phone, fact_id, clerk):
        case_id = self.opened(phone, fact_id)
        assert fact.read(fact_id).state == "disputed"
        assert [one["id"] for one in inbox(clerk)] == [case_id]
        assert stored(case_id)["about"]["fact"] == fact_id

    def test_corrected_the_new_value_stands(self, phone, person_id, fact_id, clerk):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "corrected", value={"birth": "1990-03-17"})
        assert fact.read(fact_id).state == "superseded"
        stands = fact.current(Subject(person=person_id), ["person.birth_date"], clock.today().isoformat())
        assert [str(one.value["birth"]) for one in stands] == ["1990-03-17"]
        assert get_db().audit_entries.count_documents({"object": f"fact:{fact_id}", "action": "fact.corrected"}) == 1

    def test_a_value_that_is_none_of_its_kind_decides_nothing(self, phone, fact_id, clerk):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        for value in (None, {}, {"birth": "gestern"}, {"birth": {"$gt": ""}}):
            assert decide(clerk, case_id, "corrected", value=value, status=422)["code"] == "fact_value_wrong"
        assert (stored(case_id)["state"], fact.read(fact_id).state) == ("open", "disputed")

    @pytest.mark.parametrize("outcome", ["confirmed", "removed"])
    def test_confirmed_or_removed(self, phone, fact_id, clerk, outcome):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, outcome)
        assert fact.read(fact_id).state == {"confirmed": "current", "removed": "withdrawn"}[outcome]

    def test_withdrawn_the_fact_stands(self, phone, fact_id):
        case_id = self.opened(phone, fact_id)
        assert phone.post(f"/mini/v1/cases/{case_id}/withdraw").status_code == 200
        assert fact.read(fact_id).state == "current"

    @pytest.mark.parametrize(("second", "state"), [("corrected", "superseded"), ("confirmed", "current")])
    def test_an_appeal_disputes_it_again(self, app, phone, fact_id, clerk, second, state):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "confirmed")
        assert phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "户口簿为准"}).status_code == 200
        assert fact.read(fact_id).state == "disputed"
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        decide(officer, case_id, "overturned")
        move(clerk, case_id, "claim")
        decide(clerk, case_id, second, **({"value": {"birth": "1990-03-17"}} if second == "corrected" else {}))
        assert fact.read(fact_id).state == state

    def test_an_appeal_that_fails_ends_the_dispute(self, app, phone, fact_id, clerk):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "confirmed")
        phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "户口簿为准"})
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        decide(officer, case_id, "upheld")
        assert (fact.read(fact_id).state, stored(case_id)["state"]) == ("current", "closed")

    def test_an_appeal_against_a_correction_leaves_it(self, app, phone, fact_id, clerk):
        case_id = self.opened(phone, fact_id)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "corrected", value={"birth": "1990-03-17"})
        assert phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "仍然不对"}).status_code == 200
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        assert decide(officer, case_id, "upheld")["state"] == "closed"
        assert fact.read(fact_id).state == "superseded"

    def test_twice_at_once_it_is_one_case(self, phone, fact_id):
        self.opened(phone, fact_id)
        again = self.dispute(phone, fact_id)
        assert (again.status_code, again.json["code"]) == (409, "case_already_open")

    def test_the_facts_of_others_are_not_there(self, client, sandbox, phone, fact_id):
        other = Phone(client, sandbox).ready("19910101")
        assert self.dispute(other, fact_id).json["code"] == "level_needed"
        matched(other)
        assert self.dispute(other, fact_id).status_code == 404
        assert self.dispute(phone, "x").status_code == 404
        assert fact.read(fact_id).state == "current"

    def test_a_kill_between_case_and_fact_leaves_neither(self, phone, fact_id, monkeypatch):
        def die(*_args, **_more):
            raise KeyboardInterrupt

        monkeypatch.setattr(fact, "dispute", die)
        with pytest.raises(KeyboardInterrupt):
            self.dispute(phone, fact_id)
        monkeypatch.undo()
        assert phone.get("/mini/v1/cases").json["items"] == []
        assert self.dispute(phone, fact_id).status_code == 201


class TestAccessQuestion:
    def looked(self, person_id, clerk, unit: str = "public_security") -> str:
        actor = Staff(clerk.member_id, clerk.login, "test", (Assignment("case_handler", unit),))
        access_line.record(actor, purpose="case_handling", subjects=[person_id], fields=["person.name"], case="X-1")
        return str(get_db().access_lines.find_one({"subjects": person_id}, sort=[("_id", -1)])["_id"])

    def question(self, phone, line_id):
        return phone.post(f"/mini/v1/access-lines/{line_id}/question", {"text": "我没有办过"})

    @pytest.fixture
    def reader(self, client, seeded):
        return seat(client, "case_handler", unit="public_security")

    def test_the_unit_of_the_reader_answers_but_not_the_reader(self, app, phone, person_id, reader):
        case_id = self.question(phone, self.looked(person_id, reader)).json["id"]
        assert [one["id"] for one in inbox(reader)] == [case_id]
        assert move(reader, case_id, "claim", status=422)["code"] == "case_same_person"
        colleague = seat(app.test_client(), "case_handler", unit="public_security")
        move(colleague, case_id, "claim")
        decide(colleague, case_id, "justified")
        seen = phone.get(f"/mini/v1/cases/{case_id}").json
        assert seen["decisions"][0]["outcome_zh"] == "查看有据,予以说明"
        assert seen["about"]["purpose"] == "case_handling"

    def test_unanswered_it_comes_to_the_privacy_officer(self, app, phone, person_id, reader, travel):
        case_id = self.question(phone, self.looked(person_id, reader)).json["id"]
        travel((clock.today() + timedelta(days=20)).isoformat())
        drain("affairs")
        officer = seat(app.test_client(), "privacy_officer", unit="")
        assert [one["id"] for one in inbox(officer)] == [case_id]

    def test_about_looks_at_others_nobody_asks(self, client, sandbox, phone, person_id, reader):
        line_id = self.looked(person_id, reader)
        other = Phone(client, sandbox).ready("19910101")
        matched(other)
        assert self.question(other, line_id).status_code == 404
        assert self.question(phone, "x").status_code == 404


class TestPrivacyRequests:
    @pytest.fixture
    def clerk(self, phone):
        return seat(phone.client, "case_handler")

    @pytest.mark.parametrize(
        ("kind", "name"),
        [("copy", "privacy.export"), ("delete", "privacy.delete"), ("close_account", "privacy.close_account")],
    )
    def test_what_was_granted_is_carried_out_once_somebody_can(self, phone, clerk, monkeypatch, kind, name):
        monkeypatch.setattr(carry_out, "_functions", {})
        case_id = ask_privacy(phone, kind)
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "granted")
        drain("affairs")
        assert "affairs.carry_out" in {entry["task"] for entry in stored(case_id)["outbox"]}
        seen = []
        carry_out.does(name)(lambda found: seen.append(str(found["_id"])))
        entries = {"outbox.task": "affairs.carry_out"}
        get_db().cases.update_one(
            {"_id": ObjectId(case_id)},
            {"$set": {"outbox.$[one].due": clock.now()}},
            array_filters=[{"one.task": entries["outbox.task"]}],
        )
        drain("affairs")
        assert seen == [case_id]

    def test_what_was_refused_sets_nothing_going(self, phone, clerk):
        case_id = ask_privacy(phone, "delete")
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "refused")
        assert {entry["task"] for entry in stored(case_id)["outbox"]} == {"affairs.clock", "affairs.tell"}

    def test_an_open_matter_keeps_the_account_from_ending_but_not_the_request_to_end_it(self, phone):
        scope = Scope(opaque_token.owner(phone.token), None)
        ask_privacy(phone, "close_account")
        erasure.require_free(scope)
        other = ask_privacy(phone, "explain")
        with pytest.raises(erasure.StillBusy):
            erasure.require_free(scope)
        phone.post(f"/mini/v1/cases/{other}/withdraw")
        erasure.require_free(scope)

    @pytest.mark.parametrize(
        "body",
        [{}, {"kind": "steal"}, {"kind": "copy", "text": "x" * 2001}, {"kind": ["copy"]}, {"kind": "copy", "extra": 1}],
    )
    def test_odd_requests_are_bad_requests(self, phone, body):
        assert phone.post("/mini/v1/privacy-requests", body).status_code == 400

    def test_without_a_bound_person_the_account_asks(self, client, seeded, sandbox):
        nobody = Phone(client, sandbox).log_in()
        case_id = ask_privacy(nobody, "close_account")
        assert [one["id"] for one in nobody.get("/mini/v1/cases").json["items"]] == [case_id]

    def test_who_only_declared_to_be_somebody_sees_no_case_of_theirs(self, client, sandbox, phone, person_id):
        ask_privacy(phone)
        thief = Phone(client, sandbox).ready("19910101")
        Account._get_collection().update_one({"_id": opaque_token.owner(thief.token)}, {"$set": {"person": person_id}})
        assert thief.get("/mini/v1/cases").json["items"] == []
        case_id = phone.get("/mini/v1/cases").json["items"][0]["id"]
        assert thief.get(f"/mini/v1/cases/{case_id}").status_code == 404
        assert thief.post(f"/mini/v1/cases/{case_id}/withdraw").status_code == 404


class TestStaffApplications:
    def apply(self, phone, role: str = "gate_clerk", unit: str = "changzhengyuan", **more):
        body = {"unit": unit, "role": role, "reason": "新到岗", **more}
        return phone.post("/mini/v1/staff-applications", body)

    @pytest.fixture
    def boss(self, client, seeded):
        return seat(client, "unit_admin", unit="changzhengyuan")

    def test_approved_by_the_units_administrator_who_hands_over_the_link(self, phone, person_id, boss):
        case_id = self.apply(phone).json["id"]
        assert [one["id"] for one in inbox(boss)] == [case_id]
        early = boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"})
        assert (early.status_code, early.json["code"]) == (409, "case_state_wrong")
        move(boss, case_id, "claim")
        assert decide(boss, case_id, "approved")["state"] == "closed"
        made = boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"})
        assert made.status_code == 201, made.json
        member = get_db().staff.find_one({"login": "zhang.san"})
        assert [(one["role"], one["unit"]) for one in member["assignments"]] == [("gate_clerk", "changzhengyuan")]
        again = boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.si"})
        assert (again.status_code, again.json["code"]) == (409, "already_invited")

    def test_work_with_personal_data_needs_a_second_person(self, app, phone, person_id, boss):
        case_id = self.apply(phone, "case_handler").json["id"]
        move(boss, case_id, "claim")
        assert decide(boss, case_id, "approved")["state"] == "open"
        assert inbox(boss) == []
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        assert decide(officer, case_id, "approved")["state"] == "closed"

    def test_refused_there_is_no_account(self, phone, person_id, boss):
        case_id = self.apply(phone).json["id"]
        move(boss, case_id, "claim")
        decide(boss, case_id, "refused")
        assert boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"}).status_code == 409

    def test_a_kill_after_the_account_was_made_heals_by_repeating(self, phone, person_id, boss, monkeypatch):
        case_id = self.apply(phone).json["id"]
        move(boss, case_id, "claim")
        decide(boss, case_id, "approved")
        real = invitation.invite

        def die(*args, **more):
            real(*args, **more)
            raise KeyboardInterrupt

        monkeypatch.setattr(staff_application.invitation, "invite", die)
        with pytest.raises(KeyboardInterrupt):
            boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"})
        monkeypatch.undo()
        made = boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"})
        assert made.status_code == 201, made.json
        assert get_db().staff.count_documents({"login": "zhang.san"}) == 1

    def test_a_login_of_somebody_else_is_refused_and_another_one_works(self, phone, person_id, boss):
        case_id = self.apply(phone).json["id"]
        move(boss, case_id, "claim")
        decide(boss, case_id, "approved")
        taken = boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": boss.login})
        assert (taken.status_code, taken.json["code"]) == (409, "login_taken")
        assert boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"}).status_code == 201

    @pytest.mark.parametrize(
        ("role", "unit", "code"),
        [
            ("system_admin", "changzhengyuan", "role_not_open"),
            ("king", "changzhengyuan", "role_not_open"),
            ("gate_clerk", "no_such_unit", "unit_unknown"),
        ],
    )
    def test_what_nobody_may_apply_for(self, phone, person_id, role, unit, code):
        answer = self.apply(phone, role, unit)
        assert (answer.status_code, answer.json["code"]) == (422, code)

    def test_other_cases_have_no_invitation(self, app, phone, person_id):
        case_id = ask_privacy(phone)
        boss = seat(app.test_client(), "unit_admin")
        assert boss.post(f"/office/v1/cases/{case_id}/invitation", {"login": "zhang.san"}).status_code == 404
