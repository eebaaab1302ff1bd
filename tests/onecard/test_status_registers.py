"""The registers of what a person is by law: veterans, disability, subsistence, students, serving military."""

from pathlib import Path

import pytest

from backend import clock
from backend.exchange import ExchangeAnswerRefused
from models.identity import unit
from models.registers import catalogue, fact_kind, statement
from models.registers.fact_kind import KINDS
from models.registers.source import SOURCES
from seed.simulators import registers
from tests.onecard.entitlement_kit import STATUSES
from tests.trust.registers_kit import ask, held, history, only, somebody

KIND = {
    "veterans": "status.veteran",
    "disability": "status.disability",
    "subsistence": "status.subsistence",
    "students": "status.student",
    "military": "status.serving_military",
}
README = (Path(registers.__file__).parent / "README.md").read_text()


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.mark.parametrize("register", STATUSES)
def test_a_record_becomes_a_fact_with_its_span_of_days(box, register):
    made, about = somebody(box, register)
    assert ask(register, about) == "found"
    told, found = box.lookup(made["number"])[register], only(about, KIND[register])
    assert (found.source, found.trust, found.state) == (register, "authoritative", "current")
    assert found.valid_to == told["valid_to"] >= clock.today().isoformat()
    assert found.valid_from <= clock.today().isoformat()
    assert catalogue.read(found.kind, dict(found.value)) == found.value


@pytest.mark.parametrize("register", STATUSES)
def test_who_is_not_in_it_has_no_record_and_the_faults_of_the_others_strike_here_too(box, register):
    _, about = somebody(box)
    assert ask(register, about) == "no_record"
    (absent,) = held(about, KIND[register])
    assert absent.absent
    for fault in ("error_500", "garbage", "unsigned"):
        box.fault(fault, register=register, count=1)
        assert ask(register, about) == "away"


@pytest.mark.parametrize("register", STATUSES)
def test_words_leave_out_what_identifies_unless_the_reader_may_see_it_whole(box, register):
    made, about = somebody(box, register)
    ask(register, about)
    told, found = box.lookup(made["number"])[register], only(about, KIND[register])
    whole, masked = (KINDS[found.kind].words(found.value, seen) for seen in (True, False))
    assert told["valid_to"] in whole
    assert told["valid_to"] in masked
    for name in ("certificate_no", "school"):
        if name in told:
            assert told[name] in whole
            assert told[name] not in masked
    kinds = (*fact_kind.DISABILITIES.values(), *fact_kind.SUBSISTENCE.values())
    assert [word for word in kinds if word in masked] == []
    if register in {"disability", "subsistence"}:
        assert any(word in whole for word in kinds)


def test_the_military_register_says_yes_or_no_and_nothing_else(box):
    made, about = somebody(box, "military")
    ask("military", about)
    assert set(only(about, "status.serving_military").value) == {"serving", "valid_to"}
    assert made["name"] not in str(box.lookup(made["number"])["military"])


def test_a_renewed_certificate_stands_beside_the_one_that_ran_out(box):
    made, about = somebody(box, "veterans")
    ask("veterans", about)
    today = clock.today().isoformat()
    box.change("veterans", made["number"], certificate_no="900000000001", issued_on=today)
    ask("veterans", about)
    assert only(about, "status.veteran").value["certificate_no"] == "900000000001"
    assert [one.state for one in history(about, "status.veteran")] == ["superseded", "current"]


def test_who_is_taken_off_the_list_is_not_on_it_any_more(box):
    made, about = somebody(box, "subsistence")
    ask("subsistence", about)
    box.remove("subsistence", made["number"])
    assert ask("subsistence", about) == "no_record"
    (found,) = held(about, "status.subsistence")
    assert found.absent


WRONG = [
    ("disability", {"grade": 5}),
    ("disability", {"grade": "2"}),
    ("disability", {"kind": "lazy"}),
    ("veterans", {"valid_to": "soon"}),
    ("veterans", {"certificate_no": ""}),
    ("subsistence", {"kind": "rich"}),
    ("students", {"stage": "kindergarten"}),
    ("military", {"serving": "yes"}),
    ("military", {"serving": 1.5}),
]


@pytest.mark.parametrize(("register", "change"), WRONG)
def test_a_record_of_another_form_is_refused_and_not_stored(box, register, change):
    made, about = somebody(box, register)
    box.change(register, made["number"], **change)
    assert ask(register, about) == "away"
    assert history(about, KIND[register]) == []


def test_a_record_about_somebody_else_is_refused():
    told = {"number": "1", "serving": True, "stated_on": "2026-01-01", "valid_to": "2027-12-31"}
    with pytest.raises(ExchangeAnswerRefused):
        statement.read("military", told, {"number": "2"}, "2026-11-23")


def test_every_register_is_described_and_belongs_to_a_unit_of_the_county(seeded):
    for code, source in SOURCES.items():
        assert f"`{code}`" in README
        assert unit.read(source.unit)["state"] == "active", code
    for code in STATUSES:
        assert unit.read(SOURCES[code].unit)["name"] == SOURCES[code].unit_zh
        assert f'"{code}"' in README
