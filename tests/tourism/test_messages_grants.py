"""The ledger of grants: taps, uses, refunds; the phone's report and WeChat's event of one tap count once."""

import pytest
from mongoengine.connection import get_db

from backend import clock
from backend.store import transactions
from models.messaging import grant
from tests.support.crowd import at_once
from tests.support.messages import Told
from tests.support.queues import drain

TEMPLATE = "tmpl_visit_reminder"
USER = "o-ledger"


def accept(key: str, source: str = "phone", **options) -> int:
    return grant.answered(USER, TEMPLATE, "accept", key=key, source=source, **options)


def lines() -> list[tuple[str, int, int]]:
    found = get_db().message_grant_lines.find({"key": {"$gte": ""}}).sort("_id", 1)
    return [(one["what"], one["change"], one["left"]) for one in found]


def balance() -> int:
    return grant.balances(USER, [TEMPLATE])[TEMPLATE]


class TestTheLedger:
    def test_taps_uses_and_refunds_are_lines_with_the_balance_after_each(self, store):
        accept("t1")
        accept("t2")
        assert grant.use(USER, TEMPLATE, key="n1")
        assert transactions.run(grant.refund(USER, TEMPLATE, "n1"))
        grant.answered(USER, TEMPLATE, "reject", key="t3", source="phone")
        grant.withdraw(USER, TEMPLATE)
        assert lines() == [
            ("accept", 1, 1),
            ("accept", 1, 2),
            ("use", -1, 1),
            ("refund", 1, 2),
            ("reject", 0, 2),
            ("withdraw", -2, 0),
        ]

    def test_the_same_tap_use_and_refund_count_once(self, store):
        for _ in range(3):
            assert accept("t1") == 1
        for _ in range(3):
            assert grant.use(USER, TEMPLATE, key="n1")
        assert balance() == 0
        for _ in range(3):
            transactions.run(grant.refund(USER, TEMPLATE, "n1"))
        assert (balance(), len(lines())) == (1, 3)

    def test_without_a_grant_there_is_no_use_and_no_line(self, store):
        assert not grant.use(USER, TEMPLATE, key="n1")
        assert (balance(), lines()) == (0, [])

    def test_many_uses_at_once_use_what_there_is(self, store):
        for number in range(3):
            accept(f"t{number}")
        used = at_once([lambda n=number: grant.use(USER, TEMPLATE, key=f"n{n}") for number in range(12)])
        assert (used.count(True), balance()) == (3, 0)
        assert sum(change for _, change, _ in lines()) == 0

    def test_the_same_use_at_once_is_one(self, store):
        accept("t1")
        accept("t2")
        assert at_once([lambda: grant.use(USER, TEMPLATE, key="n1")] * 8) == [True] * 8
        assert balance() == 1

    def test_the_balance_is_the_sum_of_the_lines(self, store):
        at_once([lambda n=number: accept(f"t{n}") for number in range(8)])
        at_once([lambda n=number: grant.use(USER, TEMPLATE, key=f"n{n}") for number in range(5)])
        assert (balance(), sum(change for _, change, _ in lines())) == (3, 3)


class TestOneTapToldTwice:
    @pytest.mark.parametrize("first", ["phone", "wechat"])
    def test_the_phone_and_wechat_tell_of_one_tap(self, store, first):
        second = "wechat" if first == "phone" else "phone"
        assert (accept("t1", first), accept("e1", second)) == (1, 1)
        assert lines() == [("accept", 1, 1), ("accept", 0, 1)]

    def test_both_at_once_count_once(self, store):
        at_once([lambda: accept("t1", "phone"), lambda: accept("e1", "wechat")])
        assert balance() == 1

    def test_two_taps_told_by_both_are_two(self, store):
        for number in range(2):
            accept(f"t{number}", "phone")
        for number in range(2):
            accept(f"e{number}", "wechat")
        assert balance() == 2

    def test_two_taps_of_one_side_are_two(self, store):
        accept("e1", "wechat")
        accept("e2", "wechat")
        assert balance() == 2

    def test_an_event_of_much_later_is_another_tap(self, store, shift_clock):
        accept("t1", "phone")
        accept("e1", "wechat", at=clock.now() + 2 * grant.SAME_TAP)
        assert balance() == 2


