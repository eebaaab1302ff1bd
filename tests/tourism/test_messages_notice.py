"""Notices: told once, by the channels in their order, with every end noted; what outside systems do wrong."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db
from pymongo.errors import PyMongoError

from backend import clock, outbox
from backend.store import transactions
from models.messaging import deliver, grant, notice
from tasks import messaging
from tests.support import timeline
from tests.support.crowd import at_once
from tests.support.messages import SEND, VISIT, Told, bring, due
from tests.support.queues import drain

NUMBER = "13800000001"
TEMPLATE = "tmpl_visit_reminder"


@pytest.fixture(autouse=True)
def daytime(seeded, travel):
    """Ten in the morning of tomorrow, after everything was put: no test waits for the real night to end."""
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


@pytest.fixture
def told(phone, sandbox, sms_box):
    sandbox.clear()
    sms_box.forget()
    yield Told(phone)
    sandbox.clear()


def figures() -> dict[str, dict]:
    return {one["_id"].partition(":")[2]: one["counts"] for one in get_db().notice_days.find({"_id": {"$gte": ""}})}


class TestWhatWeChatTellsAfterwards:
    """subscribe_msg_sent_event: a message that WeChat had taken came to its user, or did not."""

    @pytest.fixture
    def ended(self, told, door, sandbox):
        """Let WeChat tell how the message ended; the newest one, unless it is named."""

        def tell(code: str, status: str, *, msgid: str = "", openid: str = "", at: int = 0) -> None:
            known = msgid or told.notice()["channels"]["subscribe"]["msgid"]
            item = {"TemplateId": TEMPLATE, "MsgID": known, "ErrorCode": code, "ErrorStatus": status}
            event = {
                "FromUserName": openid or told.openid,
                "CreateTime": int(clock.timestamp()) + at,
                "Event": "subscribe_msg_sent_event",
                "List": item,
            }
            assert sandbox.call("/push", {"url": f"{door.base}/open/v1/wechat/push", "event": event})["status"] == 200
            drain("push")

        return tell

    def test_a_message_that_came_is_delivered_once(self, told, ended, sms_box):
        told.allow("visit_reminder")
        told.number(NUMBER)
        told.tell()
        drain("push")
        ended("0", "success")
        ended("0", "success", at=5)
        assert told.states() == {"in_app": "put", "subscribe": "delivered"}
        assert figures()["visit_reminder"]["subscribe"] == {"sent": 1, "delivered": 1}
        ended("43101", "user refuse to accept the msg", at=9)
        assert told.states() == {"in_app": "put", "subscribe": "delivered"}, "what came, came"
        assert sms_box.messages() == []

    def test_a_message_that_the_user_refused_goes_on_as_an_sms_once_and_ends_the_grants(self, told, ended, sms_box):
        told.allow("visit_reminder", count=3)
        told.number(NUMBER)
        told.tell()
        drain("push")
        assert told.left("visit_reminder") == 2
        ended("43101", "user refuse to accept the msg")
        ended("43101", "user refuse to accept the msg", at=5)
        found = told.notice()
        assert (found["channels"]["subscribe"]["state"], found["state"]) == ("not_granted", "done")
        assert found["channels"]["sms"]["state"] in {"sent", "delivered"}
        assert len(sms_box.messages()) == 1
        assert told.left("visit_reminder") == 0

    def test_a_message_that_failed_at_wechat_keeps_the_grants_and_goes_on_as_an_sms(self, told, ended, sms_box):
        told.allow("visit_reminder", count=2)
        told.number(NUMBER)
        told.tell()
        drain("push")
        ended("20001", "system error")
        channels = told.notice()["channels"]
        assert (channels["subscribe"]["state"], channels["subscribe"]["reason"]) == ("failed", "system error")
        assert len(sms_box.messages()) == 1
        assert told.left("visit_reminder") == 1

    def test_an_event_that_is_quicker_than_its_sender_waits_for_it(self, told, ended, shift_clock):
        told.allow("visit_reminder", count=2)
        told.tell()
        drain("push")
        coming = int(told.notice()["channels"]["subscribe"]["msgid"]) + 1
        ended("0", "success", msgid=str(coming))
        told.tell(key="order-2")
        drain("push")
        assert told.states(key="order-2") == {"in_app": "put", "subscribe": "sent"}
        waiting = get_db().push_events.find_one({"kind": "subscribe_msg_sent_event"}, hint="_id_")
        assert len(waiting["outbox"]) == 1
        shift_clock(timeline.shifted() + 30)
        drain("push")
        assert told.states(key="order-2")["subscribe"] == "delivered"
        assert told.states()["subscribe"] == "sent"

    @pytest.mark.parametrize("wrong", [{"msgid": "99999"}, {"openid": "o_somebody_else"}])
    def test_an_event_of_nobodys_message_changes_nothing_and_ends(self, told, ended, shift_clock, wrong):
        told.allow("visit_reminder")
        told.tell()
        drain("push")
        ended("43101", "user refuse to accept the msg", **wrong)
        assert told.states() == {"in_app": "put", "subscribe": "sent"}
        shift_clock(timeline.shifted() + 240)
        drain("push")
        assert get_db().push_events.find_one({"kind": "subscribe_msg_sent_event"}, hint="_id_")["outbox"] == []


class TestTheWay:
    def test_a_granted_message_goes_out_and_no_sms_beside_it(self, told, sms_box):
        told.allow("visit_reminder")
        told.number(NUMBER)
        told.tell()
        drain("push")
        assert told.states() == {"in_app": "put", "subscribe": "sent"}
        [message] = told.messages()
        assert message["data"] == {
            "thing1": {"value": "屏山牧场"},
            "time2": {"value": "2026-11-24 09:00~11:00"},
            "number3": {"value": "2"},
        }
        assert (told.left("visit_reminder"), sms_box.messages()) == (0, [])
        assert told.notice()["state"] == "done"
        assert figures() == {"visit_reminder": {"in_app": {"put": 1}, "subscribe": {"sent": 1}}}

    def test_without_a_grant_the_sms_goes_out(self, told, sms_box):
        number = told.number(NUMBER)
        told.tell()
        drain("push")
        assert told.states()["subscribe"] == "not_granted"
        assert told.states()["sms"] == "sent"
        [message] = sms_box.messages()
        assert (message["number"], message["template"]) == (number, "1900001")
        assert message["parameters"] == ["屏山牧场", "2026-11-24 09:00~11:00"]
        assert message["session_context"] == str(told.notice()["_id"])

    def test_without_grant_and_number_the_inbox_has_it(self, told, sms_box):
        told.tell()
        drain("push")
        assert told.states() == {"in_app": "put", "subscribe": "not_granted", "sms": "none"}
        [line] = [one for one in told.inbox() if one["kind"] == "visit_reminder"]
        assert line["text_zh"].startswith("您预约了“屏山牧场”,2026-11-24 09:00~11:00,共 2 人")
        assert sms_box.messages() == []

    def test_a_kind_without_sms_ends_with_the_inbox(self, told):
        told.number(NUMBER)
        told.tell("no_show")
        drain("push")
        assert told.states("no_show") == {"in_app": "put", "subscribe": "not_granted", "sms": "none"}

    def test_a_number_whose_consent_was_withdrawn_gets_nothing(self, told, sms_box):
        told.number(NUMBER)
        assert told.phone.call("DELETE", "/mini/v1/consents/phone").status_code == 204
        told.tell()
        drain("push")
        assert (told.states()["sms"], sms_box.messages()) == ("none", [])

    def test_what_a_kind_gives_itself_need_not_be_told(self, told):
        told.allow("visit_changed")
        notice.tell(told.account, "no_show", key="order-1", values=VISIT)
        drain("push")
        assert told.messages()[0]["data"]["thing3"] == {"value": "未按时到场,名额已释放"}

    def test_a_value_that_a_text_names_must_be_there(self, told):
        with pytest.raises(KeyError, match="places"):
            notice.tell(told.account, "visit_reminder", key="x", values={"place": "x", "day": "x", "time": "x"})

    def test_what_is_told_belongs_to_the_account_and_goes_with_it(self, told):
        notice_id = told.tell()
        get_db().notices.delete_one({"_id": notice_id})
        assert bring(notice_id) == "done"


class TestOnce:
    def test_telling_again_tells_nothing_more(self, told):
        told.allow("visit_reminder", count=3)
        for _ in range(3):
            told.tell()
            drain("push")
        assert (len(told.messages()), told.left("visit_reminder")) == (1, 2)
        assert [one["kind"] for one in told.inbox()].count("visit_reminder") == 1

    def test_another_key_is_another_notice(self, told):
        told.allow("visit_reminder", count=2)
        for key in ("order-1:day", "order-1:soon"):
            told.tell(key=key)
        drain("push")
        assert len(told.messages()) == 2
        assert {one["about"] for one in get_db().notices.find({"account": told.account})} == {"order-1"}

    def test_many_who_tell_at_once_make_one(self, told):
        at_once([told.tell] * 8)
        assert len(list(get_db().notices.find({"account": told.account}))) == 1

    def test_inside_a_transaction_it_comes_and_goes_with_it(self, told):
        def change(session, fails=False):
            notice.tell(told.account, "visit_reminder", key="in", values=VISIT, session=session)
            if fails:
                raise PyMongoError("the transaction is lost")

        with pytest.raises(PyMongoError):
            transactions.run(lambda session: change(session, fails=True))
        assert told.notice(key="in") is None
        for _ in range(2):
            transactions.run(change)
        drain("push")
        assert told.states(key="in")["in_app"] == "put"

    def test_two_workers_at_once_send_once(self, told, sms_box):
        told.allow("visit_reminder", count=3)
        told.number(NUMBER)
        notice_id = told.tell()
        went = at_once([lambda: bring(notice_id)] * 6)
        assert set(went) <= {"done", "later"}
        assert (len(told.messages()), told.left("visit_reminder"), sms_box.messages()) == (1, 2, [])
        assert figures()["visit_reminder"] == {"in_app": {"put": 1}, "subscribe": {"sent": 1}}

    def test_without_the_claim_two_workers_would_send_twice(self, told, monkeypatch):
        """The control: the same race with the guard taken out."""
        told.allow("visit_reminder", count=6)
        monkeypatch.setattr(notice, "claim", lambda _found, _channel: {"tries": 1})
        notice_id = told.tell()
        at_once([lambda: bring(notice_id)] * 6)
        assert len(told.messages()) > 1

    def test_two_workers_at_once_text_once(self, told, sms_box):
        told.number(NUMBER)
        notice_id = told.tell()
        at_once([lambda: bring(notice_id)] * 6)
        assert len(sms_box.messages()) == 1


class Killed(BaseException):
    """A worker's end: no handler of ours sees it."""


