"""Bootstrap and the one-time link."""

from functools import partial

import pyotp
import pytest

from backend import clock
from models.audit.entry import AuditEntry
from models.identity import invitation
from models.identity.staff import StaffMember
from seed import bootstrap
from tests.support.clerk import PASSWORD, Clerk, agreed, first_admin, path_of
from tests.support.crowd import at_once


def made(client) -> Clerk:
    return Clerk(client, invitation.bootstrap("wang.min", "王敏").link, "wang.min")


def test_the_link_leads_to_an_administrator_who_can_log_in(client, store):
    admin = made(client).activate().log_in()
    me = admin.get("/office/v1/me").json
    assert (me["login"], me["name"]) == ("wang.min", "王敏")
    assert [one["role"] for one in me["assignments"]] == ["system_admin"]
    assert "staff.invite" in me["operations"]
    assert "order.list" not in me["operations"]


def test_a_second_bootstrap_is_refused_before_and_after_the_first_was_activated(client, store):
    first = made(client)
    with pytest.raises(invitation.AdministratorExists):
        invitation.bootstrap("second", "李强")
    first.activate()
    with pytest.raises(invitation.AdministratorExists):
        invitation.bootstrap("second", "李强")


def test_two_bootstraps_at_once_give_one_administrator(store):
    def attempt(login):
        try:
            return invitation.bootstrap(login, "王敏")
        except invitation.AdministratorExists:
            return None

    got = at_once([partial(attempt, f"admin-{number}") for number in range(8)])
    assert len([one for one in got if one]) == 1
    assert StaffMember.objects(first_admin=True).count() == 1


def test_a_first_administrator_who_never_came_is_replaced_when_the_link_has_run_out(client, store, shift_clock):
    old = made(client)
    shift_clock(24 * 3600 + 1)
    new = made(client)
    assert old.accept().json["code"] == "invitation_gone"
    new.activate().log_in()


def test_an_administrator_who_was_reset_is_not_replaced_by_a_bootstrap(client, store, shift_clock):
    first = first_admin(client)
    second = first.hire("system_admin")
    answer = second.post(f"/office/v1/staff/{first.id}/totp-reset", {"reason": "手机遗失"})
    agreed(client, answer.json["approval_id"])
    assert first.get("/office/v1/me").status_code == 401
    shift_clock(25 * 3600)
    with pytest.raises(invitation.AdministratorExists):
        invitation.bootstrap("third", "李强")


def test_the_operator_makes_one_first_security_administrator_as_well(client, store):
    first_admin(client)
    security = (
        Clerk(client, invitation.bootstrap("sun.an", "孙安", "security_admin").link, "sun.an").activate().log_in()
    )
    assert "grant.approve" in security.get("/office/v1/me").json["operations"]
    assert security.post("/office/v1/staff", {}).status_code == 403
    with pytest.raises(invitation.AdministratorExists):
        invitation.bootstrap("another", "李强", "security_admin")


def test_the_command_prints_the_link_and_refuses_a_second_time(store, environment, monkeypatch, capsys):
    for name, value in {**environment, "MONGODB_URI": store.settings.mongodb_uri}.items():
        monkeypatch.setenv(name, value)
    bootstrap.run(["--login", "wang.min", "--name", "王敏"])
    assert "/office/v1/invitations/" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        bootstrap.run(["--login", "li.qiang", "--name", "李强"])
    assert "已有系统管理员" in str(ended.value)


@pytest.mark.parametrize("argv", [[], ["--login", "X", "--name", "王敏"], ["--login", "wang.min", "--name", " "]])
def test_the_command_refuses_what_it_cannot_use(argv, capsys):
    with pytest.raises(SystemExit):
        bootstrap.run(argv)
    assert "usage" in capsys.readouterr().err


def test_the_link_says_whom_it_invites_and_what_comes_next(client, store):
    invited = made(client)
    told = invited.get(path_of(invited.link)).json
    assert (told["login"], told["next_step"]) == ("wang.min", "accept")
    invited.accept()
    assert invited.get(path_of(invited.link)).json["next_step"] == "confirm"


def test_the_secret_is_shown_once_and_fits_an_authenticator_app(client, store):
    invited = made(client)
    shown = invited.accept().json
    app = pyotp.parse_uri(shown["otpauth_uri"])
    assert (app.secret, app.name) == (shown["secret"], "wang.min")
    assert invited.accept().status_code == 404
    assert invited.accept(PASSWORD + "!").status_code == 404


def test_the_link_works_no_more_after_it_was_confirmed(client, store):
    invited = made(client).activate()
    assert invited.get(path_of(invited.link)).status_code == 404
    assert invited.accept().status_code == 404
    assert invited.confirm().status_code == 404


@pytest.mark.parametrize("step", ["accept", "confirm"])
def test_a_link_older_than_a_day_opens_nothing(client, store, shift_clock, step):
    invited = made(client)
    if step == "confirm":
        invited.accept()
    shift_clock(24 * 3600 + 1)
    answer = invited.accept() if step == "accept" else invited.confirm()
    assert (answer.status_code, answer.json["code"]) == (404, "invitation_gone")


def test_a_wrong_first_code_activates_nothing(client, store):
    invited = made(client)
    assert invited.confirm("000000").json["code"] == "invitation_not_accepted"
    invited.accept()
    wrong = f"{(int(invited.code()) + 1) % 10**6:06d}"
    answer = invited.confirm(wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "totp_wrong")
    assert invited.confirm().status_code == 204


def test_guessing_the_first_code_is_limited(client, store):
    invited = made(client)
    invited.accept()
    answers = [invited.confirm("000000").status_code for _ in range(11)]
    assert answers[-1] == 429


@pytest.mark.parametrize("token", ["x", "a" * 58, "A" * 59, "%00", "é" * 20, "." * 400])
def test_a_made_up_token_is_not_found(client, store, token):
    assert client.get(f"/office/v1/invitations/{token}").status_code == 404
    answer = client.post(f"/office/v1/invitations/{token}/accept", json={"password": PASSWORD})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "password",
    ["Short-1", "alllowercaseletters", "lowercase12345", "Wang.Min-2026-abc", "A1-" * 43],
    ids=["short", "one class", "two classes", "holds the login", "too long"],
)
def test_a_weak_password_is_refused_and_the_link_stays_open(client, store, password):
    invited = made(client)
    answer = invited.accept(password)
    assert answer.status_code == 400
    assert "password" in answer.json["fields"]
    assert invited.accept().status_code == 200


def test_the_store_holds_neither_password_nor_secret_nor_token_nor_name(client, store):
    admin = first_admin(client)
    kept = repr(StaffMember._get_collection().find_one({"login": "wang.min"}))
    for secret in (PASSWORD, admin.secret, admin.token, admin.link.rsplit("/", 1)[1], "王敏"):
        assert secret not in kept
    assert "$argon2id$" in kept


def test_the_audit_names_invitation_and_activation(client, store):
    began = clock.now()
    first_admin(client)
    lines = list(AuditEntry._get_collection().find({"_id": {"$exists": True}}).sort("_id", 1))
    assert [(one["actor"].partition(":")[0], one["action"]) for one in lines] == [
        ("system", "staff.invite"),
        ("staff", "staff.activate"),
        ("staff", "staff.login"),
    ]
    assert all(one["at"] >= began for one in lines)
