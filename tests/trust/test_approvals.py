"""Two persons: what one proposes, another one decides, once."""

from datetime import timedelta
from functools import partial

import pytest
from bson import ObjectId

from backend import clock
from models.audit.entry import AuditEntry
from models.identity import approval, opaque_token, staff_grants, totp_reset
from models.identity.actors import Assignment, Staff
from models.identity.approval import Approval
from models.identity.staff import StaffMember
from tests.support.clerk import Clerk, path_of
from tests.support.crowd import at_once
from tests.support.queues import drain

GIVEN = {"role": "finance_clerk", "unit": "finance", "area": ""}


def proposed(admin, role: str = "finance_clerk", unit: str = "finance"):
    """Return login, answer and id of the proposal of a new member with a sensitive role."""
    login, answer = admin.invite(role, unit=unit)
    assert answer.status_code == 201, answer.json
    return login, answer, answer.json["approval_id"]


def decide(clerk, approval_id: str, how: str = "approve", **options):
    return clerk.post(f"/office/v1/approvals/{approval_id}/{how}", **options)


def member(member_id: str) -> dict:
    return StaffMember._get_collection().find_one({"_id": ObjectId(member_id)})


def actions(about: str) -> list[str]:
    return [one["action"] for one in AuditEntry._get_collection().find({"object": about}).sort("_id", 1)]


@pytest.fixture
def pair(admin, security):
    """Two security administrators."""
    return security, admin.hire("security_admin")


class TestSensitiveRoles:
    def test_the_link_opens_nothing_before_the_approval_and_wants_the_pin_after(self, admin, security, client):
        login, answer, approval_id = proposed(admin)
        clerk = Clerk(client, answer.json["link"], login)
        assert clerk.accept().json["code"] == "invitation_gone"
        pin = decide(security, approval_id).json["pin"]
        drain("trust")
        assert client.get(path_of(clerk.link)).json["pin_needed"] is True
        assert clerk.accept().json["code"] == "pin_wrong"
        clerk.pin = pin.lower()
        assert "refund.propose" in clerk.activate().log_in().get("/office/v1/me").json["operations"]

    def test_the_proposer_is_never_told_the_pin(self, admin, security):
        _, answer, approval_id = proposed(admin)
        pin = decide(security, approval_id).json["pin"]
        drain("trust")
        seen = admin.get(f"/office/v1/approvals/{approval_id}").text + admin.get("/office/v1/approvals?whose=own").text
        assert pin not in seen + admin.get(f"/office/v1/staff/{answer.json['id']}").text
        assert "pin" not in security.get(f"/office/v1/approvals/{approval_id}").json
        kept = repr(Approval._get_collection().find_one({"_id": ObjectId(approval_id)}))
        assert pin not in kept + repr(member(answer.json["id"]))

    def test_the_approver_never_sees_the_link(self, admin, security):
        _, answer, approval_id = proposed(admin)
        token = answer.json["link"].rsplit("/", 1)[1]
        told = security.get(f"/office/v1/approvals/{approval_id}").text + decide(security, approval_id).text
        assert token not in told

    def test_the_same_approval_sent_twice_tells_the_same_pin(self, admin, security):
        _, _, approval_id = proposed(admin)
        first, second = (decide(security, approval_id, key="one") for _ in range(2))
        assert first.json == second.json
        assert decide(security, approval_id).json["code"] == "approval_decided"

    @pytest.mark.parametrize("how", ["refuse", "withdraw"])
    def test_an_account_that_was_not_agreed_on_ends(self, admin, security, client, how):
        login, answer, approval_id = proposed(admin)
        by = security if how == "refuse" else admin
        assert decide(by, approval_id, how).status_code == 200
        drain("trust")
        assert member(answer.json["id"])["state"] == "disabled"
        assert Clerk(client, answer.json["link"], login).accept().status_code == 404
        assert decide(security, approval_id).json["code"] == "approval_decided"

    def test_what_nobody_decides_in_three_days_has_expired(self, admin, security, shift_clock):
        _, answer, approval_id = proposed(admin)
        shift_clock(3 * 24 * 3600 + 1)
        admin.log_in(), security.log_in()
        assert admin.get(f"/office/v1/approvals/{approval_id}").json["state"] == "expired"
        assert decide(security, approval_id).json["code"] == "approval_decided"
        assert admin.get("/office/v1/approvals?whose=own&state=expired").json["items"]
        drain("trust")
        assert member(answer.json["id"])["state"] == "disabled"
        assert approval.read(ObjectId(approval_id))["state"] == "expired"

    def test_a_role_that_is_not_sensitive_needs_nobody_else(self, admin):
        _, answer = admin.invite("gate_clerk", unit="changzhengyuan")
        assert "approval_id" not in answer.json

    def test_a_new_link_for_a_waiting_account_still_opens_nothing(self, admin, security, client):
        login, answer, approval_id = proposed(admin)
        again = admin.post(f"/office/v1/staff/{answer.json['id']}/invitation")
        clerk = Clerk(client, again.json["link"], login)
        assert clerk.accept().status_code == 404
        clerk.pin = decide(security, approval_id).json["pin"]
        drain("trust")
        third = admin.post(f"/office/v1/staff/{answer.json['id']}/invitation").json["link"]
        assert Clerk(client, third, login).accept().json["code"] == "pin_wrong"
        clerk.link = third
        clerk.activate().log_in()


