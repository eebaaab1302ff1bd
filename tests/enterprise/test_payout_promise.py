"""承诺兑现: a promise recorded with the tap, checked on its day against the registers, and what follows when broken."""

import json
import subprocess
import sys

import pytest
from bson import ObjectId

from backend import outbox
from models.enterprise import claw_back, offer, promise, promise_check
from models.enterprise.claw_back import ClawBack, RepaymentExceeds
from models.enterprise.promise import Promise
from models.payments import ledger_account
from models.payments.transfer import Transfer
from models.rules.rule_set import RuleSet
from tests.architecture.house import ROOT
from tests.enterprise import kit as base
from tests.enterprise import payout_kit as kit
from tests.enterprise.kit import OFFICE, row
from tests.support.crowd import at_once
from tests.support.queues import drain

DAY = 24 * 3600
KEEP = row("staff.insured", "ge", 20)


def ruled(clerk, manager, *rows: dict) -> dict:
    """Put what firms promise in force."""
    written = clerk.call("PUT", f"{kit.PATH}/promise", {"conditions": base.form(*rows)})
    assert written.status_code == 200, written.json
    answer = clerk.post(f"{kit.PATH}/promise/propose", {"reason": "按文件编制"})
    assert answer.status_code == 200, answer.json
    decided = manager.post(f"/office/v1/approvals/{answer.json['approval_id']}/approve")
    assert decided.status_code == 200, decided.json
    drain("trust")
    return written.json


@pytest.fixture
def asking(clerk, manager, garments):
    """A policy that has firms promise to keep twenty insured workers for three months, without publicity."""
    kit.opened(clerk, manager, garments)
    ruled(clerk, manager, KEEP)
    kit.terms(manager, skip_publicity=True, promise={"months": 3})
    kit.fund(1_000_000)


@pytest.fixture
def promised(garments, asking):
    return kit.tapped(garments, accepts_promise=True)


@pytest.fixture
def paid(finance, promised):
    assert kit.sent(*finance)["counts"]["paid"] == 1
    return ObjectId(promised["id"])


def insured(box, garments, number: int) -> None:
    base.known(box, garments, unit_insurance={"insured_staff": number})


def due(shift_clock, days: int = 93) -> None:
    shift_clock(days * DAY)
    kit.months_later()
    drain("affairs")


