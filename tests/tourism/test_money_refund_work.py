"""Refunds that do not arrive: work for a person, with a clock, a name and what to do; never more than was paid."""

import itertools
from functools import partial

import pytest
from bson import ObjectId

from backend import clock, runtime
from models.audit.entry import AuditEntry
from models.booking import cancel, goodwill
from models.identity import approval, roles
from models.identity.actors import Assignment, Staff
from models.messaging.inbox import InboxMessage
from models.payments import (
    ledger_verify,
    refund,
    refund_send,
    refund_settle,
    refund_work,
    refund_work_views,
    transfer,
)
from models.payments.payment import Payment
from models.payments.refund import Refund
from models.payments.refund_work import RefundWork
from tasks.payments import sweep_refund_work
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.tourism.money_kit import approve, ended, finance, let_pass, payment_of, refunds_of

_days = itertools.count(3)
CARD = {"bank_type": "ICBC_DEBIT", "card_number": "6222020200000000004", "holder": "张三丰", "reason": "原账户已注销"}
CASH = {"how": "cash", "unit": "changzhengyuan", "number": "SK-20261124-1", "reason": "游客到窗口领取"}
WORK = "/office/v1/refund-work"


def card(ending: str) -> str:
    """Return a number with a right check digit that ends so."""
    return next(one for n in range(10) if refund_settle._luhn(one := f"62220202{n}000000{ending}"))


GOOD_CARD, CLOSED_CARD = ({**CARD, "card_number": card(ending)} for ending in ("1234", "0000"))


@pytest.fixture
def clerks(client, admin):
    return finance(client, admin)


@pytest.fixture
def fault(sandbox):
    yield sandbox.fault
    sandbox.clear()


def stuck(phone, shift_clock, fault, name: str) -> str:
    """Cancel a paid order whose refund ends so; return the refund's id."""
    fault(name, count=1)
    order = phone.issued(slots.make(5, days=next(_days)))
    phone.cancel(order["id"])
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))))
    drain()
    return refunds_of(order)[0]["_id"]


@pytest.fixture
def closed(phone, clerks, shift_clock, fault):
    return stuck(phone, shift_clock, fault, "refund_closed")


@pytest.fixture
def abnormal(phone, clerks, shift_clock, fault):
    return stuck(phone, shift_clock, fault, "refund_abnormal")


def read(clerk, refund_id: str) -> dict:
    answer = clerk.get(f"{WORK}/{refund_id}")
    assert answer.status_code == 200, answer.json
    return answer.json


def act(clerk, refund_id: str, what: str, body: dict | None = None):
    return clerk.post(f"{WORK}/{refund_id}/{what}", body)


def done(clerk, refund_id: str, what: str, body: dict | None = None) -> dict:
    answer = act(clerk, refund_id, what, body)
    assert answer.status_code in {200, 201}, answer.json
    return answer.json


def arrived(refund_id: str, shift_clock) -> dict:
    let_pass(shift_clock, lambda: ended(refund.read(refund_id)))
    drain()
    return refund.read(refund_id)


def told() -> list[str]:
    return [one["kind"] for one in InboxMessage._get_collection().find({"key": {"$regex": "^refund_"}}).sort("_id", 1)]


def reserved(refund_id: str) -> int:
    return Payment._get_collection().find_one({"_id": refund.read(refund_id)["payment"]})["refunded_fen"]


# The list


def test_a_closed_refund_becomes_work_with_a_clock_and_what_can_be_done(clerks, closed):
    (found,) = clerks[0].get(WORK).json["items"]
    assert (found["id"], found["why"], found["amount_fen"], found["unit"]) == (closed, "closed", 6000, "changzhengyuan")
    assert [one["action"] for one in found["actions"]] == ["retry", "pay_elsewhere", "refresh"]
    assert (found["overdue"], found["level"], "assignee" in found) == (False, 0, False)
    opened = clock.date_of(found["opened_at"][:10])
    assert found["due"] == clock.civil(refund_work.working_days_after(clock.at(opened, 600), 2)).isoformat(
        timespec="seconds"
    )