class TestRolesOfAMember:
    def put(self, clerk, member_id: str, *given: dict, **body):
        return clerk.call("PUT", f"/office/v1/staff/{member_id}/assignments", {"assignments": list(given), **body})

    def test_a_change_counts_at_once(self, admin, manager):
        assert manager.get("/office/v1/places").status_code == 200
        answer = self.put(admin, manager.id, {"role": "case_handler", "unit": "public_security"})
        assert answer.status_code == 200
        assert answer.json["assignments"][0]["role_zh"] == "承办人"
        assert manager.get("/office/v1/places").status_code == 403

    def test_a_sensitive_role_waits_and_all_else_stays_until_then(self, admin, security, manager):
        before = manager.get("/office/v1/me").json["assignments"]
        answer = self.put(admin, manager.id, GIVEN, reason="接任财务岗位")
        assert manager.get("/office/v1/me").json["assignments"] == before
        waiting = security.get("/office/v1/approvals").json["items"]
        assert [(one["id"], one["reason"], one["details"]["after"]) for one in waiting] == [
            (answer.json["approval_id"], "接任财务岗位", [GIVEN])
        ]
        assert "pin" not in decide(security, answer.json["approval_id"]).json
        drain("trust")
        assert manager.get("/office/v1/payments/refunds?needing=person").status_code == 200
        assert security.get(f"/office/v1/approvals/{answer.json['approval_id']}").json["outcome"] == "done"

    def test_taking_a_sensitive_role_away_needs_nobody_else(self, admin):
        clerk = admin.hire("finance_clerk", unit="finance")
        assert "approval_id" not in self.put(admin, clerk.id, {"role": "case_handler", "unit": "finance"}).json
        assert clerk.get("/office/v1/payments/refunds?needing=person").status_code == 403

    def test_a_proposal_that_time_overtook_changes_nothing(self, admin, security, manager):
        waiting = self.put(admin, manager.id, GIVEN).json["approval_id"]
        self.put(admin, manager.id, {"role": "gate_clerk", "unit": "changzhengyuan"})
        decide(security, waiting)
        drain("trust")
        assert [one["role"] for one in member(manager.id)["assignments"]] == ["gate_clerk"]
        assert approval.read(ObjectId(waiting))["outcome"] == "superseded"

    def test_an_effect_that_runs_twice_counts_once(self, admin, security, manager):
        waiting = ObjectId(self.put(admin, manager.id, GIVEN).json["approval_id"])
        decide(security, str(waiting))
        for _ in range(2):
            staff_grants.apply(waiting)
        assert approval.read(waiting)["outcome"] == "done"
        assert actions(f"staff:{manager.id}").count("staff.assign") == 1

    def test_nobody_gives_roles_to_themselves(self, admin):
        answer = self.put(admin, admin.id, {"role": "security_admin", "unit": ""})
        assert (answer.status_code, answer.json["code"]) == (409, "own_account")

    @pytest.mark.parametrize("unit", ["no_such_unit", "peoples_bank"])
    def test_a_unit_that_is_not_there_or_closed_is_named_by_its_field(self, admin, manager, unit):
        admin.post("/office/v1/units/peoples_bank/close")
        answer = self.put(admin, manager.id, {"role": "gate_clerk", "unit": unit})
        assert (answer.status_code, list(answer.json["fields"])) == (422, ["assignments.0.unit"])
        _, invited = admin.invite("gate_clerk", unit=unit)
        assert (invited.status_code, invited.json["code"]) == (422, "unit_unknown")

    @pytest.mark.parametrize("how", ["disable", "assign"])
    def test_the_last_security_administrator_stays(self, admin, security, how):
        def take_away(clerk_id: str):
            if how == "disable":
                return admin.post(f"/office/v1/staff/{clerk_id}/disable")
            return self.put(admin, clerk_id, {"role": "gate_clerk", "unit": "changzhengyuan"})

        second = admin.hire("security_admin")
        assert take_away(second.id).status_code < 300
        answer = take_away(security.id)
        assert (answer.status_code, answer.json["code"]) == (409, "last_security_admin")

    def test_two_security_administrators_taken_away_at_once_leave_one(self, admin, pair, app):
        other = admin.hire("system_admin")
        admins = admin, other.twin(app.test_client())
        calls = [partial(by.post, f"/office/v1/staff/{one.id}/disable") for by, one in zip(admins, pair, strict=True)]
        assert sorted(one.status_code for one in at_once(calls)) == [204, 409]