class TestKilled:
    """A worker ends between two steps; the queue's lease calls the function again."""

    @pytest.mark.parametrize("step", ["end", "close"])
    @pytest.mark.parametrize("before", [True, False])
    def test_around_a_note_nothing_is_told_twice(self, told, monkeypatch, shift_clock, step, before):
        told.allow("visit_reminder", count=1)
        notice_id = told.tell()
        real = getattr(notice, step)

        def killed(*args, **kwargs):
            if not before:
                real(*args, **kwargs)
            raise Killed

        with monkeypatch.context() as changed:
            changed.setattr(notice, step, killed)
            with pytest.raises(Killed):
                bring_raw(notice_id)
        bring(notice_id)
        assert told.states()["in_app"] == "put"
        assert len([one for one in told.inbox() if one["kind"] == "visit_reminder"]) == 1
        assert len(told.messages()) <= 1

    def test_after_the_send_and_before_its_note_wechats_grant_bounds_the_repeat(self, told, monkeypatch, shift_clock):
        told.allow("visit_reminder")
        notice_id, real = told.tell(), notice.end

        def killed(found, channel, *args, **kwargs):
            if channel == "subscribe":
                raise Killed
            return real(found, channel, *args, **kwargs)

        with monkeypatch.context() as changed:
            changed.setattr(notice, "end", killed)
            with pytest.raises(Killed):
                bring_raw(notice_id)
        assert (bring(notice_id), len(told.messages())) == ("later", 1)
        shift_clock(shifted() + 100)
        assert bring(notice_id) == "done"
        assert (len(told.messages()), told.left("visit_reminder")) == (1, 0)
        assert told.notice()["channels"]["subscribe"]["presumed"] is True

    def test_between_the_grants_use_and_the_send_no_grant_is_lost(self, told, monkeypatch, shift_clock):
        told.allow("visit_reminder")
        notice_id = told.tell()
        with monkeypatch.context() as changed:
            changed.setattr("backend.wechat.mini_program.MiniProgram.send_subscribe_message", raise_killed)
            with pytest.raises(Killed):
                bring_raw(notice_id)
        shift_clock(shifted() + 100)
        assert bring(notice_id) == "done"
        assert (told.states()["subscribe"], len(told.messages()), told.left("visit_reminder")) == ("sent", 1, 0)

    def test_after_an_sms_and_before_its_note_the_receipt_is_found_by_our_id(
        self, told, sms_box, monkeypatch, shift_clock
    ):
        told.number(NUMBER)
        notice_id, real = told.tell(), notice.end

        def killed(found, channel, *args, **kwargs):
            if channel == "sms":
                raise Killed
            return real(found, channel, *args, **kwargs)

        with monkeypatch.context() as changed:
            changed.setattr(notice, "end", killed)
            with pytest.raises(Killed):
                bring_raw(notice_id)
        shift_clock(shifted() + 100)
        assert bring(notice_id) == "done"
        assert (told.states()["sms"], len(sms_box.messages())) == ("delivered", 1)


