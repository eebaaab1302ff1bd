"""Asking several registers about several persons together follows the rules of asking one about one."""

from dataclasses import replace

import pytest
from bson import ObjectId

from backend import identity_documents, runtime
from backend.errors import NotFound
from models.identity import person
from models.registers import ask_many, fetch, inquiry, source_state
from models.registers import source as registers
from models.registers.inquiry import Inquiry
from models.registers.subject import Subject
from tests.support.crowd import at_once
from tests.support.queues import drain
from tests.trust.registers_kit import ALL, SECONDS, ask, dump, held, history, only, somebody

SOURCES = ["household", "residence", "property"]


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


def many(*subjects: Subject, sources=SOURCES, seconds: float = SECONDS) -> list[list[str]]:
    told = ask_many.many({one.person: sources for one in subjects}, seconds=seconds)
    return [[answer.result for answer in told[one.person]] for one in subjects]


def test_each_question_gets_the_answer_of_its_own_person(box):
    people = [somebody(box, *extras) for extras in ((), ("residence",), ("property",))]
    subjects = [about for _, about in people]
    found = [["found", "no_record", "no_record"], ["found", "found", "no_record"], ["found", "no_record", "found"]]
    assert many(*subjects) == found
    for made, about in people:
        home = box.lookup(made["number"])["household"]
        assert only(about, "household.address").value["address"] == home["address"]
    assert [only(one, "residence.permit").absent for one in subjects] == [True, False, True]


def test_it_stores_what_asking_one_by_one_stores(box):
    _, together = somebody(box, *ALL)
    sources = list(registers.SOURCES)
    many(together, sources=sources)
    stored = [(one["kind"], one["source"], one["state"], one.get("absent")) for one in dump(together)]
    Inquiry._get_collection().delete_many({"person": together.person})
    for source in sources:
        ask(source, together)
    again = [(one["kind"], one["source"], one["state"], one.get("absent")) for one in dump(together)]
    assert stored == again, "the same statements only confirm"


def test_what_is_fresh_is_not_asked_again_and_what_is_not_is(box):
    _, about = somebody(box)
    many(about, sources=["property"])
    assert many(about) == [["found", "no_record", "fresh"]]
    assert many(about) == [["fresh"] * 3]
    assert (box.calls("property"), box.calls("household")) == (1, 1)


def test_nobody_is_asked_about_who_is_not_known_or_has_no_number(box):
    document = identity_documents.parse("passport", "E12345678")
    foreign = Subject(person=person.find_or_declare(document, "Anna"))
    assert many(foreign) == [["not_askable"] * 3]
    with pytest.raises(NotFound):
        many(Subject(person=ObjectId()))
    assert box.call("/calls")["calls"] == {}
    assert ask_many.many({}, seconds=SECONDS) == {}


def test_without_a_platform_that_is_the_answer(box):
    _, about = somebody(box)
    installed = runtime.current()
    runtime.install(replace(installed, exchange=None))
    try:
        assert many(about) == [["not_connected"] * 3]
    finally:
        runtime.install(installed)


def test_a_lie_about_one_person_takes_nothing_from_the_others(box):
    (liar, first), (_, second) = somebody(box), somebody(box)
    box.fault("wrong_signature", register="household", number=liar["number"])
    assert many(first, second, sources=["household"]) == [["away"], ["found"]]
    assert held(first, "household.address") == []
    assert inquiry.of(first)["household"]["reason"] == "signature"
    assert not only(second, "household.address").absent


def test_a_status_under_another_name_is_not_stored_but_noted(box):
    made, about = somebody(box, "veterans")
    box.change("people", made["number"], name="另一个人")
    _, other = somebody(box)
    assert many(about, other, sources=["veterans", "property"]) == [["not_matched", "no_record"], ["no_record"] * 2]
    assert held(about, "status.veteran") == []
    assert inquiry.of(about)["veterans"]["outcome"] == "not_matched"
    assert only(about, "property.certificate").absent


def test_a_source_that_fails_five_times_is_left_in_peace_and_the_turns_are_given_back(box):
    people = [somebody(box)[1] for _ in range(20)]
    box.fault("error_500", register="household")
    assert many(*people, sources=["household"]) == [["away"]] * 20
    assert 5 <= box.calls("household") < 5 + ask_many.AT_ONCE
    (shown,) = [one for one in source_state.listed() if one["code"] == "household"]
    assert shown["state"] == "away"
    assert not any("lease_until" in inquiry.of(one)["household"] for one in people)
    before = box.calls("household")
    assert many(*people, sources=["household"]) == [["away"]] * 20
    assert box.calls("household") == before, "who is away is asked by a probe, not by everybody"


def test_what_finds_no_time_behind_a_slow_register_is_left_to_the_queue(box):
    people = [somebody(box)[1] for _ in range(3 * ask_many.AT_ONCE)]
    box.fault("slow", seconds=0.4, register="household", count=2 * ask_many.AT_ONCE)
    results = [result for (result,) in many(*people, sources=["household"], seconds=0.65)]
    assert results.count("found") >= ask_many.AT_ONCE
    waiting = [one for one, result in zip(people, results, strict=True) if result == "asking"]
    assert waiting
    box.clear()
    drain("affairs")
    assert all(not only(one, "household.address").absent for one in waiting)


class TestTwoAtOnce:
    def test_of_many_that_ask_about_the_same_family_one_asks_and_one_set_of_facts_is_stored(self, box):
        people = [somebody(box)[1] for _ in range(2)]
        box.fault("slow", seconds=0.4)
        results = at_once([lambda: many(*people, sources=["household"]) for _ in range(6)])
        assert sorted(result for each in results for result in each) == [["asking"]] * 10 + [["found"]] * 2
        assert box.calls("household") == 2
        assert [len(history(one, "household.address")) for one in people] == [1, 1]

    def test_control_without_the_turn_several_ask(self, box, monkeypatch):
        _, about = somebody(box)
        turns = [inquiry.Turn("household", about.person, 1)]
        monkeypatch.setattr(inquiry, "take_several", lambda _pairs: turns)
        monkeypatch.setattr(inquiry, "answered_several", lambda *_args, **_options: None)
        box.fault("slow", seconds=0.4)
        at_once([lambda: many(about, sources=["household"]) for _ in range(4)])
        assert box.calls("household") > 1

    def test_who_lost_the_turn_stores_nothing_and_the_others_are_stored(self, box, monkeypatch):
        (_, slow), (_, good) = somebody(box), somebody(box)
        taken = inquiry.take_several

        def overtaken(pairs):
            turns = taken(pairs)
            Inquiry._get_collection().update_one({"_id": inquiry.inquiry_id("household", slow)}, {"$inc": {"turn": 1}})
            return turns

        monkeypatch.setattr(inquiry, "take_several", overtaken)
        assert many(slow, good, sources=["household"]) == [["asking"], ["found"]]
        assert held(slow, "household.address") == []
        assert not only(good, "household.address").absent


def test_a_failure_while_storing_stores_nothing_of_anybody(box, monkeypatch):
    people = [somebody(box)[1] for _ in range(2)]
    monkeypatch.setattr(inquiry, "answered_several", _broken)
    with pytest.raises(RuntimeError):
        many(*people, sources=["household"])
    assert [dump(one) for one in people] == [[], []]
    monkeypatch.undo()
    assert [fetch.ask("household", one).result for one in people] == ["asking"] * 2, "until the lease is over"


def _broken(*_args, **_options):
    raise RuntimeError
