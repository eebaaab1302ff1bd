"""Levels and what follows: sales stop and start, one notice, word to those on their way, a record; each once."""

from datetime import timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.booking import slot
from models.booking.ticket import Ticket
from models.crowd import fold, judge, limit, override, sales, state, warn, watch
from models.crowd.spot import Spot
from models.places.place import Place
from models.rules.parameters import RuleParameter
from tests.support import queues, slots
from tests.support.crowd import at_once
from tests.tourism.crowd_kit import PLACE, figures, fill, inside, level, pass_by, records, today
from tests.tourism.gates_kit import agree, zone

PINGSHAN = Spot(slots.PLACE)


@pytest.fixture(autouse=True)
def midday(seeded, travel):
    travel((clock.today() + timedelta(days=1)).isoformat(), "10:00")


def states(place="museum", day=None):
    found = slot.Slot._get_collection().find({"place": place, "day": day or clock.today().isoformat()})
    return {one["state"] for one in found}


def notices(place="museum"):
    return [one["text"] for one in Place._get_collection().find_one({"_id": place}).get("notices", [])]


@pytest.fixture
def slot_today(seeded):
    """A slot of today that the museum sells, whatever weekday it is."""
    return slots.make(50, place_id="museum", days=0, start=20 * 60)


def test_a_place_goes_green_amber_red_and_back_only_below_the_figures_for_it():
    told = []
    for people in (639, 1, 159, 1, -80, -1, -159, -1):
        fill(people)
        told.append((inside(), level()))
    assert told == [
        (639, "green"),
        (640, "amber"),
        (799, "amber"),
        (800, "red"),
        (720, "red"),
        (719, "amber"),
        (560, "amber"),
        (559, "green"),
    ]
    assert [(one["details"]["from"], one["details"]["to"]) for one in records("level")] == [
        ("green", "amber"),
        ("amber", "red"),
        ("red", "amber"),
        ("amber", "green"),
    ]
    assert (today()["transitions"], today()["peak"]) == (4, 800)
    assert {"amber_at", "red_at"} <= set(today())


def test_a_record_says_which_numbers_and_names_nobody():
    fill(650)
    (told,) = records("level")
    assert told["details"] == {
        "from": "green",
        "to": "amber",
        "because": "instantaneous",
        "number": 650,
        "entries": 650,
        "load": {"instantaneous": 81.2, "daily": 21.7},
    }
    assert not {"by", "reason"} & set(told)


def test_the_level_that_stops_sales_stops_those_of_today_and_the_way_back_starts_them(slot_today):
    fill(640)
    queues.drain("gates")
    assert (level(), states()) == ("amber", {"paused"})
    assert slot.read(slot_today)["state"] == "paused"
    assert states(day=(clock.today() + timedelta(days=3)).isoformat()) <= {"open"}
    fill(-200)
    queues.drain("gates")
    assert (level(), states()) == ("green", {"open"})
    stopped, started = (one["done"] for one in sorted(records("level"), key=lambda one: one["at"]))
    assert (stopped["slots_paused"] > 0, started["slots_paused"]) == (True, 0)


def test_nobody_buys_a_ticket_of_today_while_it_is_red(phone, slot_today):
    assert phone.book(slot_today).status_code == 201
    fill(800)
    answer = phone.book(slot_today, (phone.companion(), "adult"))
    assert (answer.status_code, answer.json["code"]) == (409, "slot_paused")
    fill(-300)
    assert phone.book(slot_today, (phone.companion("19910307"), "adult")).status_code == 201


def test_the_county_may_let_sales_go_on_until_red_from_a_day_on(slot_today):
    milder = {"value": "red", "valid_from": clock.today().isoformat(), "source": {"title": "县文旅局通知"}}
    RuleParameter._get_collection().update_one({"_id": "crowd_stop_sales_level"}, {"$push": {"values": milder}})
    fill(640)
    assert (level(), states()) == ("amber", {"open"})
    fill(160)
    assert (level(), states()) == ("red", {"paused"})


def test_a_slot_that_opens_while_sales_stand_still_stands_still_after_the_next_look():
    fill(800)
    late = slots.make(5, place_id="museum", days=0, start=22 * 60)
    watch.look()
    assert slot.read(late)["state"] == "paused"


def test_sales_stopped_yesterday_are_open_again_today(slot_today, travel):
    yesterday = clock.today().isoformat()
    fill(800)
    travel((clock.today() + timedelta(days=1)).isoformat(), "08:00")
    watch.look()
    watch.look()
    assert states(day=yesterday) == {"open"}
    assert "stop_day" not in state.read(PLACE)


def test_what_nobody_filled_is_left_alone(slot_today):
    """A slot that somebody else paused stays so while the place was never full that day."""
    slot.pause("museum", clock.today().isoformat(), "天气")
    fill(10)
    assert slot.read(slot_today)["state"] == "paused"


