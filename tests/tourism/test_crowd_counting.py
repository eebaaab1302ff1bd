"""What gates counted is folded once: late, at once, after a kill, over the night."""

from datetime import timedelta

import pytest

from backend import clock
from models.booking.gate_scan import GateScan
from models.crowd import fold, history, history_views, movement, reset, state, watch
from models.crowd.movement import CrowdHour
from models.crowd.spot import Spot, minute_of
from tests.support import slots
from tests.support.crowd import at_once
from tests.support.gate import Gate
from tests.tourism.crowd_kit import PLACE, figures, fill, inside, pass_by, records, today
from tests.tourism.gates_kit import agree, zone

HALL = Spot("museum", "hall_2")


@pytest.fixture(autouse=True)
def midday(seeded, travel):
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


def hours(spot=PLACE):
    history.write_flows()
    return history_views.hours(spot, clock.today(), clock.today())


def test_a_visitor_who_walks_in_over_http_is_inside_after_the_next_look(phone, client, travel):
    order = phone.issued(slots.make(9))
    travel(order["day"], "18:30")
    gate = Gate(client, slots.PLACE)
    assert gate.scan(order["tickets"][0]["code"]).json["result"] == "admitted"
    watch.look()
    assert inside(Spot(slots.PLACE)) == 1
    watch.look()
    assert inside(Spot(slots.PLACE)) == 1
    assert today(Spot(slots.PLACE))["flows"]["gate"] == {"in": 1, "out": 0}


def test_a_refused_scan_counts_nobody(client):
    Gate(client, "museum").scan("X")
    fold.fold()
    assert state.read(PLACE)["counts"] == {}


def test_in_and_out_make_the_number_inside_and_the_minute_and_the_day():
    pass_by(30)
    pass_by(12, "out")
    assert fold.fold() == [PLACE]
    assert inside() == 18
    assert today()["flows"]["gate"] == {"in": 30, "out": 12}
    (hour,) = hours()
    assert (hour["entries"], hour["exits"]) == (30, 12)


def test_a_zone_counts_for_itself_and_not_for_the_place():
    agree(zone(HALL.zone), place="museum")
    pass_by(5)
    pass_by(3, spot=HALL)
    assert fold.fold() == [PLACE, HALL]
    assert (inside(), inside(HALL)) == (5, 3)


def test_scans_of_a_zone_that_the_place_does_not_have_count_nowhere():
    agree(zone(HALL.zone), place="museum")
    pass_by(2, spot=Spot("museum", "nowhere"))
    pass_by(3)
    assert fold.fold() == [PLACE]
    assert state.CrowdState._get_collection().find_one({"_id": "museum.nowhere"}) is None
    assert GateScan._get_collection().find_one({"uncounted": True}) is None


def test_more_scans_than_one_batch_are_all_counted():
    pass_by(fold.BATCH * 2 + 7)
    fold.fold()
    assert inside() == fold.BATCH * 2 + 7
    assert fold.fold() == []


def test_however_many_workers_fold_at_once_each_scan_counts_once():
    pass_by(900)
    pass_by(100, "out")
    at_once([fold.fold] * 6)
    assert inside() == 800
    assert today()["flows"]["gate"] == {"in": 900, "out": 100}
    assert GateScan._get_collection().find_one({"uncounted": True}) is None


def test_without_the_mark_in_the_transaction_workers_would_count_twice(monkeypatch):
    """The control: counting outside of the transaction that takes the mark off counts scans again."""
    pass_by(200)
    found = list(GateScan._get_collection().find({"uncounted": True}))

    def unguarded():
        moves = [fold._move(one, clock.now()) for one in found]
        fold.transactions.run(lambda session: movement.count(moves, clock.now(), session))

    at_once([unguarded] * 3)
    assert inside() == 600


def test_a_kill_inside_the_fold_counts_all_or_nothing(monkeypatch):
    pass_by(50)
    real = movement.CrowdDay._get_collection

    def killed():
        raise SystemExit

    monkeypatch.setattr(movement.CrowdDay, "_get_collection", killed)
    with pytest.raises(SystemExit):
        fold.fold()
    monkeypatch.setattr(movement.CrowdDay, "_get_collection", real)
    assert state.read(PLACE)["counts"] == {}
    fold.fold()
    assert (inside(), today()["flows"]["gate"]["in"]) == (50, 50)


