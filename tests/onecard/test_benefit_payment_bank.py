"""The bank misbehaves: lost answers, wrong returns, kills between two writes. Nothing is paid twice, all is named."""

import io
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from backend import money, outbox, payout_file, runtime
from backend.payout_bank import BankUnknown
from backend.payout_file import ReturnFileRefused
from backend.settings import BadSettings
from models.benefits import (
    apply_return,
    approve,
    bank_file,
    batch,
    bulk_move,
    close,
    hand_in,
    line,
    payment_file,
    receive_return,
    return_file,
    settle_file,
)
from models.benefits.line import BenefitLine
from models.benefits.payment import BenefitPayment
from models.benefits.return_file import BenefitReturnPart
from models.identity.approval import Approval
from models.payments import bank_link
from models.payments.reconciliation import Reconciliation
from tests.office.conftest import admin  # noqa: F401 - a fixture
from tests.onecard import payment_kit as kit
from tests.onecard.payment_kit import OFFICE
from tests.support.crowd import at_once
from tests.support.queues import drain


@pytest.fixture
def staff(client, admin, bank_box):  # noqa: F811 - the fixture imported above
    bank_box.forget()
    bank_box.clear()
    yield kit.members(client, admin)
    bank_box.clear()


@pytest.fixture
def three(staff):
    """An approved batch of three lines, 100, 200 and 300 yuan."""
    kit.fund(100_000)
    return kit.approved(staff, kit.published(staff, *(kit.told(fen) for fen in (10_000, 20_000, 30_000))))


def upload(clerk, number: str, data: bytes):
    form = {"file": (io.BytesIO(data), "return.txt")}
    headers = {"Authorization": f"Bearer {clerk.token}"}
    return clerk.client.post(f"{OFFICE}/files/{number}/returns", data=form, headers=headers)


def ask_later(*numbers: str) -> None:
    """Ask the bank once more, as the queue does some time later."""
    for number in numbers:
        with pytest.raises(outbox.Later):
            hand_in.ask(number)
    drain("bills", "notify")


def test_the_file_is_the_same_bytes_at_every_call(staff, three):
    number = kit.opened(staff, three)
    first = bank_file.content(number)
    assert bank_file.content(number) == first
    assert payout_file.digest(first) == payment_file.read(number)["digest"]
    assert first.decode("gb18030").splitlines()[0].split("|")[5:7] == ["3", "600.00"]


def test_a_file_whose_payments_were_changed_is_not_handed_in(staff, three, bank_box):
    number = kit.opened(staff, three)
    BenefitPayment._get_collection().update_one({"file": number, "seq": 1}, {"$set": {"amount_fen": 99_999}})
    with pytest.raises(bank_file.FileChanged):
        hand_in.send(number)
    assert bank_box.files() == {}


def test_a_lost_answer_is_asked_for_and_never_paid_twice(staff, three, bank_box):
    number = kit.opened(staff, three)
    bank_box.fault("lost_answer", count=1, call="put")
    with pytest.raises(BankUnknown):
        hand_in.send(number)
    assert payment_file.read(number)["state"] == "ready"
    puts = bank_box.calls("put")
    hand_in.send(number)
    assert (payment_file.read(number)["state"], bank_box.calls("put")) == ("accepted", puts)
    drain("bills", "notify")
    assert kit.states(three) == {"paid": 3}
    assert sum(bank_box.balance(one["account"]) for one in bank_box.files()[number]["lines"]) == 60_000


@pytest.mark.parametrize("fault", ["lost_request", "error_500", "garbage", "wrong_signature", "unsigned"])
def test_an_answer_that_says_nothing_leaves_the_file_to_be_sent_again(staff, three, bank_box, fault):
    number = kit.opened(staff, three)
    bank_box.fault(fault, count=1)
    with pytest.raises(BankUnknown):
        hand_in.send(number)
    assert payment_file.read(number)["state"] == "ready"
    hand_in.send(number)
    drain("bills", "notify")
    assert kit.states(three) == {"paid": 3}
    kit.agree(three)


def test_a_file_that_the_bank_refuses_gives_its_lines_to_the_next_one(staff, three, bank_box):
    number = kit.opened(staff, three)
    hand_in._refused(number, "sum")
    drain("bills")
    assert payment_file.read(number)["state"] == "refused"
    assert kit.states(three) == {"approved": 3}
    assert kit.in_ledger()["held_fen"] == 0
    second = kit.sent(staff, three)
    assert (second[-3:], kit.states(three)) == ("-02", {"paid": 3})
    kit.agree(three)


