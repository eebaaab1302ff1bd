"""A resident with the registers, over HTTP: matching, one's facts, asking again, being a child's guardian."""

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from backend import clock, errors
from models.registers import fact, once_only
from models.registers.fact_kind import KINDS
from models.registers.once_only import Ask, AskedForKnown, Prefilled
from models.registers.source import SOURCES, giving, under
from models.registers.subject import Subject
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.phone import Phone, resident_id
from tests.support.queues import drain
from tests.trust.registers_kit import ALL, ask, ask_all, held, only, somebody

NAME = "张三丰"


@pytest.fixture
def box(registers_box, store):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def matched(box, phone):
    """A phone whose person the household register knows."""
    box.person(number=phone.document, name=NAME, **{"with": ALL})
    assert phone.consent("facts").status_code == 204
    answer = phone.post("/mini/v1/person/match")
    assert (answer.status_code, answer.json) == (200, {"raised": True, "level": "matched"})
    return phone


def items(phone: Phone, kind: str) -> list[dict]:
    return [one for one in phone.get("/mini/v1/facts").json["items"] if one["kind"] == kind]


class TestMatching:
    def test_name_and_number_as_the_register_has_them_raise_the_level(self, matched):
        assert matched.get("/mini/v1/account").json["level"] == "matched"
        again = matched.post("/mini/v1/person/match")
        assert (again.status_code, again.json["raised"]) == (200, False)

    def test_width_and_blanks_of_a_name_do_not_count(self, box, phone):
        box.person(number=phone.document, name="张三 丰")
        phone.consent("facts")
        assert phone.post("/mini/v1/person/match").status_code == 200

    def test_another_name_is_refused_and_nothing_of_the_register_is_kept(self, box, phone):
        box.person(number=phone.document, name="李四")
        phone.consent("facts")
        answer = phone.post("/mini/v1/person/match")
        assert (answer.status_code, answer.json["code"]) == (422, "identity_not_matched")
        assert "李四" not in answer.text
        assert fact.Fact._get_collection().find_one({"_id": {"$exists": True}}, hint="_id_") is None
        assert phone.get("/mini/v1/account").json["level"] == "declared"

    def test_who_is_not_in_the_register_hears_the_same(self, box, phone):
        phone.consent("facts")
        assert phone.post("/mini/v1/person/match").json["code"] == "identity_not_matched"

    def test_who_died_by_the_register_is_not_matched(self, box, phone):
        made = box.person(number=phone.document, name=NAME)
        box.change("people", made["number"], cancelled={"reason": "death", "on": "2026-05-04"})
        phone.consent("facts")
        assert phone.post("/mini/v1/person/match").json["code"] == "identity_not_matched"

    def test_without_consent_no_register_is_asked(self, box, phone):
        assert phone.post("/mini/v1/person/match").status_code == 403
        assert box.call("/calls")["calls"] == {}

    def test_a_register_that_is_away_is_told_and_a_later_try_succeeds(self, box, phone):
        box.person(number=phone.document, name=NAME)
        phone.consent("facts")
        box.fault("error_500", count=1)
        answer = phone.post("/mini/v1/person/match")
        assert (answer.status_code, answer.json["code"]) == (502, "register_away")
        assert phone.post("/mini/v1/person/match").status_code == 200

    def test_tries_are_counted(self, box, phone):
        phone.consent("facts")
        codes = [phone.post("/mini/v1/person/match").status_code for _ in range(6)]
        assert codes == [422] * 5 + [429]


