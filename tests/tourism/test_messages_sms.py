"""SMS: the adapter against the simulator, the cap of a person, receipts, and what goes wrong with each."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, runtime, sms_credentials, sms_signature
from backend.exchange import BadCredentials
from backend.settings import BadSettings, load
from backend.sms import ReceiptRefused, Sms, SmsBusy, SmsRefused, SmsRefusedUs, SmsUnknown
from models.messaging import notice, send_sms, sms_day
from tests.support import timeline
from tests.support.crowd import at_once
from tests.support.messages import Told, bring
from tests.support.patience import until
from tests.support.queues import drain

NUMBER = "13800000002"
FULL = "+8613800000002"
DAY = "/open/v1/sms/receipts"


@pytest.fixture(autouse=True)
def daytime(seeded, travel):
    """Ten in the morning of tomorrow, after everything was put: no test waits for the real night to end."""
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


@pytest.fixture
def box(sms_box):
    sms_box.forget()
    sms_box.limits(callback="", auto=True)
    return sms_box


@pytest.fixture
def client_of(box):
    """An adapter with credentials of which some may be changed."""

    def make(**changes) -> Sms:
        held = json.loads(Path(box.credentials).read_text()) | changes
        names = ("secret_id", "secret_key", "sdk_app_id", "sign_name", "callback_key")
        return Sms(box.base, sms_credentials.SmsCredentials(**{name: held[name] for name in names}))

    return make


@pytest.fixture
def told(phone, box):
    told = Told(phone)
    told.number(NUMBER)
    return told


def send(
    client: Sms, number: str = FULL, template: str = "1900001", parameters=("屏山", "明天"), message_id="m-1"
) -> str:
    return client.send(number, template, parameters, message_id=message_id)


class TestTheAdapter:
    def test_a_message_is_sent_under_the_sign_name_and_its_receipt_is_found_by_our_id(self, client_of, box):
        serial = send(client_of())
        [message] = box.messages()
        assert (message["serial"], message["parameters"]) == (serial, ["屏山", "明天"])
        [receipt] = client_of().receipts(FULL, clock.now() - timedelta(minutes=1))
        assert (receipt.message_id, receipt.serial, receipt.delivered) == ("m-1", serial, True)
        assert client_of().receipts(FULL, clock.now() + timedelta(hours=1)) == []

    def test_the_signature_is_that_of_the_published_example(self, monkeypatch):
        """The worked example of Tencent Cloud's page on TC3-HMAC-SHA256, whose masked key is 32 asterisks."""
        monkeypatch.setattr(sms_signature, "SERVICE", "cvm")
        body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
        about = {"host": "cvm.tencentcloudapi.com", "action": "DescribeInstances", "timestamp": 1551113065}
        told = sms_signature.authorization("AKID", "*" * 32, body=body, **about)
        assert told == (
            "TC3-HMAC-SHA256 Credential=AKID/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, "
            "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
        )

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"secret_key": "x"}, "AuthFailure.SignatureFailure"),
            ({"secret_id": "x"}, "AuthFailure.SecretIdNotFound"),
        ],
    )
    def test_wrong_keys_are_an_alarm_for_operators(self, client_of, box, changes, word):
        with pytest.raises(SmsRefusedUs, match=word):
            send(client_of(**changes))
        assert box.messages() == []

    @pytest.mark.parametrize(
        ("changes", "options", "kind"),
        [
            ({"sdk_app_id": "1"}, {}, "setup"),
            ({"sign_name": "别人"}, {}, "setup"),
            ({}, {"template": "abc"}, "setup"),
            ({}, {"parameters": ("一" * 36,)}, "setup"),
            ({}, {"parameters": ("",)}, "setup"),
            ({}, {"number": "+8612"}, "number"),
            ({}, {"number": "13800000002"}, "number"),
        ],
    )
    def test_what_the_service_refuses_says_what_kind_it_is(self, client_of, box, changes, options, kind):
        with pytest.raises(SmsRefused) as caught:
            send(client_of(**changes), **options)
        assert (caught.value.kind, box.messages()) == (kind, [])

    def test_a_blacklisted_number_and_a_full_day_are_told_apart(self, client_of, box):
        box.fate(FULL, "blacklist")
        with pytest.raises(SmsRefused) as caught:
            send(client_of())
        assert caught.value.kind == "number"
        box.fate(FULL, "")
        box.limits(day_cap=1)
        send(client_of())
        with pytest.raises(SmsRefused) as caught:
            send(client_of())
        assert caught.value.kind == "capped"

    def test_half_a_minute_between_two_messages_is_busy_and_not_refused(self, client_of, box, shift_clock):
        box.limits(thirty_seconds=30)
        send(client_of())
        with pytest.raises(SmsBusy):
            send(client_of())

    @pytest.mark.parametrize(
        ("fault", "error", "sent"),
        [
            ("busy", SmsBusy, 0),
            ("lost_request", SmsUnknown, 0),
            ("lost_answer", SmsUnknown, 1),
            ("error_500", SmsUnknown, 1),
            ("garbage", SmsUnknown, 1),
        ],
    )
    def test_what_is_not_known_is_never_said_to_be_refused(self, client_of, box, fault, error, sent):
        box.fault(fault, count=1)
        with pytest.raises(error) as caught:
            send(client_of())
        assert len(box.messages()) == sent
        assert FULL not in f"{caught.value!s} {caught.value!r} {caught.value.details}"

    def test_a_request_signed_too_long_ago_is_refused(self, client_of, monkeypatch):
        client = client_of()
        long_ago = clock.timestamp() - 400
        monkeypatch.setattr("backend.sms.clock.timestamp", lambda: long_ago)
        with pytest.raises(SmsRefusedUs, match="SignatureExpire"):
            send(client)