def test_the_daily_limit_stops_sales_though_few_are_inside(slot_today):
    pass_by(3000)
    pass_by(2990, "out")
    watch.look()
    assert (inside(), level()) == (10, "red")
    assert records("level")[0]["details"]["because"] == "daily"
    assert states() == {"paused"}


def test_the_daily_limit_is_over_with_the_day_even_while_nobody_counts(travel):
    pass_by(3000)
    pass_by(2990, "out")
    watch.look()
    travel((clock.today() + timedelta(days=1)).isoformat(), "07:00")
    watch.look()
    assert level() == "green"


def test_while_nothing_is_known_the_level_and_the_stop_stay(slot_today, travel):
    fill(800)
    travel(clock.today().isoformat(), "10:25")
    watch.look()
    found = state.read(PLACE)
    assert "number" not in found
    assert (found["level"], states()) == ("red", {"paused"})
    assert len(records("level")) == 1


def test_a_zone_has_a_level_of_its_own_and_stops_no_sales(slot_today):
    hall = Spot("museum", "hall_2")
    agree(zone("hall_2"), place="museum")
    told = limit.Told(50, 500, clock.today(), None, "演示")
    limit.seed(hall, told)
    fill(50, spot=hall)
    fill(60)
    assert (level(hall), level()) == ("red", "green")
    assert states() <= {"open"}


def test_the_notice_at_the_place_is_one_and_goes_with_the_crowd():
    before = notices()
    fill(640)
    watch.look()
    (amber,) = [text for text in notices() if text not in before]
    assert "错峰" in amber
    fill(160)
    watch.look()
    (red,) = [text for text in notices() if text not in before]
    assert "最大承载量" in red
    fill(-700)
    assert notices() == before


def test_a_change_happens_once_however_many_judge_at_once():
    pass_by(700)
    fold.fold()
    changed = at_once([lambda: judge.judge(PLACE, figures())] * 8)
    assert sum(changed) == 1
    assert (level(), len(records("level")), state.read(PLACE)["changes"]) == ("amber", 1, 1)


def test_without_the_guard_a_change_would_be_recorded_by_everybody(monkeypatch):
    """The control: judges that all saw green and do not ask whether it still is."""
    pass_by(700)
    fold.fold()
    seen = judge.look(PLACE, clock.now(), figures())
    guard = judge.CrowdState._get_collection

    class Unguarded:
        def __init__(self):
            self.real = guard()

        def update_one(self, query, change, **options):
            return self.real.update_one({"_id": query["_id"]}, change, **options)

        def __getattr__(self, name):
            return getattr(self.real, name)

    monkeypatch.setattr(judge.CrowdState, "_get_collection", Unguarded)
    at_once([lambda: judge._change(PLACE, seen, clock.now())] * 4)
    monkeypatch.undo()
    assert len(records("level")) == 4


def test_a_level_is_not_set_by_counts_of_before(monkeypatch):
    pass_by(700)
    fold.fold()
    seen = judge.look(PLACE, clock.now(), figures())
    pass_by(600, "out")
    fold.fold()
    assert judge._change(PLACE, seen, clock.now()) is False
    assert judge.judge(PLACE, figures()) is False
    assert level() == "green"


def test_two_looks_at_once_leave_sales_as_the_level_says(slot_today):
    fill(800)
    pass_by(300, "out")
    at_once([watch.look] * 4)
    watch.look()
    assert (level(), states()) == ("green", {"open"})


def test_a_stop_that_a_slow_worker_makes_late_is_undone_by_the_next_look(slot_today):
    fill(800)
    fill(-300)
    slot.pause("museum", clock.today().isoformat(), sales.REASON)
    watch.look()
    assert states() == {"open"}


# Word to those on their way


def told_accounts():
    found = get_db().notices.find({}, hint="_id_")
    return [one["account"] for one in found if one["kind"] == "crowd_warning"]


@pytest.fixture
def holder(phone, travel):
    """A phone with two tickets of today at Pingshan, where nobody has walked in yet."""
    order = phone.issued(slots.make(9, start=12 * 60), (phone.me, "adult"), (phone.companion(), "adult"))
    travel(order["day"], "10:00")
    phone.log_in()
    phone.tickets = [one["id"] for one in order["tickets"]]
    return phone


def test_who_holds_a_ticket_of_today_is_told_once_for_each_change_for_the_worse(holder):
    fill(1200, spot=PINGSHAN)
    queues.drain("gates", "reports")
    assert len(told_accounts()) == 1
    fill(300, spot=PINGSHAN)
    queues.drain("gates", "reports")
    assert len(told_accounts()) == 2
    fill(-1400, spot=PINGSHAN)
    queues.drain("gates", "reports")
    assert len(told_accounts()) == 2
    done = [one["done"].get("warning") for one in records("level", PINGSHAN)]
    assert [bool(one) for one in done] == [True, True, False]