class TestFacts:
    def test_who_only_declared_themselves_sees_none(self, phone):
        answer = phone.get("/mini/v1/facts")
        assert (answer.status_code, answer.json["code"]) == (403, "level_needed")

    def test_each_fact_is_shown_with_source_and_dates(self, matched, box):
        (home,) = items(matched, "household.address")
        told = box.lookup(matched.document)["household"]
        assert (home["kind_zh"], home["source_zh"], home["unit_zh"]) == ("户籍地址", "户籍登记", "县公安局")
        assert home["stated_on"] == told["registered_on"]
        assert home["fetched_at"].startswith(clock.today().isoformat())
        assert home["fetched_at"].endswith("+08:00")
        assert (home["trust_zh"], home["state"], home["stale"]) == ("权威登记", "current", False)

    def test_a_match_shows_addresses_and_numbers_in_part_and_no_document_of_anybody(self, matched, box):
        matched.post("/mini/v1/facts/refresh")
        drain("affairs")
        text = matched.get("/mini/v1/facts").text
        told = box.lookup(matched.document)
        secrets = [matched.document, told["household"]["address"], told["property"][0]["certificate_no"]]
        assert [one for one in secrets if one in text] == []
        whole = told["household"]["address"]
        assert f"{whole[: max(3, len(whole) - 8)]}****" in text

    def test_who_was_seen_at_a_counter_reads_all_of_it(self, matched, box, counter):
        body = {"name": NAME, "document_kind": "resident_id", "document_number": matched.document}
        counter.verified(matched, body)
        (home,) = items(matched, "household.address")
        assert home["value_zh"] == box.lookup(matched.document)["household"]["address"]

    def test_refreshing_asks_all_registers_by_the_queue(self, matched, box):
        answer = matched.post("/mini/v1/facts/refresh")
        assert answer.status_code == 202
        assert {one["result"] for one in answer.json["items"]} == {"asking"}
        states = {one["code"]: one["state"] for one in matched.get("/mini/v1/facts").json["sources"]}
        assert {code for code, state in states.items() if state == "asking"} == set(under("facts"))
        assert drain("affairs") == len(under("facts"))
        states = {one["code"]: one["state"] for one in matched.get("/mini/v1/facts").json["sources"]}
        assert states == {
            **dict.fromkeys(SOURCES, "never_asked"),
            **dict.fromkeys(under("facts"), "answered"),
        }
        (pension,) = items(matched, "social_insurance.pension")
        assert "累计缴费" in pension["value_zh"]
        (dead,) = items(matched, "death.date")[-1:]
        assert (dead["absent"], dead["value_zh"]) == (True, "登记部门没有记录")

    def test_refreshing_is_limited_and_needs_the_consent(self, matched):
        codes = [matched.post("/mini/v1/facts/refresh").status_code for _ in range(7)]
        assert codes == [202] * 6 + [429]
        assert matched.call("DELETE", "/mini/v1/consents/facts").status_code == 204
        assert matched.post("/mini/v1/facts/refresh").status_code == 403

    def test_what_is_older_than_its_time_is_shown_as_stale_with_its_date(self, matched, box, shift_clock):
        fetched = items(matched, "household.address")[0]["fetched_at"]
        box.fault("error_500")
        ask("household", Subject(person=self.person_id(matched)))
        shift_clock(SOURCES["household"].fresh.total_seconds() + 10)
        matched.log_in()
        (home,) = items(matched, "household.address")
        assert (home["stale"], home["fetched_at"]) == (True, fetched)
        states = {one["code"]: one["state"] for one in matched.get("/mini/v1/facts").json["sources"]}
        assert states["household"] == "failed"

    def test_registers_that_disagree_are_both_shown_and_the_one_that_counts_is_marked(self, matched, box):
        box.fault("contradicting", register="social_insurance")
        ask("social_insurance", Subject(person=self.person_id(matched)))
        births = {one["source"]: one for one in items(matched, "person.birth_date")}
        assert set(births) == {"household", "social_insurance"}
        assert {source: one["chosen"] for source, one in births.items()} == {
            "household": True,
            "social_insurance": False,
        }
        assert all(one["contradicted"] and one["rule_zh"] == "以权威登记为准" for one in births.values())

    def test_a_disputed_fact_says_so(self, matched):
        (home,) = items(matched, "household.address")
        fact.dispute(ObjectId(home["id"]), Subject(person=self.person_id(matched)))
        (home,) = items(matched, "household.address")
        assert (home["state"], home["state_zh"]) == ("disputed", "有异议,核实中")

    def test_what_was_fetched_can_be_deleted_but_for_what_is_disputed(self, matched):
        person_id = self.person_id(matched)
        (home,) = items(matched, "household.address")
        fact.dispute(ObjectId(home["id"]), Subject(person=person_id))
        assert matched.call("DELETE", "/mini/v1/facts").status_code == 204
        left = matched.get("/mini/v1/facts").json
        assert [one["id"] for one in left["items"]] == [home["id"]]
        assert {one["state"] for one in left["sources"]} == {"never_asked"}
        fact.settle_dispute(ObjectId(home["id"]), "rejected")
        assert matched.call("DELETE", "/mini/v1/facts").status_code == 204
        assert matched.get("/mini/v1/facts").json["items"] == []

    def test_an_answer_that_is_on_its_way_is_not_stored_after_the_deletion(self, matched, box):
        about = Subject(person=self.person_id(matched))
        box.fault("slow", seconds=0.5, register="residence")
        asked = box.calls("residence")

        def delete():
            until(lambda: box.calls("residence") > asked, what="the question")
            return matched.twin(matched.client.application.test_client()).call("DELETE", "/mini/v1/facts").status_code

        assert at_once([lambda: ask("residence", about), delete]) == ["asking", 204]
        assert matched.get("/mini/v1/facts").json["items"] == []

    def test_nobody_sees_anothers(self, matched, client, sandbox, box):
        other = Phone(client, sandbox).ready()
        box.person(number=other.document, name=NAME)
        other.consent("facts")
        other.post("/mini/v1/person/match")
        mine = {one["id"] for one in matched.get("/mini/v1/facts").json["items"]}
        assert mine & {one["id"] for one in other.get("/mini/v1/facts").json["items"]} == set()

    @staticmethod
    def person_id(phone: Phone) -> ObjectId:
        return fact.Fact._get_collection().find_one({"kind": "person.name", "person": {"$ne": None}}, hint="_id_")[
            "person"
        ]