def test_a_second_file_waits_while_its_fund_is_empty_and_goes_when_there_is_money(staff, bank_box, shift_clock):
    kit.fund(10_000)
    told = kit.told(10_000)
    bank_box.account(told.account, fails="account_closed")
    batch_id = kit.approved(staff, kit.published(staff, told))
    kit.sent(staff, batch_id)
    spent = kit.approved(staff, kit.published(staff, kit.told(10_000)))  # what came back is promised away again
    _repaired(batch_id)
    waiting = kit.opened(staff, batch_id)
    shown = kit.payment(staff, batch_id)["files"][1]
    assert (shown["file_no"], shown["state"], shown["waits_for_fund"]) == (waiting, "filling", True)
    assert list(bank_box.files()) == [payment_file.file_no(batch.read(batch_id)["number"], 1)]
    kit.fund(10_000)
    shift_clock(601)
    drain("reports", "bills", "notify")
    assert (kit.states(batch_id), kit.states(spent)) == ({"paid": 1}, {"approved": 1})
    kit.agree(batch_id)


def test_a_number_that_the_bank_knows_for_another_file_needs_a_person(staff, three, bank_box):
    number = kit.opened(staff, three)
    other = payout_file.write(number, "other", "x", "x", [payout_file.Order(1, "6217000000000001", "x", 1)])
    bank_link.current().hand_in(number, other)
    hand_in.send(number)
    assert payment_file.read(number)["state"] == "contested"
    assert kit.states(three) == {"sent": 3}
    path, body = f"{OFFICE}/files/{number}/release", {"evidence": "HD20261124-0018"}
    assert staff["town"].post(path, body).status_code == 403
    assert [staff["finance"].post(path, body).json["state"] for _ in range(2)] == ["refused"] * 2
    drain("bills")
    assert (kit.states(three), kit.in_ledger()["held_fen"]) == ({"approved": 3}, 0)
    second = kit.sent(staff, three)
    assert staff["finance"].post(f"{OFFICE}/files/{second}/release", body).json["code"] == "benefit_file_state_wrong"
    kit.agree(three)


def test_a_partial_return_moves_what_it_has_and_the_ledger_follows_at_the_end(staff, three, bank_box):
    bank_box.fault("partial", count=1)
    number = kit.opened(staff, three)
    hand_in.send(number)
    first = bank_link.current().returned(number, 1)
    receive_return.receive(first, by="system:test", file_no=number)
    apply_return.apply(return_file.return_id(number, 1))
    assert kit.states(three) == {"paid": 2, "sent": 1}
    assert kit.in_ledger()["held_fen"] == 60_000
    drain("bills", "notify")
    assert kit.states(three) == {"paid": 3}
    assert kit.in_ledger() == {"balance_fen": 40_000, "held_fen": 0, "available_fen": 40_000}
    kit.agree(three)


def test_a_line_missing_in_the_return_is_named_and_settled_by_the_banks_word(staff, three, bank_box):
    bank_box.fault("missing_line", count=1)
    number = kit.sent(staff, three)
    told = kit.payment(staff, three)
    assert [(one["what"], one["seq"], one["here_fen"]) for one in told["differences"]] == [("missing", 1, 10_000)]
    assert told["files"][0]["state"] == "accepted"
    path = f"{OFFICE}/files/{number}/resolutions"
    body = {"seq": 1, "outcome": "paid", "evidence": "HD20261124-0017"}
    assert staff["town"].post(path, body).status_code == 403
    assert staff["finance"].post(path, body).json["state"] == "settled"
    assert staff["finance"].post(path, body).json["code"] == "benefit_payment_not_open"
    drain("bills", "notify")
    assert kit.states(three) == {"paid": 3}
    assert kit.in_ledger()["balance_fen"] == 40_000
    kit.agree(three)


@pytest.mark.parametrize(
    ("fault", "what", "open_lines"),
    [
        ("altered_amount", "amount_differs", 1),
        ("other_account", "account_differs", 1),
        ("unknown_line", "unknown_line", 0),
    ],
)
def test_a_return_that_says_other_things_moves_nothing_and_is_named(staff, three, bank_box, fault, what, open_lines):
    bank_box.fault(fault, count=1)
    number = kit.sent(staff, three)
    assert what in [one["what"] for one in kit.payment(staff, three)["differences"]]
    assert kit.states(three) == Counter({"paid": 3 - open_lines}) + Counter({"sent": open_lines})
    if open_lines:
        bank_box.again(number)  # what the bank really did comes in another return
        ask_later(number)
    assert kit.states(three) == {"paid": 3}
    found = Reconciliation.objects(id=f"bank:{number}").get()
    assert [one["what"] for one in found.differences] == ["amount_differs"]
    kit.agree(three)