class TestSettings:
    def test_production_refuses_a_simulator_and_this_machine(self, box):
        held = sms_credentials.read(Path(box.credentials))
        assert held.simulator
        told = sms_credentials.problems(box.base, held, production=True)
        assert len(told) == 3
        assert sms_credentials.problems(box.base, held, production=False) == []
        assert held.secret_key not in repr(held)

    @pytest.mark.parametrize(
        "base", ["ftp://x", "https://u:p@h", "https://h/path", "https://h?x=1", "http://10.0.0.1", "x"]
    )
    def test_an_address_that_is_none_is_refused(self, box, base):
        assert sms_credentials.problems(base, sms_credentials.read(Path(box.credentials)), production=False)

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"secret_id": 5}', '{"secret_id": ""}'])
    def test_credentials_that_cannot_be_used_are_refused(self, tmp_path, content):
        path = tmp_path / "credentials.json"
        path.write_text(content)
        with pytest.raises(BadCredentials):
            sms_credentials.read(path)

    def test_without_an_address_there_is_no_service_and_a_wrong_one_stops_the_start(
        self, environment, mongod, tmp_path
    ):
        told = {**environment, "MONGODB_URI": mongod.uri("tests")}
        assert runtime._sms(load({**told, "SMS_BASE": ""})) is None
        path = tmp_path / "credentials.json"
        path.write_text("{}")
        path.chmod(0o600)
        with pytest.raises(BadSettings, match="SMS_CREDENTIALS"):
            runtime._sms(load({**told, "SMS_CREDENTIALS": str(path)}))
        path.chmod(0o644)
        with pytest.raises(BadSettings, match="SMS_CREDENTIALS can be read by everybody"):
            load({**told, "SMS_CREDENTIALS": str(path)})


class TestTheCap:
    def test_so_many_a_day_and_no_more_under_concurrency(self, store, box):
        account, notices = ObjectId(), [ObjectId() for _ in range(20)]
        taken = at_once([lambda n=one: sms_day.take(account, n, 5) for one in notices])
        assert taken.count(True) == 5
        [kept] = get_db().sms_days.find({"account": account})
        assert (kept["count"], len(kept["taken"])) == (5, 5)

    def test_the_control_that_reads_before_it_writes_oversells(self, store):
        """Without the guard in the update, the same race goes over the cap."""
        account, days = ObjectId(), get_db().sms_days
        days.insert_one({"_id": "control", "account": account, "count": 0, "at": clock.now()})
        read = at_once([lambda: days.find_one({"_id": "control"})["count"] for _ in range(20)])
        taken = sum(one < 5 for one in read)
        assert taken > 5

    def test_the_same_notice_counts_once_and_gives_back_once(self, store):
        account, one = ObjectId(), ObjectId()
        assert at_once([lambda: sms_day.take(account, one, 5)] * 6) == [True] * 6
        for _ in range(2):
            sms_day.give_back(account, one)
        assert get_db().sms_days.find_one({"account": account})["count"] == 0

    def test_another_day_begins_anew(self, store, travel):
        account = ObjectId()
        assert sms_day.take(account, ObjectId(), 1)
        assert not sms_day.take(account, ObjectId(), 1)
        travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")
        assert sms_day.take(account, ObjectId(), 1)

    def test_over_the_cap_the_notice_stays_in_the_inbox(self, told, box):
        get_db().rule_parameters.update_one({"_id": "sms_daily_cap"}, {"$set": {"values.0.value": 2}})
        notices = [told.tell(key=f"order-{number}") for number in range(4)]
        at_once([lambda n=one: bring(n) for one in notices])
        states = sorted(told.states(key=f"order-{number}")["sms"] for number in range(4))
        assert states[:2] == ["capped", "capped"]
        assert len(box.messages()) == 2
        assert len([one for one in told.inbox() if one["kind"] == "visit_reminder"]) == 4

    def test_the_services_own_cap_counts_as_capped_and_gives_ours_back(self, told, box):
        box.limits(day_cap=0)
        told.tell()
        drain("push")
        assert told.states()["sms"] == "capped"
        assert get_db().sms_days.find_one({"account": told.account})["count"] == 0