def test_the_payer_is_told_that_it_takes_longer(phone, closed):
    assert told() == ["refund_waits"]
    (message,) = [one for one in phone.log_in().get("/mini/v1/notices").json["items"] if one["kind"] == "refund_waits"]
    assert "60.00 元" in message["text_zh"]


def test_a_refund_that_arrives_by_itself_is_nobodys_work(phone, clerks, shift_clock):
    order = phone.issued(slots.make(5, days=9))
    phone.cancel(order["id"])
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))))
    assert clerks[0].get(WORK).json == {"items": [], "next": None}
    assert told() == ["refund_done"]


def test_the_list_shows_what_is_due_first_and_pages(phone, clerks, shift_clock, fault, closed):
    second = stuck(phone, shift_clock, fault, "refund_abnormal")
    RefundWork._get_collection().update_one({"_id": second}, {"$set": {"due": clock.now()}})
    first_page = clerks[0].get(f"{WORK}?limit=1").json
    rest = clerks[0].get(f"{WORK}?limit=1&cursor={first_page['next']}").json
    assert [one["id"] for one in first_page["items"] + rest["items"]] == [second, closed]
    assert (first_page["items"][0]["overdue"], rest["next"]) == (True, None)


def test_a_unit_sees_its_own_and_others_do_not(closed, clerks):

    assert "refund.list" in roles.ROLES["finance_clerk"].operations
    own = Staff(ObjectId(), "a", "s", (Assignment("unit_finance", "changzhengyuan"),))
    other = Staff(ObjectId(), "b", "s", (Assignment("unit_finance", "museum"),))
    role = roles.Role("测试", "unit", frozenset({"refund.list"}))
    roles.ROLES["unit_finance"] = role
    try:
        listed = partial(refund_work_views.listed, state="open", mine=False, cursor=None, limit=20)
        assert [one["id"] for one in listed(own)[0]] == [closed]
        assert listed(other)[0] == []
        with pytest.raises(refund_work.NotFound):
            refund_work_views.whole(other, closed)
    finally:
        del roles.ROLES["unit_finance"]


def test_one_takes_it_another_waits_until_it_is_given_back(clerks, closed):
    first, second = clerks
    assert done(first, closed, "claim")["assignee"] == first.actor().key
    assert done(first, closed, "claim")["assignee"] == first.actor().key
    for what in ("claim", "retry"):
        assert act(second, closed, what).json["code"] == "refund_work_taken"
    assert [one["id"] for one in first.get(f"{WORK}?mine=true").json["items"]] == [closed]
    assert second.get(f"{WORK}?mine=true").json["items"] == []
    assert "assignee" not in done(first, closed, "release")
    assert done(second, closed, "claim")["assignee"] == second.actor().key
    audited = AuditEntry._get_collection().find({"object": f"refund:{closed}"}).sort("at", 1)
    assert [one["action"] for one in audited] == ["refund.take", "refund.release", "refund.take"]


def test_it_is_given_to_a_named_colleague_and_taken_back(clerks, closed):
    first, second = clerks
    told = done(first, closed, "assign", {"staff_id": str(second.actor().staff_id)})
    assert (told["assignee"], told["state"]) == (second.actor().key, "open")
    assert (told["history"][-1]["what"], told["history"][-1]["to"]) == ("assigned", second.actor().key)
    assert [one["id"] for one in second.get(f"{WORK}?mine=true").json["items"]] == [closed]
    assert act(first, closed, "retry").json["code"] == "refund_work_taken"
    assert len(done(first, closed, "assign", {"staff_id": str(second.actor().staff_id)})["history"]) == len(
        told["history"]
    )
    assert done(first, closed, "assign", {"staff_id": str(first.actor().staff_id)})["assignee"] == first.actor().key
    assert "assignee" not in done(first, closed, "release")
    done(first, closed, "release")
    audited = AuditEntry._get_collection().find({"object": f"refund:{closed}"}).sort("at", 1)
    assert [(one["action"], one["details"].get("to")) for one in audited] == [
        ("refund.assign", second.actor().key),
        ("refund.assign", first.actor().key),
        ("refund.release", None),
    ]