def test_a_return_that_was_changed_on_the_way_counts_for_nothing(staff, three, bank_box):
    bank_box.fault("wrong_digest", count=1)
    number = kit.sent(staff, three)
    told = kit.payment(staff, three)
    assert [(one["state"], one["reason"]) for one in told["returns"]] == [("refused", "digest")]
    assert kit.states(three) == {"sent": 3}
    bank_box.again(number)
    ask_later(number)
    assert kit.states(three) == {"paid": 3}
    kit.agree(three)


def test_the_same_return_twice_changes_nothing(staff, three, bank_box):
    bank_box.fault("twice", count=1)
    number = kit.sent(staff, three)
    before = list(BenefitLine.objects(batch=three).scalar("history"))
    assert [one["counts"] for one in kit.payment(staff, three)["returns"]] == [{"paid": 3}, {"again": 3}]
    data = bank_box.returned(number)
    answers = [upload(staff["finance"], number, data) for _ in range(2)]
    assert [(one.status_code, one.json["state"]) for one in answers] == [(202, "applied")] * 2
    apply_return.apply(return_file.return_id(number, 1))
    assert list(BenefitLine.objects(batch=three).scalar("history")) == before
    assert Reconciliation.objects(id=f"bank:{number}").get().differences == []
    kit.agree(three)


def test_finance_uploads_a_return_that_the_queue_never_brought(staff, three, bank_box):
    number = kit.opened(staff, three)
    bank_box.fault("lost_answer", count=1, call="put")
    with pytest.raises(BankUnknown):
        hand_in.send(number)
    data = bank_box.returned(number)
    assert upload(staff["town"], number, data).status_code == 403
    assert upload(staff["finance"], number, data[:-1]).json["code"] == "return_file_refused"
    assert upload(staff["finance"], number, b"").json["code"] == "return_file_refused"
    assert upload(staff["finance"], "BTFF-none-01", data).status_code == 404
    assert upload(staff["finance"], number, data).status_code == 202
    drain("bills", "notify")
    assert kit.states(three) == {"paid": 3}
    assert BenefitReturnPart.objects.count() == 0
    kit.agree(three)


def test_another_file_under_the_number_of_a_return_is_refused(staff, three, bank_box):
    number = kit.sent(staff, three)
    rows = payout_file.read(bank_box.returned(number)).rows
    head = f"R|DF01|{number}|1|result|1|0|0.00\r\n"
    body = f"D|{rows[0].seq:06d}|{rows[0].account}|{money.yuan(rows[0].fen)}|F|dormant|x|\r\n"
    covered = (head + body).encode("gb18030")
    forged = covered + f"T|1|{payout_file.digest(covered)}\r\n".encode()
    answer = upload(staff["finance"], number, forged)
    assert (answer.status_code, answer.json["code"]) == (409, "return_number_used")
    assert kit.states(three) == {"paid": 3}


def test_two_clerks_of_finance_approve_and_open_files_at_the_same_moment(staff, client, app):
    kit.fund(100_000)
    batch_id = kit.published(staff, kit.told(), kit.told())
    approval = kit.proposed(staff, batch_id)
    clerks = [staff["second"].twin(app.test_client()) for _ in range(4)]
    answers = at_once([lambda one=one: one.post(f"/office/v1/approvals/{approval}/approve") for one in clerks])
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    at_once([lambda: drain("trust")] * 3)
    assert kit.in_ledger()["held_fen"] == 20_000
    answers = at_once([lambda one=one: one.post(f"{OFFICE}/batches/{batch_id}/files") for one in clerks])
    assert sorted(one.status_code for one in answers) == [202, 409, 409, 409]
    at_once([lambda: drain("reports")] * 3)
    drain()
    assert payment_file.of_batch(batch_id)[0]["counts"]["paid"] == 2
    kit.agree(batch_id)


def test_a_line_is_in_one_live_payment_only_and_without_the_index_it_would_be_in_two(staff, three):
    number = kit.opened(staff, three)
    made = BenefitPayment.objects(file=number).first().to_mongo().to_dict()
    second = {**made, "_id": "elsewhere", "file": "elsewhere"}
    collection = BenefitPayment._get_collection()
    with pytest.raises(Exception, match="one_live_payment"):
        collection.insert_one(dict(second))
    collection.drop_index("one_live_payment")
    try:
        collection.insert_one(dict(second))
        assert collection.count_documents({"line": made["line"]}, hint="of_line") == 2
    finally:
        collection.delete_one({"_id": "elsewhere"})
        BenefitPayment.ensure_indexes()
        index = {"unique": True, "partialFilterExpression": {"live": True}, "name": "one_live_payment"}
        collection.create_index("line", **index)


class Killed(Exception):
    """The process ends here."""


