"""Cases when something goes late or away: a worker, a role, an account, a calendar, a register's credentials."""

from datetime import date, timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from models.affairs import case_errors, escalate, handle, tell, work
from models.affairs import clock as legal
from models.affairs.case import Case
from models.affairs.decide import MOST_CORRECTIONS
from models.identity.account import Account
from models.identity.staff import StaffMember
from models.registers import inquiry
from models.registers.inquiry import Inquiry
from models.registers.subject import Subject
from tests.support.affairs import ask_privacy, decide, inbox, move, seat, stay_awake, stored
from tests.support.phone import Phone
from tests.support.queues import drain

MONDAY = "2026-11-23"


@pytest.fixture
def phone(travel, client, seeded, sandbox):
    travel(MONDAY)
    return Phone(client, sandbox).ready()


@pytest.fixture
def clerk(phone):
    return seat(phone.client, "case_handler")


@pytest.fixture
def case_id(phone):
    return ask_privacy(phone)


class TestWhoMayNotGoOn:
    @pytest.mark.parametrize(
        "assignments",
        [[], [{"role": "case_handler", "unit": "public_security", "area": ""}]],
        ids=["no role is left", "moved to another unit"],
    )
    def test_the_work_of_who_lost_the_desk_returns_to_it(self, app, clerk, case_id, assignments):
        move(clerk, case_id, "claim")
        StaffMember._get_collection().update_one({"_id": clerk.member_id}, {"$set": {"assignments": assignments}})
        other = seat(app.test_client(), "case_handler")
        assert move(other, case_id, "claim", status=409)["code"] == "case_taken"
        assert handle.return_left() == 1
        assert move(other, case_id, "claim")["mine"] is True

    def test_who_keeps_the_desk_keeps_the_work(self, clerk, case_id):
        move(clerk, case_id, "claim")
        assert handle.return_left() == 0
        assert stored(case_id)["work"]["holder"] == f"staff:{clerk.member_id}"

    def test_work_that_came_by_escalation_stays_with_the_supervisor(self, app, clerk, case_id, travel):
        travel("2027-01-11")
        stay_awake()
        drain("affairs")
        officer = seat(app.test_client(), "privacy_officer", unit="")
        move(officer, case_id, "claim")
        assert handle.return_left() == 0
        assert stored(case_id)["work"]["holder"] == f"staff:{officer.member_id}"

    def test_a_supervisor_of_another_unit_takes_no_work_away(self, app, clerk, case_id):
        both = [
            {"role": "case_handler", "unit": "big_data_centre", "area": ""},
            {"role": "case_supervisor", "unit": "public_security", "area": ""},
        ]
        colleague = seat(app.test_client(), "case_handler")
        StaffMember._get_collection().update_one({"_id": colleague.member_id}, {"$set": {"assignments": both}})
        move(clerk, case_id, "claim")
        body = {"unit": "public_security", "reason": "属其职责"}
        assert move(colleague, case_id, "transfer", body, status=409)["code"] == "case_not_held"
        assert stored(case_id)["work"]["holder"] == f"staff:{clerk.member_id}"
        boss = seat(app.test_client(), "case_supervisor")
        assert move(boss, case_id, "transfer", body)["work_unit"] == "public_security"


class TestClocks:
    def test_a_worker_that_comes_late_gives_no_days_beyond_the_longest_stop(self, clerk, case_id, travel):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "pause", {"reason": "waiting_for_other_unit", "text": "函请核对"})
        until = stored(case_id)["pause"]["until"]
        travel("2026-12-25")
        drain("affairs")
        found = stored(case_id)
        longest = (clock.civil(until).date() - clock.today().replace(month=11, day=23)).days
        assert (found["work"]["state"], found["clock"]["given_back"]) == ("taken", longest)

    def test_an_answer_after_the_longest_stop_gives_no_days_for_the_delay(self, phone, clerk, case_id, travel):
        move(clerk, case_id, "claim")
        move(clerk, case_id, "ask", {"text": "请补充"})
        until = stored(case_id)["pause"]["until"]
        travel("2026-12-25")
        phone.log_in()
        answer = phone.post(f"/mini/v1/cases/{case_id}/answer", {"text": "已补充"})
        assert answer.status_code == 200, answer.json
        longest = (clock.civil(until).date() - clock.today().replace(month=11, day=23)).days
        assert stored(case_id)["clock"]["given_back"] == longest

    def test_a_step_that_begins_close_to_its_end_is_not_reminded_of(self, clerk, case_id):
        found = stored(case_id)
        found["work"]["due"] = clock.at(clock.today(), 24 * 60)
        assert work.running(found)["due"] == found["work"]["due"]

    def test_it_goes_up_to_the_last_rung_though_the_due_time_moved(self, clerk, case_id, travel, monkeypatch):
        real = escalate._recomputed
        travel("2026-12-10")
        drain("affairs")
        assert stored(case_id)["work"]["rung"] == 1
        monkeypatch.setattr(escalate, "_recomputed", lambda told: min(real(told), told["start"] + timedelta(days=2)))
        travel("2027-02-25")
        drain("affairs")
        found = stored(case_id)
        assert [line.get("role") for line in found["history"] if line["what"] == "escalated"] == [
            "case_supervisor",
            "privacy_officer",
        ]
        assert found["outbox"] == []


