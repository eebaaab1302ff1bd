"""Paragraph 3, Entitlements: each concession verified, to be inspected, refused or unknown, and why."""

import calendar
from datetime import date, timedelta

import pytest
from bson import ObjectId
from mongoengine.connection import get_db

from backend import clock
from backend.errors import NotFound
from models.affairs import dispute
from models.identity import account, consent
from models.onecard import concession, entitlement, facts_for, register_answers
from models.onecard.concession import ConcessionUnknown
from models.registers import fetch
from models.registers.source import SOURCES, under
from models.registers.subject import Subject
from models.rules import evaluate, rule_set
from models.rules.rule_set import RuleSet
from tests.onecard.entitlement_kit import NAME, OF_REGISTER, PATH, STATUSES, Holder
from tests.support import queues
from tests.support.counter import in_days, resident
from tests.support.crowd import at_once
from tests.support.patience import until
from tests.support.phone import person as somebody
from tests.trust import conftest as trust

admin, counter = trust.admin, trust.counter


@pytest.fixture
def box(registers_box, seeded):
    registers_box.forget()
    yield registers_box
    registers_box.clear()


@pytest.fixture
def holder(client, sandbox, box):
    def make(*registers, **options) -> Holder:
        return Holder(client, sandbox, box, *registers, **options)

    return make


def rows(**query) -> list[dict]:
    return list(get_db().facts.find(query).hint("_id_"))


# What the phone shows


def test_who_only_declared_themselves_is_asked_to_prove_more(phone):
    answer = phone.get(PATH)
    assert (answer.status_code, answer.json["code"]) == (403, "level_needed")


def test_every_concession_is_listed_with_state_reason_rule_basis_and_facts(holder):
    listed = holder(*STATUSES, birth="19500101").listed()
    assert set(listed) == {one["code"] for one in concession.stored()}
    assert {one["state"] for one in listed.values()} == {"verified"}
    for one in listed.values():
        assert one["state_zh"] == "已核实"
        assert one["why_zh"].startswith("符合“")
        assert "依据:" in one["why_zh"]
        assert one["rule_zh"]
        assert one["basis_zh"]
        assert "document" not in one
    (used,) = listed["veteran"]["facts"]
    assert (used["known"], used["source_zh"]) == (True, "县退役军人事务局退役军人优待证登记")
    assert used["as_of"] == clock.today().isoformat()


def test_the_age_decides_at_sixty_five_and_not_at_sixty(holder):
    today = clock.today()
    day_before = today.replace(year=today.year - 65) + timedelta(days=1)
    listed = holder(birth=f"{day_before:%Y%m%d}").listed()
    states = {code: listed[code]["state"] for code in ("senior_65_scenic", "senior_65_bus", "senior_60_culture")}
    assert states == {"senior_65_scenic": "refused", "senior_65_bus": "refused", "senior_60_culture": "verified"}
    assert listed["senior_65_scenic"]["rule_zh"] == "年龄(周岁)不低于老年人免费优待年龄(65)"
    assert "不满足“年龄(周岁)不低于老年人免费优待年龄(65)”" in listed["senior_65_scenic"]["why_zh"]
    birthday = today.replace(year=today.year - 65)
    assert holder(birth=f"{birthday:%Y%m%d}").shown("senior_65_scenic")["state"] == "verified"


def test_the_values_of_facts_are_not_repeated(holder):
    elder = holder(*STATUSES, birth="19500101")
    text = elder.phone.get(PATH).text
    told = elder.box.lookup(elder.number)
    secrets = [elder.number, NAME, "1950-01-01", told["veterans"]["certificate_no"], told["students"]["school"]]
    assert [one for one in secrets if one in text] == []


def test_without_consent_no_register_is_asked_and_the_document_counts(holder):
    veteran = holder("veterans", consents=False)
    answer = veteran.phone.get(PATH).json
    one = next(one for one in answer["items"] if one["concession"] == "veteran")
    assert (one["state"], one["document"], one["document_zh"]) == ("to_inspect", "veteran_card", "退役军人优待证")
    assert "尚未同意" in one["why_zh"]
    assert answer["consents_missing"] == ["entitlements", "facts"]
    assert veteran.box.call("/calls")["calls"] == {}