def shown(clerk, promise_id) -> dict:
    answer = clerk.get(f"{OFFICE}/promises/{promise_id}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_the_promise_is_read_before_and_accepted_with_the_tap(garments, asking):
    mine = kit.offered(garments)
    assert (mine["promise_zh"], mine["promise_until"]) == ("参保职工人数不低于 20", "2027-02-20")
    without = garments.post(f"/offers/{mine['id']}/confirm", {"account": kit.account()})
    assert (without.status_code, without.json["code"]) == (422, "enterprise_promise_needed")
    assert kit.left() == 100_000_000
    kit.tapped(garments, accepts_promise=True)
    (told,) = garments.get("/promises").json["items"]
    assert (told["text_zh"], told["until"], told["state"]) == (mine["promise_zh"], "2027-02-20", "running")


def test_a_kept_promise_is_checked_on_its_day_and_not_before(clerk, paid, shift_clock):
    due(shift_clock, 92)
    assert shown(clerk, paid)["state"] == "running"
    due(shift_clock)
    told = shown(clerk, paid)
    assert (told["state"], told["checks"], told["replays"]) == ("kept", 1, True)
    assert told["trace"]["outcome"] == "yes"
    assert clerk.get(f"{OFFICE}/claw-backs?state=suggested").json["items"] == []
    assert clerk.get(f"{kit.PATH}/promises?state=kept").json["items"][0]["id"] == str(paid)


@pytest.fixture
def broken(box, garments, paid, shift_clock):
    insured(box, garments, 19)
    due(shift_clock)
    return paid


def owed(clerk, manager, claw_back_id) -> None:
    """Let one propose and another agree to have the money back."""
    answer = clerk.post(f"{OFFICE}/claw-backs/{claw_back_id}/propose", {"reason": "承诺期满参保人数不足"})
    assert (answer.status_code, answer.json["state"]) == (200, "proposed")
    decided = manager.post(f"/office/v1/approvals/{answer.json['approval_id']}/approve")
    assert decided.status_code == 200, decided.json
    drain("trust")


def repaid(by, claw_back_id, fen: int, paper: str, *, way: str = "bank"):
    told = {"fen": fen, "way": way, "paper": paper}
    return by.post(f"{OFFICE}/claw-backs/{claw_back_id}/repayments", told)


def test_a_broken_promise_is_agreed_on_by_two_and_comes_back_through_the_ledger(
    clerk, manager, finance, garments, broken
):
    told = shown(clerk, broken)
    assert (told["state"], told["trace"]["outcome"]) == ("broken", "no")
    (suggested,) = clerk.get(f"{OFFICE}/claw-backs?state=suggested").json["items"]
    assert (suggested["id"], suggested["amount_fen"]) == (str(broken), 500_000)
    early = repaid(finance[0], broken, 1, "HD20270301-0001")
    assert (early.status_code, early.json["code"]) == (409, "enterprise_claw_back_state_wrong")
    owed(clerk, manager, broken)
    garments.phone.log_in()
    assert garments.get("/promises").json["items"][0]["claw_back"]["state"] == "owed"

    first = repaid(finance[0], broken, 200_000, "HD20270301-0001")
    assert (first.status_code, first.json["paid_fen"], first.json["state"]) == (200, 200_000, "owed")
    assert repaid(finance[0], broken, 200_000, "HD20270301-0001").json == first.json
    other = repaid(finance[0], broken, 100_000, "HD20270301-0001")
    assert (other.status_code, other.json["code"]) == (409, "enterprise_repayment_paper_used")
    more = repaid(finance[0], broken, 300_001, "HD20270301-0002")
    assert (more.status_code, more.json["code"]) == (409, "enterprise_repayment_exceeds")
    last = repaid(finance[1], broken, 300_000, "HD20270301-0003", way="counter")
    assert (last.json["paid_fen"], last.json["state"]) == (500_000, "settled")
    assert kit.in_fund() == (1_000_000, 0)
    assert ledger_account.read("clearing:cash-finance")["balance_fen"] == -300_000
    assert ledger_account.total()["balance_fen"] == 0


def test_who_refuses_lets_the_claw_back_be_proposed_again(clerk, manager, broken):
    answer = clerk.post(f"{OFFICE}/claw-backs/{broken}/propose", {"reason": "承诺期满参保人数不足"})
    twice = clerk.post(f"{OFFICE}/claw-backs/{broken}/propose", {"reason": "再次提出"})
    assert (twice.status_code, twice.json["code"]) == (409, "enterprise_claw_back_state_wrong")
    assert manager.post(f"/office/v1/approvals/{answer.json['approval_id']}/refuse").status_code == 200
    drain("trust")
    owed(clerk, manager, broken)
    assert claw_back.read(broken)["state"] == "owed"


def waiver(clerk, claw_back_id) -> str:
    answer = clerk.post(f"{OFFICE}/claw-backs/{claw_back_id}/waive", {"reason": "企业停产重组,主管部门同意免予追回"})
    assert (answer.status_code, answer.json["state"]) == (200, "waiving")
    return answer.json["approval_id"]


def test_what_was_suggested_in_error_is_waived_by_two_and_never_owed(clerk, manager, garments, broken):
    waits = waiver(clerk, broken)
    assert clerk.post(f"/office/v1/approvals/{waits}/approve").status_code == 403
    assert manager.post(f"/office/v1/approvals/{waits}/approve").status_code == 200
    drain("trust")
    (waived,) = clerk.get(f"{OFFICE}/claw-backs?state=waived").json["items"]
    assert (waived["id"], waived["paid_fen"]) == (str(broken), 0)
    for step in ("propose", "waive"):
        answer = clerk.post(f"{OFFICE}/claw-backs/{broken}/{step}", {"reason": "再次提出"})
        assert (answer.status_code, answer.json["code"]) == (409, "enterprise_claw_back_state_wrong")
    garments.phone.log_in()
    assert "claw_back" not in garments.get("/promises").json["items"][0]


def test_the_rest_of_a_debt_is_waived_and_a_refusal_leaves_it_owed(clerk, manager, finance, garments, broken):
    owed(clerk, manager, broken)
    assert repaid(finance[0], broken, 200_000, "HD20270301-0001").status_code == 200
    waits = waiver(clerk, broken)
    meanwhile = repaid(finance[0], broken, 100_000, "HD20270301-0002")
    assert (meanwhile.status_code, meanwhile.json["code"]) == (409, "enterprise_claw_back_state_wrong")
    assert manager.post(f"/office/v1/approvals/{waits}/refuse").status_code == 200
    drain("trust")
    assert repaid(finance[0], broken, 100_000, "HD20270301-0002").json["paid_fen"] == 300_000
    assert manager.post(f"/office/v1/approvals/{waiver(clerk, broken)}/approve").status_code == 200
    drain("trust")
    late = repaid(finance[0], broken, 1, "HD20270301-0003")
    assert (late.status_code, late.json["code"]) == (409, "enterprise_claw_back_state_wrong")
    garments.phone.log_in()
    told = garments.get("/promises").json["items"][0]["claw_back"]
    assert (told["state"], told["paid_fen"], bool(told["waived_at"])) == ("waived", 300_000, True)
    assert ledger_account.total()["balance_fen"] == 0


def test_a_promise_that_is_broken_before_the_money_left_ends_the_offer(box, clerk, garments, promised, shift_clock):
    before = kit.left()
    insured(box, garments, 19)
    due(shift_clock)
    ended = offer.read(ObjectId(promised["id"]))
    assert (ended["state"], ended["ended_for"]) == ("ended", "promise_broken")
    assert kit.left() == before + kit.EACH
    assert ClawBack._get_collection().count_documents({"_id": ended["_id"]}) == 0


def test_while_a_batch_pays_the_check_waits(box, garments, finance, promised, shift_clock):
    kit.agreed(*finance)
    insured(box, garments, 19)
    shift_clock(93 * DAY)
    with pytest.raises(outbox.Later):
        promise_check.due(ObjectId(promised["id"]))
    assert promise.read(ObjectId(promised["id"]))["state"] == "running"


def test_data_that_are_lacking_decide_nothing_and_a_person_has_it_checked_again(
    box, clerk, garments, paid, shift_clock
):
    box.remove("unit_insurance", base.code_of(garments))
    for day in range(93, 99):
        due(shift_clock, day)
    told = shown(clerk, paid)
    assert (told["state"], told["checks"]) == ("unclear", promise_check.MOST_CHECKS)
    insured(box, garments, 20)
    answer = clerk.post(f"{OFFICE}/promises/{paid}/check")
    assert (answer.status_code, answer.json["state"], answer.json["replays"]) == (200, "kept", True)
    again = clerk.post(f"{OFFICE}/promises/{paid}/check")
    assert (again.status_code, again.json["code"]) == (409, "enterprise_promise_not_due")


def test_a_register_that_is_away_decides_nothing(box, paid, shift_clock):
    shift_clock(93 * DAY)
    box.fault("error_500")
    with pytest.raises(outbox.Later):
        promise_check.due(paid)
    assert promise.read(paid)["state"] == "running"


REPLAY = """
import json, sys
from models.rules import evaluate
record = json.load(open(sys.argv[1], encoding="utf-8"))
made = evaluate.replay(record)
print(json.dumps([made.outcome, made.rule, made.version, made.record() == record]))
"""


def test_the_promise_of_the_tap_counts_and_replays_in_a_fresh_process_two_versions_later(
    clerk, manager, broken, tmp_path
):
    for least in (5, 1):
        ruled(clerk, manager, row("staff.insured", "ge", least))
    record = promise.record_of(promise.read(broken))
    RuleSet._get_collection().delete_many({"code": f"promise_{kit.CODE}"})
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", REPLAY, str(file)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == ["no", f"promise_{kit.CODE}", 1, True]
    assert shown(clerk, broken)["replays"] is True


def test_a_version_that_came_after_the_tap_changes_nothing(clerk, manager, paid, shift_clock):
    ruled(clerk, manager, row("staff.insured", "ge", 1000))
    due(shift_clock)
    assert (shown(clerk, paid)["state"], shown(clerk, paid)["rule_set"]) == ("kept", f"promise_{kit.CODE}:1")


def test_what_is_stored_of_a_check_names_no_value_outside_the_seal(broken):
    stored = Promise._get_collection().find_one({"_id": broken})
    assert isinstance(stored["decision"], bytes)
    assert b"insured" not in stored["decision"]


@pytest.mark.parametrize("name", ["suggest", "entry"])
def test_a_kill_in_the_check_leaves_all_or_none(box, garments, paid, shift_clock, monkeypatch, name):
    class Killed(BaseException):
        """What nothing catches."""

    def killed(*_args, **_named):
        raise Killed

    insured(box, garments, 19)
    shift_clock(93 * DAY)
    with monkeypatch.context() as broken:
        where = (claw_back, "suggest") if name == "suggest" else (promise_check.entry, "write")
        broken.setattr(*where, killed)
        with pytest.raises(Killed):
            promise_check.due(paid)
    assert promise.read(paid)["state"] == "running"
    promise_check.due(paid)
    promise_check.due(paid)
    assert (promise.read(paid)["state"], claw_back.read(paid)["state"]) == ("broken", "suggested")


def rush(finance, claw_back_id) -> int:
    actor = finance[0].actor()

    def pay(number: int) -> int:
        try:
            claw_back.repay(actor, claw_back_id, 90_000, way="bank", paper=f"HD-{number:04d}")
        except (RepaymentExceeds, claw_back.ClawBackStateWrong):
            return 0
        return 90_000

    return sum(at_once([lambda number=number: pay(number) for number in range(12)]))


def test_many_repayments_at_once_never_exceed_what_is_owed(clerk, manager, finance, broken):
    owed(clerk, manager, broken)
    assert rush(finance, broken) == 450_000
    assert claw_back.read(broken)["paid_fen"] == 450_000
    moved = Transfer._get_collection().find({"accounts": kit.FUND, "what": "enterprise_claw_back"}).hint("_id_")
    assert sum(one["fen"] for one in moved) == 450_000


def test_without_the_guard_the_same_rush_takes_more_than_is_owed(clerk, manager, finance, broken, monkeypatch):
    owed(clerk, manager, broken)
    monkeypatch.setattr(claw_back, "owed_at_most", lambda _fen: {})
    ClawBack._get_collection().update_one({"_id": broken}, {"$set": {"amount_fen": 500_000}})
    assert rush(finance, broken) > 500_000


def test_another_unit_and_other_roles_reach_neither_promise_nor_claw_back(client, manager, finance, broken):
    stranger = base.clerk(client, "commerce")
    assert stranger.get(f"{OFFICE}/promises/{broken}").status_code == 404
    assert stranger.post(f"{OFFICE}/promises/{broken}/check").status_code == 404
    assert stranger.post(f"{OFFICE}/claw-backs/{broken}/propose", {"reason": "不属于本单位"}).status_code == 404
    assert stranger.get(f"{OFFICE}/claw-backs?state=suggested").json["items"] == []
    assert manager.post(f"{OFFICE}/claw-backs/{broken}/propose", {"reason": "无此权限"}).status_code == 403
    assert finance[0].get(f"{OFFICE}/claw-backs?state=suggested").json["items"] != []