@pytest.mark.parametrize(
    ("decided", "last"),
    [("2026-11-23", "2026-12-08"), ("2026-11-27", "2026-12-14"), ("2026-11-28", "2026-12-14")],
)
def test_the_time_to_appeal_ends_on_no_day_off(client, seeded, sandbox, travel, decided, last):
    """The fifteenth day is a Tuesday, a Saturday or a Sunday."""
    travel(decided)
    case_id, clerk = ask_privacy(Phone(client, sandbox).ready()), seat(client, "case_handler")
    move(clerk, case_id, "claim")
    decide(clerk, case_id, "granted")
    until = stored(case_id)["appeal_until"]
    assert (clock.civil(until) - timedelta(milliseconds=1)).date().isoformat() == last


def test_a_term_that_ends_within_the_national_holiday_ends_after_it(seeded):
    within, after = (clock.at(date(2026, 10, day), 24 * 60) for day in (3, 8))
    assert legal.to_working_day(within) == after
    assert legal.to_working_day(after) == after


def test_who_closed_the_account_is_not_told_and_the_queue_ends(phone, clerk, case_id, monkeypatch):
    def gone(*_args, **_more):
        raise tell.NotFound

    move(clerk, case_id, "claim")
    decide(clerk, case_id, "granted")
    Account._get_collection().delete_one({"_id": stored(case_id)["account"]})
    monkeypatch.setattr(tell.send, "notify", gone)
    drain("affairs")
    assert "affairs.tell" not in {entry["task"] for entry in stored(case_id)["outbox"]}


def test_a_case_without_its_account_is_told_to_nobody(phone, clerk, case_id):
    move(clerk, case_id, "claim")
    decide(clerk, case_id, "granted")
    Case._get_collection().update_one({"_id": ObjectId(case_id)}, {"$unset": {"account": ""}})
    drain("affairs")
    assert "affairs.tell" not in {entry["task"] for entry in stored(case_id)["outbox"]}


def test_slips_are_corrected_a_few_times_only(clerk, case_id):
    move(clerk, case_id, "claim")
    decide(clerk, case_id, "granted")
    for number in range(MOST_CORRECTIONS):
        move(clerk, case_id, "correct", {"reason": f"第{number}次更正。"})
    refused = move(clerk, case_id, "correct", {"reason": "再次更正。"}, status=409)
    assert refused["code"] == case_errors.CorrectionsUsed.code
    assert len(stored(case_id)["decisions"]) == MOST_CORRECTIONS + 1


class TestInquiries:
    def given_up(self) -> tuple[Subject, str]:
        about = Subject(person=ObjectId())
        inquiry.queue("household", about)
        record = inquiry.inquiry_id("household", about)
        dead = {"$set": {"outbox.0.failed_at": clock.now(), "outbox.0.reason": "x"}, "$unset": {"outbox.0.due": ""}}
        Inquiry._get_collection().update_one({"_id": record}, dead)
        return about, record

    def test_what_was_given_up_does_not_stop_the_next_question(self, seeded):
        about, record = self.given_up()
        inquiry.queue("household", about)
        (entry,) = get_db().register_inquiries.find_one({"_id": record})["outbox"]
        assert "due" in entry

    def test_where_one_is_to_ask_already_nothing_is_added(self, seeded):
        about, record = self.given_up()
        for _ in range(3):
            inquiry.queue("household", about)
        assert len(get_db().register_inquiries.find_one({"_id": record})["outbox"]) == 1

    def test_what_was_given_up_is_not_shown_as_being_asked(self, seeded):
        about, _ = self.given_up()
        assert inquiry.asking(inquiry.of(about)["household"], clock.now()) is False
        inquiry.queue("household", about)
        assert inquiry.asking(inquiry.of(about)["household"], clock.now()) is True


def test_the_inbox_of_the_desk_holds_what_was_returned(app, clerk, case_id):
    move(clerk, case_id, "claim")
    StaffMember._get_collection().update_one({"_id": clerk.member_id}, {"$set": {"assignments": []}})
    handle.return_left()
    assert [one["id"] for one in inbox(seat(app.test_client(), "case_handler"), "?state=waiting")] == [case_id]