def test_the_consent_to_ask_for_other_matters_does_not_cover_what_one_is_by_law(holder):
    veteran = holder(*STATUSES, consents=False).consent("facts")
    veteran.listed()
    assert [one for one in STATUSES if veteran.box.calls(one)] == []
    veteran.phone.post("/mini/v1/facts/refresh")
    queues.drain("affairs")
    assert [one for one in STATUSES if veteran.box.calls(one)] == []
    assert veteran.box.calls("household") == 2
    veteran.consent("entitlements").phone.post("/mini/v1/facts/refresh")
    queues.drain("affairs")
    assert [one for one in STATUSES if not veteran.box.calls(one)] == []


def test_taking_the_consent_back_forgets_what_was_said_under_it_and_nothing_else(holder):
    veteran = holder(*STATUSES)
    assert veteran.shown("veteran")["state"] == "verified"
    assert {one["source"] for one in rows(person=veteran.id)} == {*STATUSES, "household", "residence"}
    assert veteran.phone.call("DELETE", "/mini/v1/consents/entitlements").status_code == 204
    queues.drain("affairs")
    assert {one["source"] for one in rows(person=veteran.id)} == {"household", "residence"}
    assert veteran.shown("veteran")["state"] == "to_inspect"
    veteran.phone.call("DELETE", "/mini/v1/consents/facts")
    queues.drain("affairs")
    assert rows(person=veteran.id) == []


def test_the_consent_of_a_declared_account_counts_for_nobody(client, sandbox, box):
    told = somebody(NAME)
    thief, owner = (resident(client, sandbox, told) for _ in range(2))
    person_id = account.authenticate(owner.token).document["person"]
    thief.consent("entitlements")
    assert not consent.holds(person_id, "entitlements")
    owner.sure()
    assert not consent.holds(person_id, "entitlements")
    owner.consent("entitlements")
    assert consent.holds(person_id, "entitlements")


# What registers do


@pytest.mark.parametrize(("code", "register"), OF_REGISTER.items(), ids=OF_REGISTER)
@pytest.mark.parametrize("fault", ["error_500", "garbage", "wrong_signature", "other_person"])
def test_a_register_that_fails_leaves_it_unknown_and_names_whose_system_it_is(holder, code, register, fault):
    one = holder(register)
    one.box.fault(fault, register=register)
    told = one.asked(code)
    assert (told.state, told.granted) == ("unknown", True)
    assert told.document == concession.on(code, clock.today()).document
    assert "没有响应" in told.why_zh
    one.box.clear()
    assert one.asked(code).state == "verified"


def test_a_slow_register_does_not_hold_up_the_screen_and_answers_by_the_queue(holder):
    veteran = holder("veterans")
    veteran.box.fault("slow", register="veterans", seconds=2.0, count=1)
    assert veteran.asked("veteran", seconds=0.4).state == "unknown"
    assert veteran.asked("veteran", seconds=0.0).state == "unknown"
    assert queues.drain("affairs") == 1
    assert veteran.asked("veteran", seconds=0.0).state == "verified"


def test_a_register_without_a_record_refuses_nobody_who_may_be_of_another_county(holder):
    one = holder("veterans")
    one.box.fault("missing", register="veterans")
    told = one.asked("veteran")
    assert (told.state, told.document) == ("to_inspect", "veteran_card")
    assert "没有记录" in told.why_zh
    assert told.decision["outcome"] == "unknown"


def test_a_record_under_another_birth_date_is_not_believed_and_not_kept(holder):
    one = holder("veterans")
    one.box.fault("contradicting", register="veterans")
    for _ in range(2):
        told = one.asked("veteran")
        assert (told.state, told.document) == ("to_inspect", "veteran_card")
        assert "不一致" in told.why_zh
    assert rows(person=one.id, source="veterans") == []


def test_a_record_under_another_name_is_not_believed(holder):
    one = holder("students")
    one.box.change("people", one.number, name="李四")
    assert one.asked("student").state == "to_inspect"
    assert rows(person=one.id, source="students") == []


def test_what_was_known_counts_for_a_while_when_the_register_goes_away(holder, shift_clock):
    one = holder("disability")
    assert one.asked("disabled").state == "verified"
    fresh = SOURCES["disability"].fresh.total_seconds()
    one.box.fault("error_500", register="disability")
    shift_clock(fresh + 60)
    assert one.asked("disabled").state == "verified"
    shift_clock(fresh * register_answers.STALE_AFTER + 60)
    told = one.asked("disabled")
    assert (told.state, "已过期" in told.why_zh) == ("unknown", True)


