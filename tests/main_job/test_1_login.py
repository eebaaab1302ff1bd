"""Paragraph 1, Login: js_code to session, expiry, refresh, revocation, privacy text, consents, phone, binding."""

import logging

import bson
import pytest
from structlog.testing import capture_logs

from backend import clock, runtime
from models.identity import privacy_text
from models.identity.account import Account
from models.identity.person import Person
from tests.support.phone import Phone, person, resident_id

HOUR, DAY = 3600, 24 * 3600
OPEN_TO_ALL = [
    "/mini/v1/privacy-text",
    "/mini/v1/places",
    "/mini/v1/places/museum",
    "/mini/v1/places/museum/slots",
    "/mini/v1/areas/360731/children",
]


@pytest.fixture
def fresh(client, seeded, sandbox):
    """A phone that has the mini-program and has not logged in."""
    return Phone(client, sandbox)


def log_in(phone, **changes):
    version = phone.get("/mini/v1/privacy-text").json["version"]
    body = {"js_code": phone.sandbox.js_code(phone.user), "privacy_version": version, **changes}
    return phone.post("/mini/v1/login", body)


def account_of(phone):
    index = runtime.current().sealer.blind("accounts.openid", phone.user["openid"])
    return Account._get_collection().find_one({"openid_index": index})


def session_key_of(phone):
    account = account_of(phone)
    return runtime.current().sealer.open("accounts.session_key", account["_id"], account["session_key"])


def status_with(phone, token):
    phone.token = token
    return phone.get("/mini/v1/account").status_code


def refresh(phone, token):
    return phone.post("/mini/v1/session/refresh", {"refresh_token": token})


# The session


def test_a_js_code_becomes_a_session(fresh):
    answer = log_in(fresh)
    assert answer.status_code == 200
    assert set(answer.json) == {"access_token", "refresh_token", "access_until", "refresh_until"}
    assert status_with(fresh, answer.json["access_token"]) == 200


def test_the_session_key_is_in_no_answer(fresh):
    said = log_in(fresh).get_data(as_text=True)
    fresh.log_in()
    key = session_key_of(fresh)
    said += fresh.get("/mini/v1/account").get_data(as_text=True) + str(fresh.tokens)
    assert len(key) == 24
    assert key not in said
    assert "session_key" not in said


def test_the_session_key_is_in_no_log_line(fresh, caplog):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        fresh.log_in()
    told = repr(lines) + caplog.text
    assert "'event': 'request'" in told
    assert session_key_of(fresh) not in told
    assert fresh.user["openid"] not in told
    assert fresh.token not in told


def test_the_store_keeps_session_key_openid_and_tokens_only_sealed_or_as_digests(fresh):
    fresh.log_in()
    raw = bson.encode(account_of(fresh))
    for secret in (session_key_of(fresh), fresh.user["openid"], *fresh.tokens.values()):
        assert secret.encode() not in raw


@pytest.mark.parametrize("why", ["used", "unknown", "too old"])
def test_a_js_code_that_does_not_hold_is_refused(fresh, shift_clock, why):
    code = "0" * 31 if why == "unknown" else fresh.sandbox.js_code(fresh.user)
    if why == "used":
        assert log_in(fresh, js_code=code).status_code == 200
    if why == "too old":
        shift_clock(301)
    answer = log_in(fresh, js_code=code)
    assert (answer.status_code, answer.json["code"]) == (400, "wechat_code_invalid")
    assert "重新打开" in answer.json["message"]


def test_a_user_that_wechat_holds_for_risky_is_refused(fresh):
    fresh.sandbox.call("/users", {"name": fresh.user["name"], "blocked": True})
    answer = log_in(fresh)
    assert (answer.status_code, answer.json["code"]) == (403, "wechat_user_blocked")
    assert account_of(fresh) is None


def test_the_same_wechat_user_is_the_same_account_at_every_login(fresh):
    fresh.log_in()
    first = account_of(fresh)["_id"]
    fresh.log_in()
    assert account_of(fresh)["_id"] == first
    assert Account._get_collection().estimated_document_count() == 1


