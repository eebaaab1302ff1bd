"""A reviewer asks for more: the family is told, corrects, submits again, and only what changed is checked anew."""

from contextlib import suppress
from datetime import timedelta

import pytest

from models.affairs import case
from models.messaging.notice import Notice
from models.school import application, correction, review_start, review_sweep
from models.school.application import ApplicationMoved
from tests.school import apply_kit
from tests.school.apply_kit import sent
from tests.school.review_kit import Desks, applied, cases, lost, point_of, running, said, states, stored, work
from tests.support import affairs
from tests.support.crowd import at_once

ASK = "请补充近三个月的参保缴费证明。"


@pytest.fixture
def found(family, desks):
    made = applied(family, "insurance", "business")
    ask(desks, made, "insurance")
    return made


def ask(desks: Desks, found: dict, code: str) -> None:
    case_id = str(point_of(found, code)["case"])
    affairs.move(desks.desk(code), case_id, "claim")
    affairs.move(desks.desk(code), case_id, "ask", {"text": ASK, "supplement": True})
    work()


def resubmitted(family, found: dict, *told: dict) -> dict:
    draft = family.read(found)
    form = draft["form"] | ({"told": list(told)} if told else {})
    again = sent(family.do("submit", sent(family.save(draft, form))))
    work()
    return again


def test_a_family_is_told_once_and_reads_what_is_asked(family, found):
    told = stored(found)
    assert (told["state"], states(found)) == ("to_correct", {"insurance": "asked", "business": "open"})
    (wanted,) = correction.asked(told)
    assert (wanted["point"], wanted["text"]) == ("insurance", ASK)
    kinds = [one["kind"] for one in Notice._get_collection().find({"about": found["id"], "kind": "school_asked"})]
    assert kinds == ["school_asked"]
    seen = family.read(found)
    assert seen["state"] == "to_correct"
    (shown,) = [one for one in seen["progress"] if one["point"] == "insurance"]
    assert (shown["ask_zh"], shown["answer_by"]) == (ASK, "2026-11-27")


def test_what_was_corrected_is_checked_anew_and_the_rest_goes_on(family, desks, found):
    before = point_of(found, "business")["case"]
    resubmitted(family, found, *said("insurance", text="已补充缴费证明。"), *said("business"))
    assert stored(found)["state"] == "submitted"
    assert point_of(found, "business")["case"] == before, "the business' unit goes on with its case"
    insurance = [one for one in cases(found) if one["about"]["point"] == "insurance"]
    assert [one["state"] for one in insurance] == ["withdrawn", "open"]
    assert case.read(insurance[0]["_id"])["history"][-1]["what"] == "overtaken"
    desks.settle(found, "insurance", value={"insurance.months": 20})
    desks.settle(found, "business")
    work()
    assert stored(found)["state"] == "qualified"


def test_a_point_that_was_settled_and_not_changed_is_not_asked_again(family, desks, found):
    desks.settle(found, "business")
    assert stored(found)["state"] == "to_correct"
    resubmitted(family, found, *said("insurance", text="已补充缴费证明。"), *said("business"))
    assert states(found) == {"insurance": "open", "business": "confirmed"}
    desks.settle(found, "insurance", value={"insurance.months": 20})
    work()
    assert stored(found)["state"] == "qualified"


def test_a_point_that_is_changed_after_it_was_settled_is_checked_anew(family, desks, found):
    desks.settle(found, "business")
    resubmitted(family, found, *said("insurance"), *said("business", text="营业执照已变更。"))
    assert states(found)["business"] == "open"
    assert len([one for one in cases(found) if one["about"]["point"] == "business"]) == 2


def test_a_point_that_the_family_takes_back_is_not_checked(family, found):
    resubmitted(family, found, *said("business"))
    assert states(found) == {"business": "open"}
    assert [one["about"]["point"] for one in running(found)] == ["business"]


def test_resubmitting_the_same_gives_the_asked_unit_a_new_case(family, found):
    resubmitted(family, found)
    insurance = [one for one in cases(found) if one["about"]["point"] == "insurance"]
    assert [one["state"] for one in insurance] == ["withdrawn", "open"]


