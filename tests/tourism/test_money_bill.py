"""The day's bill line by line: every line has an outcome, what differs waits for a person, money takes two."""

import hashlib
import io
import itertools
import tracemalloc
from datetime import date, timedelta
from functools import partial

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock, jobs, outbox, periodic
from backend.wechat.pay_bill import TradeBill
from models.audit.entry import AuditEntry
from models.payments import bill, bill_job, bill_line, bill_match, ledger_verify, transfer
from models.payments.bill_line import MatchedLine
from models.payments.ledger_account import LedgerAccount
from models.payments.payment import Payment
from models.payments.refund import Refund
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.tourism.money_kit import approve, ended, finance, let_pass, payment_of, refunds_of

MANY = 100_000
_days = itertools.count(3, 2)


@pytest.fixture
def clerks(client, admin):
    return finance(client, admin)


@pytest.fixture
def own_day(phone, clerks, travel, sandbox):
    """Go to another day, of whose trade the sandbox, which keeps its orders over tests, knows nothing yet."""
    sandbox.forget_orders()
    travel((clock.today() + timedelta(days=next(_days))).isoformat())
    for one in (phone, *clerks):
        one.log_in()


@pytest.fixture
def paid(own_day, phone):
    """A payment of today."""
    return str(payment_of(phone.issued(slots.make(5, days=9))))


@pytest.fixture
def after(travel, clerks, sandbox):
    """Go to the day after today, after ten, with finance logged in; return the day that is over."""
    days = []

    def go(day: date | None = None) -> str:
        day = day or clock.today()
        days.append(day.isoformat())
        travel((day + timedelta(days=1)).isoformat(), "10:30")
        for clerk in clerks:
            clerk.log_in()
        return day.isoformat()

    yield go
    for day in days:
        sandbox.call(f"/bills/{day}", {})


def wrong(sandbox, day: str, **changes) -> None:
    assert sandbox.call(f"/bills/{day}", changes)["day"] == day


def match(clerk, day: str) -> dict:
    answer = clerk.post(f"/office/v1/payments/bills/{day}/match")
    assert answer.status_code == 200, answer.json
    return answer.json


def line(clerk, day: str, number: str, kind: str = "payment") -> dict:
    answer = clerk.get(f"/office/v1/payments/bill-lines/{day}:{kind}:{number}")
    assert answer.status_code == 200, answer.json
    return answer.json


def listed(clerk, day: str, **query) -> list[dict]:
    found, cursor = [], None
    while True:
        given = {**query, **({"cursor": cursor} if cursor else {})}
        told = "&".join(f"{name}={value}" for name, value in given.items())
        answer = clerk.get(f"/office/v1/payments/bills/{day}/lines?{told}")
        assert answer.status_code == 200, answer.json
        found += answer.json["items"]
        if (cursor := answer.json["next"]) is None:
            return found


# Outcomes


def test_a_line_that_agrees_is_matched_and_waits_for_nobody(clerks, paid, after):
    day = after()
    result = match(clerks[0], day)
    assert (result["open"], result["summary_agrees"], result["differences"]) == (0, True, [])
    assert result["outcomes"]["matched"] == result["lines"] >= 1
    found = line(clerks[0], day, paid)
    assert (found["outcome"], found["standing"], found["here_fen"], found["there_fen"]) == (
        "matched", "none", 6000, 6000,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "outcome", "there"),
    [
        ({"change": {"订单金额": "59.00"}}, "amount_differs", 5900),
        ({"change": {"交易状态": "REVOKED"}}, "state_differs", 6000),
        ({"twice": True}, "duplicate", 6000),
        ({"drop": True}, "missing_there", None),
    ],
)
def test_each_kind_of_difference_is_an_outcome_that_waits(clerks, paid, after, sandbox, changes, outcome, there):
    day = after()
    wrong(sandbox, day, **{name: {paid: told} if name == "change" else [paid] for name, told in changes.items()})
    result = match(clerks[0], day)
    assert (result["open"], result["outcomes"][outcome]) == (1, 1)
    (found,) = listed(clerks[0], day, standing="open")
    assert (found["number"], found["outcome"], found.get("there_fen"), found["here_fen"]) == (
        paid,
        outcome,
        there,
        6000,
    )
    assert found["times"] == {"duplicate": 2, "missing_there": 0}.get(outcome, 1)