def test_who_is_inside_or_cancelled_is_not_told(holder):
    Ticket._get_collection().update_many({"_id": {"$in": holder.tickets}}, {"$set": {"state": "used"}})
    fill(1200, spot=PINGSHAN)
    queues.drain("gates", "reports")
    assert told_accounts() == []
    (told,) = records("level", PINGSHAN)
    job = get_db().jobs.find_one({"_id": ObjectId(told["done"]["warning"])})
    assert (job["state"], job["done"]) == ("done", 2)


def test_the_office_finds_the_word_by_the_order(holder, office):
    fill(1200, spot=PINGSHAN)
    queues.drain("gates", "reports")
    order = holder.tickets[0].rpartition("-")[0]
    office.log_in()
    answer = office.get(f"/office/v1/orders/{order}/notices")
    assert answer.status_code == 200, answer.json
    assert "crowd_warning" in {one["kind"] for one in answer.json["items"]}


def test_whose_time_of_entry_is_over_is_not_told(holder, travel):
    travel(clock.today().isoformat(), "20:00")
    fill(1200, spot=PINGSHAN)
    queues.drain("gates", "reports")
    assert told_accounts() == []


def test_the_word_goes_out_once_though_the_follow_up_runs_twice(holder):
    fill(1200, spot=PINGSHAN)
    (told,) = records("level", PINGSHAN)
    at_once([lambda: watch.follow(told["_id"])] * 4)
    assert len(list(get_db().jobs.find({"task": "crowd.warn_holders"}).hint("_id_"))) == 1
    queues.drain("gates", "reports")
    assert len(told_accounts()) == 1


def test_a_kill_within_the_job_tells_nobody_twice_and_nobody_never(holder, monkeypatch):
    fill(1200, spot=PINGSHAN)
    queues.drain("gates")
    (told,) = records("level", PINGSHAN)
    real, calls = warn.notice.tell, []

    def killed(*args, **kwargs):
        real(*args, **kwargs)
        calls.append(1)
        raise SystemExit

    monkeypatch.setattr(warn.notice, "tell", killed)
    with pytest.raises(SystemExit):
        warn.work(ObjectId(told["done"]["warning"]))
    monkeypatch.undo()
    queues.drain("reports")
    assert (len(calls), len(told_accounts())) == (1, 1)


# What staff decide


def test_staff_stop_and_open_sales_against_the_level_until_a_moment(office, slot_today, travel):
    until = clock.civil(clock.now() + timedelta(hours=2)).isoformat(timespec="seconds")
    path = "/office/v1/places/museum/crowd/override"
    answer = office.call("PUT", path, {"state": "stop", "until": until, "reason": "突降暴雨,疏散游客"})
    assert (answer.status_code, answer.json["override"]["state"]) == (200, "stop")
    watch.look()
    assert (level(), states()) == ("green", {"paused"})
    fill(800)
    answer = office.call("PUT", path, {"state": "open", "until": until, "reason": "数据有误,现场人数正常"})
    watch.look()
    assert (level(), states()) == ("red", {"open"})
    travel(clock.today().isoformat(), "12:05")
    pass_by(1)
    watch.look()
    assert states() == {"paused"}
    assert [one["what"] for one in records() if one["what"] != "level"] == ["stop", "open", "override_end"]
    assert "暴雨" not in str(list(get_db().crowd_states.find()) + records())


def test_staff_end_their_word_early(office, slot_today):
    until = clock.civil(clock.now() + timedelta(hours=2)).isoformat(timespec="seconds")
    path = "/office/v1/places/museum/crowd/override"
    office.call("PUT", path, {"state": "stop", "until": until, "reason": "突降暴雨"})
    queues.drain("gates")
    assert states() == {"paused"}
    assert office.call("DELETE", path).status_code == 204
    assert office.call("DELETE", path).status_code == 204
    queues.drain("gates")
    assert states() == {"open"}
    assert len(records("override_end")) == 1


def test_an_override_ends_today(office):
    path = "/office/v1/places/museum/crowd/override"
    for moment in (clock.now() - timedelta(seconds=1), clock.now() + timedelta(days=1)):
        until = clock.civil(moment).isoformat(timespec="seconds")
        answer = office.call("PUT", path, {"state": "stop", "until": until, "reason": "试试"})
        assert (answer.status_code, answer.json["code"]) == (400, "crowd_until_wrong")


def test_an_override_that_is_over_ends_once(office):
    until = clock.now() + timedelta(seconds=1)
    override.put(office.actor(), "museum", "stop", until=until, reason="试试")
    states_of = state.CrowdState._get_collection()
    states_of.update_one({"_id": "museum"}, {"$set": {"override.until": clock.now() - timedelta(seconds=1)}})
    assert sum(at_once([lambda: override.expire(PLACE)] * 5)) == 1
    assert len(records("override_end")) == 1
