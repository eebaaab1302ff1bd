"""An open objection does not delay a batch; a held line is paid later or blocked; what nobody repairs goes back."""

from collections import Counter
from contextlib import suppress

import orjson
import pytest
from bson import ObjectId

from backend import money, outbox, payout_file, runtime
from backend.payout_bank import BankRefusedFile
from models.audit.entry import AuditEntry
from models.benefits import (
    approve,
    bank_file,
    batch,
    close,
    hand_in,
    line,
    objection,
    payment,
    payment_file,
    repair,
    return_file,
)
from models.benefits.bulk_move import LinesMoved
from models.benefits.line import BenefitLine
from models.identity.approval import Approval
from models.payments import bank_link
from tests.office.conftest import admin  # noqa: F401 - a fixture
from tests.onecard import payment_kit as kit
from tests.onecard.payment_kit import OFFICE
from tests.support.crowd import at_once
from tests.support.phone import Phone
from tests.support.queues import drain


@pytest.fixture
def staff(client, admin, bank_box):  # noqa: F811 - the fixture imported above
    bank_box.forget()
    return kit.members(client, admin)


@pytest.fixture
def neighbour(staff, client, sandbox):
    return Phone(client, sandbox).ready().sure()


@pytest.fixture
def mine(staff, client, sandbox):
    """A resident whose identity was verified."""
    return Phone(client, sandbox).ready().sure("verified")


def held(staff, neighbour, *lines) -> tuple[ObjectId, str]:
    """Return a batch whose publicity is over, and the open case of the objection to its first line."""
    return kit.published(staff, *lines, within=lambda batch_id: objected(neighbour, batch_id))