def test_what_only_wechat_has_is_missing_here(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, extra=1)
    match(clerks[0], day)
    (found,) = listed(clerks[0], day, outcome="missing_here")
    assert (found["number"], found["there_fen"], "here_fen" in found) == ("EXTRA0000000000", 100, False)


def test_a_payment_that_is_not_paid_here_differs_in_state(clerks, paid, after):
    day = after()
    Payment._get_collection().update_one(
        {"_id": ObjectId(paid)}, {"$set": {"state": "closed"}, "$unset": {"paid_at": ""}}
    )
    match(clerks[0], day)
    found = line(clerks[0], day, paid)
    assert (found["outcome"], found["here_state"], found["there_state"]) == ("state_differs", "closed", "SUCCESS")


@pytest.fixture
def refunded(own_day, phone, shift_clock):
    """A refund that arrived today."""
    order = phone.issued(slots.make(5, days=9))
    phone.cancel(order["id"])
    let_pass(shift_clock, lambda: all(map(ended, refunds_of(order))))
    return refunds_of(order)[0]["_id"]


@pytest.mark.parametrize(
    ("here", "change", "outcome"),
    [
        ({}, {}, "matched"),
        ({"amount_fen": 5999}, {}, "amount_differs"),
        ({"state": "processing"}, {}, "state_differs"),
        ({"state": "abnormal"}, {"退款状态": "CHANGE"}, "matched"),
        ({}, {"退款状态": "CHANGE"}, "state_differs"),
        ({"number": "x*1", "former": ["THIS"]}, {}, "state_differs"),
    ],
)
def test_refunds_are_matched_by_amount_and_state(clerks, refunded, after, sandbox, here, change, outcome):
    here = {**here, **({"number": f"{refunded}*1", "former": [refunded]} if "number" in here else {})}
    if here:
        Refund._get_collection().update_one({"_id": refunded}, {"$set": here})
    day = after()
    wrong(sandbox, day, change={refunded: change})
    match(clerks[0], day)
    assert line(clerks[0], day, refunded, "refund")["outcome"] == outcome


def test_a_refund_of_ours_that_is_not_on_the_bill_is_missing_there(clerks, refunded, after, sandbox):
    day = after()
    wrong(sandbox, day, drop=[refunded])
    match(clerks[0], day)
    (found,) = listed(clerks[0], day, outcome="missing_there")
    assert (found["kind"], found["number"], found["here_fen"]) == ("refund", refunded, 6000)


def test_a_summary_that_does_not_sum_up_is_told(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, summary={"订单总金额": "1.00"})
    assert match(clerks[0], day)["summary_agrees"] is False
    wrong(sandbox, day)
    assert match(clerks[0], day)["summary_agrees"] is True


# Again


def test_matching_again_finds_the_same_lines(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, twice=[paid])
    first = match(clerks[0], day)
    lines = listed(clerks[0], day)
    second = match(clerks[0], day)
    assert {**second, "matched_at": ""} == {**first, "matched_at": ""}
    assert listed(clerks[0], day) == lines


def test_four_who_match_at_once_come_to_one_result(clerks, paid, after, sandbox, client):
    day = after()
    wrong(sandbox, day, drop=[paid], extra=3)
    twins = [clerks[0].twin(client.application.test_client()) for _ in range(4)]
    results = at_once([partial(match, one, day) for one in twins])
    assert {one["open"] for one in results} == {4}
    assert len(listed(clerks[0], day, standing="open")) == 4


def test_a_corrected_file_brings_lines_right_and_lets_stray_ones_go(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, drop=[paid], extra=2)
    assert match(clerks[0], day)["open"] == 3
    wrong(sandbox, day)
    result = match(clerks[0], day)
    assert (result["open"], result["outcomes"]["missing_here"]) == (0, 0)
    found = line(clerks[0], day, paid)
    assert (found["outcome"], found["standing"], found["times"]) == ("matched", "none", 1)


def test_a_settled_line_stays_settled_until_it_differs_otherwise(clerks, paid, after, sandbox):
    day, body = after(), {"why": "wechat_error", "note": "工单 0123,微信已受理"}
    wrong(sandbox, day, change={paid: {"订单金额": "59.00"}})
    match(clerks[0], day)
    told = clerks[0].post(f"/office/v1/payments/bill-lines/{day}:payment:{paid}/explanation", body)
    assert (told.status_code, told.json["standing"], told.json["resolution"]["note"]) == (200, "resolved", body["note"])
    assert match(clerks[0], day)["open"] == 0
    wrong(sandbox, day, change={paid: {"订单金额": "58.00"}})
    assert match(clerks[0], day)["open"] == 1
    assert line(clerks[0], day, paid)["standing"] == "open"