def test_a_kill_at_any_write_heals_when_the_function_is_called_again(staff, bank_box, monkeypatch):
    """Cut the whole way from approval to the ledger at each of its writes in turn."""
    kit.fund(1_000_000)
    steps = {
        approve: ["_approve_lines", "_move"],
        bank_file: ["_put", "complete", "_promise"],
        hand_in: ["accept", "_fetched"],
        bulk_move: ["write"],
        payment_file: ["move", "count"],
        return_file: ["done_part"],
        settle_file: ["settle", "reconcile"],
        close: ["follow"],
    }
    for module, names in steps.items():
        for name in names:
            batch_id = kit.published(staff, kit.told(10_000), kit.told(20_000, bank=""))
            cuts = [_cut(monkeypatch, module, name, when) for when in ("before", "after")]
            _through(staff, batch_id)
            _repaired(batch_id)
            _through(staff, batch_id)
            monkeypatch.undo()
            assert cuts == [[], []], (module.__name__, name)
            assert kit.states(batch_id) == {"paid": 2}, (module.__name__, name)
            kit.agree(batch_id)
            assert kit.in_ledger()["held_fen"] == 0, (module.__name__, name)
            assert Approval.objects(id=batch.read(batch_id)["approval"]).get().outcome == "approved"


def _repaired(batch_id) -> None:
    """Give the line that had no account one."""
    found = BenefitLine.objects(batch=batch_id, state="failed").get()
    sealer, account = runtime.current().sealer, kit.account()
    told = {
        "account": sealer.seal("benefit_lines.account", found.id, account),
        "account_index": sealer.blinds("benefit_lines.account", account),
    }
    line.move(found.id, ("failed",), "repaired", pushed=line.history("test", "repaired"), told=told)


def _cut(monkeypatch, module, name: str, when: str) -> list:
    """Let a function end its process once, before or after what it does."""
    target, left = getattr(module, name), [1]

    def cut(*arguments, **named):
        if left and when == "before":
            left.pop()
            raise Killed
        done = target(*arguments, **named)
        if left:
            left.pop()
            raise Killed
        return done

    monkeypatch.setattr(module, name, cut)
    return left


def _through(staff, batch_id) -> None:
    """Go as far as the batch goes, taking each function up again where it was cut."""
    for _ in range(6):
        found = batch.read(batch_id)
        if found["state"] == "publicity_done":
            staff["second"].post(f"/office/v1/approvals/{kit.proposed(staff, batch_id)}/approve")
        if found["state"] == "approved" and not payment_file.of_batch(batch_id):
            bank_file.open_file(staff["finance"].actor(), batch_id)
        if found["state"] == "paying" and found["counts"].get("repaired"):
            with suppress(bank_file.FileOpen):
                bank_file.open_file(staff["finance"].actor(), batch_id)
        _again(found)


def _again(found) -> None:
    for made in payment_file.of_batch(found["_id"]):
        for call in (
            lambda: bank_file.fill(made["job"]),  # noqa: B023
            lambda: hand_in.send(made["_id"]),  # noqa: B023
            lambda: hand_in.ask(made["_id"]),  # noqa: B023
            lambda: settle_file.post(made["_id"]),  # noqa: B023
        ):
            _until_cut(call)
        for one in return_file.of_file(made["_id"]):
            _until_cut(lambda: apply_return.apply(one["_id"]))  # noqa: B023
        _until_cut(lambda: settle_file.post(made["_id"]))  # noqa: B023
    if found.get("approval") and found["state"] == "proposed":
        _until_cut(lambda: approve.carry_out(found["_id"], found["approval"]))


def _until_cut(call) -> None:
    try:
        call()
    except (Killed, outbox.Later):
        return


def test_a_county_without_a_bank_says_so(staff, three, monkeypatch):
    number = kit.opened(staff, three)
    composed = runtime.current()
    try:
        runtime.install(type(composed)(**{**vars(composed), "bank": None}))
        with pytest.raises(bank_link.BankNotConnected):
            hand_in.send(number)
    finally:
        runtime.install(composed)
    assert payment_file.read(number)["state"] == "ready"


@pytest.mark.parametrize("change", [{"production": True}, {"bank_credentials": ""}, {"bank_base": "ftp://x"}])
def test_a_process_does_not_start_on_a_bank_that_it_may_not_use(parts, module_settings, change):
    with pytest.raises(BadSettings, match="BANK_"):
        runtime._bank(replace(module_settings, **change))
    assert runtime._bank(replace(module_settings, bank_base="")) is None


def test_a_return_file_counts_whole_or_not_at_all(staff, three, bank_box):
    number = kit.sent(staff, three)
    data = bank_box.returned(number)
    assert len(payout_file.read(data).rows) == 3
    for place in range(0, len(data), 7):
        broken = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(ReturnFileRefused):
            payout_file.read(broken)
    for end in range(0, len(data), 11):
        with pytest.raises(ReturnFileRefused):
            payout_file.read(data[:end])