def objected(neighbour, batch_id) -> str:
    first = BenefitLine.objects(batch=batch_id).order_by("id").first()
    body = {"line_id": str(first.id), "text": "耕地已流转给他人"}
    answer = neighbour.post(f"/mini/v1/benefits/publicity/{batch_id}/objections", body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def decide(staff, case_id: str, outcome: str) -> None:
    assert staff["department"].post(f"/office/v1/cases/{case_id}/claim").status_code == 200
    body = {"outcome": outcome, "reason": "已入户核查"}
    answer = staff["department"].post(f"/office/v1/cases/{case_id}/decide", body)
    assert answer.status_code == 200, answer.json
    drain("affairs")


def line_of(phone: Phone, fen: int = 15_000, **more):
    return kit.told(fen, number=phone.document, whose=kit.person_of(phone.document), **more)


def notices(phone: Phone, kind: str) -> list[str]:
    return [one["text_zh"] for one in phone.get("/mini/v1/notices?limit=100").json["items"] if one["kind"] == kind]


class TestObjectionsDoNotDelay:
    def test_the_others_are_paid_and_the_held_line_follows_when_it_is_free(self, staff, neighbour, mine, bank_box):
        kit.fund(100_000)
        told = line_of(mine)
        batch_id, case = held(staff, neighbour, told, kit.told(5_000), kit.told(6_000))
        answer = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "申请发放"})
        assert answer.status_code == 201, answer.json
        sums = {name: answer.json[name] for name in ("lines", "total_fen", "held_lines", "held_fen")}
        assert sums == {"lines": 2, "total_fen": 11_000, "held_lines": 1, "held_fen": 15_000}
        shown = staff["second"].get(f"/office/v1/approvals/{answer.json['approval_id']}").json
        assert shown["details"]["held_fen"] == 15_000, "the second person sees what may follow"
        assert staff["second"].post(f"/office/v1/approvals/{answer.json['approval_id']}/approve").status_code == 200
        drain("trust")
        assert kit.in_ledger()["held_fen"] == 26_000
        kit.sent(staff, batch_id)
        assert kit.states(batch_id) == {"paid": 2, "blocked": 1}
        assert kit.payment(staff, batch_id)["state"] == "paying", "an open objection keeps it open"
        assert kit.in_ledger()["balance_fen"] == 89_000
        decide(staff, case, "rejected")
        assert kit.states(batch_id) == {"paid": 2, "approved": 1}
        second = kit.sent(staff, batch_id)
        assert second.endswith("-02")
        assert bank_box.balance(told.account) == 15_000
        assert (kit.payment(staff, batch_id)["state"], kit.states(batch_id)) == ("paid", {"paid": 3})
        assert kit.in_ledger() == {"balance_fen": 74_000, "held_fen": 0, "available_fen": 74_000}
        kit.agree(batch_id)

    def test_upheld_after_the_payment_the_line_is_blocked_its_person_told_and_the_batch_ends(
        self, staff, neighbour, mine
    ):
        kit.fund(100_000)
        batch_id, case = held(staff, neighbour, line_of(mine), kit.told(5_000))
        kit.sent(staff, kit.approved(staff, batch_id))
        decide(staff, case, "upheld")
        drain("notify")
        assert kit.states(batch_id) == {"paid": 1, "blocked": 1}
        assert kit.payment(staff, batch_id)["state"] == "paid"
        assert kit.in_ledger() == {"balance_fen": 95_000, "held_fen": 0, "available_fen": 95_000}
        (text,) = notices(mine, "benefit_upheld")
        assert "异议成立" in text
        assert "150.00 元" in text
        assert "流转" not in text, "who objected, and with which words, is not told"
        own = mine.get("/mini/v1/benefits").json["items"][0]
        assert "异议成立" in mine.get(f"/mini/v1/benefits/{own['id']}").json["why_zh"]

    def test_withdrawn_between_approval_and_the_first_file_it_goes_with_that(self, staff, neighbour):
        kit.fund(100_000)
        batch_id, case = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        kit.approved(staff, batch_id)
        assert neighbour.post(f"/mini/v1/cases/{case}/withdraw").status_code == 200
        assert kit.states(batch_id) == {"approved": 2}
        kit.sent(staff, batch_id)
        assert kit.states(batch_id) == {"paid": 2}
        assert kit.in_ledger() == {"balance_fen": 80_000, "held_fen": 0, "available_fen": 80_000}
        kit.agree(batch_id)

    def test_freed_while_it_waits_for_the_second_person_it_is_approved_with_the_others(self, staff, neighbour):
        kit.fund(100_000)
        batch_id, case = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        approval = kit.proposed(staff, batch_id)
        decide(staff, case, "rejected")
        assert kit.states(batch_id) == {"ok": 2}
        assert staff["second"].post(f"/office/v1/approvals/{approval}/approve").status_code == 200
        drain("trust")
        assert kit.states(batch_id) == {"approved": 2}
        assert kit.in_ledger()["held_fen"] == 20_000
        kit.sent(staff, batch_id)
        kit.agree(batch_id)
        assert kit.payment(staff, batch_id)["state"] == "paid"

    def test_freed_just_before_the_batch_moves_it_is_not_left_behind(self, staff, neighbour, monkeypatch):
        """The line becomes free after the others were approved, before the batch is."""
        kit.fund(100_000)
        batch_id, case = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        real, left = approve._move, [case]

        def late(*given):
            if left:
                decide(staff, left.pop(), "rejected")
            real(*given)

        monkeypatch.setattr(approve, "_move", late)
        kit.approved(staff, batch_id)
        assert (left, kit.states(batch_id)) == ([], {"approved": 2})
        assert {name: n for name, n in batch.read(batch_id)["counts"].items() if n} == {"approved": 2}

    def test_a_kill_after_the_batch_moved_leaves_no_freed_line_behind(self, staff, neighbour, monkeypatch):
        kit.fund(100_000)
        batch_id, case = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        approval = ObjectId(kit.proposed(staff, batch_id))
        real = approve._note

        def torn(*_given):
            raise KeyboardInterrupt

        monkeypatch.setattr(approve, "_approve_lines", lambda found, by: decide(staff, case, "rejected"))
        monkeypatch.setattr(approve, "_note", torn)
        assert staff["second"].post(f"/office/v1/approvals/{approval}/approve").status_code == 200
        with pytest.raises(KeyboardInterrupt):
            approve.carry_out(batch_id, approval)
        assert batch.read(batch_id)["state"] == "approved"
        monkeypatch.undo()
        assert approve._note is real
        approve.carry_out(batch_id, approval)
        assert kit.states(batch_id) == {"approved": 2}
        assert Approval.objects(id=approval).get().outcome == "approved"

    def test_an_objection_decided_at_the_moment_of_the_approval_loses_nothing(self, staff, neighbour, app):
        kit.fund(1_000_000)
        body = {"outcome": "rejected", "reason": "已入户核查"}
        for _ in range(4):
            batch_id, case = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
            approval = kit.proposed(staff, batch_id)
            assert staff["department"].post(f"/office/v1/cases/{case}/claim").status_code == 200
            assert staff["second"].post(f"/office/v1/approvals/{approval}/approve").status_code == 200
            clerk = staff["department"].twin(app.test_client())
            at_once([lambda: drain("trust"), lambda c=clerk, i=case: c.post(f"/office/v1/cases/{i}/decide", body)])
            drain("trust", "affairs")
            assert kit.states(batch_id) == {"approved": 2}
            kit.sent(staff, batch_id)
            assert kit.states(batch_id) == {"paid": 2}
            kit.agree(batch_id)
        assert kit.in_ledger()["held_fen"] == 0

    def test_the_fund_must_have_what_is_held_as_well(self, staff, neighbour):
        kit.fund(19_999)
        batch_id, _ = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        short = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "申请发放"})
        assert (short.status_code, short.json["code"]) == (409, "benefit_fund_short")
        assert "200.00" in short.json["message"]

    def test_where_all_is_held_there_is_nothing_to_propose_yet(self, staff, neighbour):
        kit.fund(100_000)
        batch_id, _ = held(staff, neighbour, kit.told(15_000))
        answer = staff["finance"].post(f"{OFFICE}/batches/{batch_id}/proposal", {"reason": "申请发放"})
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_objection_open")

    def test_what_is_blocked_for_more_than_the_objection_is_not_promised(self, staff, neighbour):
        kit.fund(100_000)
        batch_id, _ = held(staff, neighbour, kit.told(15_000), kit.told(5_000))
        first = BenefitLine.objects(batch=batch_id).order_by("id").first()
        mark = {"code": "objection_upheld", "whose": "department", "at": first.collected_at}
        BenefitLine._get_collection().update_one({"_id": first.id}, {"$push": {"findings": mark}})
        assert objection.held(batch_id) == (0, 0)