# What a person does


def test_saying_why_settles_a_line_once_and_stands_in_the_audit(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, extra=1)
    match(clerks[0], day)
    path = f"/office/v1/payments/bill-lines/{day}:payment:EXTRA0000000000/explanation"
    answers = [clerk.post(path, {"why": "booked_elsewhere", "note": "酒店账套"}) for clerk in clerks]
    assert [one.status_code for one in answers] == [200, 409]
    assert answers[1].json["code"] == "bill_line_not_open"
    assert clerks[0].get(f"/office/v1/payments/bills/{day}").json["open"] == 0
    (entry,) = AuditEntry._get_collection().find({"action": "bill.explain"})
    assert entry["details"] == {"why": "booked_elsewhere"}
    stored = MatchedLine._get_collection().find_one({"_id": f"{day}:payment:EXTRA0000000000"})
    assert "酒店".encode() not in stored["resolution"]["note"]


def test_money_moves_only_when_a_second_person_agrees(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, extra=1)
    match(clerks[0], day)
    path = f"/office/v1/payments/bill-lines/{day}:payment:EXTRA0000000000/posting"
    proposed = clerks[0].post(path, {"reason": "待查明来源,先入待处理账户"})
    assert (proposed.status_code, proposed.json["details"]["fen"]) == (201, 100)
    own = clerks[0].post(f"/office/v1/approvals/{proposed.json['id']}/approve")
    assert own.json["code"] == "own_proposal"
    assert line(clerks[0], day, "EXTRA0000000000")["standing"] == "proposed"
    again = clerks[1].post(path, {"reason": "再来一次"})
    assert again.json["code"] == "bill_line_not_open"
    approve(clerks[1], proposed.json["id"])
    moved = transfer.read(f"approval:{proposed.json['id']}")
    assert (moved["source"], moved["target"], moved["fen"]) == ("clearing:wechat", "suspense:unassigned", 100)
    found = line(clerks[0], day, "EXTRA0000000000")
    assert (found["standing"], found["resolution"]["how"]) == ("resolved", "posted")
    compared = clerks[0].post(f"/office/v1/ledger/reconciliations/wechat/{day}").json
    assert "EXTRA0000000000" not in {one["number"] for one in compared["differences"]}
    assert ledger_verify.findings() == []


def test_a_refused_posting_leaves_the_line_open_and_the_ledger_as_it_was(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, drop=[paid])
    match(clerks[0], day)
    proposed = clerks[0].post(f"/office/v1/payments/bill-lines/{day}:payment:{paid}/posting", {"reason": "冲回"})
    assert proposed.json["details"]["fen"] == -6000
    drain()
    before = balances()
    assert clerks[1].post(f"/office/v1/approvals/{proposed.json['id']}/refuse").status_code == 200
    drain()
    assert (line(clerks[0], day, paid)["standing"], balances()) == ("open", before)


def balances() -> dict[str, int]:
    return {one["_id"]: one["balance_fen"] for one in LedgerAccount._get_collection().find({"_id": {"$gt": ""}})}


def test_a_difference_that_changed_meanwhile_is_not_posted(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, change={paid: {"订单金额": "59.00"}})
    match(clerks[0], day)
    proposed = clerks[0].post(f"/office/v1/payments/bill-lines/{day}:payment:{paid}/posting", {"reason": "差额"}).json
    wrong(sandbox, day)
    match(clerks[0], day)
    drain()
    before = balances()
    assert approve(clerks[1], proposed["id"])["state"] == "approved"
    assert balances() == before
    assert clerks[0].get(f"/office/v1/approvals/{proposed['id']}").json["outcome"] == "bill_line_not_open"


def test_same_amounts_leave_nothing_to_post(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, twice=[paid])
    match(clerks[0], day)
    answer = clerks[0].post(f"/office/v1/payments/bill-lines/{day}:payment:{paid}/posting", {"reason": "重复"})
    assert (answer.status_code, answer.json["code"]) == (409, "bill_line_nothing_to_post")