def raise_killed(*_args, **_options):
    raise Killed


def bring_raw(notice_id: ObjectId) -> None:
    deliver.deliver(notice_id, messaging.limits(clock.today()))


def shifted() -> float:
    return timeline.shifted()


class TestWeChatFails:
    def test_43101_ends_our_balance_and_falls_back(self, told, sms_box):
        told.number(NUMBER)
        told.allow("visit_reminder", count=3, at_wechat=1)
        told.tell(key="a")
        drain("push")
        told.tell(key="b")
        drain("push")
        assert told.states(key="a")["subscribe"] == "sent"
        assert told.states(key="b")["subscribe"] == "not_granted"
        assert (told.left("visit_reminder"), len(sms_box.messages())) == (0, 1)

    def test_a_refused_field_is_a_problem_that_a_person_sees(self, told):
        told.allow("visit_reminder")
        told.sandbox.call("/templates", {"template_id": "tmpl_visit_reminder", "keys": ["thing1", "thing9"]})
        told.tell()
        drain("push")
        told.sandbox.call("/templates", {"template_id": "tmpl_visit_reminder"})
        assert told.states()["subscribe"] == "failed"
        assert told.notice()["problem"]["code"] == "wechat_message_field_refused"
        assert (told.left("visit_reminder"), told.messages()) == (1, [])

    def test_what_cannot_fit_is_not_sent_at_all(self, told):
        told.allow("visit_reminder")
        told.tell(values={"places": "两位"})
        drain("push")
        assert told.notice()["problem"] == {
            "channel": "subscribe",
            "code": "message_field_unfit",
            "field": "number3",
        }
        assert (told.left("visit_reminder"), told.messages()) == (1, [])

    def test_a_name_that_is_too_long_is_shortened(self, told):
        told.allow("visit_reminder")
        told.tell(values={"place": "于都县中央红军长征出发地纪念园和长征第一渡口旧址"})
        drain("push")
        [message] = told.messages()
        assert message["data"]["thing1"]["value"] == "于都县中央红军长征出发地纪念园和长征第…"

    @pytest.mark.parametrize("fault", ["rate_limited", "busy"])
    def test_busy_gives_the_grant_back_and_is_repeated(self, told, fault, shift_clock):
        told.allow("visit_reminder")
        told.sandbox.fault(fault, count=1, path=SEND)
        notice_id = told.tell()
        assert (bring(notice_id), told.left("visit_reminder")) == ("later", 1)
        assert bring(notice_id) == "done"
        assert (told.states()["subscribe"], told.left("visit_reminder"), len(told.messages())) == ("sent", 0, 1)

    def test_over_the_quota_for_long_falls_back_to_sms(self, told, sms_box):
        told.allow("visit_reminder")
        told.number(NUMBER)
        told.sandbox.fault("rate_limited", path=SEND)
        notice_id = told.tell()
        went = [bring(notice_id) for _ in range(notice.MOST_TRIES)]
        assert went == ["later"] * (notice.MOST_TRIES - 1) + ["done"]
        assert (told.states()["subscribe"], told.left("visit_reminder"), len(sms_box.messages())) == ("failed", 1, 1)

    def test_no_answer_after_the_effect_is_not_told_twice(self, told, sms_box):
        told.allow("visit_reminder")
        told.number(NUMBER)
        told.sandbox.fault("answer_lost_after_effect", count=1, path=SEND)
        notice_id = told.tell()
        assert [bring(notice_id), bring(notice_id)] == ["later", "done"]
        assert told.notice()["channels"]["subscribe"]["presumed"] is True
        assert (len(told.messages()), told.left("visit_reminder"), sms_box.messages()) == (1, 0, [])

    def test_what_is_urgent_is_texted_where_wechat_is_only_presumed(self, told, sms_box):
        told.allow("visit_changed")
        told.number(NUMBER)
        told.sandbox.fault("answer_lost_after_effect", count=1, path=SEND)
        notice_id = told.tell("slot_closed", urgent=True)
        assert [bring(notice_id), bring(notice_id)] == ["later", "done"]
        assert len(sms_box.messages()) == 1

    def test_no_answer_without_effect_is_repeated_on_the_same_grant(self, told):
        told.allow("visit_reminder")
        told.sandbox.fault("answer_500", count=2, path=SEND)
        notice_id = told.tell()
        assert [bring(notice_id) for _ in range(3)] == ["later", "later", "done"]
        assert (told.states()["subscribe"], told.left("visit_reminder"), len(told.messages())) == ("sent", 0, 1)

    def test_an_unknown_template_is_a_problem_and_the_queue_goes_on(self, told):
        told.allow("visit_reminder", at_wechat=1)
        get_db().message_templates.update_one({"_id": "visit_reminder"}, {"$set": {"template_id": "tmpl_nobody"}})
        grant.answered(told.openid, "tmpl_nobody", "accept", key="n", source="phone")
        notice_id = told.tell()
        assert bring(notice_id) == "done"
        assert (told.states()["subscribe"], told.notice()["problem"]["code"]) == ("failed", "wechat_failed")