class TestWhoDecides:
    def test_two_approvers_at_once_are_one(self, admin, pair, app):
        for _ in range(5):
            _, _, approval_id = proposed(admin)
            twins = [one.twin(app.test_client()) for one in pair for _ in range(2)]
            answers = at_once([partial(decide, one, approval_id) for one in twins])
            assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
            assert actions(f"approval:{approval_id}") == ["approval.propose", "approval.approved"]

    def test_an_approver_and_a_refuser_at_once_are_one(self, admin, pair, app):
        for _ in range(5):
            _, answer, approval_id = proposed(admin)
            yes, no = (one.twin(app.test_client()) for one in pair)
            got = at_once([partial(decide, yes, approval_id), partial(decide, no, approval_id, "refuse")])
            assert sorted(one.status_code for one in got) == [200, 409]
            drain("trust")
            state = approval.read(ObjectId(approval_id))["state"]
            assert member(answer.json["id"])["state"] == {"approved": "invited", "refused": "disabled"}[state]

    def test_the_proposer_cannot_decide_whatever_roles_they_hold(self, admin):
        """By the rule itself, with a member who holds both sides."""
        found = member(admin.id)
        both = [{"role": role, "unit": "", "area": ""} for role in ("system_admin", "security_admin")]
        StaffMember._get_collection().update_one({"_id": found["_id"]}, {"$set": {"assignments": both}})
        actor = Staff(found["_id"], "wang.min", "s", tuple(Assignment(**one) for one in both))
        made = approval.propose(actor, approval.record(actor, "sensitive_grant", "staff:x", reason="x"))
        with pytest.raises(approval.OwnProposal):
            approval.approve(actor, made["_id"])
        change = {"state": "approved", "outbox": []}
        with pytest.raises(approval.ApprovalDecided):  # the guard of the update says so as well
            approval._decide(actor, made, change)
        assert approval.read(made["_id"])["state"] == "proposed"

    def test_nobody_decides_on_what_is_about_them(self, admin, pair):
        subject, other = pair
        waiting = admin.post(f"/office/v1/staff/{subject.id}/totp-reset", {"reason": "手机遗失"}).json["approval_id"]
        assert decide(subject, waiting).json["code"] == "own_proposal"
        assert subject.get("/office/v1/approvals").json["items"] == []
        assert decide(other, waiting).status_code == 200

    def test_who_decides_on_other_kinds_does_not_find_it(self, admin, privacy):
        _, _, approval_id = proposed(admin)
        assert decide(privacy, approval_id).status_code == 404
        assert privacy.get(f"/office/v1/approvals/{approval_id}").status_code == 404
        assert privacy.get("/office/v1/approvals").json["items"] == []

    def test_who_decides_nothing_is_refused_and_sees_only_their_own(self, admin, manager):
        _, _, approval_id = proposed(admin)
        assert decide(manager, approval_id).status_code == 403
        assert manager.get(f"/office/v1/approvals/{approval_id}").status_code == 404
        assert decide(manager, approval_id, "withdraw").status_code == 404
        assert manager.get("/office/v1/approvals").json["items"] == []

    def test_an_approver_disabled_a_moment_ago_decides_nothing(self, admin, pair):
        _, _, approval_id = proposed(admin)
        actor = pair[1].actor()
        admin.post(f"/office/v1/staff/{pair[1].id}/disable")
        with pytest.raises(approval.staff.SessionEnded):
            approval.approve(actor, ObjectId(approval_id))

    @pytest.mark.parametrize("approval_id", ["x", "0" * 24, "%00", "é"])
    @pytest.mark.parametrize("how", ["approve", "refuse", "withdraw"])
    def test_an_unknown_proposal_is_not_found(self, security, approval_id, how):
        assert decide(security, approval_id, how).status_code == 404

    def test_the_lists_page(self, admin, security):
        ids = [proposed(admin)[2] for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = security.get(f"/office/v1/approvals?limit=2{cursor and '&cursor='}{cursor}").json
            seen += [one["id"] for one in page["items"]]
            cursor = page["next"]
        assert seen == ids[::-1]

    def test_the_reason_lies_sealed_and_is_in_no_audit_entry(self, admin, manager, security):
        admin.post(f"/office/v1/staff/{manager.id}/totp-reset", {"reason": "手机掉进贡江"})
        stored = repr(list(Approval._get_collection().find({"kind": "totp_reset"}).hint("kind_1_state_1__id_-1")))
        entries = repr(list(AuditEntry._get_collection().find({"_id": {"$exists": True}})))
        assert "贡江" not in stored + entries
        assert security.get("/office/v1/approvals").json["items"][0]["reason"] == "手机掉进贡江"


class TestReset:
    def propose(self, clerk, member_id: str):
        return clerk.post(f"/office/v1/staff/{member_id}/totp-reset", {"reason": "手机遗失"})

    def test_neither_administrator_alone_can_take_the_account_over(self, admin, security, manager, client):
        answer = self.propose(admin, manager.id)
        thief = Clerk(client, answer.json["link"], manager.login)
        assert thief.accept().status_code == 404
        assert manager.get("/office/v1/me").status_code == 200
        pin = decide(security, answer.json["approval_id"]).json["pin"]
        drain("trust")
        assert manager.get("/office/v1/me").status_code == 401
        assert thief.accept().json["code"] == "pin_wrong"
        guess = Clerk(client, "x/office/v1/invitations/" + opaque_token.make(ObjectId(manager_id(manager))), "x")
        guess.pin = pin
        assert guess.accept().status_code == 404
        thief.pin = pin
        assert thief.activate().log_in().get("/office/v1/me").json["login"] == manager.login

    def test_one_administrator_cannot_invite_again_whoever_was_active(self, admin, manager):
        path = f"/office/v1/staff/{manager.id}"
        for state in ("active", "disabled"):
            answer = admin.post(f"{path}/invitation")
            assert (answer.status_code, answer.json["code"]) == (409, "second_person_needed"), state
            admin.post(f"{path}/disable")
        assert manager_state(manager) == "disabled"

    def test_a_reset_of_oneself_is_refused(self, admin):
        assert self.propose(admin, admin.id).json["code"] == "own_account"

    def test_the_link_of_a_reset_works_for_a_day_from_its_approval(self, admin, security, manager, client, shift_clock):
        answer = self.propose(admin, manager.id)
        shift_clock(2 * 24 * 3600)
        security.log_in()
        clerk = Clerk(client, answer.json["link"], manager.login)
        clerk.pin = decide(security, answer.json["approval_id"]).json["pin"]
        drain("trust")
        shift_clock(3 * 24 * 3600 - 60)
        assert clerk.accept().status_code == 200
        shift_clock(3 * 24 * 3600 + 60)
        assert clerk.confirm().status_code == 404

    def test_the_effect_twice_is_one_reset(self, admin, security, manager):
        found = ObjectId(self.propose(admin, manager.id).json["approval_id"])
        member_id = manager.id
        decide(security, str(found))
        drain("trust")
        kept = member(member_id)["invitation"]
        totp_reset.apply(found)
        assert member(member_id)["invitation"] == kept
        assert actions(f"staff:{member_id}").count("staff.reset") == 1


def manager_id(clerk) -> str:
    return str(StaffMember._get_collection().find_one({"login": clerk.login})["_id"])


def manager_state(clerk) -> str:
    return StaffMember._get_collection().find_one({"login": clerk.login})["state"]


class TestExports:
    def test_a_hundred_rows_leave_at_once_one_more_waits(self, manager, privacy):
        actor = manager.actor()
        assert approval.require_for_export(actor, 100, "orders:pingshan") is None
        waiting = approval.require_for_export(actor, 101, "orders:pingshan", reason="年度统计")
        assert waiting["details"] == {"rows": 101}
        assert privacy.get("/office/v1/approvals").json["items"][0]["kind_zh"] == "导出个人信息超过 100 行"
        assert decide(privacy, str(waiting["_id"])).json["state"] == "approved"


def test_the_times_of_a_proposal_are_as_promised(admin):
    _, _, approval_id = proposed(admin)
    found = approval.read(ObjectId(approval_id))
    assert found["expires_at"] - found["proposed_at"] == timedelta(days=3)
    assert found["outbox"][0]["due"] == found["expires_at"]
    assert found["proposed_at"] <= clock.now()
