"""The review over HTTP: from a submission to its decision, each unit at its own desk."""

from datetime import timedelta

from bson import ObjectId

from models.audit.access_line import AccessLine
from models.identity import minor_approval
from models.messaging import notice_kinds
from models.messaging.notice import Notice
from models.registers.fact import Fact
from models.school import decide, district
from models.school.application import SchoolApplication
from tests.school import apply_kit, review_kit
from tests.school.apply_kit import ELSEWHERE, MINI, OFFICE, OWN, ROUND, sent
from tests.school.review_kit import applied, cases, locks, point_of, running, shown, states, stored, work
from tests.support import affairs
from tests.support.crowd import at_once

AT_WILL = "demo_private_1"
"""A private school of the round."""


def notices(found: dict) -> list[str]:
    query = {"about": found["id"], "kind": {"$regex": "^school_(asked|qualified|refused)$"}}
    return [one["kind"] for one in Notice._get_collection().find(query).sort("_id", 1)]


def test_where_the_registers_agree_an_application_is_decided_at_once_with_the_article(family):
    found = applied(family)
    told = stored(found)
    assert (told["state"], told["tier"], told["reserve"]) == ("qualified", 1, "1")
    assert (told["decision"]["rule"], "第3条" in told["decision"]["rule_number"]) == ("school_primary_tier", True)
    assert told["decision"]["version"] == 1
    assert cases(found) == []
    assert notices(found) == ["school_qualified"]
    assert family.read(found)["state"] == "qualified"


def test_priorities_are_by_tier_at_the_schools_of_the_district_and_the_same_for_all_at_private_ones(family):
    found = applied(family, choices=(OWN[0], AT_WILL))
    told = stored(found)["priorities"]
    own = told[OWN[0]]
    assert 100 <= own < 200
    assert told[AT_WILL] == 500
    overflow = stored(found)["basis"]["overflow"]
    assert [told[code] for code in overflow] == [800 + own] * len(overflow)


def test_every_unit_gets_its_own_case_at_the_same_time(family, desks):
    found = applied(family, "insurance", "business", "household")
    told = stored(found)
    assert told["state"] == "submitted"
    assert {one["unit"] for one in running(found)} == {
        "social_insurance_centre",
        "market_supervision",
        "public_security",
    }
    for code in ("insurance", "business", "household"):
        (waiting,) = affairs.inbox(desks.desk(code))
        assert waiting["id"] == str(point_of(found, code)["case"])
        assert waiting["number"].startswith("RXSH-")


def test_the_last_point_decides_and_the_first_does_not(family, desks):
    found = applied(family, "insurance", "business")
    desks.settle(found, "insurance", value={"insurance.months": 20})
    work()
    assert (stored(found)["state"], states(found)) == ("submitted", {"insurance": "confirmed", "business": "open"})
    desks.settle(found, "business")
    work()
    assert (stored(found)["state"], notices(found)) == ("qualified", ["school_qualified"])


def test_what_a_reviewer_found_out_counts_over_the_register_and_the_decision_comes_out_again(family, desks):
    found = applied(family, "property")
    desks.settle(found, "property", "not_confirmed", value={"property.family_share": {"decimal": "0.1"}})
    work()
    told = stored(found)
    assert told["state"] == "qualified"
    assert told["tier"] > 1, "without the share it is no home of the family"
    assert decide.replay(told)
    SchoolApplication._get_collection().update_one({"_id": told["_id"]}, {"$unset": {"record": ""}})
    assert not decide.replay(stored(found))


def test_a_refusal_names_the_article_says_how_to_appeal_and_frees_the_property(family, desks):
    found = applied(family, "household")
    assert locks(found)[0]["live"]
    born = {"child.birth_date": {"date": "2022-05-01"}}
    desks.settle(found, "household", "not_confirmed", value=born)
    work()
    told = stored(found)
    assert told["state"] == "refused"
    assert "第1条" in told["decision"]["rule_number"]
    assert "申诉" in told["decision"]["text_zh"]
    assert "tier" not in told
    assert notices(found) == ["school_refused"]
    assert not locks(found)[0].get("live")
    seen = family.read(found)
    assert "申诉" in str(seen)


def test_no_reason_goes_out_by_sms(seeded):
    for name in ("school_asked", "school_qualified", "school_refused"):
        kind = notice_kinds.KINDS[name]
        assert kind.parameters == ("{number}",)
        assert kind.names == {"number"}
        assert not kind.optional


