"""WeChat's message push over real HTTP: the address check, the events, the grants, the hand-over to the hotline."""

import json
from dataclasses import replace

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import runtime
from models.messaging import grant
from tests.support.queues import drain
from tests.wechat.wechat_side import push_digest, push_sealed

PATH = "/open/v1/wechat/push"
TEMPLATE = "tmpl_order_issued"
OTHER = "tmpl_other"


@pytest.fixture
def user(sandbox):
    return sandbox.user(f"push-{ObjectId()}")


@pytest.fixture
def push(sandbox, door):
    def send(event: dict, **options) -> dict:
        return sandbox.call("/push", {"url": f"{door.base}{PATH}", "event": event, **options})

    return send


def left(openid: str, template: str = TEMPLATE) -> int:
    """Use up what is granted and return how much it was."""
    count = 0
    while grant.use(openid, template):
        count += 1
    return count


def popup(user, *choices: tuple[str, str], at: int = 1_790_000_000) -> dict:
    items = [{"TemplateId": t, "SubscribeStatusString": s, "PopupScene": "0"} for t, s in choices]
    return {"FromUserName": user["openid"], "CreateTime": at, "Event": "subscribe_msg_popup_event", "List": items}


def change(user, template: str, status: str, at: int = 1_790_000_100) -> dict:
    item = {"TemplateId": template, "SubscribeStatusString": status}
    return {"FromUserName": user["openid"], "CreateTime": at, "Event": "subscribe_msg_change_event", "List": [item]}