def test_a_kill_between_the_fold_and_the_level_is_healed_by_the_next_look(monkeypatch):
    pass_by(700)
    fold.fold()
    assert state.read(PLACE)["level"] == "green"
    watch.look()
    assert state.read(PLACE)["level"] == "amber"
    assert len(records("level")) == 1


def test_what_a_gate_hands_in_late_lands_in_the_minute_in_which_it_happened():
    early = clock.now() - timedelta(hours=2, minutes=7)
    pass_by(4)
    fold.fold()
    pass_by(9, at=early, offline=True)
    fold.fold()
    assert inside() == 13
    assert today()["late"] == 9
    minutes = CrowdHour._get_collection().find_one({"_id": f"museum|gate|{early:%Y%m%d%H}"})["minutes"]
    assert minutes[f"{minute_of(early):%M}"]["in"] == 9
    assert [one["entries"] for one in hours()] == [9, 4]


def test_a_late_entry_of_yesterday_counts_for_yesterday():
    pass_by(3, at=clock.now() - timedelta(days=1), offline=True)
    fold.fold()
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert movement.day(PLACE, yesterday)["flows"]["gate"]["in"] == 3
    assert movement.entries(today()) == 0


def test_a_correction_of_a_minute_replaces_it_in_the_history():
    at = clock.now() - timedelta(minutes=30)
    pass_by(10, at=at)
    fold.fold()
    assert sum(one["entries"] for one in hours()) == 10
    pass_by(5, at=at, offline=True)
    fold.fold()
    assert sum(one["entries"] for one in hours()) == 15


def test_points_that_a_kill_wrote_twice_count_once(monkeypatch):
    pass_by(8)
    fold.fold()
    before = CrowdHour._get_collection().find_one({"place": "museum"})
    history.write_flows()
    CrowdHour._get_collection().update_one({"_id": before["_id"]}, {"$set": {"pending": before["pending"]}})
    history.write_flows()
    assert sum(one["entries"] for one in hours()) == 8


def test_a_scan_of_a_gate_whose_clock_is_ahead_counts_as_of_now():
    pass_by(2, at=clock.now() + timedelta(minutes=9))
    fold.fold()
    assert state.read(PLACE)["counts"]["gate"]["at"] <= clock.now()


def test_a_scan_older_than_the_minutes_are_kept_is_counted_nowhere():
    pass_by(2, at=clock.now() - movement.OLDEST - timedelta(minutes=1), offline=True)
    assert fold.fold() == []
    assert GateScan._get_collection().find_one({"uncounted": True}) is None


def test_some_time_after_closing_nobody_is_inside(travel):
    temple = Spot("luotianyan")
    fill(40, spot=temple)
    travel(clock.today().isoformat(), "18:29")
    watch.look()
    assert inside(temple) == 40
    travel(clock.today().isoformat(), "18:31")
    watch.look()
    watch.look()
    assert inside(temple) == 0
    (told,) = records("reset", temple)
    assert told["details"]["left"] == {"gate": 40}


def test_the_small_hours_reset_a_place_that_never_closes(travel):
    park = Spot("park")
    fill(40, spot=park)
    travel((clock.today() + timedelta(days=1)).isoformat(), "03:59")
    watch.look()
    assert inside(park) == 40
    travel(clock.today().isoformat(), "04:01")
    watch.look()
    assert inside(park) == 0


def test_who_came_after_the_reset_was_due_stays_though_it_is_made_late(travel):
    park = Spot("park")
    fill(40, spot=park)
    travel((clock.today() + timedelta(days=1)).isoformat(), "09:00")
    pass_by(25, spot=park)
    watch.look()
    assert inside(park) == 25
    fill(1, spot=park)
    assert inside(park) == 26


def test_many_workers_reset_once(travel):
    fill(40, spot=Spot("park"))
    travel((clock.today() + timedelta(days=1)).isoformat(), "04:01")
    done = at_once([lambda: reset.reset(Spot("park"), figures())] * 6)
    assert sum(done) == 1
    assert len(records("reset", Spot("park"))) == 1


def test_an_exit_that_becomes_known_after_the_reset_takes_nobody_out_again(travel):
    park = Spot("park")
    fill(40, spot=park)
    evening = clock.now() + timedelta(hours=2)
    travel((clock.today() + timedelta(days=1)).isoformat(), "04:01")
    watch.look()
    pass_by(15, "out", spot=park, at=evening, offline=True)
    watch.look()
    assert inside(park) == 0
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert movement.day(park, yesterday)["flows"]["gate"]["out"] == 15