def test_asking_wechat_again_settles_what_was_only_not_known_here(own_day, clerks, phone, after):
    held = phone.book(slots.make(5, days=9)).json
    phone.pay(held)
    number, day = str(payment_of(held)), after()
    assert match(clerks[0], day)["open"] == 1
    answer = clerks[0].post(f"/office/v1/payments/bill-lines/{day}:payment:{number}/ask")
    assert (answer.status_code, answer.json["outcome"], answer.json["standing"]) == (200, "matched", "none")
    assert clerks[0].get(f"/office/v1/payments/bills/{day}").json["open"] == 0
    assert Payment._get_collection().find_one({"_id": ObjectId(number)})["state"] == "paid"


@pytest.mark.parametrize("path", ["x", "2026-11-23:payment:x", "%00", "é"])
def test_an_unknown_line_is_not_found(clerks, path):
    for end, body in (
        ("", None),
        ("/ask", {}),
        ("/explanation", {"why": "timing", "note": "x"}),
        ("/posting", {"reason": "x"}),
    ):
        answer = clerks[0].call("GET" if body is None else "POST", f"/office/v1/payments/bill-lines/{path}{end}", body)
        assert answer.status_code == 404, (end, answer.json)


@pytest.mark.parametrize(
    "body",
    [{}, {"why": "timing"}, {"why": "x", "note": "x"}, {"why": "timing", "note": " "}, {"why": "timing", "note": 1}],
)
def test_an_odd_explanation_is_a_bad_request(clerks, body):
    assert clerks[0].post("/office/v1/payments/bill-lines/x/explanation", body).status_code == 400


def test_who_may_read_bills_may_not_settle_them(clerks, auditor, manager, paid, after, sandbox):
    day = after()
    auditor.log_in()
    manager.log_in()
    match(clerks[0], day)
    assert auditor.get(f"/office/v1/payments/bills/{day}/lines").status_code == 200
    assert auditor.get("/office/v1/payments/bills").json["items"][0]["day"] == day
    path = f"/office/v1/payments/bill-lines/{day}:payment:{paid}"
    for clerk in (auditor, manager):
        assert clerk.post(f"{path}/explanation", {"why": "timing", "note": "x"}).status_code == 403
        assert clerk.post(f"{path}/posting", {"reason": "x"}).status_code == 403
    assert manager.get(path).status_code == 403


# Late, and long


def test_a_bill_that_came_days_late_is_matched_with_the_next_ones(clerks, paid, after, sandbox, travel):
    day = after()
    wrong(sandbox, day, late=True)
    periodic.install()
    run = outbox._registry.functions["payments.match_bill"]
    with pytest.raises(outbox.Later):
        run()
    assert bill.read(day) is None
    travel((clock.today() + timedelta(days=2)).isoformat(), "10:30")
    wrong(sandbox, day)
    with pytest.raises(outbox.Later):  # nobody paid yesterday, so there is no bill of it
        run()
    assert bill.read(day)["outcomes"]["matched"] >= 1


def test_a_day_without_trade_is_written_down_and_not_asked_for_for_ever(seeded, travel, paid, after):
    first = after()
    travel((clock.date_of(first) + timedelta(days=3)).isoformat(), "10:30")
    quiet = (clock.date_of(first) + timedelta(days=1)).isoformat()
    with pytest.raises(outbox.Later):
        outbox._registry.functions["payments.match_bill"]()
    assert (bill.read(quiet)["lines"], bill.read(quiet)["open"]) == (0, 0)
    assert clock.date_of(quiet) not in bill.late(clock.today())


def test_a_long_bill_is_refused_at_once_and_matched_as_a_job(clerks, paid, after, sandbox):
    day = after()
    wrong(sandbox, day, extra=bill.AT_ONCE + 700, drop=[paid])
    answer = clerks[0].post(f"/office/v1/payments/bills/{day}/match")
    assert (answer.status_code, answer.json["code"]) == (409, "bill_too_long")
    started = clerks[0].post(f"/office/v1/payments/bills/{day}/runs", key="run-1")
    assert (started.status_code, started.json["state"]) == (202, "running")
    drain("reports")
    ended_job = clerks[0].get(f"/office/v1/jobs/{started.json['id']}").json
    assert (ended_job["state"], ended_job["done"], ended_job["total"]) == ("done", 13, 13)
    result = clerks[0].get(f"/office/v1/payments/bills/{day}").json
    assert (result["outcomes"]["missing_here"], result["outcomes"]["missing_there"]) == (bill.AT_ONCE + 700, 1)
    page = clerks[0].get(f"/office/v1/payments/bills/{day}/lines?outcome=missing_here&limit=100").json
    assert (len(page["items"]), bool(page["next"])) == (100, True)


