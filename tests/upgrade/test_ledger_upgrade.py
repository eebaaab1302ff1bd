"""What earlier releases took in and gave back is in the ledger after the upgrade, once, wherever it was killed."""

from pathlib import Path

import pytest

from backend.store import indexes
from backend.store.backup_file import read_key
from backend.store.restore import restore
from models.payments import ledger_verify, receipt
from models.upgrades import documents, m0003_ledger
from tests.dumps import keys

pytestmark = pytest.mark.soak
DUMPS = sorted((Path(__file__).parents[1] / "dumps").glob("*.backup"))[:2]


class Killed(Exception):
    pass


@pytest.fixture(params=DUMPS, ids=[path.stem for path in DUMPS])
def old(database, request):
    restore(database, request.param, read_key(keys.BACKUP))
    documents.load()
    return database


def expected(db):
    paid = {f"receipt:{one['_id']}": one["amount_fen"] for one in db.payments.find({"state": "paid"}).hint("_id_")}
    back = {f"refund:{one['_id']}": one["amount_fen"] for one in db.refunds.find({"state": "succeeded"}).hint("_id_")}
    return paid | back


def posted(db):
    return {one["_id"]: one["fen"] for one in db.transfers.find().hint("_id_")}


def balances(db):
    return {one["_id"]: one["balance_fen"] for one in db.ledger_accounts.find().hint("_id_")}


def quiet(_done, _total):
    pass


def test_every_payment_and_refund_of_before_is_posted_once(old):
    m0003_ledger.run(old, quiet)
    first = posted(old)
    assert first == expected(old) != {}
    held = balances(old)
    assert sum(held.values()) == 0
    assert min(fen for name, fen in held.items() if name.startswith("merchant:")) >= 0
    assert any(name.startswith("merchant:") for name in held)
    m0003_ledger.run(old, quiet)
    assert (posted(old), balances(old)) == (first, held)


@pytest.mark.parametrize(("steps", "batch"), [(0, 1), (1, 1), (2, 1), (3, 1), (0, 2), (1, 2)])
def test_killed_between_any_two_batches_it_ends_the_same(old, monkeypatch, steps, batch):
    monkeypatch.setattr(m0003_ledger, "BATCH", batch)
    left = iter(range(steps))

    def step(_done, _total):
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        m0003_ledger.run(old, step)
    assert sum(balances(old).values()) == 0
    m0003_ledger.run(old, quiet)
    assert posted(old) == expected(old)
    assert sum(balances(old).values()) == 0


def test_killed_inside_a_batch_nothing_of_it_stays(old, monkeypatch):
    def broken(account, fen):
        if account.startswith("merchant:"):
            raise Killed
        return m0003_ledger.UpdateOne({"_id": account}, {"$inc": {"balance_fen": fen}}, upsert=True)

    monkeypatch.setattr(m0003_ledger, "_change", broken)
    with pytest.raises(Killed):
        m0003_ledger.run(old, quiet)
    assert (posted(old), balances(old)) == ({}, {})


def test_the_tasks_find_what_the_upgrade_posted(old):
    m0003_ledger.run(old, quiet)
    indexes.ensure()
    before = posted(old)
    paid = old.payments.find_one({"state": "paid"}, hint="_id_")
    assert receipt.post(paid["_id"])["_id"] == f"receipt:{paid['_id']}"
    for one in old.refunds.find({"state": "succeeded"}).hint("_id_"):
        receipt.post_refund(one["_id"])
    assert posted(old) == before
    counted = {one["_id"]: one["refunded_fen"] for one in old.transfers.find({"what": "receipt"}).hint("_id_")}
    assert sum(counted.values()) == sum(fen for key, fen in before.items() if key.startswith("refund:"))
    assert ledger_verify.findings() == []