class TestQuietHours:
    def test_at_night_only_the_inbox_has_it_until_the_morning(self, told, travel):
        told.allow("visit_reminder")
        day = clock.today().isoformat()
        travel(day, "23:30")
        notice_id = told.tell()
        drain("push")
        assert (told.states(), told.messages()) == ({"in_app": "put"}, [])
        morning = clock.civil(clock.now()).date()
        assert due(notice_id) == [f"{morning.fromordinal(morning.toordinal() + 1)} 08:00"]
        travel(morning.fromordinal(morning.toordinal() + 1).isoformat(), "07:59")
        drain("push")
        assert told.messages() == []
        travel(morning.fromordinal(morning.toordinal() + 1).isoformat(), "08:01")
        drain("push")
        assert (told.states()["subscribe"], len(told.messages())) == ("sent", 1)

    def test_after_midnight_the_same_mornings_eight_is_meant(self, told, travel):
        tomorrow = clock.today().fromordinal(clock.today().toordinal() + 1).isoformat()
        travel(tomorrow, "00:10")
        notice_id = told.tell()
        drain("push")
        assert due(notice_id) == [f"{tomorrow} 08:00"]

    def test_what_is_urgent_wakes_people(self, told, travel):
        told.allow("visit_changed")
        travel(clock.today().isoformat(), "23:30")
        told.tell("weather_closed", urgent=True)
        drain("push")
        assert (told.states("weather_closed")["subscribe"], len(told.messages())) == ("sent", 1)

    def test_what_answers_the_person_now_does_not_wait(self, told, travel):
        told.allow("order_issued")
        travel(clock.today().isoformat(), "23:30")
        told.tell("order_issued")
        drain("push")
        assert len(told.messages()) == 1

    def test_the_hours_are_dated_data(self, told, travel):
        get_db().rule_parameters.update_one({"_id": "quiet_hours_from"}, {"$set": {"values.0.value": "09:30"}})
        get_db().rule_parameters.update_one({"_id": "quiet_hours_to"}, {"$set": {"values.0.value": "10:30"}})
        notice_id = told.tell()
        drain("push")
        assert due(notice_id) == [f"{clock.today()} 10:30"]

    def test_without_the_figures_nothing_waits_and_no_sms_goes_out(self, told, sms_box):
        told.number(NUMBER)
        get_db().rule_parameters.delete_many({"_id": {"$in": ["quiet_hours_from", "sms_daily_cap"]}})
        told.tell()
        drain("push")
        assert (told.states()["sms"], sms_box.messages()) == ("capped", [])