class TestWhatNobodyRepairs:
    @pytest.fixture
    def failed(self, staff, mine, bank_box):
        """A batch of which one line was paid and one failed on a Monday in March."""
        kit.fund(100_000)
        told = line_of(mine)
        bank_box.account(told.account, fails="account_closed")
        batch_id = kit.approved(staff, kit.published(staff, told, kit.told(5_000)))
        kit.sent(staff, batch_id)
        assert kit.states(batch_id) == {"failed": 1, "paid": 1}
        return batch_id

    @staticmethod
    def close(staff, batch_id):
        return staff["finance"].post(f"{OFFICE}/batches/{batch_id}/close")

    def after_the_term(self, shift_clock, staff, *phones) -> None:
        shift_clock(88 * 24 * 3600)
        for one in (staff["finance"], staff["second"], staff["department"], *phones):
            one.log_in()

    def test_before_the_term_is_over_finance_does_not_close_it(self, staff, failed):
        answer = self.close(staff, failed)
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_term_running")
        assert "60 个工作日" in answer.json["message"]
        assert staff["town"].post(f"{OFFICE}/batches/{failed}/close").status_code == 403
        assert staff["department"].post(f"{OFFICE}/batches/{failed}/close").status_code == 403

    def test_after_it_the_money_is_the_funds_and_the_person_is_told(self, staff, failed, mine, shift_clock):
        self.after_the_term(shift_clock, staff, mine)
        assert self.close(staff, failed).status_code == 200
        assert self.close(staff, failed).status_code == 200
        drain("bills", "notify")
        found = batch.read(failed)
        assert (found["state"], found.get("closing")) == ("closed", None)
        assert kit.states(failed) == {"lapsed": 1, "paid": 1}
        assert kit.in_ledger() == {"balance_fen": 95_000, "held_fen": 0, "available_fen": 95_000}
        (text,) = notices(mine, "benefit_lapsed")
        assert "已退回资金专户" in text
        assert "下一批次" in text
        own = mine.get("/mini/v1/benefits").json["items"][0]
        assert (own["state"], own["repairable"]) == ("lapsed", False)
        assert "下一批次" in own["what_to_do_zh"]
        late = mine.post(f"/mini/v1/benefits/{own['id']}/repairs", {"account": kit.account()})
        assert (late.status_code, late.json["code"]) == (409, "benefit_line_lapsed")
        assert "乡镇便民服务中心" in late.json["message"]
        assert AuditEntry.objects(action="benefit.close").count() == 1
        assert staff["finance"].post(f"{OFFICE}/batches/{failed}/files").status_code == 409
        assert self.close(staff, failed).json["state"] == "closed"
        kit.agree(failed)

    def test_a_repaired_line_is_sent_first(self, staff, failed, mine, shift_clock):
        self.after_the_term(shift_clock, staff, mine)
        own = mine.get("/mini/v1/benefits").json["items"][0]
        assert mine.post(f"/mini/v1/benefits/{own['id']}/repairs", {"account": kit.account()}).status_code == 200
        answer = self.close(staff, failed)
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_batch_state_wrong")
        kit.sent(staff, failed)
        assert kit.payment(staff, failed)["state"] == "paid"

    def test_an_open_objection_is_decided_first(self, staff, neighbour, bank_box, shift_clock):
        kit.fund(100_000)
        told = kit.told(5_000)
        bank_box.account(told.account, fails="account_closed")
        batch_id, _ = held(staff, neighbour, kit.told(15_000), told)
        kit.sent(staff, kit.approved(staff, batch_id))
        self.after_the_term(shift_clock, staff)
        answer = self.close(staff, batch_id)
        assert (answer.status_code, answer.json["code"]) == (409, "benefit_lines_on_their_way")

    def test_of_closing_and_repairing_at_once_one_wins_and_the_batch_knows(self, staff, failed, mine, shift_clock):
        self.after_the_term(shift_clock, staff, mine)
        own = mine.get("/mini/v1/benefits").json["items"][0]["id"]
        assert self.close(staff, failed).status_code == 200
        path = f"/mini/v1/benefits/{own}/repairs"
        answers = at_once([lambda: mine.post(path, {"account": kit.account()}), lambda: drain("bills")])
        drain()
        after = kit.states(failed)
        if answers[0].status_code == 200:
            assert after == {"repaired": 1, "paid": 1}
            assert batch.read(failed)["state"] == "paying"
        else:
            assert (answers[0].json["code"], after) == ("benefit_line_lapsed", {"lapsed": 1, "paid": 1})
            assert batch.read(failed)["state"] == "closed"
        assert batch.read(failed).get("closing") is None
        kit.agree(failed)

    def test_a_line_that_came_back_after_the_closing_began_has_its_own_term(self, staff, failed, shift_clock):
        self.after_the_term(shift_clock, staff)
        assert self.close(staff, failed).status_code == 200
        paid = BenefitLine.objects(batch=failed, state="paid").get().id
        line.move(paid, ("paid",), "failed", pushed=line.history("system:bank", "reversed", code="reversed"))
        drain("bills")
        assert kit.states(failed) == {"lapsed": 1, "failed": 1}
        assert batch.read(failed)["state"] == "paying"
        assert self.close(staff, failed).json["code"] == "benefit_term_running"

    @pytest.mark.parametrize("torn", ["follow", "_piece"])
    def test_a_kill_while_it_is_closed_heals(self, staff, failed, shift_clock, monkeypatch, torn):
        self.after_the_term(shift_clock, staff)
        real, left = getattr(close, torn), [1, 1]

        def cut(*given):
            if len(left) > 1:
                left.pop()
                raise KeyboardInterrupt
            done = real(*given)
            if left:
                left.pop()
                raise KeyboardInterrupt
            return done

        assert close.close(staff["finance"].actor(), failed)["closing"]
        monkeypatch.setattr(close, torn, cut)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                close.give_back(failed)
        close.give_back(failed)
        close.give_back(failed)
        assert left == []
        assert (batch.read(failed)["state"], kit.states(failed)) == ("closed", Counter(lapsed=1, paid=1))