def test_an_access_token_ends_after_two_hours_and_is_refreshed(fresh, shift_clock):
    fresh.log_in()
    shift_clock(2 * HOUR - 60)
    assert fresh.get("/mini/v1/account").status_code == 200
    shift_clock(2 * HOUR + 1)
    answer = fresh.get("/mini/v1/account")
    assert (answer.status_code, answer.json["code"]) == (401, "session_ended")
    assert status_with(fresh, refresh(fresh, fresh.tokens["refresh_token"]).json["access_token"]) == 200


def test_the_times_told_to_the_phone_are_those_that_hold(fresh):
    fresh.log_in()
    lasts = [
        clock.datetime.fromisoformat(fresh.tokens[name]) - clock.now() for name in ("access_until", "refresh_until")
    ]
    assert [round(span.total_seconds() / 60) for span in lasts] == [2 * 60, 30 * 24 * 60]
    assert all(fresh.tokens[name].endswith("+08:00") for name in ("access_until", "refresh_until"))


def test_a_refresh_token_ends_after_thirty_days(fresh, shift_clock):
    fresh.log_in()
    shift_clock(30 * DAY + 1)
    assert refresh(fresh, fresh.tokens["refresh_token"]).json["code"] == "session_ended"
    assert log_in(fresh).status_code == 200


def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(fresh):
    old = fresh.log_in().tokens
    new = refresh(fresh, old["refresh_token"]).json
    assert {old["access_token"], old["refresh_token"]}.isdisjoint({new["access_token"], new["refresh_token"]})
    assert status_with(fresh, old["access_token"]) == 401
    assert status_with(fresh, new["access_token"]) == 200


def test_a_refresh_token_used_twice_was_copied_and_ends_its_session(fresh):
    old = fresh.log_in().tokens
    new = refresh(fresh, old["refresh_token"]).json
    assert refresh(fresh, old["refresh_token"]).status_code == 401
    assert status_with(fresh, new["access_token"]) == 401
    assert refresh(fresh, new["refresh_token"]).status_code == 401


def test_a_refresh_token_of_two_generations_ago_ends_its_session_too(fresh):
    first = fresh.log_in().tokens
    second = refresh(fresh, first["refresh_token"]).json
    third = refresh(fresh, second["refresh_token"]).json
    assert refresh(fresh, first["refresh_token"]).status_code == 401
    assert status_with(fresh, third["access_token"]) == 401


def test_a_copied_refresh_token_ends_no_other_session(fresh):
    other = fresh.log_in().tokens
    old = fresh.log_in().tokens
    refresh(fresh, old["refresh_token"])
    refresh(fresh, old["refresh_token"])
    assert status_with(fresh, other["access_token"]) == 200


def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(fresh):
    tokens = fresh.log_in().tokens
    assert status_with(fresh, tokens["refresh_token"]) == 401
    assert refresh(fresh, tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "not_logged_in"),
        ("Bearer", "not_logged_in"),
        ("Basic dTpw", "not_logged_in"),
        ("Bearer x", "session_ended"),
        ("Bearer " + "A" * 59, "session_ended"),
        ("Bearer " + "é" * 59, "session_ended"),
        ("Bearer " + "A" * 4000, "session_ended"),
    ],
)
def test_what_is_no_token_is_a_401_with_the_scheme(fresh, header, code):
    answer = fresh.client.get("/mini/v1/account", headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("path", "other"), [("/mini/v1/logout", 200), ("/mini/v1/logout-everywhere", 401)])
def test_a_logout_ends_this_session_or_all_of_them_at_once(fresh, path, other):
    first = fresh.log_in().tokens["access_token"]
    second = fresh.log_in().tokens
    assert fresh.post(path).status_code == 204
    assert status_with(fresh, second["access_token"]) == 401
    assert refresh(fresh, second["refresh_token"]).status_code == 401
    assert status_with(fresh, first) == other


