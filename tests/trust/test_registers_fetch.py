"""Asking the registers: answers are stored with source, date, trust, validity; what goes wrong harms nothing."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from bson import ObjectId

from backend import clock, exchange, identity_documents, outbox, runtime
from models.identity import person
from models.registers import ask_many, fact, fetch, inquiry, source_state
from models.registers.fact import Fact
from models.registers.inquiry import Inquiry
from models.registers.source import SOURCES
from models.registers.source_state import SourceState
from models.registers.subject import Subject
from tests.architecture.house import ROOT
from tests.support import alarms
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.queues import drain
from tests.trust.registers_kit import ALL, ask, ask_all, dump, held, history, only, somebody

LIES = ["garbage", "wrong_signature", "unsigned", "replayed", "other_person", "huge", "redirect", "error_500"]


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


class TestAnswers:
    def test_every_register_answers_and_each_fact_has_source_date_trust_and_validity(self, box):
        made, about = somebody(box, *ALL)
        results = ask_all(about)
        assert results == {**dict.fromkeys(SOURCES, "found"), "death": "no_record"}
        told = box.lookup(made["number"])
        home = only(about, "household.address")
        assert home.value["address"] == told["household"]["address"]
        assert home.value["village_code"] == told["household"]["village_code"]
        assert (home.source, home.trust, home.state) == ("household", "authoritative", "current")
        assert home.stated_on == home.valid_from == told["household"]["registered_on"]
        assert home.record == told["household"]["household_no"]
        assert home.fetched_at <= clock.now()
        permit = only(about, "residence.permit")
        assert (permit.valid_from, permit.valid_to) == (told["residence"]["issued_on"], told["residence"]["valid_to"])
        assert only(about, "property.certificate").value["location"] == told["property"][0]["location"]
        assert only(about, "business.licence").value["credit_code"] == told["business"][0]["credit_code"]
        assert only(about, "social_insurance.pension").value["status"] == "paying"

    def test_no_record_is_an_answer_with_a_date(self, box):
        _, about = somebody(box)
        assert ask("property", about) == "no_record"
        none = only(about, "property.certificate")
        assert (none.absent, none.valid_from) == (True, clock.today().isoformat())

    def test_what_an_answer_leaves_out_is_absent_too(self, box):
        _, about = somebody(box, "social_insurance")
        ask("social_insurance", about)
        assert not only(about, "social_insurance.medical").absent
        assert only(about, "social_insurance.injury").absent

    def test_the_same_answer_again_only_confirms(self, box, shift_clock):
        _, about = somebody(box, *ALL)
        ask_all(about)
        before = {row["_id"]: row for row in dump(about)}
        shift_clock(3600)
        ask_all(about)
        after = dump(about)
        assert {row["_id"] for row in after} == set(before)
        for row in after:
            assert row["confirmed_at"] > before[row["_id"]]["confirmed_at"]
            assert {**row, "confirmed_at": 0} == {**before[row["_id"]], "confirmed_at": 0}

    def test_a_changed_value_stands_beside_the_earlier_one(self, box):
        made, about = somebody(box)
        ask("household", about)
        old = only(about, "household.address")
        household = box.lookup(made["number"])["household"]
        box.change("household", household["household_no"], address="于都县贡江镇新家8号", changed_on="2026-10-01")
        ask("household", about)
        new = only(about, "household.address")
        assert new.value["address"] == "于都县贡江镇新家8号"
        first, second = history(about, "household.address")
        assert (first.id, first.state, first.value) == (old.id, "superseded", old.value)
        assert (second.id, second.state) == (new.id, "current")
        (before,) = fact.as_of(about, "household.address", "2026-09-30")
        assert before.id == old.id

    def test_a_certificate_that_was_given_back_is_withdrawn_and_others_stay(self, box):
        made, about = somebody(box, "property", "property")
        ask("property", about)
        first, second = held(about, "property.certificate")
        box.remove("property", first.record)
        ask("property", about)
        assert only(about, "property.certificate").id == second.id
        assert fact.read(first.id).state == "withdrawn"
        box.remove("property", second.record)
        ask("property", about)
        assert only(about, "property.certificate").absent
        assert {one.state for one in history(about, "property.certificate") if not one.absent} == {"withdrawn"}
        assert made["number"] not in str(dump(about))

    def test_an_organisation_is_asked_about_by_its_credit_code(self, box):
        made, _ = somebody(box, "business")
        code = box.lookup(made["number"])["business"][0]["credit_code"]
        about = Subject(organisation=code)
        assert ask("business", about) == "found"
        assert only(about, "business.licence").value["legal_person"] == made["name"]
        assert ask("household", about) == "not_askable"

    def test_a_fresh_answer_is_not_asked_for_again(self, box, shift_clock):
        _, about = somebody(box)
        assert fetch.ask("property", about).result == "no_record"
        assert fetch.ask("property", about).result == "fresh"
        assert box.calls("property") == 1
        shift_clock(SOURCES["property"].fresh.total_seconds() + 1)
        assert fetch.ask("property", about).result == "no_record"
        assert box.calls("property") == 2

    def test_a_passport_is_asked_about_nowhere(self, box):
        document = identity_documents.parse("passport", "E12345678")
        about = Subject(person=person.find_or_declare(document, "Anna"))
        assert set(ask_all(about).values()) == {"not_askable"}
        assert box.call("/calls")["calls"] == {}

    def test_nothing_about_the_person_lies_open_in_the_store(self, box):
        made, about = somebody(box, *ALL)
        ask_all(about)
        told = box.lookup(made["number"])
        text = str(dump(about)) + str(list(inquiry.of(about).values()))
        secrets = [made["number"], made["name"], told["household"]["address"], told["household"]["household_no"]]
        secrets += [told["property"][0]["certificate_no"], told["residence"]["permit_no"]]
        assert [one for one in secrets if one in text] == []


class TestFailures:
    @pytest.mark.parametrize("name", LIES)
    def test_what_cannot_be_believed_is_not_stored_and_what_was_known_stays(self, box, name):
        _, about = somebody(box, *ALL, "death")
        ask_all(about)
        before = dump(about)
        box.fault(name)
        assert set(ask_all(about).values()) == {"away"}
        assert dump(about) == before
        assert all("failed_at" in one for one in inquiry.of(about).values())

    def test_a_missing_record_after_a_found_one_ends_it(self, box):
        _, about = somebody(box, "residence")
        ask("residence", about)
        box.fault("missing", register="residence", count=1)
        assert ask("residence", about) == "no_record"
        assert only(about, "residence.permit").absent
        first, second = history(about, "residence.permit")
        assert (first.state, second.absent) == ("withdrawn", True)
        assert ask("residence", about) == "found"
        assert not only(about, "residence.permit").absent

    @pytest.mark.parametrize("name", ["slow", "timeout"])
    def test_a_screen_does_not_wait_for_a_slow_register(self, box, name):
        _, about = somebody(box)
        box.fault(name, seconds=3)
        started = clock.timestamp()
        assert ask("household", about, seconds=0.3) == "away"
        assert clock.timestamp() - started < 1.5
        assert inquiry.of(about)["household"]["reason"] in ("ReadTimeout", "too slow", "ConnectionError")

    def test_a_slow_register_that_answers_in_time_counts(self, box):
        _, about = somebody(box)
        box.fault("slow", seconds=0.2)
        assert ask("household", about) == "found"

    def test_a_slow_register_does_not_hold_up_the_others(self, box):
        _, about = somebody(box, *ALL)
        box.fault("slow", seconds=5, register="household")
        started = clock.timestamp()
        answers = ask_many.several(["household", "residence", "property"], about, seconds=0.8)
        assert clock.timestamp() - started < 3
        assert [one.result for one in answers] == ["away", "found", "found"]
        assert not only(about, "residence.permit").absent

    def test_what_finds_no_time_on_a_screen_the_queue_does(self, box):
        _, about = somebody(box, *ALL)
        answers = ask_many.several(["household", "residence"], about, seconds=0.1)
        assert [one.result for one in answers] == ["asking", "asking"]
        assert box.call("/calls")["calls"] == {}
        assert drain("affairs") == 2
        assert not only(about, "residence.permit").absent

    def test_five_failures_in_a_row_are_an_alarm_and_it_is_away_until_a_probe_succeeds(self, box, shift_clock):
        _, about = somebody(box)
        before = alarms.raised("register_away")
        box.fault("error_500", register="household")
        for _ in range(7):
            assert ask("household", about) == "away"
        assert box.calls("household") == 5
        assert alarms.raised("register_away") == before + 1
        (shown,) = [one for one in source_state.listed() if one["code"] == "household"]
        assert (shown["state"], shown["state_zh"], shown["reason"]) == ("away", "中断", "HTTP 500")
        assert shown["last_hour"] == {"found": 0, "no_record": 0, "failed": 5}
        shift_clock(31)
        assert ask("household", about) == "away"
        assert box.calls("household") == 6
        box.clear()
        assert ask("household", about) == "away", "one probe at a time"
        shift_clock(62)
        assert ask("household", about) == "found"
        (shown,) = [one for one in source_state.listed() if one["code"] == "household"]
        assert (shown["state"], "away_since" in shown) == ("up", False)
        assert alarms.raised("register_away") == before + 1

    def test_of_many_that_find_it_away_one_probes(self, box, shift_clock):
        people = [somebody(box)[1] for _ in range(6)]
        box.fault("error_500")
        for _ in range(5):
            ask("death", people[0])
        box.clear()
        shift_clock(31)
        results = at_once([lambda about=about: source_state.may_ask("death") for about in people])
        assert sorted(results) == [False] * 5 + [True]

    def test_the_last_hour_counts_only_the_last_hour(self, box, shift_clock):
        for minutes in (0, 10, 50, 70):
            shift_clock(minutes * 60)
            source_state.answered("death", "no_record")
        (shown,) = [one for one in source_state.listed() if one["code"] == "death"]
        assert shown["last_hour"]["no_record"] == 2
        assert len(SourceState._get_collection().find_one({"_id": "death"})["windows"]) == 4

    def test_the_queue_goes_on_asking_until_the_register_is_back(self, box, shift_clock):
        _, about = somebody(box)
        box.fault("error_500", count=2)
        inquiry.queue("household", about)
        inquiry.queue("household", about)
        drain("affairs")
        assert held(about, "household.address") == []
        for seconds in (2, 6):
            shift_clock(seconds)
            drain("affairs")
        assert not only(about, "household.address").absent
        assert box.calls("household") == 3
        assert inquiry.of(about)["household"]["outbox"] == []

    def test_the_queue_waits_while_the_register_is_away(self, box, shift_clock):
        _, about = somebody(box)
        box.fault("error_500", register="household")
        for _ in range(5):
            ask("household", about)
        box.clear()
        inquiry.queue("household", about)
        drain("affairs")
        (entry,) = inquiry.of(about)["household"]["outbox"]
        assert entry["failures"] == 0
        shift_clock(61)
        drain("affairs")
        assert not only(about, "household.address").absent

    def test_a_deleted_persons_inquiry_ends_the_queue(self, box):
        _, about = somebody(box)
        inquiry.queue("household", about)
        Inquiry._get_collection().update_one({"person": about.person}, {"$set": {"person": ObjectId()}})
        assert drain("affairs") == 1
        assert box.calls("household") == 0

    def test_no_platform_is_an_answer_and_no_error(self, box):
        _, about = somebody(box)
        installed = runtime.current()
        runtime.install(replace(installed, exchange=None))
        try:
            assert ask("household", about) == "not_connected"
            assert {one.result for one in fetch.refresh(about.person)} == {"not_connected"}
        finally:
            runtime.install(installed)


class TestTwoAtOnce:
    def test_of_many_that_ask_at_once_one_asks_and_one_set_of_facts_is_stored(self, box):
        _, about = somebody(box)
        box.fault("slow", seconds=0.4)
        results = at_once([lambda: ask("household", about) for _ in range(8)])
        assert sorted(results) == ["asking"] * 7 + ["found"]
        assert box.calls("household") == 1
        assert len(history(about, "household.address")) == 1

    def test_control_without_the_turn_several_ask(self, box, monkeypatch):
        _, about = somebody(box)
        monkeypatch.setattr(inquiry, "take", lambda source, subject: 1)
        monkeypatch.setattr(inquiry, "answered", lambda *_args, **_options: None)
        box.fault("slow", seconds=0.4)
        at_once([lambda: fetch.ask("household", about, seconds=5, again=True) for _ in range(4)])
        assert box.calls("household") > 1

    def test_an_answer_that_comes_after_its_turn_is_over_is_not_stored(self, box, shift_clock, monkeypatch):
        made, about = somebody(box)
        household = box.lookup(made["number"])["household"]["household_no"]
        asked = exchange.Exchange.ask

        def slow(self, service, question, *, seconds):
            found = asked(self, service, question, seconds=seconds)
            monkeypatch.setattr(exchange.Exchange, "ask", asked)
            shift_clock(inquiry.LEASE.total_seconds() + 1)
            box.change("household", household, address="于都县后来的地址1号", changed_on="2026-11-01")
            assert ask("household", about) == "found"
            return found

        monkeypatch.setattr(exchange.Exchange, "ask", slow)
        assert ask("household", about) == "asking"
        assert only(about, "household.address").value["address"] == "于都县后来的地址1号"
        assert len(history(about, "household.address")) == 1

    def test_a_worker_that_is_killed_while_it_asks_leaves_nothing_and_the_next_one_asks_again(
        self, box, shift_clock, module_settings, environment
    ):
        _, about = somebody(box)
        inquiry.queue("household", about)
        box.fault("slow", seconds=8, count=1)
        env = {**os.environ, **environment, "MONGODB_URI": module_settings.mongodb_uri, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.trust.registers_worker"]
        worker = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE)
        until(lambda: box.calls("household") == 1, what="the question")
        worker.kill()
        worker.wait()
        worker.stdout.close()
        assert held(about, "household.address") == []
        assert ask("household", about) == "asking"
        shift_clock(outbox.LEASE.total_seconds() + 1)
        drain("affairs")
        assert not only(about, "household.address").absent
        assert len(history(about, "household.address")) == 1
        assert inquiry.of(about)["household"]["outbox"] == []

    def test_a_failure_between_two_facts_stores_neither(self, box, monkeypatch):
        _, about = somebody(box)
        monkeypatch.setattr(inquiry, "answered", _broken)
        with pytest.raises(RuntimeError):
            ask("household", about)
        assert dump(about) == []


def _broken(*_args, **_options):
    raise RuntimeError


def test_the_time_of_freshness_is_shorter_for_what_changes_faster():
    assert SOURCES["property"].fresh < SOURCES["household"].fresh <= timedelta(days=31)


def test_two_open_rows_of_one_line_are_refused_by_the_store(box):
    _, about = somebody(box)
    ask("household", about)
    row = only(about, "household.address").row
    with pytest.raises(Exception, match="E11000"):
        Fact._get_collection().insert_one({**row, "_id": ObjectId()})