def test_a_job_that_is_killed_between_two_steps_goes_on_where_it_stood(clerks, paid, after, sandbox, monkeypatch):
    day = after()
    wrong(sandbox, day, extra=bill.AT_ONCE)
    job = bill_job.start(clock.date_of(day), who="system:test")
    seen = []

    def die_in(step: int):
        real = bill_match.match

        def match_once(*args, **options):
            seen.append(options["first"])
            if len(seen) == step:
                raise SystemExit
            real(*args, **options)

        monkeypatch.setattr(bill_match, "match", match_once)

    die_in(3)
    with pytest.raises(SystemExit):
        bill_job.work(job["_id"])
    assert jobs.read(job["_id"])["position"].startswith("match:")
    for _ in range(3):
        try:
            bill_job.work(job["_id"])
        except outbox.Later:
            continue
    assert seen == [0, 1000, 2000, 2000, 3000, 4000, 5000]
    assert jobs.read(job["_id"])["state"] == "done"
    assert bill.read(day)["outcomes"]["missing_here"] == bill.AT_ONCE


ROW = "`2026-11-23 09:00:00,`4200{n},`{number},`oabc,`SUCCESS,`0,`0,`,`票,`0.00600,`1.00,`0.00"
HEAD = (
    "交易时间,微信订单号,商户订单号,用户标识,交易状态,微信退款单号,"
    "商户退款单号,退款状态,商品名称,手续费,订单金额,申请退款金额"
)


def long_bill(lines: int, ours: list[ObjectId]) -> TradeBill:
    """A file of so many lines; the first are of payments of ours."""
    file = io.BytesIO()
    file.write(f"\ufeff{HEAD}\r\n".encode())
    for n in range(lines):
        number = ours[n] if n < len(ours) else f"E{n:09d}"
        file.write(ROW.format(n=n, number=number).encode() + b"\r\n")
    file.write(f"总交易单数,订单总金额,申请退款总金额\r\n`{lines},`{lines}.00,`0.00\r\n".encode())
    return TradeBill(file, hashlib.sha1(file.getvalue(), usedforsecurity=False).hexdigest())


def test_a_hundred_thousand_lines_are_matched_in_bounded_memory(seeded):
    day = date(2026, 11, 23)
    at = clock.at(day, 9 * 60)
    made = [ObjectId() for _ in range(2_000)]
    told = [{"_id": one, "subject": f"t:{one}", "state": "paid", "amount_fen": 100, "paid_at": at} for one in made]
    get_db().payments.insert_many(told)
    file = long_bill(MANY, made[:1_500])
    tracemalloc.start()
    for first in range(0, MANY, bill_match.CHUNK):
        some = (line for _, line in zip(range(bill_match.CHUNK), file.lines(skip=first), strict=False))
        if first < 5_000 or first >= MANY - 5_000:
            bill_match.take_in(day, file.digest, some, first=first)
            bill_match.match(day, file.digest, first=first)
    bill_match.name_missing(day, file.digest)
    result = bill.conclude(day, file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (result["lines"], result["paid_fen"], result["summary_agrees"]) == (MANY, MANY * 100, True)
    assert (result["outcomes"]["matched"], result["outcomes"]["missing_there"]) == (1_500, 500)
    assert peak < 24 << 20


def test_a_bill_is_read_from_a_file_that_was_proved_by_its_hash(seeded, parts, after, sandbox, paid):
    day = clock.date_of(after())
    file = parts.pay.trade_bill_file(day)
    lines = list(file.lines())
    assert file.count() == len(lines) == file.totals().lines
    assert [one.out_trade_no for one in file.lines(skip=1)] == [one.out_trade_no for one in lines[1:]]
    assert sum(one.total_fen for one in lines) == file.totals().total_fen
    file.close()


def test_a_line_knows_the_day_of_its_bill(clerks, paid, after):
    day = after()
    match(clerks[0], day)
    assert bill_line.read(f"{day}:payment:{paid}")["day"] == day