def test_only_who_works_on_such_refunds_is_given_one(clerks, closed, auditor, admin):
    for nobody in (str(auditor.actor().staff_id), str(ObjectId())):
        answer = act(clerks[0], closed, "assign", {"staff_id": nobody})
        assert (answer.status_code, answer.json["code"]) == (422, "refund_work_no_colleague")
    assert act(clerks[0], closed, "assign", {"staff_id": "x"}).status_code in {400, 404}
    assert act(clerks[0], closed, "assign", {}).status_code == 400
    assert act(auditor, closed, "assign", {"staff_id": nobody}).status_code == 403
    assert act(clerks[0], "nothing", "assign", {"staff_id": nobody}).status_code == 404
    member = str(clerks[1].actor().staff_id)
    proposed = done(clerks[0], closed, "payout", CASH)
    answer = act(clerks[0], closed, "assign", {"staff_id": member})
    assert (answer.status_code, answer.json["code"]) == (409, "refund_work_not_open")
    assert proposed["id"]


def test_of_many_who_assign_at_once_one_decides(clerks, closed, client):
    members = [str(one.actor().staff_id) for one in clerks]
    twins = [one.twin(client.application.test_client()) for one in clerks * 3]
    body = [{"staff_id": members[n % 2]} for n in range(6)]
    answers = at_once([partial(act, t, closed, "assign", b) for t, b in zip(twins, body, strict=True)])
    assert {one.status_code for one in answers} <= {200, 409}
    found = read(clerks[0], closed)
    steps = [one["to"] for one in found["history"] if one["what"] == "assigned"]
    assert steps[-1] == found["assignee"]
    assert len(steps) == AuditEntry._get_collection().count_documents({"object": f"refund:{closed}"})


def test_what_nobody_did_in_time_rises_and_is_an_alarm(clerks, closed, travel):
    due = RefundWork._get_collection().find_one({"_id": closed})["due"]
    for level in (1, 2, 3):
        travel(clock.civil(due).date().isoformat(), "09:00")
        drain("bills")
        found = RefundWork._get_collection().find_one({"_id": closed})
        assert (found["level"], found["due"] > due) == (level, True)
        due = found["due"]
    travel(clock.civil(due).date().isoformat(), "09:00")
    drain("bills")
    assert RefundWork._get_collection().find_one({"_id": closed})["level"] == 3
    clerks[0].log_in()
    assert read(clerks[0], closed)["overdue"] is True
    assert [one["what"] for one in read(clerks[0], closed)["history"]].count("overdue") == 3


def test_odd_lists_are_bad_requests_and_unknown_items_not_found(clerks, auditor):
    for query in ("state=x", "limit=0", "cursor=x", "mine=maybe", "unit=x"):
        assert clerks[0].get(f"{WORK}?{query}").status_code == 400
    for name in ("x", "%00", "é", "0" * 24 + "-order"):
        assert clerks[0].get(f"{WORK}/{name}").status_code == 404
        assert act(clerks[0], name, "retry").status_code == 404
    assert act(auditor, "x", "claim").status_code == 403


# Again


def test_a_closed_refund_is_asked_for_again_under_another_number(phone, clerks, closed, sandbox, shift_clock):
    answer = done(clerks[0], closed, "retry")
    assert (answer["state"], answer["number"], answer["former"]) == ("under_way", f"{closed}*1", [closed])
    assert arrived(closed, shift_clock)["state"] == "succeeded"
    assert reserved(closed) == 6000
    order = sandbox.call(f"/orders/{refund.read(closed)['payment']}")
    assert [(one["out_refund_no"], one["status"]) for one in order["refunds"]] == [
        (closed, "CLOSED"), (f"{closed}*1", "SUCCESS"),
    ]  # fmt: skip
    assert told() == ["refund_waits", "refund_sent_again", "refund_arrived"]
    assert transfer.read(f"refund:{closed}")["reference"] == f"{closed}*1"
    assert ledger_verify.findings() == []
    clerks[0].log_in()
    assert read(clerks[0], closed)["state"] == "done"
    assert clerks[0].get(WORK).json["items"] == []
    payment = refund.read(closed)["payment"]
    assert phone.log_in().get("/mini/v1/orders").json["items"][0]["state"] == "cancelled"
    assert Payment._get_collection().find_one({"_id": payment})["refunded_fen"] == 6000