class TestGuardian:
    @pytest.fixture
    def family(self, box, phone):
        """The phone's person as head of a household with a child, who stands among the companions."""
        child = resident_id("20200801")
        parent = box.person(number=phone.document, name=NAME)
        box.change("people", child, number=child, name="张小满", birth="2020-08-01", sex="female")
        household = box.lookup(parent["number"])["household"]
        members = [*household["members"], {"number": child, "relation": "child"}]
        box.change("household", household["household_no"], members=members)
        phone.consent("facts")
        phone.consent("minor")
        assert phone.post("/mini/v1/person/match").status_code == 200
        body = {"name": "张小满", "document_kind": "resident_id", "document_number": child}
        added = phone.post("/mini/v1/companions", body)
        assert added.status_code == 201, added.json
        return {"child": added.json["id"], "household": household["household_no"], "members": members, "number": child}

    def test_a_parent_in_the_household_register_becomes_guardian(self, phone, family):
        answer = phone.post(f"/mini/v1/companions/{family['child']}/guardianship")
        assert (answer.status_code, answer.json["state"]) == (200, "active"), answer.json
        assert answer.json["until"].startswith("2034-08-01")
        again = phone.post(f"/mini/v1/companions/{family['child']}/guardianship")
        assert again.json["relation_id"] == answer.json["relation_id"]

    @pytest.mark.parametrize("relation", ["grandchild", "other", "sibling"])
    def test_who_stands_otherwise_in_the_household_does_not(self, phone, family, box, relation):
        members = [{**one, "relation": relation} if one["relation"] == "child" else one for one in family["members"]]
        box.change("household", family["household"], members=members, changed_on="2026-11-01")
        ask("household", Subject(person=TestFacts.person_id(phone)))
        answer = phone.post(f"/mini/v1/companions/{family['child']}/guardianship")
        assert (answer.status_code, answer.json["code"]) == (422, "guardian_not_in_register")

    def test_a_child_of_another_household_or_name_is_not_ones_own(self, phone, family, box):
        body = {"name": "张小满", "document_kind": "resident_id", "document_number": resident_id("20200802")}
        other = phone.post("/mini/v1/companions", body).json["id"]
        answer = phone.post(f"/mini/v1/companions/{other}/guardianship")
        assert (answer.status_code, answer.json["code"]) == (422, "guardian_not_in_register")
        box.change("people", family["number"], name="王小满")
        ask("household", Subject(person=TestFacts.person_id(phone)))
        answer = phone.post(f"/mini/v1/companions/{family['child']}/guardianship")
        assert answer.json["code"] == "guardian_not_in_register"

    def test_a_companion_of_nobody_is_not_found(self, phone, family):
        assert phone.post("/mini/v1/companions/ffffffffffff/guardianship").status_code == 404


