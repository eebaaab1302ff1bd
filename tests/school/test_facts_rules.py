"""What is known of a child and its guardians: each fact from the registers, with source and date, or why it is not."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from backend import clock
from models.registers import fact
from models.registers.subject import Subject
from models.rules.facts import Known, Missing
from models.school import child_facts, eligibility, register_words
from models.school.register_words import WHY_ZH
from tests.school import family_kit, ground
from tests.school.family_kit import EAST, WEST, family, with_grandparent

SECONDS = 20.0


@pytest.fixture
def in_round(box):
    return family_kit.begin()


def gather(in_round, made, **told):
    return child_facts.gather(in_round, made.child_id, made.parent_ids, seconds=SECONDS, **told)


def value(gathered, name, basis=None):
    found = gathered.for_basis(basis)[name]
    return found.value if isinstance(found, Known) else None


def basis(gathered, kind):
    return next(one for one in gathered.bases if one.kind == kind)


class TestHousehold:
    def test_a_child_with_its_parent_in_a_district_is_known_with_source_and_day(self, box, in_round):
        gathered = gather(in_round, family(box))
        told = gathered.facts["household.in_district"]
        assert (told.value, told.source, told.as_of) == (True, "县公安局户籍登记", clock.today().isoformat())
        assert value(gathered, "household.in_county") is True
        assert value(gathered, "household.with_guardian") is True
        assert value(gathered, "household.head_relation") == "child"

    def test_age_counts_on_the_rule_day(self, box, in_round):
        gathered = gather(in_round, family(box, born="20210831"))
        assert value(gathered, "child.birth_date") == date(2021, 8, 31)
        assert value(gathered, "child.age") == 6
        assert value(gather(in_round, family(box, born="20210901")), "child.age") == 5

    def test_a_child_that_the_register_does_not_know_is_of_elsewhere(self, box, in_round):
        made = family(box)
        box.remove("household", made.household)
        gathered = gather(in_round, made)
        assert [value(gathered, name) for name in ("household.in_county", "household.in_district")] == [False, False]
        assert gathered.bases == ()

    def test_a_register_that_is_away_leaves_it_missing_and_never_a_no(self, box, in_round):
        made = family(box)
        box.fault("error_500", register="household")
        gathered = gather(in_round, made)
        told = gathered.facts["household.in_county"]
        assert told == Missing(WHY_ZH["no_answer"], "县公安局")
        assert gathered.why_missing["household.in_county"] == "no_answer"

    def test_another_birth_date_in_the_register_leaves_the_age_open(self, box, in_round):
        made = family(box)
        box.change("people", made.child["number"], birth="2020-03-05")
        gathered = gather(in_round, made)
        assert gathered.why_missing["child.age"] == "contradicted"
        assert isinstance(gathered.facts["child.birth_date"], Missing)

    def test_what_is_stored_serves_without_asking(self, box, in_round):
        made = family(box)
        nothing = gather(in_round, made, ask=False)
        assert nothing.why_missing["household.in_county"] == "not_asked"
        gather(in_round, made)
        before = box.call("/calls")["calls"]
        assert value(gather(in_round, made, ask=False), "household.in_county") is True
        assert box.call("/calls")["calls"] == before


class TestProperty:
    def test_a_home_in_the_district_counts_with_usage_and_share(self, box, in_round):
        gathered = gather(in_round, family(box, home=EAST))
        names = ("property.in_district", "property.residential", "property.family_share")
        assert [value(gathered, name) for name in names] == [True, True, 1]

    def test_shares_of_parents_and_child_add_up_and_those_of_others_do_not(self, box, in_round):
        made = family(box, parents=2)
        stranger = box.person()
        mother, child = made.parents[1], made.child
        made.owns(made.parents[0], EAST, share="1/4", also=[(mother, "1/4"), (child, "1/10"), (stranger, "2/5")])
        assert value(gather(in_round, made), "property.family_share") == Fraction(3, 5)

    def test_one_certificate_of_two_owners_is_one_basis(self, box, in_round):
        made = family(box, parents=2)
        made.owns(made.parents[0], EAST, share="1/2", also=[(made.parents[1], "1/2")])
        assert [one.kind for one in gather(in_round, made).bases] == ["household", "property"]

    def test_no_property_anywhere_is_a_no_and_a_register_that_is_away_is_not(self, box, in_round):
        assert value(gather(in_round, family(box)), "property.in_district") is False
        box.fault("error_500", register="property")
        assert gather(in_round, family(box)).why_missing["property.in_district"] == "no_answer"

    def test_a_shop_is_named_as_one(self, box, in_round):
        made = family(box)
        made.owns(made.parents[0], EAST, usage="commercial")
        assert value(gather(in_round, made), "property.residential") is False

    def test_of_two_properties_the_home_counts(self, box, in_round):
        made = family(box)
        made.owns(made.parents[0], EAST, usage="commercial")
        made.owns(made.parents[0], EAST, share="3/5", also=[(box.person(), "2/5")])
        gathered = gather(in_round, made)
        assert value(gathered, "property.residential") is True
        assert value(gathered, "property.family_share") == Fraction(3, 5)

    def test_facts_follow_the_basis_that_the_family_chose(self, box, in_round):
        gathered = gather(in_round, family(box, home=WEST))
        home, house = basis(gathered, "household"), basis(gathered, "property")
        assert (home.located.schools, house.located.schools) == (("s_east",), ("s_west", "s_both"))
        assert value(gathered, "household.in_district", home) is True
        assert value(gathered, "property.in_district", home) is False
        assert value(gathered, "household.in_district", house) is False
        assert value(gathered, "property.in_district", house) is True

    def test_a_place_that_no_district_names_is_for_a_person_to_decide(self, box, in_round):
        gathered = gather(in_round, family(box, village="360731100199"))
        assert gathered.why_missing["household.in_district"] == "near_border"
        assert value(gathered, "household.in_county") is True

    def test_a_household_outside_of_every_district_is_known_to_be_so(self, box, in_round):
        ground.house("荒山路", "1", -500, 500)
        made = family(box, village="360731100199", home=WEST)
        box.change("household", made.household, address="于都县荒山路1号")
        gathered = gather(in_round, made)
        assert value(gathered, "household.in_district") is False
        house = basis(gathered, "property")
        assert value(gathered, "household.in_district", house) is False
        judged = eligibility.judge(in_round, gathered, house)
        assert (judged.tier, "household.in_district" in judged.missing) == (3, False)

    def test_a_household_just_outside_of_a_border_stays_open(self, box, in_round):
        ground.house("荒山路", "2", -15, 500)
        made = family(box, village="360731100199", home=WEST)
        box.change("household", made.household, address="于都县荒山路2号")
        assert gather(in_round, made).why_missing["household.in_district"] == "near_border"

    def test_the_key_of_a_basis_names_its_number_blindly(self, box, in_round):
        made = family(box, home=EAST)
        first, again = (basis(gather(in_round, made), "property") for _ in range(2))
        assert first.key == again.key
        assert len(first.key) == 64
        assert made.certificate not in first.key
        assert made.certificate not in repr(first)

    def test_a_grandparents_home_of_the_same_household_counts(self, box, in_round):
        made = with_grandparent(box)
        assert value(gather(in_round, made), "property.grandparents_in_district") is False
        made = with_grandparent(box)
        made.owns(made.elders[0], EAST)
        assert value(gather(in_round, made), "property.grandparents_in_district") is True
        assert value(gather(in_round, made), "household.head_relation") == "grandchild"


class TestGuardians:
    def test_a_permit_in_the_district_counts_and_one_that_ran_out_does_not(self, box, in_round):
        made = family(box)
        made.permit(EAST)
        gathered = gather(in_round, made)
        assert [value(gathered, name) for name in ("residence.permit", "residence.in_district")] == [True, True]
        assert basis(gathered, "residence").located.schools == ("s_east",)
        late = family(box)
        late.permit(EAST, valid_to="2026-01-01")
        assert value(gather(in_round, late), "residence.permit") is not True

    def test_of_two_parents_the_greatest_months_that_are_being_paid_count(self, box, in_round):
        made = family(box, parents=2)
        made.insured(7, parent=0)
        made.insured(80, status="paused", parent=1)
        assert value(gather(in_round, made), "insurance.months") == 7

    def test_months_are_missing_while_one_parents_register_is_away(self, box, in_round):
        made = family(box, parents=2)
        made.insured(7)
        box.fault("error_500", register="social_insurance", number=made.parents[1]["number"])
        assert gather(in_round, made).why_missing["insurance.months"] == "no_answer"

    def test_nobody_insured_is_nought(self, box, in_round):
        assert value(gather(in_round, family(box)), "insurance.months") == 0

    def test_a_firm_counts_while_it_operates(self, box, in_round):
        made = family(box)
        owner = made.parents[0]
        code = box.person(**{"with": ["business"]})
        (firm,) = box.lookup(code["number"])["business"]
        legal = {"name": owner["name"], "number": owner["number"]}
        box.change("business", firm["credit_code"], legal_person=legal)
        assert value(gather(in_round, made), "business.operating") is True
        stopped = family(box)
        legal = {"name": stopped.parents[0]["name"], "number": stopped.parents[0]["number"]}
        box.change("business", firm["credit_code"], legal_person=legal, status="suspended")
        assert value(gather(in_round, stopped), "business.operating") is False

    def test_a_status_that_no_register_here_has_is_unknown(self, box, in_round):
        gathered = gather(in_round, family(box))
        assert gathered.why_missing["guardian.veteran"] == "no_record"
        assert gathered.why_missing["child.disability"] == "no_record"
        assert gathered.why_missing["sibling.enrolled"] == "no_register"

    def test_without_a_guardian_what_is_theirs_is_missing(self, box, in_round):
        made = family(box)
        gathered = child_facts.gather(in_round, made.child_id, [], seconds=SECONDS)
        assert gathered.why_missing["insurance.months"] == "no_guardian"


class TestDoubts:
    def test_a_disputed_household_counts_as_missing_and_shows_as_disputed(self, box, in_round):
        made = family(box)
        gathered = gather(in_round, made)
        (row,) = [one for one in gathered.shown if one["kind"] == "household.address"]
        home = basis(gathered, "household")
        fact.dispute(home.fact_id, Subject(person=made.child_id))
        after = gather(in_round, made)
        assert after.why_missing["household.in_district"] == "disputed"
        assert after.bases == ()
        (now,) = [one for one in after.shown if one["kind"] == "household.address"]
        assert (row["state"], now["state"], now["disputable"]) == ("current", "disputed", False)

    def test_a_disputed_certificate_does_not_spoil_another_one(self, box, in_round):
        made = family(box, home=EAST)
        made.owns(made.parents[0], WEST)
        gathered = gather(in_round, made)
        east = next(one for one in gathered.bases if one.kind == "property" and one.village == EAST)
        fact.dispute(east.fact_id, Subject(person=made.parent_ids[0]))
        after = gather(in_round, made)
        assert value(after, "property.in_district") is True
        assert [one.village for one in after.bases if one.kind == "property"] == [WEST]
        assert value(after, "property.in_district", basis(after, "property")) is True

    def test_an_answer_that_is_too_old_proves_nothing(self, box, in_round, shift_clock):
        made = family(box, home=EAST)
        gather(in_round, made)
        shift_clock(timedelta(days=4).total_seconds())
        assert gather(in_round, made, ask=False).why_missing["property.in_district"] == "stale"

    def test_every_reason_has_words(self):
        reasons = {"not_asked", "disputed", "no_register", "no_guardian", "near_border", "by_hand", "two_households"}
        assert reasons <= register_words.WHY_ZH.keys()


class TestRows:
    def test_rows_carry_source_date_and_state_and_no_number_or_address_whole(self, box, in_round):
        made = family(box, parents=2, home=EAST)
        rows = gather(in_round, made).shown
        home = next(one for one in rows if one["kind"] == "household.address")
        assert (home["source_zh"], home["date"], home["about"]) == ("户籍登记", "2022-01-01", "child")
        text = str(rows)
        secrets = [made.certificate, made.child["number"], made.parents[0]["name"], made.parents[1]["number"]]
        assert [one for one in secrets if one in text] == []

    def test_a_viewer_reads_whole_and_disputes_only_what_is_theirs_and_the_childs(self, box, in_round):
        made = family(box, parents=2, home=EAST)
        made.owns(made.parents[1], WEST)
        gathered = gather(in_round, made)
        me, other = made.parent_ids
        rows = gathered.rows_for(me, whole=True)
        mine = next(one for one in rows if one["person"] == str(me) and one["kind"] == "property.certificate")
        theirs = next(one for one in rows if one["person"] == str(other) and one["kind"] == "property.certificate")
        assert made.certificate in mine["words_zh"]
        assert "*" in theirs["words_zh"]
        assert (mine["disputable"], theirs["disputable"]) == (True, False)
        assert mine["about_zh"] == "监护人(您本人)"
        assert all(one["disputable"] for one in rows if one["about"] == "child" and one["state"] == "current")


class TestRules:
    def judge(self, in_round, made, kind=None, **told):
        gathered = gather(in_round, made)
        return eligibility.judge(in_round, gathered, basis(gathered, kind) if kind else None, told=told.get("told"))

    def test_household_and_home_in_one_district_come_first_by_their_article(self, box, in_round):
        judged = self.judge(in_round, family(box, home=EAST), "household")
        assert (judged.eligible, judged.tier, judged.priority) == ("yes", 1, 9)
        assert judged.rule_numbers == ("第1条", "第2条", "第3条", "第12条")
        assert judged.missing == ()

    def test_a_grandparents_home_is_the_second(self, box, in_round):
        made = with_grandparent(box)
        made.owns(made.elders[0], EAST)
        judged = self.judge(in_round, made, "household")
        assert (judged.tier, "第4条" in judged.rule_numbers) == (2, True)

    def test_a_home_without_the_household_is_the_third(self, box, in_round):
        assert self.judge(in_round, family(box, home=WEST), "property").tier == 3

    def test_who_is_too_young_may_not_apply_and_the_article_says_so(self, box, in_round):
        judged = self.judge(in_round, family(box, born="20210901", home=EAST), "household")
        assert (judged.eligible, judged.rule_numbers) == ("no", ("第1条",))

    def test_a_missing_fact_leaves_the_tier_open_and_is_named(self, box, in_round):
        made = family(box)
        box.fault("error_500", register="property")
        judged = self.judge(in_round, made, "household")
        assert (judged.eligible, judged.tier) == ("yes", None)
        assert "property.in_district" in judged.missing

    def test_what_a_reviewer_confirmed_counts_over_the_registers(self, box, in_round):
        made = family(box)
        told = {"property.in_district": True, "property.residential": True, "property.family_share": 1}
        judged = self.judge(in_round, made, "household", told=told)
        assert judged.tier == 1
        kept = next(one for one in judged.records()[1]["facts"] if one["name"] == "property.in_district")
        assert (kept["value"], kept["source"]) == (True, "人工核验")

    def test_a_priority_is_given_on_what_is_proven_alone(self, box, in_round):
        made = family(box, home=EAST)
        assert self.judge(in_round, made, "household", told={"child.looked_after": True}).priority == 1
        assert self.judge(in_round, made, "household").priority == 9

    def test_a_record_makes_the_decision_again(self, box, in_round):
        judged = self.judge(in_round, family(box, home=EAST), "household")
        assert [one["rule"] for one in judged.records()] == list(in_round["rules"].values())
        assert judged.versions == tuple(f"{one}:1" for one in in_round["rules"].values())