def test_one_that_is_closed_again_is_work_again(clerks, closed, shift_clock, fault):
    fault("refund_closed", count=1)
    done(clerks[0], closed, "retry")
    assert arrived(closed, shift_clock)["state"] == "closed"
    clerks[0].log_in()
    found = read(clerks[0], closed)
    assert (found["state"], found["why"], [one["what"] for one in found["history"]]) == (
        "open", "closed", ["closed", "retry", "closed"],
    )  # fmt: skip
    assert done(clerks[0], closed, "retry")["number"] == f"{closed}*2"
    assert arrived(closed, shift_clock)["state"] == "succeeded"
    assert reserved(closed) == 6000


def test_what_wechat_has_not_closed_is_never_asked_for_again(clerks, closed, sandbox):
    Refund._get_collection().update_one({"_id": closed}, {"$set": {"number": f"{closed}*9"}})
    found = refund.read(closed)
    paid = Payment._get_collection().find_one({"_id": found["payment"]})
    runtime.current().pay.refund(
        transaction_id=paid["transaction_id"], out_refund_no=f"{closed}*9", refund_fen=6000, total_fen=6000,
        reason="x", notify_url="http://127.0.0.1:1/x",
    )  # fmt: skip
    answer = act(clerks[0], closed, "retry")
    assert (answer.status_code, answer.json["code"]) == (409, "refund_not_closed")
    assert refund.read(closed)["number"] == f"{closed}*9"
    assert len(sandbox.call(f"/orders/{found['payment']}")["refunds"]) == 2


def test_many_who_retry_at_once_ask_once(clerks, closed, client, sandbox, shift_clock):
    twins = [clerk.twin(client.application.test_client()) for clerk in clerks * 3]
    answers = at_once([partial(act, one, closed, "retry") for one in twins])
    assert [one.status_code for one in answers].count(200) == 1
    assert {one.json["code"] for one in answers if one.status_code != 200} <= {
        "refund_work_not_open", "refund_work_taken", "refund_not_closed",
    }  # fmt: skip
    assert arrived(closed, shift_clock)["state"] == "succeeded"
    payment = refund.read(closed)["payment"]
    assert [one["status"] for one in sandbox.call(f"/orders/{payment}")["refunds"]] == ["CLOSED", "SUCCESS"]


def test_while_wechat_is_silent_nothing_is_tried(clerks, closed, fault):
    fault("answer_500", path="/v3/refund")
    answer = act(clerks[0], closed, "retry")
    assert (answer.status_code, answer.json["code"]) == (502, "payment_unknown")
    assert (refund.read(closed)["state"], read(clerks[0], closed)["state"]) == ("closed", "open")


def test_a_late_word_about_the_old_number_changes_nothing(closed, clerks, shift_clock):
    done(clerks[0], closed, "retry")
    assert refund.finish(closed, "abnormal", "5030") is False
    assert refund.finish(closed, "succeeded", "5030") is False
    assert refund.read(closed)["state"] in {"requested", "processing"}
    assert arrived(closed, shift_clock)["state"] == "succeeded"


def test_the_same_retry_sent_twice_is_one(clerks, closed, shift_clock):
    first = clerks[0].post(f"{WORK}/{closed}/retry", key="same")
    second = clerks[0].post(f"{WORK}/{closed}/retry", key="same")
    assert (first.status_code, first.json) == (second.status_code, second.json)
    assert arrived(closed, shift_clock)["number"] == f"{closed}*1"


# Sent on