def test_five_sessions_stay_and_the_oldest_gives_way(fresh):
    tokens = [fresh.log_in().token for _ in range(6)]
    assert [status_with(fresh, token) for token in tokens] == [401, 200, 200, 200, 200, 200]


# Privacy text and consents


def test_the_accepted_version_of_the_privacy_text_is_recorded_once_with_its_time(fresh):
    fresh.log_in().log_in()
    accepted = account_of(fresh)["privacy"]
    assert [one["version"] for one in accepted] == [fresh.get("/mini/v1/privacy-text").json["version"]]
    assert abs((clock.now() - accepted[0]["at"]).total_seconds()) < 60


@pytest.mark.parametrize("version", ["2019-01", "2026-11 ", "none"])
def test_a_login_that_accepts_another_text_than_the_newest_is_refused_and_told_which(fresh, version):
    answer = log_in(fresh, privacy_version=version)
    assert (answer.status_code, answer.json["code"]) == (409, "privacy_text_outdated")
    assert answer.json["fields"] == {"privacy_version": [fresh.get("/mini/v1/privacy-text").json["version"]]}
    assert account_of(fresh) is None


def test_a_new_privacy_text_is_to_be_accepted_at_the_next_login_and_both_are_recorded(fresh, shift_clock):
    old = fresh.log_in().get("/mini/v1/privacy-text").json
    shift_clock(5)
    privacy_text.publish("2027-01", "新的隐私政策")
    assert log_in(fresh, privacy_version=old["version"]).json["code"] == "privacy_text_outdated"
    shown = fresh.get("/mini/v1/privacy-text").json
    assert (shown["version"], shown["body"]) == ("2027-01", "新的隐私政策")
    assert log_in(fresh).status_code == 200
    assert [one["version"] for one in account_of(fresh)["privacy"]] == [old["version"], "2027-01"]


def test_publishing_a_version_again_changes_nothing(fresh):
    before = fresh.get("/mini/v1/privacy-text").json
    privacy_text.publish(before["version"], "heimlich anders")
    assert fresh.get("/mini/v1/privacy-text").json == before


def ask_for(phone, what):
    if what == "document":
        return phone.post("/mini/v1/person", person())
    code = phone.sandbox.call(f"/users/{phone.user['user_id']}/phone_code", {})["code"]
    return phone.post("/mini/v1/phone", {"code": code})


@pytest.mark.parametrize("given", [None, "phone", "document"])
@pytest.mark.parametrize("asked", ["phone", "document"])
def test_each_kind_of_data_needs_its_own_consent(fresh, given, asked):
    fresh.log_in()
    if given:
        assert fresh.consent(given).status_code == 204
    answer = ask_for(fresh, asked)
    if given == asked:
        assert answer.status_code in {200, 201}
    else:
        assert (answer.status_code, answer.json["code"]) == (403, "consent_needed")
        assert answer.json["fields"] == {"consent": [asked]}


def test_a_consent_is_recorded_with_text_and_time(fresh):
    fresh.log_in().consent("phone")
    given = account_of(fresh)["consents"]
    assert given["phone"]["version"] == "2026-11"
    assert abs((clock.now() - given["phone"]["at"]).total_seconds()) < 60
    assert fresh.get("/mini/v1/account").json["consents"] == ["phone"]


@pytest.mark.parametrize("path", OPEN_TO_ALL)
@pytest.mark.parametrize("logged_in", [False, True], ids=["a stranger", "who refused all consents"])
def test_browsing_is_open_to(fresh, path, logged_in):
    if logged_in:
        fresh.log_in()
    assert fresh.get(path).status_code == 200


def test_who_refuses_to_bind_may_see_orders_but_not_book(fresh):
    fresh.log_in()
    answer = fresh.post("/mini/v1/orders", {})
    assert (answer.status_code, answer.json["code"]) == (403, "binding_needed")
    assert fresh.get("/mini/v1/orders").json == {"items": [], "next": None}


