"""The clocks of cases: deadlines in working days, stops that give days back, reminders and escalation that fire."""

from datetime import date, timedelta

import pytest
from bson import ObjectId

from backend import clock as city_clock
from backend import metrics, outbox
from backend.calendar_years import CalendarYear
from models.affairs import clock, escalate
from models.affairs.case import Case
from models.affairs.kind import Limit
from tests.support.affairs import ask_privacy, decide, inbox, move, seat, stay_awake, stored
from tests.support.phone import Phone
from tests.support.queues import drain

MONDAY = "2026-11-23"


def at(day: str, minute: int = 10 * 60):
    return city_clock.at(date.fromisoformat(day), minute)


def midnight_after(day: str):
    return city_clock.at(date.fromisoformat(day), 24 * 60)


class TestDeadlines:
    @pytest.mark.parametrize(
        ("start", "limit", "last"),
        [
            ("2026-11-23", Limit(1), "2026-11-24"),
            ("2026-11-23", Limit(5), "2026-11-30"),
            ("2026-11-28", Limit(1), "2026-11-30"),
            ("2026-09-30", Limit(1), "2026-10-08"),
            ("2026-09-18", Limit(2), "2026-09-21"),
            ("2026-11-23", Limit(30, "calendar"), "2026-12-23"),
            ("2026-02-13", Limit(1), "2026-02-14"),
        ],
    )
    def test_the_nth_day_after_the_start_ends_at_midnight(self, seeded, start, limit, last):
        if last == "2026-09-21" and not clock.worked(clock.calendar(), date(2026, 9, 20)):
            last = "2026-09-22"
        if last == "2026-02-14" and not clock.worked(clock.calendar(), date(2026, 2, 14)):
            last = "2026-02-24"
        due = clock.deadline(at(start), limit)
        assert due == midnight_after(last)
        assert clock.last_day(due).isoformat() == last

    def test_late_in_the_evening_it_is_still_the_same_civil_day(self, seeded):
        assert clock.deadline(at(MONDAY, 23 * 60 + 59), Limit(1)) == clock.deadline(at(MONDAY, 1), Limit(1))

    @pytest.mark.parametrize(
        ("since", "until", "working", "calendar"),
        [
            ("2026-11-23", "2026-11-23", 0, 0),
            ("2026-11-23", "2026-11-24", 1, 1),
            ("2026-11-27", "2026-11-30", 1, 3),
            ("2026-11-28", "2026-11-29", 0, 1),
        ],
    )
    def test_a_stop_gives_back_the_days_whose_midnight_it_spans(self, seeded, since, until, working, calendar):
        assert clock.spanned(at(since), at(until), Limit(1)) == working
        assert clock.spanned(at(since), at(until), Limit(1, "calendar")) == calendar

    def test_working_days_before_and_after_a_due_time(self, seeded):
        due = midnight_after("2026-11-30")
        assert clock.moved(due, -2) == midnight_after("2026-11-26") or clock.last_day(clock.moved(due, -2)) > date(
            2026, 11, 26
        )
        assert clock.moved(due, 0) == due
        assert clock.moved(due, 2) == midnight_after("2026-12-02")

    def test_a_year_that_was_not_imported_counts_weekdays_and_rings(self, seeded):
        before = metrics.ALARMS.labels("calendar_year_missing")._value.get()
        assert clock.deadline(at("2026-12-31"), Limit(1)) == midnight_after("2027-01-01")
        assert metrics.ALARMS.labels("calendar_year_missing")._value.get() > before


@pytest.fixture
def monday(travel):
    travel(MONDAY)


@pytest.fixture
def phone(monday, client, seeded, sandbox):
    """A phone that logged in on that Monday."""
    return Phone(client, sandbox).ready()


@pytest.fixture
def journey(travel):
    """Travel, keep the sessions of the staff alive and run what has become due."""

    def go(day: str, clock_time: str = "10:00") -> int:
        travel(day, clock_time)
        stay_awake()
        return drain("affairs")

    return go