def test_who_is_not_the_guardian_is_refused_by_law(family, desks):
    found = applied(family, "guardianship")
    desks.settle(found, "guardianship", "not_confirmed")
    work()
    assert stored(found)["state"] == "refused"
    assert stored(found)["decision"]["rule_number"] == "义务教育法第十一条"


def test_the_bureau_says_in_which_district_an_address_lies(family, desks):
    found = applied(family, "address")
    case_id = str(point_of(found, "address")["case"])
    affairs.move(desks.manager, case_id, "claim")
    wrong = affairs.decide(desks.manager, case_id, "confirmed", status=422, value={"district": "nowhere"})
    assert wrong["code"] == "school_point_value_wrong"
    other = next(one for one in district_codes() if ELSEWHERE in schools_of(one))
    affairs.decide(desks.manager, case_id, "confirmed", value={"district": other})
    work()
    told = stored(found)
    assert told["state"] == "qualified"
    assert ELSEWHERE in told["priorities"]
    assert told["priorities"][OWN[0]] >= 900, "the wished school lies in another district"


def district_codes() -> list[str]:
    return [one["code"] for one in district.of_round(ROUND)]


def schools_of(code: str) -> list[str]:
    return district.read(ROUND, code)["schools"]


def test_an_answer_that_does_not_fit_is_refused_and_leaves_case_and_point_as_they_were(family, desks):
    found = applied(family, "insurance")
    refused = desks.settle(found, "insurance", value={"property.in_district": True}, status=422)
    assert refused["code"] == "school_point_value_wrong"
    assert states(found) == {"insurance": "open"}
    assert running(found)[0]["work"]["state"] == "taken"


def test_the_last_two_points_settled_at_the_same_moment_decide_exactly_once(family, desks, app):
    found = applied(family, "insurance", "business")
    calls = []
    for code in ("insurance", "business"):
        clerk, case_id = desks.desk(code), str(point_of(found, code)["case"])
        affairs.move(clerk, case_id, "claim")
        body = {"outcome": "confirmed", "reason": "属实。"}
        body |= {"value": {"insurance.months": 20}} if code == "insurance" else {}
        clerk.client = app.test_client()
        calls.append(lambda c=clerk, i=case_id, b=body: c.post(f"/office/v1/cases/{i}/decide", b))
    assert [one.status_code for one in at_once(calls)] == [200, 200]
    assert set(states(found).values()) == {"confirmed"}
    at_once([work] * 4)
    told = stored(found)
    assert told["state"] == "qualified"
    assert [one["what"] for one in told["history"]].count("qualify") == 1
    assert notices(found) == ["school_qualified"]


def test_four_points_settled_at_once_lose_none(family, desks, app):
    codes = ("insurance", "business", "household", "property")
    found = applied(family, *codes)
    calls = []
    for code in codes:
        clerk, case_id = desks.desk(code), str(point_of(found, code)["case"])
        affairs.move(clerk, case_id, "claim")
        clerk.client = app.test_client()
        body = {"outcome": "confirmed", "reason": "属实。"}
        calls.append(lambda c=clerk, i=case_id, b=body: c.post(f"/office/v1/cases/{i}/decide", b))
    assert {one.status_code for one in at_once(calls)} == {200}
    assert states(found) == dict.fromkeys(codes, "confirmed")
    work()
    assert stored(found)["state"] == "qualified"


def test_deciding_again_changes_nothing(family):
    found = applied(family)
    before = stored(found)
    assert decide.decide(before["_id"]) == before
    work()
    assert stored(found) == before


def test_a_unit_sees_its_own_point_and_not_that_of_another(family, desks):
    found = applied(family, "insurance", "business")
    case_id = str(point_of(found, "insurance")["case"])
    mine = sent(desks.desk("insurance").get(f"{OFFICE}/points/{case_id}"))
    assert (mine["point"], mine["told"]) == ("insurance", [minor_approval.HIDDEN])
    assert "business" not in str(mine)
    strange = desks.desk("business").get(f"{OFFICE}/points/{case_id}")
    assert strange.status_code == 404
    assert desks.desk("business").get(f"/office/v1/cases/{case_id}").status_code == 404
    whole = desks.desk("insurance").get(f"{OFFICE}/applications/{found['id']}/review")
    assert whole.status_code == 403, "a reviewing unit sees no whole application"
    line = AccessLine._get_collection().find_one({"case": mine_number(found)}, hint="_id_")
    assert line["purpose"] == "case_handling"


