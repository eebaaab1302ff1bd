"""A thing moves with its audit entry and what follows, or nothing is written."""

import pytest

from backend.store import transactions
from models.audit import entry
from models.audit.entry import AuditEntry
from models.identity import moving, staff
from models.identity.account import SessionEnded
from models.selenium import lot, lot_office
from models.selenium.lot import Lot
from tests.selenium.code_kit import Packing
from tests.selenium.grower_kit import producing, town_clerk
from tests.support.crowd import at_once

HELD, CLOSED = {"$set": {"state": "held"}}, {"$set": {"state": "closed"}}


@pytest.fixture
def packing(client, seeded, sandbox):
    return Packing(producing(client, sandbox), town_clerk(client))


def line_of(number: str) -> dict:
    return entry.line("staff:test", "lot.test", f"lot:{number}")


def lines(number: str) -> int:
    return len(list(AuditEntry._get_collection().find({"object": f"lot:{number}", "action": "lot.test"})))


def test_what_fits_moves_once_with_its_entry(packing):
    guard = {"_id": packing.lot, "state": "open"}
    moved = at_once([lambda: moving.move(Lot, guard, CLOSED, line_of(packing.lot))] * 6)
    assert [one["state"] for one in moved if one] == ["closed"]
    assert lines(packing.lot) == 1


def test_nothing_is_written_where_what_follows_fails(packing):
    def fails(_session):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        moving.move(Lot, {"_id": packing.lot, "state": "open"}, CLOSED, line_of(packing.lot), also=fails)
    assert (lot.read(packing.lot)["state"], lines(packing.lot)) == ("open", 0)


def test_within_a_transaction_it_ends_with_it(packing):
    def change(session):
        guard = {"_id": packing.lot, "state": "open"}
        assert moving.move(Lot, guard, CLOSED, line_of(packing.lot), session=session)["state"] == "closed"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        transactions.run(change)
    assert (lot.read(packing.lot)["state"], lines(packing.lot)) == ("open", 0)


def test_who_was_disabled_a_moment_ago_moves_nothing(packing):
    actor, members = packing.clerk.actor(), staff.StaffMember._get_collection()
    assert moving.move(Lot, {"_id": packing.lot, "state": "open"}, HELD, line_of(packing.lot), actor)
    members.update_one({"_id": packing.clerk.member_id}, {"$set": {"state": "disabled"}})
    for call in (
        lambda: moving.move(Lot, {"_id": packing.lot, "state": "held"}, CLOSED, line_of(packing.lot), actor),
        lambda: lot_office.release(actor, packing.lot),
    ):
        with pytest.raises(SessionEnded):
            call()
    assert (lot.read(packing.lot)["state"], lines(packing.lot)) == ("held", 1)