def test_withdrawing_a_consent_takes_out_what_came_with_it(phone):
    phone.consent("phone")
    ask_for(phone, "phone")
    for kind in ("phone", "document"):
        assert phone.call("DELETE", f"/mini/v1/consents/{kind}").status_code == 204
    account = account_of(phone)
    assert not {"phone", "phone_index", "person"} & set(account)
    assert (account["companions"], account["consents"], account["level"]) == ([], {}, "account")
    assert phone.book("museum-20261124-0900", ("x", "adult")).json["code"] == "binding_needed"


@pytest.mark.parametrize("kind", ["location", "$set", "phone.version", "."])
def test_a_kind_of_consent_that_is_none_is_not_found(fresh, kind):
    fresh.log_in().consent("phone")
    answer = fresh.call("DELETE", f"/mini/v1/consents/{kind}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert fresh.get("/mini/v1/account").json["consents"] == ["phone"]


# Phone


def test_the_phone_number_comes_by_code_is_shown_masked_and_lies_sealed(fresh):
    fresh.log_in().consent("phone")
    number = fresh.user["phone"]
    answer = ask_for(fresh, "phone")
    assert answer.json == {"phone": f"{number[:3]}****{number[-4:]}"}
    assert number.encode() not in bson.encode(account_of(fresh))
    assert fresh.get("/mini/v1/account").json["has_phone"]


def test_a_phone_code_works_once_and_the_login_code_is_none(fresh):
    fresh.log_in().consent("phone")
    code = fresh.sandbox.call(f"/users/{fresh.user['user_id']}/phone_code", {})["code"]
    assert fresh.post("/mini/v1/phone", {"code": code}).status_code == 200
    for wrong in (code, fresh.sandbox.js_code(fresh.user)):
        answer = fresh.post("/mini/v1/phone", {"code": wrong})
        assert (answer.status_code, answer.json["code"]) == (400, "wechat_phone_code_invalid")


# Binding

GOOD = [
    ("resident_id", "11010519491231002X", "**************002X"),
    ("resident_id", "440524188001010014", "**************0014"),  # GB 11643's example, of an abolished area
    ("passport", "E12345678", "*****5678"),
    ("hk_macao_permit", "H12345678", "*****5678"),
    ("taiwan_permit", "12345678", "****5678"),
    ("foreign_permanent_residence", "911124198108030024", "**************0024"),
    ("foreign_permanent_residence", "ABC123456789012", "***********9012"),
]


@pytest.mark.parametrize(("kind", "number", "tail"), GOOD, ids=[f"{kind} {number}" for kind, number, _ in GOOD])
def test_an_account_is_bound_by_its_holders_own_declaration_with(fresh, kind, number, tail):
    fresh.log_in().consent("document")
    answer = fresh.post("/mini/v1/person", {"name": "欧阳小明", "document_kind": kind, "document_number": number})
    assert answer.status_code == 201, answer.json
    shown = {name: answer.json[name] for name in ("name", "document_kind", "document_tail", "is_self")}
    assert shown == {"name": "欧阳**", "document_kind": kind, "document_tail": tail, "is_self": True}
    account = fresh.get("/mini/v1/account").json
    assert (account["level"], account["level_zh"]) == ("declared", "本人申报")


def wrong_number(number):
    return number[:-1] + ("1" if number[-1] != "1" else "2")


WRONG = [
    ("resident_id", wrong_number(resident_id()), "wrong_check_digit", "校验"),
    ("resident_id", "44052418800101001", "wrong_document_length", "18"),
    ("resident_id", "44052418800101001Y", "wrong_document_form", "逐位核对"),
    ("resident_id", resident_id("20300230"), "impossible_birth_date", "出生日期"),
    ("passport", "E1", "wrong_document_length", "护照"),
    ("hk_macao_permit", "A12345678", "wrong_document_form", "港澳"),
    ("taiwan_permit", "1234567", "wrong_document_length", "台湾"),
    ("foreign_permanent_residence", "911124198108030025", "wrong_check_digit", "永久居留"),
]


@pytest.mark.parametrize(("kind", "number", "code", "says"), WRONG, ids=[f"{row[0]} {row[2]}" for row in WRONG])
def test_a_wrong_number_is_refused_with_code_field_and_sentence(fresh, kind, number, code, says):
    fresh.log_in().consent("document")
    answer = fresh.post("/mini/v1/person", {"name": "张三", "document_kind": kind, "document_number": number})
    assert (answer.status_code, answer.json["code"]) == (400, code)
    assert says in answer.json["fields"]["document_number"][0]
    assert number not in answer.get_data(as_text=True)
    assert Person._get_collection().estimated_document_count() == 0


def test_the_sentence_is_english_when_the_phone_asks_for_it(fresh):
    fresh.log_in().consent("document")
    body = {"name": "Ann", "document_kind": "resident_id", "document_number": wrong_number(resident_id())}
    answer = fresh.post("/mini/v1/person", body, **{"Accept-Language": "en-GB,en;q=0.9"})
    assert answer.json["message"] == "A digit of the number seems to be mistyped (resident identity card)."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"document_kind": "library_card"}, "document_kind"),
        ({"document_number": None}, "document_number"),
        ({"birthday": "1990-03-07"}, "birthday"),
    ],
)
def test_a_binding_of_a_wrong_form_names_its_field_in_chinese(fresh, change, field):
    fresh.log_in().consent("document")
    answer = fresh.post("/mini/v1/person", person() | change)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_input")
    assert list(answer.json["fields"]) == [field]
    assert all("\u4e00" <= sentence[0] <= "\u9fff" for sentence in answer.json["fields"][field])