def test_two_units_that_ask_are_answered_by_one_submission(family, desks, found):
    ask(desks, found, "business")
    assert states(found) == {"insurance": "asked", "business": "asked"}
    assert len(correction.asked(stored(found))) == 2
    resubmitted(family, found, *said("insurance", "business", text="均已补充。"))
    assert states(found) == {"insurance": "open", "business": "open"}
    assert len(running(found)) == 2


def test_who_does_not_answer_in_time_is_reviewed_as_submitted(desks, found, shift_clock):
    shift_clock(timedelta(days=9).total_seconds())
    affairs.stay_awake()
    work()
    review_sweep.sweep()
    assert (stored(found)["state"], states(found)["insurance"]) == ("submitted", "open")
    case_id = str(point_of(found, "insurance")["case"])
    affairs.decide(desks.desk("insurance"), case_id, "not_confirmed")
    desks.settle(found, "business")
    work()
    assert stored(found)["state"] in {"qualified", "refused"}


def test_the_case_asks_once_only(desks, found):
    case_id = str(point_of(found, "insurance")["case"])
    affairs.move(desks.desk("insurance"), case_id, "resume")
    body = {"text": ASK, "supplement": True}
    assert affairs.move(desks.desk("insurance"), case_id, "ask", body, status=409)["code"] == "case_stop_used"


def test_what_a_kill_lost_after_the_question_is_asked_again_by_the_queue(family, desks):
    found = applied(family, "insurance")
    case_id = point_of(found, "insurance")["case"]
    affairs.move(desks.desk("insurance"), str(case_id), "claim")
    affairs.move(desks.desk("insurance"), str(case_id), "ask", {"text": ASK, "supplement": True})
    assert stored(found)["state"] == "submitted"
    correction.ask(case.read(case_id))
    correction.ask(case.read(case_id))
    work()
    assert stored(found)["state"] == "to_correct"
    assert [one["what"] for one in stored(found)["history"]].count("ask") == 1
    lost(found)
    assert stored(found)["state"] == "to_correct"


def test_what_was_saved_and_not_submitted_counts_for_nothing_when_the_time_is_over(family, desks, found, shift_clock):
    draft = family.read(found)
    sent(family.save(draft, draft["form"] | {"choices": [apply_kit.OWN[1]], "told": said("business")}))
    shift_clock(timedelta(days=9).total_seconds())
    affairs.stay_awake()
    work()
    review_sweep.sweep()
    told = stored(found)
    assert (told["state"], told["choices"]) == ("submitted", list(apply_kit.OWN))
    assert [one["point"] for one in application.opened(told)["told"]] == ["insurance", "business"]


def test_a_reviewer_who_decides_after_the_time_to_answer_does_not_leave_it_waiting(desks, found, shift_clock):
    desks.settle(found, "business")
    shift_clock(timedelta(days=9).total_seconds())
    affairs.stay_awake()
    work()
    affairs.decide(desks.desk("insurance"), str(point_of(found, "insurance")["case"]), "not_confirmed")
    work()
    assert stored(found)["state"] == "to_correct"
    review_sweep.sweep()
    work()
    assert stored(found)["state"] == "qualified"


def test_what_a_family_took_back_by_itself_waits_for_the_family(family, desks, shift_clock):
    mine = applied(family, "insurance")
    sent(family.do("correct", family.read(mine)))
    shift_clock(timedelta(days=9).total_seconds())
    review_sweep.sweep()
    assert stored(mine)["state"] == "to_correct"


def test_a_case_decided_at_the_moment_of_a_resubmission_is_not_lost(family, desks, found):
    """Between the submission and the begin of its review the point has no case."""
    draft = family.read(found)
    again = draft["form"] | {"told": [*said("insurance", text="已补充缴费证明。"), *said("business")]}
    sent(family.do("submit", sent(family.save(draft, again))))
    (business,) = [one for one in cases(found) if one["about"]["point"] == "business"]
    clerk = desks.desk("business")
    affairs.move(clerk, str(business["_id"]), "claim")

    def begin() -> None:
        with suppress(ApplicationMoved):  # the queue repeats it
            review_start.begin(stored(found)["_id"])

    at_once([begin, lambda: affairs.decide(clerk, str(business["_id"]), "confirmed")])
    work()
    assert states(found) == {"insurance": "open", "business": "confirmed"}