@pytest.fixture
def clerk(phone):
    return seat(phone.client, "case_handler")


@pytest.fixture
def case_id(phone):
    return ask_privacy(phone)


def whats(case_id: str) -> list[str]:
    return [line["what"] for line in stored(case_id)["history"]]


class TestLegalTimes:
    """个人信息保护法: 30 days, closing an account 15 working days."""

    def test_a_request_is_due_after_thirty_days(self, phone, case_id):
        assert phone.get(f"/mini/v1/cases/{case_id}").json["total_due_day"] == "2026-12-23"

    def test_closing_an_account_is_due_after_fifteen_working_days(self, phone):
        closing = ask_privacy(phone, "close_account")
        assert phone.get(f"/mini/v1/cases/{closing}").json["total_due_day"] == "2026-12-14"


class TestEscalation:
    def test_first_a_reminder_then_the_supervisor_then_the_privacy_officer(self, app, clerk, case_id, journey):
        boss = seat(app.test_client(), "case_supervisor")
        officer = seat(app.test_client(), "privacy_officer", unit="")
        due = clock.last_day(stored(case_id)["work"]["due"])
        assert due == date(2026, 12, 14)
        journey("2026-12-09")
        assert whats(case_id) == ["opened"]
        journey("2026-12-10")
        assert whats(case_id) == ["opened", "reminded"]
        assert inbox(clerk)[0]["urgency"] == "soon"
        journey("2026-12-15", "00:01")
        assert inbox(boss)[0]["urgency"] == "overdue"
        assert inbox(officer) == []
        journey("2026-12-17", "00:01")
        assert [one["id"] for one in inbox(officer)] == [case_id]
        assert whats(case_id)[1:] == ["reminded", "escalated", "escalated"]
        move(officer, case_id, "claim")
        assert decide(officer, case_id, "granted")["state"] == "decided"

    def test_what_was_decided_in_time_escalates_nowhere(self, clerk, case_id, journey):
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "granted")
        journey("2026-12-18")
        assert whats(case_id) == ["opened", "claimed", "decided", "closed"]
        journey("2027-03-01")
        assert stored(case_id)["outbox"] == []

    def test_an_entry_that_comes_twice_acts_once(self, case_id, journey):
        entry = stored(case_id)["outbox"][0]
        journey("2026-12-10")
        escalate.look(ObjectId(entry["args"]["case"]), entry["args"]["beat"], entry["args"]["rung"])
        assert whats(case_id) == ["opened", "reminded"]

    def test_work_that_was_overdue_escalates_at_once_where_it_is_transferred(self, app, clerk, case_id, journey):
        move(clerk, case_id, "claim")
        journey("2026-12-15")
        move(clerk, case_id, "transfer", {"unit": "public_security", "reason": "属公安职责"})
        drain("affairs")
        there = seat(app.test_client(), "case_supervisor", unit="public_security")
        assert inbox(there)[0]["urgency"] == "overdue"

    def test_holidays_that_are_imported_later_move_what_is_due(self, app, phone, journey, travel):
        travel("2026-12-28")
        phone.log_in()
        case_id = ask_privacy(phone, "close_account")
        before = stored(case_id)["work"]["due"]
        year = {"holidays": {f"2027-01-0{n}": "元旦" for n in range(1, 9)}, "workdays": {}}
        CalendarYear._get_collection().insert_one({"_id": 2027, **year})
        journey(clock.last_day(before).isoformat(), "23:59")
        assert "escalated" not in whats(case_id)
        assert clock.deadline(city_clock.at(date(2026, 12, 28), 600), Limit(10)) > city_clock.now()
        journey((clock.last_day(before) + timedelta(days=20)).isoformat())
        assert "escalated" in whats(case_id)


