"""Facts over time: what held on a day, as known at a moment; contradictions; disputes."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from bson import ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import clock
from backend.errors import NotFound
from models.audit.entry import AuditEntry
from models.registers import catalogue, fact, record, settle, timeline
from models.registers.fact import DisputeSettled, NotDisputable
from models.registers.fact_kind import KINDS, ValueWrong
from models.registers.source import SOURCES, TRUST_ORDER, giving
from models.registers.statement import Statement
from models.registers.subject import Subject
from tests.support.crowd import at_once
from tests.trust.registers_kit import ALL, ask, held, history, only, somebody

FIRST = date(2026, 1, 1)


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def address(text: str, since: str) -> Statement:
    return Statement("household.address", {"address": text}, "H1", valid_from=since, stated_on=since)


def household(told: Statement) -> list[Statement]:
    """Return an answer of the household register that says one thing, and of the rest that it has none."""
    lacking = [kind for kind in SOURCES["household"].gives if kind != told.kind]
    return [told, *(Statement(kind, valid_from=day(0), absent=True) for kind in lacking)]


def words(kind: str, value, *, whole: bool) -> str:
    return KINDS[kind].words(value, whole)


def moment(number: int):
    return clock.at(date(2026, 6, 1), number)


STATEMENTS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("甲乙丙丁戊")), min_size=1, max_size=7)


def said(statements: list[tuple[int, str]], on: int, known: int) -> str | None:
    """The plain meaning: of the statements known by then that reach the day, the latest counts."""
    counting = [value for start, value in statements[: known + 1] if start <= on]
    return counting[-1] if counting else None


class TestTimeline:
    @given(STATEMENTS)
    def test_on_every_day_as_known_at_every_moment_the_latest_statement_holds(self, statements):
        rows: list[dict] = []
        for number, (start, value) in enumerate(statements):
            for row in rows:
                if end := timeline.ending(row, day(start)):
                    row["ends"].append({"on": end, "known_at": moment(number)})
            rows.append({"valid_from": day(start), "known_from": moment(number), "ends": [], "value": value})
        for on in range(-1, 11):
            for known in range(-1, len(statements)):
                found = timeline.holding(rows, day(on), moment(known))
                assert [row["value"] for row in found] == [v for v in [said(statements, on, known)] if v]

    @settings(max_examples=25)
    @given(STATEMENTS)
    def test_the_store_gives_the_same(self, parts, statements):
        about, told = Subject(person=ObjectId()), []
        for number, (start, value) in enumerate(statements):
            unlike = f"{value}{number}"
            record.record(about, "household", household(address(unlike, day(start))), at=moment(number))
            told.append((start, unlike))
        for on in range(-1, 10, 2):
            for known in range(-1, len(told)):
                found = fact.as_of(about, "household.address", day(on), known_at=moment(known))
                assert [one.value["address"] for one in found] == [v for v in [said(told, on, known)] if v]
            now = fact.as_of(about, "household.address", day(on))
            assert [one.value["address"] for one in now] == [v for v in [said(told, on, len(told))] if v]

    def test_a_row_that_says_until_when_it_is_valid_ends_with_that_day(self, box):
        made, about = somebody(box, "residence")
        box.change("residence", made["number"], issued_on="2024-03-01", valid_to="2027-03-28")
        ask("residence", about)
        for on, there in (("2024-02-29", 0), ("2024-03-01", 1), ("2027-03-28", 1), ("2027-03-29", 0)):
            assert len(fact.as_of(about, "residence.permit", on)) == there

    def test_a_decision_is_replayed_as_it_was_known(self, box, shift_clock):
        made, about = somebody(box)
        ask("household", about)
        decided, decided_on = clock.now(), clock.today().isoformat()
        before = settle.settled(about, "household.address").value
        home = box.lookup(made["number"])["household"]
        shift_clock(3600)
        box.change("household", home["household_no"], address="于都县梓山镇更正后1号", changed_on=home["registered_on"])
        ask("household", about)
        assert settle.settled(about, "household.address", day=decided_on).value["address"] == "于都县梓山镇更正后1号"
        assert settle.settled(about, "household.address", day=decided_on, known_at=decided).value == before
        never = settle.settled(about, "household.address", known_at=decided - timedelta(days=1))
        assert (never.rule, never.value) == ("unknown", None)

    def test_two_answers_that_are_stored_at_once_leave_one_open_row(self, store):
        about = Subject(person=ObjectId())
        told = [address(text, day(3)) for text in "甲乙丙丁"]
        at_once([lambda one=one: record.record(about, "household", household(one), at=clock.now()) for one in told[:1]])
        at_once([lambda one=one: record.record(about, "household", household(one), at=clock.now()) for one in told])
        rows = history(about, "household.address")
        assert len([one for one in rows if one.row.get("open")]) == 1
        assert len(fact.as_of(about, "household.address", day(5))) == 1


class TestContradictions:
    def test_both_are_kept_and_the_authority_counts(self, box):
        made, about = somebody(box, "social_insurance")
        box.fault("contradicting", register="social_insurance")
        ask("social_insurance", about)
        alone = settle.settled(about, "person.birth_date")
        assert (alone.rule, alone.contradicted) == ("only_source", False)
        ask("household", about)
        found = settle.settled(about, "person.birth_date")
        assert found.value == {"birth": made["birth"]}
        assert (found.rule, found.contradicted) == ("more_trusted", True)
        assert [one.source for one in found.others] == ["social_insurance"]
        assert settle.settled(about, "person.name").rule == "agreed"

    def test_the_absence_of_a_record_does_not_overrule_a_record(self, box):
        made, about = somebody(box)
        box.change("people", made["number"], cancelled={"reason": "death", "on": "2026-05-04"})
        ask("household", about)
        ask("death", about)
        found = settle.settled(about, "death.date")
        assert (found.value, found.chosen[0].source) == ({"died_on": "2026-05-04"}, "household")
        assert [(one.source, one.absent) for one in found.others] == [("death", True)]

    def test_no_record_anywhere_is_told_apart_from_not_asked(self, box):
        _, about = somebody(box)
        assert settle.settled(about, "death.date").rule == "unknown"
        ask("death", about)
        assert settle.settled(about, "death.date").rule == "no_record"

    @pytest.mark.parametrize(
        ("ones", "chosen", "rule"),
        [
            ([("residence", "derived", "2026-01-02"), ("household", "authoritative", "2020-01-01")], 1, "more_trusted"),
            (
                [("residence", "derived", "2026-01-02"), ("social_insurance", "derived", "2026-01-03")],
                1,
                "stated_later",
            ),
            ([("social_insurance", "derived", None), ("residence", "derived", None)], 1, "source_order"),
            ([("residence", "derived", None), ("social_insurance", "derived", "2020-01-03")], 1, "stated_later"),
        ],
    )
    def test_the_rule_that_chooses_is_named(self, ones, chosen, rule):
        stated = [
            SimpleNamespace(source=source, trust=trust, stated_on=on, value={"birth": source}, absent=False)
            for source, trust, on in ones
        ]
        found = settle.choose("person.birth_date", stated)
        assert (found.chosen[0].source, found.rule, found.contradicted) == (ones[chosen][0], rule, True)
        assert rule in settle.RULE_ZH

    def test_values_are_alike_where_both_speak(self):
        assert settle.alike({"address": "甲", "town_code": "1"}, {"address": "甲"})
        assert not settle.alike({"address": "甲"}, {"address": "乙"})

    def test_all_certificates_count(self, box):
        _, about = somebody(box, "property", "property")
        ask("property", about)
        found = settle.settled(about, "property.certificate")
        assert (len(found.chosen), found.rule) == (2, "all")


class TestDisputes:
    @pytest.fixture
    def disputed(self, box):
        made, about = somebody(box)
        ask("household", about)
        found = fact.dispute(only(about, "household.address").id, about)
        return SimpleNamespace(made=made, about=about, id=found.id, value=dict(found.value))

    def test_a_disputed_fact_says_so_until_it_is_settled(self, disputed):
        assert only(disputed.about, "household.address").disputed
        assert settle.settled(disputed.about, "household.address").chosen[0].disputed
        assert fact.settle_dispute(disputed.id, "rejected").state == "current"
        assert not only(disputed.about, "household.address").disputed

    def test_disputing_again_changes_nothing(self, disputed):
        fact.dispute(disputed.id, disputed.about)
        assert len(fact.read(disputed.id).row["disputes"]) == 1

    def test_nobody_disputes_what_is_about_another(self, disputed):
        with pytest.raises(NotFound):
            fact.dispute(disputed.id, Subject(person=ObjectId()))

    def test_what_does_not_hold_any_more_is_not_disputed(self, disputed):
        fact.settle_dispute(disputed.id, "corrected", {"address": "于都县罗坳镇正确1号"})
        with pytest.raises(NotDisputable):
            fact.dispute(disputed.id, disputed.about)

    def test_a_correction_takes_the_place_and_the_wrong_value_counts_as_never_held(self, disputed, shift_clock):
        wrong_then = clock.now()
        shift_clock(60)
        right = fact.settle_dispute(disputed.id, "corrected", {"address": "于都县罗坳镇正确1号"}, by="staff:x")
        assert only(disputed.about, "household.address").id == right.id
        wrong = fact.read(disputed.id)
        assert (wrong.state, wrong.row["refuted"], wrong.value) == ("superseded", True, disputed.value)
        (since,) = fact.as_of(disputed.about, "household.address", wrong.valid_from)
        assert since.id == right.id
        (then,) = fact.as_of(disputed.about, "household.address", wrong.valid_from, known_at=wrong_then)
        assert (then.id, then.disputed) == (wrong.id, True)
        (entry,) = AuditEntry._get_collection().find({"object": f"fact:{disputed.id}"})
        assert (entry["action"], entry["actor"]) == ("fact.corrected", "staff:x")
        assert "罗坳" not in str(entry)

    def test_a_register_that_goes_on_saying_the_wrong_thing_is_not_believed_but_shown_as_lagging(self, disputed, box):
        right = fact.settle_dispute(disputed.id, "corrected", {"address": "于都县罗坳镇正确1号"})
        ask("household", disputed.about)
        ask("household", disputed.about)
        found = only(disputed.about, "household.address")
        assert (found.id, found.lagging) == (right.id, True)
        home = box.lookup(disputed.made["number"])["household"]["household_no"]
        box.change("household", home, address="于都县罗坳镇正确1号", changed_on="2026-11-02")
        ask("household", disputed.about)
        assert not only(disputed.about, "household.address").lagging

    def test_a_withdrawn_fact_is_nowhere_and_does_not_come_back(self, disputed):
        fact.settle_dispute(disputed.id, "withdrawn")
        assert held(disputed.about, "household.address") == []
        ask("household", disputed.about)
        assert held(disputed.about, "household.address") == []
        assert fact.read(disputed.id).state == "withdrawn"

    def test_settling_the_same_way_again_changes_nothing_and_another_way_is_refused(self, disputed):
        first = fact.settle_dispute(disputed.id, "rejected", by="staff:x")
        assert fact.settle_dispute(disputed.id, "rejected", by="staff:x").id == first.id
        assert AuditEntry._get_collection().count_documents({"object": f"fact:{disputed.id}"}) == 1
        with pytest.raises(DisputeSettled):
            fact.settle_dispute(disputed.id, "withdrawn")

    def test_without_a_dispute_there_is_nothing_to_settle(self, disputed):
        other = only(disputed.about, "household.members")
        with pytest.raises(DisputeSettled):
            fact.settle_dispute(other.id, "rejected")

    @pytest.mark.parametrize("value", [None, {}, {"address": ""}, {"address": 5}, {"address": "甲", "x": 1}, "甲"])
    def test_a_correction_that_is_no_value_is_refused(self, disputed, value):
        with pytest.raises(ValueWrong):
            fact.settle_dispute(disputed.id, "corrected", value)
        assert fact.read(disputed.id).disputed

    def test_a_register_that_changed_meanwhile_ends_the_dispute_of_the_old_value(self, disputed, box):
        home = box.lookup(disputed.made["number"])["household"]["household_no"]
        box.change("household", home, address="于都县梓山镇新址2号", changed_on="2026-11-01")
        ask("household", disputed.about)
        assert fact.read(disputed.id).state == "superseded"
        fact.settle_dispute(disputed.id, "corrected", {"address": "于都县罗坳镇正确1号"})
        assert only(disputed.about, "household.address").value["address"] == "于都县梓山镇新址2号"

    def test_of_many_that_settle_at_once_one_outcome_stands(self, disputed):
        outcomes = ["rejected", "withdrawn"] * 3

        def settling(outcome):
            try:
                fact.settle_dispute(disputed.id, outcome)
            except DisputeSettled:
                return None
            return outcome

        won = {one for one in at_once([lambda o=o: settling(o) for o in outcomes]) if one}
        assert len(won) == 1
        (dispute,) = fact.read(disputed.id).row["disputes"]
        assert dispute["outcome"] in won

    def test_a_dispute_survives_an_answer_that_says_the_same(self, disputed):
        ask("household", disputed.about)
        assert only(disputed.about, "household.address").disputed


class TestTables:
    def test_every_kind_has_a_source_and_every_source_only_kinds_that_are_known(self):
        given = {kind for source in SOURCES.values() for kind in source.gives}
        assert given == set(KINDS)
        for kind in KINDS:
            assert SOURCES[giving(kind)[0]].gives[kind] == "authoritative"

    def test_every_source_names_a_unit_and_a_question(self):
        units = {"public_security", "natural_resources", "market_supervision", "social_insurance_centre"}
        units |= {"civil_affairs", "veterans_affairs", "disabled_persons_federation"}
        assert {source.unit for source in SOURCES.values()} == units | {"education_sports", "armed_forces_department"}
        assert [code for code, source in SOURCES.items() if not source.asks_zh or not source.unit_zh] == []
        assert set(TRUST_ORDER) == {"authoritative", "derived", "declared"}

    def test_every_value_that_a_register_gives_has_the_shape_of_its_kind_and_words(self, box):
        _, about = somebody(box, *ALL, "death")
        seen = set()
        for source in SOURCES:
            ask(source, about)
        for kind in KINDS:
            for one in held(about, kind):
                if not one.absent:
                    assert catalogue.read(kind, dict(one.value)) == one.value
                    assert words(kind, one.value, whole=True)
                    seen.add(kind)
        missing = {f"social_insurance.{kind}" for kind in ("unemployment", "injury", "maternity")}
        assert set(KINDS) - seen == missing

    def test_words_leave_out_what_identifies_unless_the_reader_may_see_it_whole(self):
        home = {"address": "于都县贡江镇红旗居委会12号"}
        assert words("household.address", home, whole=True) == home["address"]
        assert "12号" not in words("household.address", home, whole=False)
        member = {"name": "王小明", "number": "1", "relation": "child"}
        for whole in (True, False):
            assert KINDS["household.members"].words({"members": [member]}, whole) == "共 1 人:王**(子女)"
        assert words("person.name", {"name": "王小明"}, whole=False) == "王**"