class TestSettings:
    def test_a_kind_that_was_switched_off_stays_in_the_inbox_only(self, told, sms_box):
        told.allow("visit_reminder")
        told.number(NUMBER)
        assert told.phone.call("PUT", "/mini/v1/message-settings/visit_reminder", {"on": False}).status_code == 204
        told.tell()
        drain("push")
        assert told.states() == {"in_app": "put", "subscribe": "off", "sms": "off"}
        assert (told.messages(), sms_box.messages(), told.left("visit_reminder")) == ([], [], 1)

    def test_switched_on_again_it_comes(self, told):
        told.allow("visit_reminder")
        for on in (False, True):
            told.phone.call("PUT", "/mini/v1/message-settings/visit_reminder", {"on": on})
        told.tell()
        drain("push")
        assert told.states()["subscribe"] == "sent"

    @pytest.mark.parametrize("kind", ["slot_closed", "place_closed", "weather_closed"])
    def test_closures_cannot_be_switched_off(self, told, kind):
        answer = told.phone.call("PUT", f"/mini/v1/message-settings/{kind}", {"on": False})
        assert (answer.status_code, answer.json["code"]) == (422, "notice_always_told")
        get_db().message_settings.insert_one({"_id": told.account, "off": [kind]})
        told.allow("visit_changed")
        told.tell(kind)
        drain("push")
        assert told.states(kind)["subscribe"] == "sent"

    def test_the_settings_are_listed(self, told):
        told.phone.call("PUT", "/mini/v1/message-settings/no_show", {"on": False})
        items = {one["kind"]: one for one in told.phone.get("/mini/v1/message-settings").json["items"]}
        assert (items["no_show"]["on"], items["visit_reminder"]["on"]) == (False, True)
        assert (items["slot_closed"]["can_switch_off"], items["no_show"]["can_switch_off"]) == (False, True)

    def test_a_kind_that_there_is_not_is_not_found(self, told):
        assert told.phone.call("PUT", "/mini/v1/message-settings/nonsense", {"on": False}).status_code == 404


def test_what_the_outbox_gave_up_stays_for_a_person(told, monkeypatch):
    """A mistake of ours in delivering must not be lost silently."""
    monkeypatch.setattr(outbox, "MOST_FAILURES", 1)
    get_db().notices.update_one({"_id": told.tell()}, {"$set": {"kind": "no_such_kind"}})
    drain("push")
    assert len(outbox.given_up("notices")) == 1
    get_db().notices.delete_many({"account": told.account})