class TestOverHttp:
    @pytest.fixture
    def told(self, phone):
        return Told(phone)

    def report(self, told, *results: tuple[str, str], key: str | None = None, **more):
        body = {"results": [{"template_id": t, "result": r} for t, r in results], **more}
        return told.phone.post("/mini/v1/message-grants", body, key=key)

    def test_at_most_three_templates_are_asked_for_at_a_moment(self, told):
        items = told.phone.get("/mini/v1/message-templates?moment=order").json["items"]
        assert [one["name"] for one in items] == ["order_issued", "visit_reminder", "visit_changed"]
        assert items[0] | {"left": 0} == items[0]

    def test_what_is_switched_off_or_not_registered_is_not_asked_for(self, told):
        told.phone.call("PUT", "/mini/v1/message-settings/visit_reminder", {"on": False})
        get_db().message_templates.delete_one({"_id": "order_issued"})
        items = told.phone.get("/mini/v1/message-templates?moment=order").json["items"]
        assert [one["name"] for one in items] == ["visit_changed"]

    def test_without_a_moment_all_are_listed_with_what_is_left(self, told):
        told.allow("refund_done", count=2)
        items = {one["name"]: one["left"] for one in told.phone.get("/mini/v1/message-templates").json["items"]}
        assert (items["refund_done"], items["visit_reminder"]) == (2, 0)

    def test_a_moment_that_there_is_not_is_refused(self, told):
        assert told.phone.get("/mini/v1/message-templates?moment=lunch").status_code == 400

    def test_the_phone_reports_what_came_of_a_tap(self, told):
        answer = self.report(told, (TEMPLATE, "accept"), ("tmpl_visit_changed", "reject"), moment="order", always=True)
        assert answer.status_code == 201
        assert answer.json["items"] == [
            {"template_id": TEMPLATE, "left": 1},
            {"template_id": "tmpl_visit_changed", "left": 0},
        ]
        kept = get_db().message_grants.find_one({"template": TEMPLATE}, hint="_id_")
        assert kept["always"] is True

    def test_the_same_report_twice_counts_once_also_when_its_kept_answer_is_lost(self, told):
        for _ in range(2):
            assert self.report(told, (TEMPLATE, "accept"), key="tap-1").status_code == 201
        get_db().idempotency_keys.delete_many({"actor": f"resident:{told.account}"})
        assert self.report(told, (TEMPLATE, "accept"), key="tap-1").json["items"][0]["left"] == 1
        assert self.report(told, (TEMPLATE, "accept"), key="tap-2").json["items"][0]["left"] == 2

    @pytest.mark.parametrize(
        "results",
        [
            [("tmpl_nobody", "accept")],
            [(TEMPLATE, "accept"), (TEMPLATE, "accept")],
        ],
    )
    def test_a_template_that_is_not_ours_or_comes_twice_is_refused(self, told, results):
        answer = self.report(told, *results)
        assert (answer.status_code, answer.json["code"]) == (400, "message_template_unknown")
        assert told.left("visit_reminder") == 0

    @pytest.mark.parametrize("results", [[], [("", "accept")], [(TEMPLATE, "perhaps")], [(TEMPLATE, "accept")] * 6])
    def test_nonsense_is_refused(self, told, results):
        assert self.report(told, *results).status_code == 400

    def test_the_event_of_the_same_tap_does_not_count_again(self, told, door, sandbox):
        self.report(told, (TEMPLATE, "accept"))
        item = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "0"}
        event = {
            "FromUserName": told.openid,
            "CreateTime": int(clock.timestamp()),
            "Event": "subscribe_msg_popup_event",
            "List": [item],
        }
        assert sandbox.call("/push", {"url": f"{door.base}/open/v1/wechat/push", "event": event})["status"] == 200
        drain("push")
        assert told.left("visit_reminder") == 1

    def test_ones_own_data_show_the_ledger(self, told):
        self.report(told, (TEMPLATE, "accept"))
        exported = told.phone.get("/mini/v1/my-data/export").data.decode()
        assert '"message_grant_lines"' in exported
        assert exported.count('"what":"accept"') == 1