class TestTheTry:
    def test_parameters_are_shortened_and_lose_the_sign_names_brackets(self, told, box):
        told.tell(values={"place": "【中奖】" + "长" * 40})
        drain("push")
        [message] = box.messages()
        assert message["parameters"][0] == "「中奖」" + "长" * 30 + "…"

    def test_a_number_that_takes_nothing_fails_without_a_problem_of_ours(self, told, box):
        box.fate(FULL, "blacklist")
        told.tell()
        drain("push")
        assert told.states()["sms"] == "failed"
        assert "problem" not in told.notice()

    def test_a_template_that_the_service_does_not_know_is_a_problem_for_a_person(self, told, box):
        box.call("/templates", {"template_id": "1900001", "refused": True})
        told.tell()
        drain("push")
        assert told.states()["sms"] == "failed"
        assert told.notice()["problem"] == {
            "channel": "sms",
            "code": "sms_refused",
            "field": "FailedOperation.TemplateIncorrectOrUnapproved",
        }

    def test_busy_is_repeated(self, told, box, shift_clock):
        box.fault("busy", count=1)
        notice_id = told.tell()
        assert (bring(notice_id), box.messages()) == ("later", [])
        shift_clock(timeline.shifted() + 5)
        assert bring(notice_id) == "done"
        assert (told.states()["sms"], len(box.messages())) == ("sent", 1)

    @pytest.mark.parametrize("fault", ["lost_answer", "error_500", "garbage"])
    def test_a_lost_answer_is_asked_for_and_nobody_is_told_twice(self, told, box, shift_clock, fault):
        box.fault(fault, count=1, call="send")
        notice_id = told.tell()
        assert bring(notice_id) == "later"
        shift_clock(timeline.shifted() + 61)
        assert bring(notice_id) == "done"
        assert (told.states()["sms"], len(box.messages())) == ("delivered", 1)

    def test_a_lost_request_is_repeated_after_it_was_asked_for(self, told, box, shift_clock):
        box.fault("lost_request", count=1, call="send")
        notice_id = told.tell()
        assert bring(notice_id) == "later"
        assert bring(notice_id) == "later"  # the minute is not over
        shift_clock(timeline.shifted() + 61)
        assert bring(notice_id) == "done"
        assert (len(box.messages()), box.calls("pull")) == (1, 1)

    def test_a_service_that_never_answers_ends_as_failed(self, told, box, shift_clock):
        box.fault("lost_request", call="send")
        notice_id = told.tell()
        for _ in range(notice.MOST_TRIES - 1):
            assert bring(notice_id) == "later"
            shift_clock(timeline.shifted() + 61)
        assert bring(notice_id) == "done"
        assert (told.states()["sms"], told.notice()["state"]) == ("failed", "done")

    def test_a_service_that_refuses_us_waits_for_an_operator(self, told, box, store, client_of):
        runtime.install(replace(store, sms=client_of(secret_key="wrong")))
        notice_id = told.tell()
        try:
            assert bring(notice_id) == "sms_refused_us"
        finally:
            runtime.install(store)
        assert bring(notice_id) == "done"
        assert len(box.messages()) == 1

    def test_no_number_is_stored_with_a_notice_or_a_receipt(self, told, box):
        told.tell()
        drain("push")
        kept = repr([list(get_db()[name].find().hint("_id_")) for name in ("notices", "sms_days", "notice_days")])
        assert NUMBER not in kept


@pytest.fixture
def pushed(told, box, door):
    """The service pushes receipts to the real front door."""
    box.limits(callback=f"{door.base}{DAY}", auto=False)
    yield told
    box.limits(callback="", auto=True)