def mine_number(found: dict) -> str:
    return point_of(found, "insurance")["number"]


def test_the_text_of_a_case_says_what_to_check_and_nothing_of_the_family(family, desks):
    found = applied(family, "insurance")
    case_id = str(point_of(found, "insurance")["case"])
    told = sent(desks.desk("insurance").get(f"/office/v1/cases/{case_id}"))
    assert "社会保险" in told["text"]
    assert told["applicant"] == ""
    for secret in (family.told["parent"]["name"], family.told["children"][0]["name"], review_kit.HAND):
        assert secret not in str(told)


def test_the_family_does_not_see_cases_or_signals(family):
    found = applied(family, "insurance")
    assert sent(family.phone.get("/mini/v1/cases"))["items"] == []
    SchoolApplication._get_collection().update_one(
        {"_id": ObjectId(found["id"])},
        {"$set": {"signals": [{"code": "same_paper", "zh": "疑点", "weight": 3, "point": "double"}]}},
    )
    assert "疑点" not in str(family.read(found))
    assert "same_paper" not in str(sent(family.phone.get(f"{MINI}/applications")))


def test_a_late_check_is_reminded_then_seen_by_supervisor_and_bureau(family, desks, shift_clock):
    supervisor = desks.at("social_insurance_centre", "case_supervisor")
    found = applied(family, "insurance")
    case_id = str(point_of(found, "insurance")["case"])
    assert affairs.inbox(supervisor) == []
    shift_clock(timedelta(days=6).total_seconds())
    affairs.stay_awake()
    work()
    assert [one["id"] for one in affairs.inbox(supervisor)] == [case_id]
    shift_clock(timedelta(days=8).total_seconds())
    affairs.stay_awake()
    work()
    (late,) = affairs.inbox(desks.manager)
    assert (late["id"], late["urgency"]) == (case_id, "overdue")


def test_the_board_counts_points_by_unit_and_says_when_the_time_is_over(family, desks, shift_clock):
    found = applied(family, "insurance", "business")
    desks.settle(found, "business")
    board = sent(desks.manager.get(f"{OFFICE}/rounds/{ROUND}/reviews"))
    counted = {(one["point"], one["state"]): (one["unit"], one["count"]) for one in board["points"]}
    assert counted[("insurance", "open")] == ("social_insurance_centre", 1)
    assert counted[("business", "confirmed")] == ("market_supervision", 1)
    assert {one["state"]: one["count"] for one in board["states"]}["submitted"] == 1
    assert not board["late"]
    shift_clock(timedelta(days=26).total_seconds())
    affairs.stay_awake()
    assert sent(desks.manager.get(f"{OFFICE}/rounds/{ROUND}/reviews"))["late"]
    assert desks.desk("insurance").get(f"{OFFICE}/rounds/{ROUND}/reviews").status_code == 403


def test_the_bureau_sees_points_signals_and_decision_after_an_access_line(family, desks):
    found = applied(family, "insurance")
    told = shown(desks.manager, found)
    assert [(one["point"], one["state"]) for one in told["points"]] == [("insurance", "open")]
    assert told["decision"] is None
    query = {"who": desks.manager.actor().key, "purpose": "school_enrolment"}
    (line,) = AccessLine._get_collection().find(query, hint="_id_")
    assert ObjectId(str(stored(found)["child"])) in line["subjects"]


def test_who_withdraws_ends_the_cases_and_frees_the_property(family, desks):
    found = applied(family, "insurance", "business")
    sent(family.do("withdraw", family.read(found)))
    work()
    assert running(found) == []
    assert not locks(found)[0].get("live")
    assert affairs.inbox(desks.desk("insurance")) == []


def test_points_settled_wrongly_are_checked_again_and_decided_anew(family, desks):
    found = applied(family, "household")
    desks.settle(found, "household", "not_confirmed", value={"child.birth_date": {"date": "2022-05-01"}})
    work()
    assert stored(found)["state"] == "refused"
    path = f"{OFFICE}/applications/{found['id']}/reopen"
    unknown = desks.manager.post(path, {"points": ["property"], "reason": "核对有误"})
    assert (unknown.status_code, unknown.json["code"]) == (422, "school_point_unknown")
    assert desks.desk("household").post(path, {"points": ["household"], "reason": "核对有误"}).status_code == 403
    again = sent(desks.manager.post(path, {"points": ["household"], "reason": "出生日期录入有误"}))
    assert (again["state"], again["points"][0]["state"]) == ("submitted", "open")
    assert [one for one in locks(found) if one.get("live")]
    work()
    assert len(running(found)) == 1
    desks.settle(found, "household", value={"child.birth_date": {"date": "2021-01-05"}})
    work()
    assert stored(found)["state"] == "qualified"
    assert [one["state"] for one in cases(found)] == ["closed", "closed"]