def test_a_file_without_any_account_lets_go_of_the_promise(staff, mine):
    kit.fund(50_000)
    batch_id = kit.approved(staff, kit.published(staff, line_of(mine, bank="")))
    number = kit.sent(staff, batch_id)
    assert payment_file.read(number)["state"] == "empty"
    assert kit.in_ledger() == {"balance_fen": 50_000, "held_fen": 0, "available_fen": 50_000}
    own = mine.get("/mini/v1/benefits").json["items"][0]
    assert mine.post(f"/mini/v1/benefits/{own['id']}/repairs", {"account": kit.account()}).status_code == 200
    kit.sent(staff, batch_id)
    assert kit.in_ledger() == {"balance_fen": 35_000, "held_fen": 0, "available_fen": 35_000}
    kit.agree(batch_id)


class TestRepairsAtOnce:
    @pytest.fixture
    def failed(self, staff, mine, bank_box):
        """A batch whose only line failed, and the line."""
        kit.fund(100_000)
        told = line_of(mine)
        bank_box.account(told.account, fails="dormant")
        batch_id = kit.approved(staff, kit.published(staff, told))
        kit.sent(staff, batch_id)
        return batch_id, BenefitLine.objects(batch=batch_id, state="failed").get().id

    def test_of_several_repairs_at_once_the_line_is_left_as_one_of_them_said(self, app, mine, failed):
        batch_id, found = failed
        wanted = [kit.account() for _ in range(5)]
        twins = [mine.twin(app.test_client()) for _ in wanted]
        path = f"/mini/v1/benefits/{found}/repairs"
        answers = at_once([lambda p=p, a=a: p.post(path, {"account": a}) for p, a in zip(twins, wanted, strict=True)])
        assert [one.status_code for one in answers] == [200] * 5
        row = line.read(found)
        account = line.opened(row).account
        assert account in wanted
        assert row["account_index"] == runtime.current().sealer.blinds("benefit_lines.account", account)
        assert [one["what"] for one in row["history"]].count("repaired") == 5
        assert kit.states(batch_id) == {"repaired": 1}
        kit.agree(batch_id)

    def test_an_empty_repair_confirms_what_another_one_has_just_corrected(self, mine, failed, monkeypatch):
        """The resident's correction comes between the reading and the writing of a confirmation."""
        _, found = failed
        right, real, left = kit.account(), repair._moved, [1]

        def late(*given, **more):
            if left:
                left.pop()
                assert mine.post(f"/mini/v1/benefits/{found}/repairs", {"account": right}).status_code == 200
            return real(*given, **more)

        monkeypatch.setattr(repair, "_moved", late)
        mine.post(f"/mini/v1/benefits/{found}/repairs", {})
        assert line.opened(line.read(found)).account == right

    def test_an_account_that_is_corrected_while_the_file_is_filled_is_the_one_in_it(
        self, staff, mine, failed, bank_box, monkeypatch
    ):
        batch_id, found = failed
        first, right, left, real = kit.account(), kit.account(), [1], payment.record
        path = f"/mini/v1/benefits/{found}/repairs"
        assert mine.post(path, {"account": first}).status_code == 200

        def late(*given):
            made = real(*given)
            if left:
                left.pop()
                assert mine.post(path, {"account": right}).status_code == 200
            return made

        monkeypatch.setattr(payment, "record", late)
        made = bank_file.open_file(staff["finance"].actor(), batch_id)
        with suppress(LinesMoved, outbox.Later):
            bank_file.fill(made["job"])
        drain("reports")
        while payment_file.read(made["_id"])["state"] == "filling":
            with suppress(outbox.Later):
                bank_file.fill(made["job"])
        drain("bills", "notify")
        assert left == []
        assert (bank_box.balance(first), bank_box.balance(right)) == (0, 15_000)
        assert line.opened(line.read(found)).account == right
        kit.agree(batch_id)