def sent(user, at: int = 1_790_000_200) -> dict:
    item = {"TemplateId": TEMPLATE, "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
    return {"FromUserName": user["openid"], "CreateTime": at, "Event": "subscribe_msg_sent_event", "List": [item]}


def events() -> list[dict]:
    return list(get_db().push_events.find({"_id": {"$gte": ""}}))


class TestTheAddress:
    def test_wechats_check_is_answered_with_its_own_word(self, sandbox, door):
        told = sandbox.call("/push/verify", {"url": f"{door.base}{PATH}"})
        assert (told["status"], told["echoed"]) == (200, True)

    def test_a_check_with_a_wrong_signature_is_refused(self, sandbox, door):
        told = sandbox.call("/push/verify", {"url": f"{door.base}{PATH}", "bad_signature": True})
        assert (told["status"], told["echoed"]) == (401, False)

    @pytest.mark.parametrize("query", ["", "?echostr=1", "?signature=&timestamp=&nonce=&echostr=1", "?signature=签名"])
    def test_a_check_without_proof_is_refused(self, store, client, query):
        answer = client.get(PATH + query)
        assert (answer.status_code, answer.json["code"]) == (401, "push_refused")


class TestEvents:
    def test_what_the_user_accepts_in_the_popup_is_granted(self, push, user):
        told = push(popup(user, (TEMPLATE, "accept"), (OTHER, "reject")))
        assert (told["status"], told["body"]) == (200, "success")
        drain("push")
        assert (left(user["openid"]), left(user["openid"], OTHER)) == (1, 0)

    def test_an_event_lies_in_the_store_before_it_is_answered_and_works_by_the_queue(self, push, user):
        push(popup(user, (TEMPLATE, "accept")))
        [kept] = events()
        assert kept["kind"] == "subscribe_msg_popup_event"
        assert left(user["openid"]) == 0
        drain("push")
        assert left(user["openid"]) == 1
        assert events()[0]["outbox"] == []

    def test_what_is_stored_of_an_event_does_not_show_the_user(self, push, user):
        push(popup(user, (TEMPLATE, "accept")))
        assert user["openid"] not in repr(events())

    def test_each_acceptance_counts(self, push, user):
        for moment in range(3):
            push(popup(user, (TEMPLATE, "accept"), at=1_790_000_000 + moment))
        drain("push")
        assert left(user["openid"]) == 3

    def test_the_same_event_twice_counts_once(self, push, user):
        for _ in range(3):
            assert push(popup(user, (TEMPLATE, "accept")))["status"] == 200
        drain("push")
        assert (len(events()), left(user["openid"])) == (1, 1)

    def test_switching_the_messages_off_takes_back_all_that_was_granted(self, push, user):
        push(popup(user, (TEMPLATE, "accept"), (OTHER, "accept")))
        drain("push")
        push(change(user, TEMPLATE, "reject"))
        drain("push")
        assert (left(user["openid"]), left(user["openid"], OTHER)) == (0, 1)

    def test_one_users_grants_are_not_anothers(self, push, user, sandbox):
        other = sandbox.user(f"push-{ObjectId()}")
        push(popup(user, (TEMPLATE, "accept")))
        push(change(other, TEMPLATE, "reject"))
        drain("push")
        assert (left(user["openid"]), left(other["openid"])) == (1, 0)

    @pytest.mark.parametrize(
        "event",
        [
            {"Event": "wxa_media_check", "trace_id": "t1", "result": {"suggest": "pass", "label": 100}},
            {"Event": "trade_manage_order_settlement", "transaction_id": "4200", "estimated_settlement_time": 1},
            {"Event": "trade_manage_remind_shipping", "transaction_id": "4200", "msg": "发货提醒"},
            {"Event": "an_event_of_next_year", "List": "no list"},
            {"Event": "subscribe_msg_popup_event", "List": "no list"},
            {"Event": "subscribe_msg_popup_event", "List": [1, None, {}]},
            {"Event": "subscribe_msg_popup_event"},
        ],
        ids=lambda event: f"{event['Event']} {event.get('List', '')}",
    )
    def test_other_events_are_taken_and_leave_nothing_undone(self, push, user, event):
        told = push({"FromUserName": user["openid"], **event})
        assert (told["status"], told["body"]) == (200, "success")
        assert drain("push") == 1
        assert events()[0]["outbox"] == []

    def test_a_sent_event_does_not_take_a_grant_twice(self, push, user):
        push(popup(user, (TEMPLATE, "accept")))
        push(sent(user))
        drain("push")
        assert left(user["openid"]) == 1


class TestTheMessage:
    def granted(self, phone, push) -> None:
        phone.sandbox.call(f"/users/{phone.user['user_id']}/grants", {"template_id": TEMPLATE})
        push(popup(phone.user, (TEMPLATE, "accept")))
        drain("push")

    def messages(self, phone) -> list[dict]:
        return phone.sandbox.call(f"/users/{phone.user['user_id']}/messages")["messages"]

    def test_who_granted_it_is_told_of_the_tickets_once(self, phone, push):
        self.granted(phone, push)
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        drain()
        [message] = self.messages(phone)
        assert (message["touser"], message["template_id"]) == (phone.user["openid"], TEMPLATE)
        assert message["data"]["date2"] == {"value": order["day"]}
        assert message["data"]["number3"] == {"value": "1"}
        assert 0 < len(message["data"]["thing1"]["value"]) <= 20

    def test_who_granted_nothing_is_told_nothing(self, phone):
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        assert self.messages(phone) == []
        assert get_db().orders.find_one({"_id": ObjectId(order["id"])})["outbox"] == []

    def test_one_grant_is_one_message(self, phone, push):
        self.granted(phone, push)
        slot = phone.free_slot("pingshan")
        for _ in range(2):
            phone.issued(slot, (phone.companion(), "adult"))
            drain()
        assert len(self.messages(phone)) == 1

    def test_a_grant_that_wechat_does_not_know_ends_quietly(self, phone, push):
        phone.sandbox.call("/templates", {"template_id": TEMPLATE})
        push(popup(phone.user, (TEMPLATE, "accept")))
        drain("push")
        order = phone.issued(phone.free_slot("pingshan"))
        drain()
        assert self.messages(phone) == []
        assert get_db().orders.find_one({"_id": ObjectId(order["id"])})["outbox"] == []


class TestProof:
    @pytest.mark.parametrize("option", ["bad_signature", "other_appid"])
    def test_a_push_that_is_not_for_us_is_refused(self, push, user, option):
        told = push(popup(user, (TEMPLATE, "accept")), **{option: True})
        assert told["status"] == 401
        assert json.loads(told["body"])["code"] == "push_refused"
        assert events() == []

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b"null", b"\xff", b"{}", b'{"Encrypt":5}', b'{"Encrypt":"AAAA"}', b"<xml></xml>", b"<xml>",
         b"<xml><Encrypt>x</Encrypt></xml>", b"[" * 100_000, b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>'],
        ids=range(13),
    )  # fmt: skip
    def test_nonsense_is_refused(self, store, client, body):
        answer = client.post(f"{PATH}?msg_signature=x&timestamp=1&nonce=2", data=body)
        assert (answer.status_code, answer.json["code"]) == (401, "push_refused")
        assert events() == []

    @pytest.mark.parametrize(
        "plain",
        [b"", b"null", b"[]", b"no json", b"\xff\xff", b'{"Event":"subscribe_msg_popup_event"}', b"<xml/>"],
        ids=range(7),
    )
    def test_nonsense_is_refused_even_when_signed_and_sealed(self, store, client, sandbox, plain):
        assert self.sealed(client, sandbox, plain).status_code == 401
        assert events() == []

    def test_an_event_in_xml_counts_as_one_in_json(self, store, client, sandbox, user):
        plain = (
            f"<xml><FromUserName>{user['openid']}</FromUserName><CreateTime>1790000000</CreateTime>"
            "<MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent><List>"
            f"<TemplateId>{TEMPLATE}</TemplateId><SubscribeStatusString>accept</SubscribeStatusString>"
            "</List></SubscribeMsgPopupEvent></xml>"
        )
        assert self.sealed(client, sandbox, plain.encode()).data == b"success"
        drain("push")
        assert left(user["openid"]) == 1

    def sealed(self, client, sandbox, plain: bytes):
        secret = json.loads((sandbox.folder / "credentials.json").read_text())
        cipher = push_sealed(secret["push_aes_key"], plain, secret["appid"])
        digest = push_digest(secret["push_token"], "1790000000", "7", cipher)
        return client.post(f"{PATH}?msg_signature={digest}&timestamp=1790000000&nonce=7", json={"Encrypt": cipher})