def test_an_abnormal_refund_is_sent_to_a_card_when_two_agree(clerks, abnormal, sandbox, shift_clock):
    proposed = done(clerks[0], abnormal, "bank-card", GOOD_CARD)
    assert proposed["details"] == {
        "refund": abnormal, "fen": 6000, "how": "card", "bank": "ICBC_DEBIT", "tail": GOOD_CARD["card_number"][-4:],
    }  # fmt: skip
    assert act(clerks[1], abnormal, "merchant-account", {"reason": "x"}).json["code"] == "refund_work_taken"
    assert act(clerks[0], abnormal, "refresh").status_code == 200
    kept = RefundWork._get_collection().find_one({"_id": abnormal})["card"]
    assert GOOD_CARD["card_number"].encode() not in kept["number"]
    approve(clerks[1], proposed["id"])
    assert "card" not in RefundWork._get_collection().find_one({"_id": abnormal})
    assert arrived(abnormal, shift_clock)["state"] == "succeeded"
    (there,) = sandbox.call(f"/orders/{refund.read(abnormal)['payment']}")["refunds"]
    assert (there["status"], there["user_received_account"]) == ("SUCCESS", GOOD_CARD["card_number"][-4:])
    assert (reserved(abnormal), told()) == (6000, ["refund_waits", "refund_sent_again", "refund_arrived"])
    assert ledger_verify.findings() == []


def test_a_card_that_takes_no_money_brings_the_work_back(clerks, abnormal, shift_clock):
    proposed = done(clerks[0], abnormal, "bank-card", CLOSED_CARD)
    approve(clerks[1], proposed["id"])
    assert arrived(abnormal, shift_clock)["state"] == "abnormal"
    clerks[0].log_in()
    assert (read(clerks[0], abnormal)["state"], read(clerks[0], abnormal)["why"]) == ("open", "abnormal")


def test_a_refused_proposal_forgets_the_card_and_opens_the_work(clerks, abnormal):
    proposed = done(clerks[0], abnormal, "bank-card", GOOD_CARD)
    assert clerks[1].post(f"/office/v1/approvals/{proposed['id']}/refuse").status_code == 200
    drain()
    stored = RefundWork._get_collection().find_one({"_id": abnormal})
    assert ("card" in stored, "approval" in stored, stored["state"]) == (False, False, "open")
    assert refund.read(abnormal)["state"] == "abnormal"


def test_carrying_the_same_decision_out_again_sends_it_once(clerks, abnormal, sandbox, shift_clock):
    proposed = done(clerks[0], abnormal, "bank-card", GOOD_CARD)
    approve(clerks[1], proposed["id"])
    refund_settle.carry_out(ObjectId(proposed["id"]))
    assert arrived(abnormal, shift_clock)["state"] == "succeeded"
    assert approval.read(ObjectId(proposed["id"]))["outcome"] == "done"


def test_a_kill_behind_wechats_yes_is_made_up_for(clerks, abnormal, shift_clock, monkeypatch):
    proposed = done(clerks[0], abnormal, "bank-card", GOOD_CARD)
    approval.approve(clerks[1].actor(), ObjectId(proposed["id"]))
    real = refund_settle._conclude

    def die(*_args):
        raise SystemExit

    monkeypatch.setattr(refund_settle, "_conclude", die)
    with pytest.raises(SystemExit):
        refund_settle.carry_out(ObjectId(proposed["id"]))
    monkeypatch.setattr(refund_settle, "_conclude", real)
    assert refund.read(abnormal)["state"] == "abnormal"
    refund_settle.carry_out(ObjectId(proposed["id"]))
    assert arrived(abnormal, shift_clock)["state"] == "succeeded"


@pytest.mark.parametrize(
    "change",
    [{"card_number": "6222020200000000001"}, {"card_number": "12"}, {"card_number": 1}, {"bank_type": "icbc"},
     {"holder": " "}, {"reason": ""}, {"x": 1}],
)  # fmt: skip
def test_an_odd_card_is_refused(clerks, abnormal, change):
    answer = act(clerks[0], abnormal, "bank-card", {**GOOD_CARD, **change})
    assert answer.status_code in {400, 422}
    assert "card" not in RefundWork._get_collection().find_one({"_id": abnormal})


# Another way