class TestOnceOnly:
    WANTED = ("household.address", "property.certificate", "residence.permit", "shoe_size")

    def test_what_a_register_has_is_filled_in_and_the_rest_is_asked_with_the_reason(self, box):
        made, about = somebody(box, "property")
        home, owned, permit, shoes = once_only.prefill(about.person, self.WANTED, seconds=5)
        assert isinstance(home, Prefilled)
        assert home.value["address"] == box.lookup(made["number"])["household"]["address"]
        assert isinstance(owned, Prefilled)
        assert len(owned.value) == 1
        assert (permit, shoes) == (Ask("residence.permit", "no_record"), Ask("shoe_size", "no_register"))
        shown = once_only.shown(home)
        assert (shown["ask"], shown["facts"][0]["source_zh"]) == (False, "户籍登记")
        assert "请填写" in once_only.shown(permit)["reason_zh"]

    def test_a_register_that_is_away_is_the_reason_to_ask_and_what_was_known_is_used(self, box):
        _, about = somebody(box, "property")
        ask("household", about)
        box.fault("error_500")
        home, owned = once_only.prefill(about.person, self.WANTED[:2], seconds=3)
        assert isinstance(home, Prefilled)
        assert owned == Ask("property.certificate", "not_known")

    def test_what_is_much_too_old_does_not_spare_the_question(self, box, shift_clock):
        _, about = somebody(box, "property")
        ask("property", about)
        box.fault("error_500")
        shift_clock(SOURCES["property"].fresh.total_seconds() * 2)
        assert isinstance(once_only.prefill(about.person, ["property.certificate"])[0], Prefilled)
        shift_clock(SOURCES["property"].fresh.total_seconds() * once_only.STALE_AFTER + 60)
        assert once_only.prefill(about.person, ["property.certificate"]) == [Ask("property.certificate", "stale")]

    def test_a_disputed_fact_is_asked_for(self, box):
        _, about = somebody(box)
        ask("household", about)
        fact.dispute(only(about, "household.address").id, about)
        assert once_only.known(about, ["household.address"]) == [Ask("household.address", "disputed")]

    def test_registers_that_disagree_are_told(self, box):
        _, about = somebody(box, "social_insurance")
        box.fault("contradicting", register="social_insurance")
        (birth,) = once_only.prefill(about.person, ["person.birth_date"], seconds=5)
        assert (birth.contradicted, birth.rule) == (True, "more_trusted")

    def test_a_form_that_asks_for_what_a_register_has_is_told_which_and_where(self, box):
        _, about = somebody(box)
        ask_all(about)
        with pytest.raises(AskedForKnown) as refused:
            once_only.require_not_asked(about.person, ["household.address", "residence.permit", "shoe_size"])
        assert list(refused.value.fields) == ["household.address"]
        assert "县公安局户籍登记" in refused.value.fields["household.address"][0]
        once_only.require_not_asked(about.person, ["residence.permit", "shoe_size"])

    def test_the_design_of_a_form_is_told_as_well(self):
        once_only.require_askable({"household.address": True, "shoe_size": False})
        with pytest.raises(AskedForKnown) as refused:
            once_only.require_askable({"household.address": False, "shoe_size": False})
        assert list(refused.value.fields) == ["household.address"]
        assert issubclass(AskedForKnown, errors.Unprocessable)

    @given(st.dictionaries(st.sampled_from([*KINDS, "shoe_size", "hobby"]), st.booleans()))
    def test_no_form_may_always_ask_for_any_kind_that_has_a_register(self, fields):
        wrong = {kind for kind, only_if_missing in fields.items() if giving(kind) and not only_if_missing}
        if not wrong:
            once_only.require_askable(fields)
            return
        with pytest.raises(AskedForKnown) as refused:
            once_only.require_askable(fields)
        assert set(refused.value.fields) == wrong

    def test_an_expired_permit_is_asked_for(self, box):
        made, about = somebody(box, "residence")
        box.change("residence", made["number"], issued_on="2020-01-01", valid_to="2023-01-01")
        ask("residence", about)
        assert held(about, "residence.permit") == []
        assert isinstance(once_only.known(about, ["residence.permit"])[0], Ask)