def test_a_household_register_that_says_another_birth_date_leaves_the_age_to_the_card(holder):
    elder = holder(birth="19500101")
    assert elder.asked("senior_65_scenic").state == "verified"
    elder.box.fault("contradicting", register="household")
    fetch.ask("household", Subject(person=elder.id), seconds=5.0)
    told = elder.asked("senior_65_scenic")
    assert (told.state, told.document, told.why) == ("to_inspect", "resident_id", {"person.age": "contradicted"})


def test_many_screens_at_once_ask_a_register_once(holder):
    veteran = holder("veterans")
    veteran.box.fault("slow", register="veterans", seconds=0.3)
    states = [one.state for one in at_once([lambda: veteran.asked("veteran") for _ in range(8)])]
    assert set(states) <= {"verified", "unknown"}
    assert "verified" in states
    assert veteran.box.calls("veterans") == 1
    assert veteran.asked("veteran", seconds=0.0).state == "verified"


# Days


def test_a_certificate_that_ran_out_is_refused_once_the_register_says_so(holder):
    veteran = holder("veterans")
    last = clock.today() - timedelta(days=10)
    veteran.change("veterans", valid_to=last.isoformat())
    told = veteran.asked("veteran")
    assert (told.state, told.document) == ("refused", "")
    assert "不满足“持有效的退役军人优待证”" in told.why_zh


def test_a_certificate_that_runs_out_before_the_visit_is_looked_at(holder):
    veteran = holder("veterans")
    veteran.change("veterans", valid_to=in_days(5))
    assert veteran.asked("veteran", day=clock.today() + timedelta(days=5)).state == "verified"
    later = veteran.asked("veteran", day=clock.today() + timedelta(days=6))
    assert (later.state, later.why) == ("to_inspect", {"status.veteran": "not_renewed"})


def test_subsistence_is_reviewed_every_month_so_that_next_month_is_open(holder):
    one, today = holder("subsistence"), clock.today()
    last = date(today.year, today.month, calendar.monthrange(today.year, today.month)[1])
    assert one.asked("subsistence", day=last).state == "verified"
    assert one.asked("subsistence", day=last + timedelta(days=1)).state == "to_inspect"


def test_who_left_the_forces_is_refused(holder):
    soldier = holder("military")
    assert soldier.asked("serving_military").state == "verified"
    other = holder("military")
    other.change("military", serving=False)
    assert other.asked("serving_military").state == "refused"


def test_the_version_of_the_day_decides_and_what_is_not_in_force_is_refused(holder):
    elder = holder(birth="19500101")
    first = next(one for one in concession.stored() if one["code"] == "senior_65_scenic")
    ends, begins = clock.today() + timedelta(days=9), clock.today() + timedelta(days=10)
    concession.put({**without_id(first), "valid_to": ends.isoformat()})
    changed = {"version": 2, "document": "veteran_card", "rule": "concession_veteran", "facts": ["status.veteran"]}
    concession.put({**without_id(first), **changed, "valid_from": begins.isoformat()})
    assert [elder.asked("senior_65_scenic", day=day).version for day in (ends, begins)] == [1, 2]
    assert elder.asked("senior_65_scenic", day=begins).document == "veteran_card"
    early = elder.asked("senior_65_scenic", day=date(2018, 12, 11))
    assert (early.state, early.decision) == ("refused", {})
    assert "不适用" in early.why_zh


def without_id(found: dict) -> dict:
    return {name: value for name, value in found.items() if name != "_id"}


def test_a_concession_of_some_places_is_refused_elsewhere(holder):
    elder = holder(birth="19500101")
    assert elder.asked("senior_60_culture", at="theatre").state == "verified"
    assert elder.asked("senior_60_culture", at="pingshan").state == "refused"
    assert elder.asked("senior_60_culture").state == "verified"


def test_a_concession_whose_rule_is_not_in_force_is_left_to_a_clerk(holder):
    elder = holder(birth="19500101")
    RuleSet._get_collection().update_one({"_id": "scenic_free_senior:1"}, {"$set": {"state": "draft"}})
    told = elder.asked("senior_65_scenic")
    assert (told.state, told.document) == ("unknown", "resident_id")