def test_a_draft_and_what_is_under_review_cannot_be_reopened(family, desks):
    draft = family.begun()
    for found in (draft, applied(family, "household")):
        body = {"points": ["property"], "reason": "核对有误"}
        refused = desks.manager.post(f"{OFFICE}/applications/{found['id']}/reopen", body)
        assert (refused.status_code, refused.json["code"]) == (409, "school_application_moved")


def test_nothing_is_reopened_after_the_list_is_frozen(family, desks):
    found = applied(family)
    apply_kit.SchoolRound._get_collection().update_one({"_id": ROUND}, {"$set": {"state": "frozen"}})
    path = f"{OFFICE}/applications/{found['id']}/reopen"
    refused = desks.manager.post(path, {"points": ["double"], "reason": "需要复核"})
    assert (refused.status_code, refused.json["code"]) == (409, "school_round_state_wrong")


def test_a_register_that_was_away_does_not_refuse_but_asks_a_person(family, desks):
    """Between submission and decision an answer may run out; then its unit is asked."""
    found = applied(family, "business")
    Fact._get_collection().delete_many({"kind": "household.address", "person": stored(found)["child"]})
    desks.settle(found, "business")
    work()
    told = states(found)
    assert stored(found)["state"] in {"submitted", "qualified"}
    assert stored(found)["state"] == "qualified" or told["household"] == "open"


def test_a_register_that_is_asked_again_when_its_answer_ran_out_needs_no_person(family, desks, shift_clock):
    found = applied(family, "business")
    shift_clock(timedelta(days=9).total_seconds())
    affairs.stay_awake()
    desks.settle(found, "business")
    work()
    assert (stored(found)["state"], states(found)) == ("qualified", {"business": "confirmed"})


def test_the_reviewer_of_a_point_sees_what_its_register_said_and_no_other(family, desks):
    found = applied(family, "property", "insurance")
    case_id = str(point_of(found, "property")["case"])
    told = sent(desks.desk("property").get(f"{OFFICE}/points/{case_id}"))
    assert {one["kind"] for one in told["facts"]} == {"property.certificate"}
    assert all(one["source_zh"] and one["date"] and "*" in one["words_zh"] for one in told["facts"])
    assert "property.family_share" in {one["fact"] for one in told["askable"]}
    whole = shown(desks.manager, found)["facts"]
    assert {"household.address", "property.certificate"} <= {one["kind"] for one in whole}


def test_what_nobody_decided_is_listed_for_the_bureau_and_late_after_its_time(family, desks, shift_clock):
    found = applied(family, "insurance", "business")
    desks.settle(found, "business")
    path = f"{OFFICE}/rounds/{ROUND}/undecided"
    (waiting,) = sent(desks.manager.get(path))["items"]
    assert (waiting["application_id"], waiting["late"]) == (found["id"], False)
    assert [one["point"] for one in waiting["points"]] == ["insurance"]
    assert "name" not in str(waiting)
    shift_clock(timedelta(days=26).total_seconds())
    affairs.stay_awake()
    assert sent(desks.manager.get(path))["items"][0]["late"]
    assert desks.desk("insurance").get(path).status_code == 403


def test_the_bureau_sees_who_uses_a_property_by_masked_names_after_an_access_line(family, desks):
    found = applied(family)
    (lock,) = sent(desks.manager.get(f"{OFFICE}/applications/{found['id']}/locks"))["items"]
    assert (lock["live"], lock["until"] - lock["school_year"]) == (True, 6)
    assert lock["uses"][0]["application_id"] == found["id"]
    assert all("*" in one for one in lock["holders"])
    assert family.told["parent"]["name"] not in str(lock)
    line = AccessLine._get_collection().find_one({"fields": "school.lock"}, hint="_id_")
    assert stored(found)["guardian"] in line["subjects"]
    assert desks.desk("insurance").get(f"{OFFICE}/applications/{found['id']}/locks").status_code == 403