def test_cash_at_a_counter_ends_a_closed_refund_when_two_agree(clerks, closed, phone):
    proposed = done(clerks[0], closed, "payout", CASH)
    assert clerks[0].post(f"/office/v1/approvals/{proposed['id']}/approve").json["code"] == "own_proposal"
    assert refund.read(closed)["state"] == "closed"
    approve(clerks[1], proposed["id"])
    assert refund.read(closed)["state"] == "paid_elsewhere"
    moved = transfer.read(f"refund:{closed}")
    assert (moved["source"], moved["target"], moved["fen"]) == (
        "merchant:changzhengyuan", "clearing:cash-changzhengyuan", 6000,
    )  # fmt: skip
    assert (reserved(closed), told()[-1], ledger_verify.findings()) == (6000, "refund_paid_elsewhere", [])
    assert read(clerks[0], closed)["state"] == "done"
    assert act(clerks[0], closed, "retry").json["code"] == "refund_work_not_open"
    audited = AuditEntry._get_collection().find({"object": f"refund:{closed}"}).sort("at", 1)
    assert [one["action"] for one in audited] == ["refund.settle", "refund.settled"]


def test_money_that_went_to_the_merchants_bank_is_paid_from_there(clerks, abnormal, shift_clock):
    assert act(clerks[0], abnormal, "payout", CASH).json["code"] == "refund_action_impossible"
    proposed = done(clerks[0], abnormal, "merchant-account", {"reason": "游客无银行卡"})
    approve(clerks[1], proposed["id"])
    assert arrived(abnormal, shift_clock)["state"] == "returned"
    drain()
    back = transfer.read(f"refund:{abnormal}:returned")
    assert (back["source"], back["target"], back["reference"]) == ("clearing:bank", "clearing:wechat", abnormal)
    for clerk in clerks:
        clerk.log_in()
    paid = {"how": "bank", "number": "ZZ20261124", "reason": "转账至本人账户"}
    proposed = done(clerks[0], abnormal, "payout", paid)
    approve(clerks[1], proposed["id"])
    assert transfer.read(f"refund:{abnormal}")["target"] == "clearing:bank"
    assert refund.read(abnormal)["state"] == "paid_elsewhere"
    assert ledger_verify.findings() == []


def test_a_refund_that_arrived_meanwhile_is_not_paid_twice(clerks, closed, sandbox):
    proposed = done(clerks[0], closed, "payout", CASH)
    assert refund.finish(closed, "succeeded", "5030")
    drain()
    approve(clerks[1], proposed["id"])
    assert approval.read(ObjectId(proposed["id"]))["outcome"] == "refund_not_closed"
    assert refund.read(closed)["state"] == "succeeded"
    assert transfer.read(f"refund:{closed}")["target"] == "clearing:wechat"
    assert read(clerks[0], closed)["state"] == "done"


@pytest.mark.parametrize("change", [{"how": "gold"}, {"number": ""}, {"number": "一"}, {"reason": " "}, {"unit": 1}])
def test_an_odd_payout_is_a_bad_request(clerks, closed, change):
    assert act(clerks[0], closed, "payout", {**CASH, **change}).status_code == 400
    assert act(clerks[0], closed, "payout", {**CASH, "unit": "nowhere"}).status_code == 404


# What WeChat refuses


class Refusing:
    """The merchant's gateway, answering a refund with one refusal."""

    def __init__(self, real, errcode: str):
        self._real, self._errcode = real, errcode

    def refund(self, **_told):
        raise refund_send.PaymentRefused(errcode=self._errcode)

    def __getattr__(self, name):
        return getattr(self._real, name)


@pytest.fixture
def refusing(parts, monkeypatch):

    real = runtime.current

    def refuse(errcode: str) -> None:
        class Told:
            pay = Refusing(parts.pay, errcode)

            def __getattr__(self, name):
                return getattr(real(), name)

        monkeypatch.setattr(refund_send.runtime, "current", Told)

    yield refuse
    monkeypatch.undo()


def test_what_wechat_refuses_for_good_is_work_at_once(phone, clerks, refusing, monkeypatch, shift_clock):
    order = phone.issued(slots.make(5, days=9))
    refusing("INVALID_REQUEST")
    phone.cancel(order["id"])
    drain()
    (found,) = clerks[0].get(WORK).json["items"]
    assert (found["why"], read(clerks[0], found["id"])["refusal"]) == ("refused", "INVALID_REQUEST")
    assert phone.order(order["id"])["refund"]["state"] == "refused"
    monkeypatch.undo()
    done(clerks[0], found["id"], "retry")
    assert arrived(found["id"], shift_clock)["state"] == "succeeded"