def test_what_is_no_concession_and_nobody_is_not_found(holder):
    with pytest.raises(ConcessionUnknown):
        holder().asked("free_beer")
    with pytest.raises(NotFound):
        entitlement.entitled(ObjectId(), "senior_65_scenic", day=clock.today())


# Residents of the county


def test_who_stands_in_a_household_of_the_county_is_a_resident(holder):
    assert holder().asked("county_resident").state == "verified"


def test_who_holds_a_permit_is_a_resident_and_who_stands_in_neither_register_is_not(holder):
    one = holder("residence")
    one.box.fault("missing", register="household")
    assert one.asked("county_resident").state == "verified"
    other = holder()
    told = other.asked("county_resident")
    assert told.state == "refused"


def test_while_one_of_both_registers_is_away_nobody_is_refused(holder):
    one = holder()
    one.box.fault("missing", register="household")
    one.box.fault("error_500", register="residence")
    told = one.asked("county_resident")
    assert (told.state, told.document) == ("unknown", "household_or_permit")


# Disputes and doubts


def test_what_is_disputed_refuses_nobody_and_proves_nothing(holder):
    veteran = holder("veterans")
    veteran.change("veterans", valid_to=(clock.today() - timedelta(days=10)).isoformat())
    assert veteran.asked("veteran").state == "refused"
    (row,) = rows(person=veteran.id, kind="status.veteran")
    actor = account.authenticate(veteran.phone.token)
    dispute.dispute(actor, row["_id"], "证件已换发")
    told = veteran.asked("veteran")
    assert (told.state, told.document, told.why) == ("to_inspect", "veteran_card", {"status.veteran": "disputed"})


def test_of_somebody_who_is_only_declared_the_age_is_judged_and_the_card_looked_at(holder):
    elder = holder("veterans", birth="19500101")
    told = elder.asked("senior_65_scenic", sure=False)
    assert (told.state, told.document, told.declared) == ("to_inspect", "resident_id", ("person.age",))
    other = elder.asked("veteran", sure=False)
    assert (other.state, other.why) == ("to_inspect", {"status.veteran": "not_asked"})
    assert elder.box.calls("veterans") == 0
    assert holder(birth="19900101").asked("senior_65_scenic", sure=False).state == "refused"


def test_a_sure_question_about_a_declared_person_is_not_believed(box, client, sandbox):
    told = somebody(NAME, "19500101")
    box.person(number=told["document_number"], name=NAME, **{"with": ["veterans"]})
    declared = resident(client, sandbox, told)
    person_id = account.authenticate(declared.token).document["person"]
    for code in ("senior_65_scenic", "veteran"):
        assert entitlement.entitled(person_id, code, day=clock.today(), sure=True).state == "to_inspect"
    assert box.calls("veterans") == 0


def test_a_person_without_a_phone_is_entitled_by_the_age_that_a_clerk_saw(box, counter):
    person_id = counter.registered(birth="19400101")
    told = entitlement.entitled(ObjectId(person_id), "senior_65_bus", day=clock.today())
    assert (told.state, told.document) == ("verified", "")
    assert entitlement.entitled(ObjectId(person_id), "veteran", day=clock.today()).why == {
        "status.veteran": "no_consent"
    }


# Helpers


def helped(counter, elder: Holder, client, sandbox, scope: list[str]) -> tuple[Holder, dict[str, str]]:
    """Return a helper's phone and the header with which it acts for the elder."""
    body = somebody("李明")
    phone = resident(client, sandbox)
    agent = counter.verified(phone, body)
    terms = {"scope": scope, "last_day": in_days(30), "present": str(elder.id)}
    answer = counter.relate("helper", str(elder.id), agent, **terms)
    assert answer.status_code == 201, answer.json
    return phone, {"Acting-For": answer.json["id"]}


def test_a_helper_with_the_scope_sees_them_and_the_helped_person_sees_who_looked(holder, counter, client, sandbox):
    elder = holder("veterans", birth="19500101")
    counter.registered({**somebody(NAME, "19500101"), "document_number": elder.number})
    phone, header = helped(counter, elder, client, sandbox, ["card"])
    items = phone.get(PATH, **header).json["items"]
    states = {one["concession"]: one["state"] for one in items}
    assert (states["senior_65_scenic"], states["veteran"]) == ("verified", "verified")
    looks = elder.phone.get("/mini/v1/access-lines").json["items"]
    assert any("优待资格" in str(one) for one in looks)