def question(user, kind: str = "text") -> dict:
    return {"FromUserName": user["openid"], "MsgType": kind, "Content": "开门吗", "MsgId": str(ObjectId())}


class TestTheHotline:
    @pytest.mark.parametrize("kind", ["text", "image", "miniprogrampage"])
    def test_a_users_question_is_handed_over(self, push, user, kind):
        told = push({**question(user, kind), "CreateTime": 1_790_000_300})
        assert told["status"] == 200
        assert json.loads(told["body"]) == {
            "ToUserName": user["openid"],
            "FromUserName": "gh_sandbox",
            "CreateTime": 1_790_000_300,
            "MsgType": "transfer_customer_service",
        }

    def test_the_same_question_three_times_is_kept_once_and_answered_each_time(self, push, user):
        asked = question(user)
        bodies = {json.loads(push({**asked, "CreateTime": 1_790_000_300})["body"])["MsgType"] for _ in range(3)}
        assert (bodies, len(events())) == ({"transfer_customer_service"}, 1)

    def test_an_event_is_not_a_question(self, push, user):
        assert push(popup(user, (TEMPLATE, "accept")))["body"] == "success"


@pytest.fixture
def told(store):
    """Return a function that gives the process other settings for the test."""
    yield lambda **changes: runtime.install(replace(store, settings=replace(store.settings, **changes)))
    runtime.install(store)


def test_without_a_hotline_a_question_is_only_acknowledged(push, user, told):
    told(customer_service_transfer=False)
    assert push(question(user))["body"] == "success"


class TestFilesAtTheRoot:
    def test_a_file_of_the_settings_is_served(self, client, told):
        told(wechat_verify_files={"MP_verify_abc.txt": "abc123"})
        answer = client.get("/MP_verify_abc.txt")
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "abc123", "text/plain")

    @pytest.mark.parametrize("name", ["MP_verify_other.txt", "robots.txt", "..%2fMP_verify_abc.txt"])
    def test_no_other_file_is(self, client, told, name):
        told(wechat_verify_files={"MP_verify_abc.txt": "abc123"})
        assert client.get(f"/{name}").status_code == 404