class TestReceipts:
    def sent(self, told) -> str:
        told.tell()
        drain("push")
        assert told.states()["sms"] == "sent"
        return told.notice()["channels"]["sms"]["serial"]

    @pytest.mark.parametrize(("status", "state"), [("SUCCESS", "delivered"), ("FAIL", "failed")])
    def test_a_receipt_ends_the_sms(self, pushed, box, status, state):
        assert box.receipt(self.sent(pushed), status=status) == 200
        assert pushed.states()["sms"] == state

    def test_the_same_receipt_again_or_another_one_changes_nothing(self, pushed, box):
        serial = self.sent(pushed)
        box.fault("receipt_twice", count=1)
        assert box.receipt(serial, status="SUCCESS") == 200
        assert box.receipt(serial, status="FAIL") == 200
        assert pushed.states()["sms"] == "delivered"
        counts = get_db().notice_days.find_one({"_id": {"$gte": ""}})["counts"]
        assert counts["sms"] == {"sent": 1, "delivered": 1}

    def test_receipts_at_once_count_once(self, pushed, box):
        serial = self.sent(pushed)
        assert at_once([lambda: box.receipt(serial, status="SUCCESS")] * 6) == [200] * 6
        assert get_db().notice_days.find_one({"_id": {"$gte": ""}})["counts"]["sms"]["delivered"] == 1

    def test_a_receipt_of_nobody_is_taken_and_forgotten(self, pushed, box):
        serial = self.sent(pushed)
        box.fault("receipt_of_nobody", count=1)
        assert box.receipt(serial) == 200
        assert pushed.states()["sms"] == "sent"

    def test_a_receipt_before_the_sender_noted_anything_wins(self, pushed, box, monkeypatch):
        notice_id = pushed.tell()
        real = notice.end

        def slow(found, channel, state, **more):
            if channel == "sms":
                [message] = box.messages()
                assert box.receipt(message["serial"], status="SUCCESS") == 200
            return real(found, channel, state, **more)

        monkeypatch.setattr(notice, "end", slow)
        assert bring(notice_id) == "done"
        assert pushed.states()["sms"] == "delivered"

    def test_an_unsigned_receipt_is_refused(self, pushed, box):
        serial = self.sent(pushed)
        box.fault("receipt_unsigned", count=1)
        assert box.receipt(serial) == 401
        assert pushed.states()["sms"] == "sent"

    def test_a_receipt_that_was_never_pushed_is_asked_for(self, pushed, box, travel, shift_clock):
        serial = self.sent(pushed)
        assert box.receipt(serial, status="SUCCESS", pushed=False) == 0
        assert pushed.states()["sms"] == "sent"
        shift_clock(timeline.shifted() + 11 * 60)
        drain("push")
        assert pushed.states()["sms"] == "delivered"
        assert pushed.notice()["outbox"] == []

    def test_asking_ends_after_half_a_day(self, pushed, box, shift_clock):
        self.sent(pushed)
        for hours in (1, 2, 13):
            shift_clock(timeline.shifted() + hours * 3600)
            drain("push")
        assert (pushed.states()["sms"], pushed.notice()["outbox"]) == ("sent", [])

    def test_signed_receipts_of_another_time_or_body_are_refused(self, client, store, client_of):
        body = json.dumps([{"sid": "1", "session_context": str(ObjectId()), "report_status": "SUCCESS"}]).encode()
        key = client_of()._credentials.callback_key
        old = str(int(clock.timestamp()) - 400)
        for timestamp, signed in (
            (old, body),
            (str(int(clock.timestamp())), body + b" "),
            ("", body),
            ("9" * 11, body),
        ):
            headers = {
                "X-Sms-Timestamp": timestamp,
                "X-Sms-Signature": sms_signature.of_receipts(key, timestamp, signed),
            }
            assert client.post(DAY, data=body, headers=headers).status_code == 401

    @pytest.mark.parametrize("body", [b"", b"{", b"{}", b"null", b"\xff"])
    def test_nonsense_is_refused_even_when_signed(self, client, store, client_of, body):
        assert self.post(client, client_of, body).status_code == 401

    @pytest.mark.parametrize("body", [b"[]", b"[1,null]", b'[{"session_context":5}]', b'[{"session_context":"zz"}]'])
    def test_lists_of_nothing_are_taken(self, client, store, client_of, body):
        assert self.post(client, client_of, body).json == {"result": 0, "errmsg": "OK"}

    def post(self, client, client_of, body: bytes):
        timestamp = str(int(clock.timestamp()))
        signature = sms_signature.of_receipts(client_of()._credentials.callback_key, timestamp, body)
        return client.post(DAY, data=body, headers={"X-Sms-Timestamp": timestamp, "X-Sms-Signature": signature})

    def test_a_reader_refuses_foreign_signs(self, client_of):
        with pytest.raises(ReceiptRefused):
            client_of().read_receipts({"X-Sms-Timestamp": "1", "X-Sms-Signature": "签名"}, b"[]")


def test_the_automatic_receipt_comes_by_itself(told, box, door):
    box.limits(callback=f"{door.base}{DAY}", auto=True)
    told.tell()
    drain("push")
    until(lambda: told.states()["sms"] == "delivered", what="the receipt")
    box.limits(callback="")
    assert send_sms.ASK_AFTER[0] > timedelta()
