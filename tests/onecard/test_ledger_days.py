"""The day's chain: an auditor recomputes it with nothing but Python, and whatever was changed afterwards stands out."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock
from models.payments import ledger_account, ledger_day, ledger_limit, ledger_verify, transfer
from models.payments.closed_day import LedgerDay
from models.payments.ledger_account import LedgerAccount
from models.payments.ledger_day import DayOpen, LedgerBalance
from models.payments.transfer_record import Transfer
from tests.architecture.house import ROOT
from tests.office.conftest import on_duty
from tests.support.queues import drain

CHECK = ROOT / "docs" / "ledger_check.py"
WECHAT, SHOP = "clearing:wechat", "merchant:shop"


@pytest.fixture
def wallet(store):
    ledger_limit.put("wallet", 500_000, valid_from=clock.today() - timedelta(days=9), source="测试")
    ledger_account.open_account(SHOP)
    return ledger_account.wallet_of(ObjectId())


@pytest.fixture
def days(wallet, travel):
    """Two days with transfers and an idle one between them, all closed."""
    first = clock.today()
    travel(first.isoformat(), "12:00")
    move("fill", WECHAT, wallet, 10_000)
    move("a", wallet, SHOP, 300)
    third = first + timedelta(days=2)
    travel(third.isoformat(), "23:59")
    move("b", wallet, SHOP, 700)
    transfer.refund("r", "a", 100)
    travel((third + timedelta(days=1)).isoformat(), "00:11")
    ledger_day.close_due()
    return [first, first + timedelta(days=1), third]


def move(key, source, target, fen, **more):
    return transfer.post(key, source, target, fen, what="test", about={"n": key}, **more)


def proofs(days, folder):
    files = [folder / f"{day}.jsonl" for day in days]
    for day, file in zip(days, files, strict=True):
        file.write_bytes(b"".join(ledger_day.export(day)))
    return files


def recompute(*files, options=("-I",)):
    command = [sys.executable, *options, str(CHECK), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_day_is_closed_in_order_and_each_follows_the_one_before(days):
    closed = [ledger_day.read(day) for day in days]
    assert [one["transfers"] for one in closed] == [2, 0, 2]
    assert closed[0]["previous"] == bytes(32).hex()
    assert [one["previous"] for one in closed[1:]] == [one["digest"] for one in closed[:2]]
    assert ledger_day.close_due() == []
    assert ledger_verify.findings() == []


def test_an_auditor_recomputes_the_chain_with_nothing_but_python(days, tmp_path, wallet):
    files = proofs(days, tmp_path)
    told = recompute(*files)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("whole") == 3
    assert ledger_day.read(days[2])["digest"] in told.stdout
    assert wallet.partition(":")[2] not in files[0].read_text()
    assert len(CHECK.read_text().splitlines()) < 50


def test_the_recomputation_says_nothing_without_its_assertions(days, tmp_path):
    done = recompute(*proofs(days, tmp_path), options=("-I", "-O"))
    assert done.returncode != 0
    assert "-O" in done.stderr


def test_the_recomputation_sees_a_changed_line_and_a_missing_day(days, tmp_path):
    files = proofs(days, tmp_path)
    assert recompute(files[0], files[2]).returncode != 0
    text = files[0].read_text()
    files[0].write_text(text.replace('"fen":300', '"fen":301'))
    assert recompute(files[0]).returncode != 0
    files[0].write_text("".join(text.splitlines(keepends=True)[:1] + text.splitlines(keepends=True)[2:]))
    assert recompute(files[0]).returncode != 0


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: Transfer._get_collection().update_one({"_id": "a"}, {"$set": {"fen": 301}}),
        lambda: Transfer._get_collection().delete_one({"_id": "a"}),
        lambda: Transfer._get_collection().update_one({"_id": "a"}, {"$set": {"about": {}}}),
        lambda: LedgerDay._get_collection().update_one(
            {"transfers": 2, "_id": {"$gt": ""}}, {"$inc": {"transfers": 1}}
        ),
        lambda: LedgerAccount._get_collection().update_one({"_id": SHOP}, {"$inc": {"balance_fen": 1}}),
        lambda: LedgerAccount._get_collection().update_one({"_id": SHOP}, {"$inc": {"held_fen": 1}}),
    ],
)
def test_whatever_is_changed_behind_the_ledgers_back_is_found(days, tamper):
    tamper()
    assert ledger_verify.findings() != []


def test_a_day_that_was_taken_out_is_missed(days):
    LedgerDay._get_collection().delete_one({"_id": days[1].isoformat()})
    assert f"{days[1]}: the day is missing from the chain" in ledger_verify.findings()


def test_a_finding_names_no_person(days, wallet):
    LedgerAccount._get_collection().update_one({"_id": wallet}, {"$inc": {"balance_fen": 1}})
    found = " ".join(ledger_verify.findings())
    assert "wallet:" in found
    assert wallet not in found


def test_today_cannot_be_closed_nor_a_day_before_the_one_before_it(days, wallet):
    move("late", wallet, SHOP, 1)
    with pytest.raises(DayOpen):
        ledger_day.close(clock.today())
    assert ledger_day.close(days[0])["digest"] == ledger_day.read(days[0])["digest"]


def test_a_close_that_was_cut_off_is_done_again_with_the_same_result(wallet, travel):
    day = clock.today()
    move("fill", WECHAT, wallet, 10_000)
    half = {"_id": f"{day}|left", "account": "left", "day": day.isoformat(), "closing_fen": 5}
    LedgerBalance._get_collection().insert_one(half)
    travel((day + timedelta(days=1)).isoformat(), "00:11")
    assert ledger_day.close_due() == [day.isoformat()]
    kept = {
        one["account"]: one["closing_fen"] for one in LedgerBalance._get_collection().find({"day": day.isoformat()})
    }
    assert kept == {WECHAT: -10_000, wallet: 10_000}


def test_what_is_learned_late_is_posted_today_and_says_when_it_happened(days, wallet, travel):
    made = move("late", wallet, SHOP, 5, happened_at=clock.at(days[0], 600))
    digest = ledger_day.read(days[0])["digest"]
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "00:11")
    ledger_day.close_due()
    line = next(one for one in map(json.loads, ledger_day.export(day)) if one.get("id") == "late")
    assert line["happened_at"].startswith(days[0].isoformat())
    assert line["posted_at"].startswith(day.isoformat())
    assert ledger_day.read(days[0])["digest"] == digest
    assert clock.civil(made["happened_at"]).date() == days[0]


def test_ten_minutes_after_midnight_the_queue_closes_the_day(wallet, travel):
    move("fill", WECHAT, wallet, 10_000)
    day = clock.today()
    travel((day + timedelta(days=1)).isoformat(), "00:09")
    assert ledger_day.close_due() == []
    from_now = clock.today().isoformat()
    travel(from_now, "00:10")
    assert ledger_day.close_due() == [day.isoformat()]


def test_the_auditor_reads_days_and_proofs_over_http(client, seeded, admin, travel, tmp_path):
    auditor = on_duty(client, "auditor", lambda: admin.hire("auditor"))
    wallet = ledger_account.wallet_of(ObjectId())
    move("fill", WECHAT, wallet, 10_000)
    day = clock.today()
    assert auditor.get(f"/office/v1/ledger/days/{day}").status_code == 404
    travel((day + timedelta(days=1)).isoformat(), "00:11")
    ledger_day.close_due()
    auditor.log_in()
    told = auditor.get(f"/office/v1/ledger/days/{day}").json
    assert (told["day"], told["transfers"], told["moved_fen"]) == (day.isoformat(), 1, 10_000)
    assert auditor.get("/office/v1/ledger/days").json["items"] == [told]
    answer = auditor.get(f"/office/v1/ledger/days/{day}/proof")
    file = tmp_path / "day.jsonl"
    file.write_bytes(answer.data)
    assert told["digest"] in recompute(file).stdout
    checked = auditor.get("/office/v1/ledger/check").json
    assert checked == {"whole": True, "findings": [], "total_fen": 0}
    assert auditor.get("/office/v1/ledger/days/2026-02-30").status_code == 400
    assert auditor.get("/office/v1/ledger/days/2020-01-01/proof").status_code == 404


def test_who_has_no_business_with_the_ledger_reads_nothing(client, seeded, admin):
    clerk = on_duty(client, "counter", lambda: admin.hire("counter_clerk", unit="administrative_approval"))
    for path in ("days", "check", "accounts?kind=fund", "reconciliations", "transfers?account=clearing:wechat"):
        assert clerk.get(f"/office/v1/ledger/{path}").status_code == 403
    assert drain("bills") >= 0