def test_an_account_is_bound_once(phone):
    answer = phone.post("/mini/v1/person", person("李四"))
    assert (answer.status_code, answer.json["code"]) == (409, "already_bound")
    assert [one["name"] for one in phone.get("/mini/v1/companions").json["items"]] == ["张**"]


def test_a_person_is_not_an_account_two_accounts_may_declare_the_same_one(fresh, client, sandbox):
    body = person()
    for phone in (fresh, Phone(client, sandbox)):
        phone.log_in().consent("document")
        assert phone.post("/mini/v1/person", body).status_code == 201
    assert Person._get_collection().estimated_document_count() == 1
    assert len({account["person"] for account in Account._get_collection().find()}) == 1


def test_name_and_number_lie_sealed(phone):
    body = person("司马相如")
    phone.post("/mini/v1/companions", body)
    raw = b"".join(bson.encode(one) for kind in (Account, Person) for one in kind._get_collection().find())
    assert len(raw) > 500
    for secret in (body["document_number"], body["name"], "张三丰"):
        assert secret.encode() not in raw


def test_name_and_number_are_in_no_log_line(fresh, caplog):
    caplog.set_level(logging.DEBUG)
    body = person("司马相如")
    fresh.log_in().consent("document")
    with capture_logs() as lines:
        fresh.post("/mini/v1/person", body)
        fresh.post("/mini/v1/companions", body | {"document_number": wrong_number(body["document_number"])})
    told = repr(lines) + caplog.text
    assert told.count("'event': 'request'") == 2
    assert body["document_number"][:17] not in told
    assert body["name"] not in told


def test_companions_are_listed_once_and_removed_but_oneself_stays(phone):
    body = person("李四")
    other = phone.post("/mini/v1/companions", body).json["id"]
    assert phone.post("/mini/v1/companions", body).json["code"] == "companion_already_listed"
    assert phone.call("DELETE", f"/mini/v1/companions/{other}").status_code == 204
    assert phone.call("DELETE", f"/mini/v1/companions/{other}").status_code == 404
    assert phone.call("DELETE", f"/mini/v1/companions/{phone.me}").status_code == 404
    assert [one["id"] for one in phone.get("/mini/v1/companions").json["items"]] == [phone.me]


def test_thirty_companions_are_the_most(phone):
    for _ in range(29):
        phone.companion()
    answer = phone.post("/mini/v1/companions", person("李四"))
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_companions")
    assert "30" in answer.json["message"]