def test_a_merchants_account_that_is_short_is_told_and_goes_on_by_itself(
    phone, clerks, refusing, monkeypatch, shift_clock
):
    order = phone.issued(slots.make(5, days=9))
    refusing("NOT_ENOUGH")
    phone.cancel(order["id"])
    drain()
    (found,) = clerks[0].get(WORK).json["items"]
    assert (found["why"], refunds_of(order)[0]["state"]) == ("not_enough", "requested")
    monkeypatch.undo()
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))), seconds=1801)
    drain()
    assert refunds_of(order)[0]["state"] == "succeeded"
    assert RefundWork._get_collection().find_one({"_id": found["id"]})["state"] == "done"


@pytest.mark.parametrize("errcode", ["FREQUENCY_LIMITED", "SYSTEM_ERROR", "RESOURCE_NOT_EXISTS"])
def test_what_passes_by_itself_is_nobodys_work(phone, clerks, refusing, errcode):
    order = phone.issued(slots.make(5, days=9))
    refusing(errcode)
    phone.cancel(order["id"])
    drain()
    assert clerks[0].get(WORK).json["items"] == []
    (entry,) = refunds_of_with_outbox(order)
    assert (entry["failures"], entry["task"]) == (0, "payments.send_refund")


def refunds_of_with_outbox(order: dict) -> list[dict]:
    return Refund._get_collection().find_one({"payment": payment_of(order)})["outbox"]


def test_what_a_queue_gave_up_and_what_an_earlier_release_left_is_found_by_the_sweep(phone, clerks, shift_clock):

    given_up, left = (
        phone.issued(slots.make(5, days=9, start=hour * 60), (who, "adult"))
        for hour, who in ((8, phone.me), (18, phone.companion()))
    )
    for order in (given_up, left):
        phone.cancel(order["id"])
        drain_requests(order)
    Refund._get_collection().update_one(
        {"payment": payment_of(given_up)},
        {"$set": {"outbox.0.failed_at": clock.now(), "outbox.0.reason": "x"}, "$unset": {"outbox.0.due": ""}},
    )
    Refund._get_collection().update_one({"payment": payment_of(left)}, {"$set": {"state": "abnormal", "outbox": []}})
    for _ in range(2):
        sweep_refund_work()
    found = {one["why"]: one["id"] for one in clerks[0].get(WORK).json["items"]}
    assert found == {"given_up": refunds_of(given_up)[0]["_id"], "abnormal": refunds_of(left)[0]["_id"]}
    assert done(clerks[0], found["given_up"], "resume")["state"] == "under_way"
    assert arrived(found["given_up"], shift_clock)["state"] == "succeeded"


def drain_requests(order: dict) -> None:
    """Let the order's refund be asked for here, and not yet be sent."""

    cancel.request_refund(ObjectId(order["id"]), 6000)


# The sum


def test_a_goodwill_refund_beside_a_retried_one_stays_within_what_was_paid(clerks, closed, shift_clock, phone):
    order = phone.log_in().get("/mini/v1/orders").json["items"][0]["id"]
    with pytest.raises(refund.RefundTooLarge):
        goodwill.propose(clerks[0].actor(), ObjectId(order), fen=1, reason="再退一点")
    done(clerks[0], closed, "retry")
    assert arrived(closed, shift_clock)["state"] == "succeeded"
    assert reserved(closed) == 6000


def test_a_payment_is_given_back_in_fifty_parts_at_most(phone):
    order = phone.issued(slots.make(5, days=9))
    Payment._get_collection().update_one({"_id": payment_of(order)}, {"$set": {"refund_parts": 49}})
    refund.request(payment_of(order), "a", fen=1, reason="x", on_done={})
    with pytest.raises(refund.TooManyParts):
        refund.request(payment_of(order), "b", fen=1, reason="x", on_done={})
    assert Payment._get_collection().find_one({"_id": payment_of(order)})["refunded_fen"] == 1