class TestTheBanksWords:
    def test_a_return_under_a_used_number_keeps_no_later_one_from_coming(self, staff, bank_box):
        kit.fund(50_000)
        batch_id = kit.approved(staff, kit.published(staff, kit.told(), kit.told()))
        number = kit.sent(staff, batch_id)
        rows = payout_file.read(bank_box.returned(number)).rows
        head = f"R|DF01|{number}|1|result|1|0|0.00\r\n"
        body = f"D|{rows[0].seq:06d}|{rows[0].account}|{money.yuan(rows[0].fen)}|F|dormant|x|\r\n"
        covered = (head + body).encode("gb18030")
        forged = covered + f"T|1|{payout_file.digest(covered)}\r\n".encode()
        hand_in._fetched(number, 2, forged)
        told = {one["number"]: (one["state"], one.get("reason")) for one in return_file.of_file(number)}
        assert told == {1: ("applied", None), 2: ("refused", "return_number_used")}
        assert kit.states(batch_id) == {"paid": 2}

    @pytest.mark.parametrize(
        ("body", "kept"),
        [({"code": "sums"}, "sums"), ({"code": "账号6217"}, "other"), ({"message": "6217000000000000001"}, "other")],
    )
    def test_of_a_refusal_only_its_code_is_kept(self, staff, monkeypatch, body, kept):
        bank = bank_link.current()
        monkeypatch.setattr(type(bank), "_call", lambda *_given: (422, orjson.dumps(body)))
        with pytest.raises(BankRefusedFile) as refused:
            bank.hand_in("BTFF-20261124-000012-01", b"x")
        assert refused.value.reason == kept