def test_a_helper_for_other_matters_does_not(holder, counter, client, sandbox):
    elder = holder(birth="19500101")
    counter.registered({**somebody(NAME, "19500101"), "document_number": elder.number})
    phone, header = helped(counter, elder, client, sandbox, ["book"])
    answer = phone.get(PATH, **header)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


# The record


def test_a_record_says_the_same_again_two_rule_versions_later(holder):
    elder = holder("veterans", birth="19500101")
    before = [elder.asked(code) for code in ("senior_65_scenic", "veteran", "student", "senior_60_culture")]
    RuleSet._get_collection().delete_many({"_id": {"$gt": ""}})
    get_db().facts.delete_many({"_id": {"$gt": ObjectId("0" * 24)}})
    for told in before:
        again = entitlement.replay(told.record())
        assert again == told
        assert evaluate.replay(told.decision).outcome == told.decision["outcome"]


def test_a_record_that_says_another_state_than_its_rule_is_refused(holder):
    record = holder(birth="19500101").asked("senior_65_scenic").record()
    with pytest.raises(ValueError, match="senior_65_scenic"):
        entitlement.replay({**record, "state": "refused"})


def test_a_record_holds_the_age_and_no_birth_date_name_or_number(holder):
    elder = holder("veterans", birth="19500101")
    told = [str(elder.asked(code).record()) for code in ("senior_65_scenic", "veteran")]
    certificate = elder.box.lookup(elder.number)["veterans"]["certificate_no"]
    assert [
        text for text in told for secret in (elder.number, NAME, "19500101", "1950-01", certificate) if secret in text
    ] == []


# Reference data


def test_every_concession_names_a_rule_that_reads_what_it_says(seeded):
    for one in concession.stored():
        version = rule_set.require_in_force(one["rule"], clock.today())
        assert {told["name"] for told in version["facts"]} == set(one["facts"]), one["code"]
        assert set(one["facts"]) <= set(facts_for.FACT_ZH)
        assert one["basis"]["source"], one["code"]
        assert one["basis"]["confidence"] in {"high", "medium", "low"}


def test_a_register_of_a_status_is_asked_under_a_consent_of_its_own(seeded):
    assert set(under("entitlements")) == set(STATUSES)
    assert set(under("facts")) | set(under("entitlements")) == set(SOURCES)


# Staff


def test_the_card_managers_read_every_version_with_basis_and_rule_in_words(seeded, client, admin):
    manager = admin.hire("card_manager", unit="human_resources")
    answer = manager.get("/office/v1/concessions")
    assert answer.status_code == 200, answer.json
    found = {one["code"]: one for one in answer.json["items"]}
    senior = found["senior_65_scenic"]
    assert (senior["rule_zh"], senior["document_zh"], senior["in_force"]) == (
        "年龄(周岁)不低于老年人免费优待年龄(65)",
        "居民身份证",
        True,
    )
    assert "老年人权益保障法" in senior["basis"]["document"]
    assert (found["senior_60_culture"]["places"], found["senior_60_culture"]["rule_zh"]) == (
        ["theatre"],
        "年龄(周岁)不低于老年人年龄(60)",
    )


def test_other_staff_do_not(seeded, client, admin):
    clerk = admin.hire("gate_clerk", unit="culture_tourism")
    assert clerk.get("/office/v1/concessions").status_code == 403


def test_what_a_screen_still_asks_after_a_withdrawal_is_not_kept(holder):
    """Registers are asked one after the other: between the first and the last one the consent may go."""
    one = holder("veterans", "students")
    one.box.fault("slow", register="veterans", seconds=1.5, count=1)

    def withdraw() -> int:
        until(
            lambda: get_db().register_inquiries.find_one({"person": one.id, "source": "veterans"}), what="the question"
        )
        status = one.phone.call("DELETE", "/mini/v1/consents/entitlements").status_code
        queues.drain("affairs")
        return status

    def look() -> None:
        facts_for.gather(one.id, ["status.veteran", "status.student"], day=clock.today(), seconds=5.0)

    assert at_once([look, withdraw])[1] == 204
    assert list(get_db().facts.find({"person": one.id, "kind": {"$regex": "^status"}})) == []