class TestAppealTime:
    def test_when_it_is_over_the_case_is_closed(self, phone, clerk, case_id, journey):
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "refused")
        journey("2026-12-08", "23:58")
        assert stored(case_id)["state"] == "decided"
        journey("2026-12-09", "00:01")
        assert stored(case_id)["state"] == "closed"

    def test_late_before_the_worker_comes_it_is_over_as_well(self, phone, clerk, case_id, travel):
        move(clerk, case_id, "claim")
        decide(clerk, case_id, "refused")
        travel("2026-12-09", "00:01")
        phone.log_in()
        answer = phone.post(f"/mini/v1/cases/{case_id}/appeal", {"text": "理由不成立"})
        assert (answer.status_code, answer.json["code"]) == (409, "case_appeal_over")


class TestStops:
    def test_the_answer_gives_back_the_working_days_of_the_stop(self, phone, clerk, case_id, journey):
        before = stored(case_id)
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请说明是哪一次"})
        journey("2026-11-27")
        phone.log_in()
        assert phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "上周"}).status_code == 200
        found = stored(case_id)
        assert found["clock"]["given_back"] == 4
        assert found["clock"]["due"] - before["clock"]["due"] == timedelta(days=4)
        assert clock.last_day(found["work"]["due"]) == date(2026, 12, 18)

    def test_an_answer_that_never_comes_lets_the_clock_go_on(self, clerk, case_id, journey):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请说明是哪一次"})
        until = clock.last_day(stored(case_id)["pause"]["until"])
        journey(until.isoformat(), "23:58")
        assert stored(case_id)["work"]["state"] == "paused"
        journey((until + timedelta(days=1)).isoformat(), "00:01")
        assert stored(case_id)["work"]["state"] == "taken"
        assert "pause" not in stored(case_id)
        journey("2027-06-01")
        assert whats(case_id)[-3:] == ["reminded", "escalated", "escalated"]

    def test_after_a_few_stops_there_is_no_more(self, phone, clerk, case_id):
        move(clerk, case_id, "claim")
        for _ in range(6):
            move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "已函询"})
            move(clerk, case_id, "resume")
        refused = move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "再函询"}, status=409)
        assert refused["code"] == "case_stop_used"

    def test_a_stop_on_one_day_gives_nothing_back(self, clerk, case_id):
        due = stored(case_id)["work"]["due"]
        move(clerk, case_id, "claim")
        move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "已函询"})
        move(clerk, case_id, "resume")
        assert stored(case_id)["work"]["due"] == due


class TestKills:
    """A worker that dies between the act of a clock and taking out its entry, or before either."""

    def test_the_next_worker_takes_over_after_the_lease(self, case_id, travel, monkeypatch):
        travel("2026-12-10")

        def die(*_args):
            raise KeyboardInterrupt

        monkeypatch.setattr(outbox, "_settle", die)
        with pytest.raises(KeyboardInterrupt):
            drain("affairs")
        monkeypatch.undo()
        assert whats(case_id) == ["opened", "reminded"]
        travel("2026-12-10", "10:02")
        assert drain("affairs") >= 1
        assert whats(case_id) == ["opened", "reminded"]
        assert len(stored(case_id)["outbox"]) == 1

    def test_before_the_act_nothing_is_lost(self, case_id, travel, monkeypatch):
        travel("2026-12-10")

        def die(*_args, **_more):
            raise KeyboardInterrupt

        monkeypatch.setattr(escalate.case, "change", die)
        with pytest.raises(KeyboardInterrupt):
            drain("affairs")
        monkeypatch.undo()
        travel("2026-12-10", "10:02")
        drain("affairs")
        assert whats(case_id) == ["opened", "reminded"]

    def test_a_decision_and_its_audit_entry_are_one(self, clerk, case_id, monkeypatch):
        from models.audit import entry  # noqa: PLC0415 - the module whose write is broken off

        move(clerk, case_id, "claim")

        def die(*_args):
            raise KeyboardInterrupt

        monkeypatch.setattr(entry, "write", die)
        with pytest.raises(KeyboardInterrupt):
            decide(clerk, case_id, "granted")
        monkeypatch.undo()
        assert (stored(case_id)["state"], whats(case_id)) == ("open", ["opened", "claimed"])
        assert Case._get_collection().count_documents({"_id": ObjectId(case_id), "seq": 2}) == 1
